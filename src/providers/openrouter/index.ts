// OpenRouter, in all three formats that it speaks. https://openrouter.ai/docs/api-reference/overview

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { outputLimitAs, userAtMost } from '../quirks/openai-chat.ts'

export const openrouter = defineProvider({
  id: 'openrouter',
  label: 'OpenRouter',
  docs: 'https://openrouter.ai/docs/api-reference/overview',
  credentialEnv: ['OPENROUTER_API_KEY'],
  baseUrl: 'https://openrouter.ai/api/v1',
  auth: { type: 'bearer' },
  formats: [
    // `user` holds 128 characters: https://openrouter.ai/docs/api-reference/parameters
    { format: 'openai-chat', request: [outputLimitAs('max_tokens'), userAtMost(128)], passthroughSafe: true, nativeChoices: false },
    // https://openrouter.ai/docs/api-reference/anthropic-messages
    { format: 'anthropic-messages' },
    // https://openrouter.ai/docs/api-reference/responses/overview
    { format: 'openai-responses' },
  ],
  models: [
    'openrouter/auto',
    'openai/*',
    'anthropic/*',
    'google/*',
    'meta-llama/*',
    'mistralai/*',
    'deepseek/*',
    'qwen/*',
    'x-ai/*',
    'z-ai/*',
    'moonshotai/*',
    'minimax/*',
    'nvidia/*',
    'cohere/*',
    'amazon/*',
    'perplexity/*',
  ],
  modelsPath: '/models',
  classify: classifyBy(OUT_OF_CREDIT),
})
