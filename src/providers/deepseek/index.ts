// DeepSeek, in OpenAI's and in Anthropic's format.
// https://api-docs.deepseek.com/api/create-chat-completion, https://api-docs.deepseek.com/guides/anthropic_api

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { jsonSchemaAsInstruction, outputLimitAs, withoutFields, withoutStrictTools } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning, textAsString } from '../quirks/openai-chat-messages.ts'
import { effortAs, effortAsThinking } from '../quirks/openai-chat-reasoning.ts'
import { reasoningBeforeCalls } from './quirks.ts'

export const deepseek = defineProvider({
  id: 'deepseek',
  label: 'DeepSeek',
  docs: 'https://api-docs.deepseek.com/',
  credentialEnv: ['DEEPSEEK_API_KEY'],
  baseUrl: 'https://api.deepseek.com/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        reasoningBeforeCalls,
        textAsString,
        jsonSchemaAsInstruction,
        withoutStrictTools,
        effortAsThinking(true),
        effortAs({ minimal: 'high', low: 'high', medium: 'high', xhigh: 'max' }),
        withoutFields(
          'n',
          'seed',
          'logit_bias',
          'parallel_tool_calls',
          'service_tier',
          'store',
          'metadata',
          'verbosity',
          'prediction',
          'modalities',
          'audio',
          'user',
          'safety_identifier',
          'prompt_cache_key',
        ),
      ],
      nativeChoices: false,
    },
    {
      format: 'anthropic-messages',
      baseUrl: 'https://api.deepseek.com/anthropic/v1',
      auth: { type: 'header', name: 'x-api-key' },
      inline: ['image', 'file'],
    },
  ],
  models: ['deepseek-v4-pro', 'deepseek-v4-flash', 'deepseek-chat', 'deepseek-reasoner', 'deepseek-*'],
  modelsPath: '/models',
  // https://api-docs.deepseek.com/quick_start/error_codes
  classify: classifyBy(OUT_OF_CREDIT),
})
