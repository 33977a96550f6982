// NVIDIA NIM. https://docs.api.nvidia.com/nim/reference/llm-apis

import { defineProvider } from '../define.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const nvidia = defineProvider({
  id: 'nvidia',
  label: 'NVIDIA NIM',
  docs: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  credentialEnv: ['NVIDIA_API_KEY', 'NVIDIA_NIM_API_KEY'],
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [outputLimitAs('max_tokens'), developerAsSystem, plainReasoning],
      ...thinkTags,
      nativeChoices: false,
    },
  ],
  models: [
    'nvidia/llama-3.3-nemotron-super-49b-v1.5',
    'nvidia/nemotron-*',
    'nvidia/llama-*',
    'meta/llama-*',
    'deepseek-ai/*',
    'openai/gpt-oss-*',
    'qwen/*',
    'moonshotai/*',
  ],
  modelsPath: '/models',
})
