// LM Studio on this machine. https://lmstudio.ai/docs/developer/openai-compat

import { defineProvider } from '../define.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const lmstudio = defineProvider({
  id: 'lmstudio',
  label: 'LM Studio',
  docs: 'https://lmstudio.ai/docs/developer/openai-compat',
  credentialEnv: [],
  baseUrl: 'http://127.0.0.1:1234/v1',
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
  local: { url: 'http://127.0.0.1:1234', probePath: '/v1/models' },
  modelsPath: '/models',
})
