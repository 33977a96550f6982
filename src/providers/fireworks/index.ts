// Fireworks AI. https://docs.fireworks.ai/api-reference/post-chatcompletions

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { outputLimitAs, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const fireworks = defineProvider({
  id: 'fireworks',
  label: 'Fireworks AI',
  docs: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
  credentialEnv: ['FIREWORKS_API_KEY'],
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        withoutFields('parallel_tool_calls', 'store', 'metadata', 'verbosity', 'prompt_cache_key', 'service_tier'),
      ],
      ...thinkTags,
    },
    // https://docs.fireworks.ai/guides/response-api
    { format: 'openai-responses' },
  ],
  models: [
    'accounts/fireworks/models/gpt-oss-120b',
    'accounts/fireworks/models/deepseek-v3p1',
    'accounts/fireworks/models/kimi-k2-instruct-0905',
    'accounts/fireworks/models/llama-v3p3-70b-instruct',
    'accounts/fireworks/*',
  ],
  modelsPath: '/models',
  classify: classifyBy(OUT_OF_CREDIT),
})
