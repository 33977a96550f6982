// Moonshot AI (Kimi), in OpenAI's and in Anthropic's format. https://platform.moonshot.ai/docs/api/chat

import { defineProvider } from '../define.ts'
import { classifyBy } from '../quirks/classify.ts'
import { outputLimitAs, temperatureAtMost, toolChoiceAmong, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAsThinking } from '../quirks/openai-chat-reasoning.ts'
import { fixedSampling } from './quirks.ts'

export const moonshot = defineProvider({
  id: 'moonshot',
  label: 'Moonshot AI (Kimi)',
  docs: 'https://platform.moonshot.ai/docs/api/chat',
  credentialEnv: ['MOONSHOT_API_KEY', 'KIMI_API_KEY'],
  baseUrl: 'https://api.moonshot.ai/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        fixedSampling,
        temperatureAtMost(1),
        toolChoiceAmong('auto', 'none'),
        effortAsThinking(false),
        withoutFields(
          'seed',
          'logit_bias',
          'logprobs',
          'top_logprobs',
          'parallel_tool_calls',
          'service_tier',
          'store',
          'metadata',
          'verbosity',
          'user',
          'modalities',
          'audio',
          'prediction',
        ),
      ],
      inline: ['image', 'file', 'audio'],
      nativeChoices: false,
    },
    // https://platform.moonshot.ai/docs/guide/agent-support
    { format: 'anthropic-messages', baseUrl: 'https://api.moonshot.ai/anthropic/v1', inline: ['image', 'file'] },
  ],
  models: ['kimi-k2.6', 'kimi-k2.5', 'kimi-k2-thinking', 'kimi-k2-turbo-preview', 'kimi-latest', 'kimi-*', 'moonshot-v1-*'],
  modelsPath: '/models',
  // The empty account is a 429: https://platform.moonshot.ai/docs/api/chat#error-codes
  classify: classifyBy({ words: /exceeded_current_quota|insufficient balance|suspended/i, means: 'upstream_quota' }),
})
