// Mistral AI. It answers unknown members with 422, so only what its reference lists is sent.
// https://docs.mistral.ai/api/#tag/chat

import { defineProvider } from '../define.ts'
import { onlyFields, outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, messageMembers, withoutReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAs } from '../quirks/openai-chat-reasoning.ts'
import { markedPrefill, nineLetterIds, seedAsRandomSeed } from './quirks.ts'

export const mistral = defineProvider({
  id: 'mistral',
  label: 'Mistral AI',
  docs: 'https://docs.mistral.ai/api/',
  credentialEnv: ['MISTRAL_API_KEY'],
  baseUrl: 'https://api.mistral.ai/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        seedAsRandomSeed,
        developerAsSystem,
        // https://docs.mistral.ai/capabilities/reasoning/: on or off.
        effortAs({ none: 'none', minimal: 'high', low: 'high', medium: 'high', high: 'high', xhigh: 'high', max: 'high' }),
        onlyFields(
          'model',
          'messages',
          'stream',
          'max_tokens',
          'temperature',
          'top_p',
          'stop',
          'random_seed',
          'response_format',
          'tools',
          'tool_choice',
          'parallel_tool_calls',
          'presence_penalty',
          'frequency_penalty',
          'n',
          'prediction',
          'prompt_mode',
          'reasoning_effort',
          'safe_prompt',
          'metadata',
        ),
        withoutReasoning,
        messageMembers('role', 'content', 'tool_calls', 'tool_call_id', 'name', 'prefix'),
        nineLetterIds,
        markedPrefill,
      ],
    },
  ],
  models: [
    'mistral-large-latest',
    'mistral-medium-latest',
    'mistral-small-latest',
    'magistral-medium-latest',
    'magistral-small-latest',
    'codestral-latest',
    'devstral-medium-latest',
    'ministral-8b-latest',
    'pixtral-large-latest',
    'mistral-*',
    'magistral-*',
    'codestral-*',
    'devstral-*',
    'ministral-*',
    'pixtral-*',
    'open-mi*',
    'voxtral-*',
  ],
  modelsPath: '/models',
})
