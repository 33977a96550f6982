// Groq. https://console.groq.com/docs/openai

import { defineProvider } from '../define.ts'
import { outputLimitAs, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, withoutNames, withoutReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAs } from '../quirks/openai-chat-reasoning.ts'
import { parsedReasoning } from './quirks.ts'

export const groq = defineProvider({
  id: 'groq',
  label: 'Groq',
  docs: 'https://console.groq.com/docs/api-reference',
  credentialEnv: ['GROQ_API_KEY'],
  baseUrl: 'https://api.groq.com/openai/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_completion_tokens'),
        developerAsSystem,
        withoutReasoning,
        withoutNames,
        // https://console.groq.com/docs/reasoning: three levels for gpt-oss, on and off for Qwen.
        effortAs({ none: 'low', minimal: 'low', xhigh: 'high', max: 'high' }, (model) => model.includes('gpt-oss')),
        effortAs({ minimal: 'default', low: 'default', medium: 'default', high: 'default', xhigh: 'default', max: 'default' }, (model) =>
          model.includes('qwen'),
        ),
        effortAs(
          { none: null, minimal: null, low: null, medium: null, high: null, xhigh: null, max: null },
          (model) => !/gpt-oss|qwen/.test(model),
        ),
        parsedReasoning,
        withoutFields(
          'logit_bias',
          'logprobs',
          'top_logprobs',
          'n',
          'store',
          'metadata',
          'modalities',
          'audio',
          'prediction',
          'verbosity',
          'safety_identifier',
          'prompt_cache_key',
          'service_tier',
          'web_search_options',
        ),
      ],
      nativeChoices: false,
    },
  ],
  models: [
    'openai/gpt-oss-120b',
    'openai/gpt-oss-20b',
    'llama-3.3-70b-versatile',
    'llama-3.1-8b-instant',
    'meta-llama/llama-4-scout-17b-16e-instruct',
    'meta-llama/llama-4-maverick-17b-128e-instruct',
    'moonshotai/kimi-k2-instruct-0905',
    'qwen/qwen3-32b',
    'groq/compound',
    'groq/compound-mini',
  ],
  modelsPath: '/models',
})
