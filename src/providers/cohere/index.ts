// Cohere through its compatibility API. https://docs.cohere.com/docs/compatibility-api

import { defineProvider } from '../define.ts'
import { onlyFields, outputLimitAs, temperatureAtMost, toolChoiceAmong } from '../quirks/openai-chat.ts'
import { developerAsSystem, withoutNames, withoutReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAs } from '../quirks/openai-chat-reasoning.ts'

export const cohere = defineProvider({
  id: 'cohere',
  label: 'Cohere',
  docs: 'https://docs.cohere.com/docs/compatibility-api',
  credentialEnv: ['COHERE_API_KEY', 'CO_API_KEY'],
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        withoutReasoning,
        withoutNames,
        temperatureAtMost(1),
        toolChoiceAmong('required', 'none'),
        // Thinking is on or off.
        effortAs({ minimal: 'high', low: 'high', medium: 'high', xhigh: 'high', max: 'high' }),
        // https://docs.cohere.com/docs/compatibility-api#supported-parameters
        onlyFields(
          'model',
          'messages',
          'stream',
          'stream_options',
          'max_tokens',
          'temperature',
          'top_p',
          'seed',
          'stop',
          'frequency_penalty',
          'presence_penalty',
          'response_format',
          'reasoning_effort',
          'tools',
          'tool_choice',
        ),
      ],
      inline: ['image', 'file', 'audio'],
      nativeChoices: false,
    },
  ],
  models: [
    'command-a-03-2025',
    'command-a-reasoning-08-2025',
    'command-a-vision-07-2025',
    'command-r-plus-08-2024',
    'command-r-08-2024',
    'command-r7b-12-2024',
    'command-*',
    'c4ai-*',
  ],
})
