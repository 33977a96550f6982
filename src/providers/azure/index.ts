// Azure OpenAI: the model is a deployment in the path. Names of deployments are the operator's own, so
// nothing can be read from them, and Chat, which every deployment speaks, comes first.
// https://learn.microsoft.com/azure/ai-foundry/openai/reference

import { defineProvider } from '../define.ts'
import { userAtMost } from '../quirks/openai-chat.ts'
import { withoutReasoning } from '../quirks/openai-chat-messages.ts'

export const azure = defineProvider({
  id: 'azure',
  label: 'Azure OpenAI',
  docs: 'https://learn.microsoft.com/azure/ai-foundry/openai/reference',
  credentialEnv: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
  baseUrl: 'https://{resource}.openai.azure.com',
  baseUrlFrom: ({ resource = '' }) => (/^https?:/.test(resource) ? resource : `https://${resource}.openai.azure.com`),
  baseUrlTail: /\/openai(\/v1)?$/,
  auth: { type: 'header', name: 'api-key' },
  formats: [
    {
      format: 'openai-chat',
      path: ({ upstreamModel, settings }) =>
        `/openai/deployments/${encodeURIComponent(upstreamModel)}/chat/completions?api-version=${encodeURIComponent(settings.api_version ?? '')}`,
      request: [withoutReasoning, userAtMost(64)],
      passthroughSafe: true,
      openaiTools: true,
      models: (model) => !isClaude(model),
    },
    { format: 'openai-responses', hostedSearch: () => true, path: () => '/openai/v1/responses', models: (model) => !isClaude(model) },
    // https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude
    {
      format: 'anthropic-messages',
      baseUrl: 'https://{resource}.services.ai.azure.com/anthropic/v1',
      auth: { type: 'header', name: 'x-api-key' },
      models: (model) => isClaude(model),
    },
  ],
  // Which deployments an account has, only its operator knows.
  models: [],
  settings: [
    {
      name: 'resource',
      label: 'Resource name, or its endpoint address',
      required: true,
      env: 'AZURE_OPENAI_ENDPOINT',
      unlessBaseUrl: true,
    },
    {
      name: 'api_version',
      label: 'API version of the deployment paths',
      required: false,
      default: '2024-10-21',
      env: 'AZURE_OPENAI_API_VERSION',
    },
  ],
})

const isClaude = (model: string): boolean => /claude/i.test(model)
