// Cerebras. https://inference-docs.cerebras.ai/resources/openai

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { outputLimitAs, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, textAsString, withoutReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAs } from '../quirks/openai-chat-reasoning.ts'

export const cerebras = defineProvider({
  id: 'cerebras',
  label: 'Cerebras',
  docs: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
  credentialEnv: ['CEREBRAS_API_KEY'],
  baseUrl: 'https://api.cerebras.ai/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_completion_tokens'),
        developerAsSystem,
        withoutReasoning,
        textAsString,
        effortAs({ none: 'low', minimal: 'low', xhigh: 'high', max: 'high' }, (model) => model.includes('gpt-oss')),
        effortAs(
          { none: null, minimal: null, low: null, medium: null, high: null, xhigh: null, max: null },
          (model) => !model.includes('gpt-oss'),
        ),
        // Listed as unsupported: a 400.
        withoutFields(
          'frequency_penalty',
          'presence_penalty',
          'logit_bias',
          'n',
          'store',
          'metadata',
          'modalities',
          'audio',
          'verbosity',
          'prompt_cache_key',
          'safety_identifier',
          'service_tier',
        ),
      ],
      nativeChoices: false,
    },
  ],
  models: ['gpt-oss-120b', 'llama3.1-8b', 'llama-3.3-70b', 'qwen-3-32b', 'qwen-3-235b-a22b-instruct-2507', 'zai-glm-4.6'],
  modelsPath: '/models',
  classify: classifyBy(OUT_OF_CREDIT),
})
