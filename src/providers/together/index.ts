// Together AI. https://docs.together.ai/reference/chat-completions-1

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { outputLimitAs, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const together = defineProvider({
  id: 'together',
  label: 'Together AI',
  docs: 'https://docs.together.ai/reference/chat-completions-1',
  credentialEnv: ['TOGETHER_API_KEY', 'TOGETHERAI_API_KEY'],
  baseUrl: 'https://api.together.xyz/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        plainReasoning,
        withoutFields('parallel_tool_calls', 'service_tier', 'store', 'metadata', 'user', 'verbosity', 'prompt_cache_key'),
      ],
      ...thinkTags,
    },
  ],
  models: [
    'openai/gpt-oss-120b',
    'openai/gpt-oss-20b',
    'deepseek-ai/DeepSeek-V3.1',
    'deepseek-ai/DeepSeek-R1',
    'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    'meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8',
    'moonshotai/Kimi-K2-Instruct-0905',
    'Qwen/Qwen3-235B-A22B-Instruct-2507-tput',
    'zai-org/*',
    'deepseek-ai/*',
    'Qwen/*',
    'meta-llama/*',
  ],
  modelsPath: '/models',
  classify: classifyBy(OUT_OF_CREDIT),
})
