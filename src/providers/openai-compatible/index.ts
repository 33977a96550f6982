// Any other service that speaks OpenAI's Chat: what most of them agree on. A client of Chat passes through
// untouched; the repairs are for what we encode ourselves.

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'

export const openaiCompatible = defineProvider({
  id: 'openai-compatible',
  label: 'OpenAI-compatible',
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  credentialEnv: [],
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [outputLimitAs('max_tokens'), developerAsSystem, plainReasoning],
      ...thinkTags,
      passthroughSafe: true,
    },
  ],
  models: [],
  modelsPath: '/models',
  classify: classifyBy(OUT_OF_CREDIT),
})
