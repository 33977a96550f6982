// Ollama on this machine. Pulls models on demand, so its first answer may take long.
// https://docs.ollama.com/api/openai-compatibility, https://docs.ollama.com/api/anthropic-compatibility

import { defineProvider } from '../define.ts'
import { outputLimitAs, toolChoiceAmong, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning, reasoningAs } from '../quirks/openai-chat-messages.ts'
import { effortAs } from '../quirks/openai-chat-reasoning.ts'

export const ollama = defineProvider({
  id: 'ollama',
  label: 'Ollama',
  docs: 'https://docs.ollama.com/api/openai-compatibility',
  credentialEnv: [],
  baseUrl: 'http://127.0.0.1:11434/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        reasoningAs('reasoning'),
        toolChoiceAmong(),
        effortAs({ minimal: 'low', xhigh: 'high', max: 'high' }),
        withoutFields(
          'logit_bias',
          'logprobs',
          'top_logprobs',
          'n',
          'user',
          'parallel_tool_calls',
          'service_tier',
          'store',
          'metadata',
          'verbosity',
          'prompt_cache_key',
        ),
      ],
      passthroughSafe: true,
      inline: ['image', 'file', 'audio'],
      nativeChoices: false,
    },
    { format: 'anthropic-messages', inline: ['image', 'file'] },
    { format: 'openai-responses', inline: ['image', 'file'] },
  ],
  models: [],
  local: { url: 'http://127.0.0.1:11434', probePath: '/v1/models' },
  modelsPath: '/models',
})
