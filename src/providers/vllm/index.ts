// vLLM's server. It fetches media by itself. https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html

import { defineProvider } from '../define.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning, reasoningAs } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const vllm = defineProvider({
  id: 'vllm',
  label: 'vLLM',
  docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  credentialEnv: [],
  baseUrl: 'http://127.0.0.1:8000/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      // Reasoning is `reasoning` since 0.12: https://docs.vllm.ai/en/latest/features/reasoning_outputs.html
      format: 'openai-chat',
      request: [outputLimitAs('max_tokens'), developerAsSystem, plainReasoning, reasoningAs('reasoning')],
      ...thinkTags,
      passthroughSafe: true,
    },
    { format: 'anthropic-messages' },
    { format: 'openai-responses' },
  ],
  models: [],
  local: { url: 'http://127.0.0.1:8000', probePath: '/v1/models' },
  modelsPath: '/models',
})
