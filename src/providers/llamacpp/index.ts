// llama.cpp's own server. https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

import { defineProvider } from '../define.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const llamacpp = defineProvider({
  id: 'llamacpp',
  label: 'llama.cpp server',
  docs: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
  credentialEnv: [],
  baseUrl: 'http://127.0.0.1:8080/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [outputLimitAs('max_tokens'), developerAsSystem, plainReasoning],
      ...thinkTags,
      passthroughSafe: true,
      inline: ['image', 'file', 'audio'],
      nativeChoices: false,
    },
    { format: 'anthropic-messages', inline: ['image', 'file'] },
    { format: 'openai-responses', inline: ['image', 'file'] },
  ],
  models: [],
  local: { url: 'http://127.0.0.1:8080', probePath: '/v1/models' },
  modelsPath: '/models',
})
