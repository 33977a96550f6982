// Zhipu's GLM (Z.ai), in OpenAI's and in Anthropic's format. https://docs.z.ai/api-reference/llm/chat-completion

import { defineProvider } from '../define.ts'
import { classifyBy } from '../quirks/classify.ts'
import { jsonSchemaAsInstruction, outputLimitAs, temperatureAtMost, toolChoiceAmong, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAsThinking } from '../quirks/openai-chat-reasoning.ts'
import { streamedCalls } from './quirks.ts'

export const zhipu = defineProvider({
  id: 'zhipu',
  label: 'Zhipu (Z.ai)',
  docs: 'https://docs.z.ai/api-reference/llm/chat-completion',
  credentialEnv: ['ZHIPU_API_KEY', 'ZAI_API_KEY', 'ZHIPUAI_API_KEY'],
  baseUrl: 'https://api.z.ai/api/paas/v4',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        temperatureAtMost(1),
        toolChoiceAmong('auto'),
        jsonSchemaAsInstruction,
        effortAsThinking(false),
        streamedCalls,
        withoutFields(
          'n',
          'seed',
          'frequency_penalty',
          'presence_penalty',
          'logit_bias',
          'logprobs',
          'top_logprobs',
          'parallel_tool_calls',
          'service_tier',
          'store',
          'metadata',
          'verbosity',
          'prediction',
          'user',
          'prompt_cache_key',
        ),
      ],
      nativeChoices: false,
    },
    // https://docs.z.ai/scenario-example/develop-tools/claude
    { format: 'anthropic-messages', baseUrl: 'https://api.z.ai/api/anthropic/v1', auth: { type: 'header', name: 'x-api-key' } },
  ],
  models: ['glm-5', 'glm-4.7', 'glm-4.6', 'glm-4.6v', 'glm-4.5', 'glm-4.5-air', 'glm-4.5-flash', 'glm-*'],
  // Business codes stand in the body: https://docs.z.ai/api-reference/api-code
  classify: classifyBy(
    { words: /\b(1113|1112)\b|insufficient balance/i, means: 'upstream_quota' },
    { words: /\b(1000|1001|1002|1003|1004)\b/, status: 401, means: 'upstream_auth' },
    { words: /\b(1302|1303|1305)\b/, means: 'upstream_rate_limited' },
    { words: /\b1211\b/, means: 'upstream_not_found' },
  ),
})
