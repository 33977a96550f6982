// xAI. https://docs.x.ai/docs/api-reference

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAs } from '../quirks/openai-chat-reasoning.ts'
import { refusedByReasoning, takesNoEffort } from './quirks.ts'

export const xai = defineProvider({
  id: 'xai',
  label: 'xAI',
  docs: 'https://docs.x.ai/docs/api-reference',
  credentialEnv: ['XAI_API_KEY'],
  baseUrl: 'https://api.x.ai/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_completion_tokens'),
        developerAsSystem,
        plainReasoning,
        effortAs({ none: null, minimal: null, low: null, medium: null, high: null, xhigh: null, max: null }, takesNoEffort),
        effortAs({ minimal: 'low', xhigh: 'high', max: 'high' }),
        refusedByReasoning,
      ],
    },
    { format: 'openai-responses', hostedSearch: () => true },
  ],
  models: [
    'grok-4.3',
    'grok-4-1-fast-reasoning',
    'grok-4-1-fast-non-reasoning',
    'grok-4',
    'grok-code-fast-1',
    'grok-3',
    'grok-3-mini',
    'grok-*',
  ],
  modelsPath: '/models',
  // A wrong key is a 400, an empty account a 403: https://docs.x.ai/docs/key-information/debugging
  classify: classifyBy(
    OUT_OF_CREDIT,
    { words: /incorrect api key|invalid api key/i, means: 'upstream_auth' },
    { words: /credits|spending limit/i, status: 403, means: 'upstream_quota' },
    { words: /credits|spending limit/i, status: 429, means: 'upstream_quota' },
  ),
})
