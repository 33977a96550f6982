// Alibaba's Qwen on DashScope, in OpenAI's and in Anthropic's format.
// https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api

import { defineProvider } from '../define.ts'
import { classifyBy } from '../quirks/classify.ts'
import { outputLimitAs, toolChoiceAmong, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { effortAsEnableThinking } from '../quirks/openai-chat-reasoning.ts'
import { thinkTags } from '../quirks/think-tags.ts'
import { noThinkingUnstreamed } from './quirks.ts'

export const qwen = defineProvider({
  id: 'qwen',
  label: 'Qwen (DashScope)',
  docs: 'https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api',
  credentialEnv: ['DASHSCOPE_API_KEY', 'QWEN_API_KEY'],
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        toolChoiceAmong('auto', 'none', 'named'),
        effortAsEnableThinking({ minimal: 1024, low: 2048, medium: 8192, high: 24_576 }),
        noThinkingUnstreamed,
        withoutFields(
          'frequency_penalty',
          'logit_bias',
          'service_tier',
          'store',
          'metadata',
          'verbosity',
          'prediction',
          'user',
          'safety_identifier',
          'prompt_cache_key',
        ),
      ],
      ...thinkTags,
      nativeChoices: false,
    },
    // https://www.alibabacloud.com/help/en/model-studio/anthropic-api-messages
    {
      format: 'anthropic-messages',
      baseUrl: 'https://dashscope-intl.aliyuncs.com/apps/anthropic/v1',
      auth: { type: 'header', name: 'x-api-key' },
    },
  ],
  models: [
    'qwen3-max',
    'qwen-plus',
    'qwen-flash',
    'qwen3-coder-plus',
    'qwen3-coder-flash',
    'qwen3-vl-plus',
    'qwen-max',
    'qwen-turbo',
    'qwq-plus',
    'qwen*',
    'qwq-*',
    'qvq-*',
  ],
  modelsPath: '/models',
  // https://www.alibabacloud.com/help/en/model-studio/error-code
  classify: classifyBy({ words: /Arrearage|insufficient_quota/i, means: 'upstream_quota' }),
})
