// OpenAI: Responses for models that reason, Chat for the others; a client of either reaches both.

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { withoutReasoning } from '../quirks/openai-chat-messages.ts'
import { reasons } from './models.ts'
import { effortOnlyForReasoning, hashedLongUser, stopOnlyWithoutReasoning } from './quirks.ts'

// https://developers.openai.com/api/docs/guides/tools-web-search: in Chat only the search models search, and always.
const searches = (model: string): boolean => /-search-(?:preview|api)/.test(model)

const responses = { format: 'openai-responses', hostedSearch: () => true } as const

// What we encode holds reasoning for hosts that want it back; OpenAI's own clients never send it.
const chat = {
  format: 'openai-chat',
  request: [withoutReasoning, hashedLongUser, effortOnlyForReasoning, stopOnlyWithoutReasoning],
  passthroughSafe: true,
  openaiTools: true,
  hostedSearch: searches,
} as const

export const openai = defineProvider({
  id: 'openai',
  label: 'OpenAI',
  docs: 'https://platform.openai.com/docs/api-reference',
  credentialEnv: ['OPENAI_API_KEY'],
  baseUrl: 'https://api.openai.com/v1',
  auth: { type: 'bearer' },
  formats: [{ ...responses, models: reasons }, chat, { ...responses, models: (model) => !reasons(model) }],
  models: [
    'gpt-6-astra',
    'gpt-6.1-sol',
    'gpt-6.1-terra',
    'gpt-6-sol',
    'gpt-6-luna',
    'gpt-5.6-sol',
    'gpt-5.6-terra',
    'gpt-5.6-luna',
    'gpt-5.5',
    'gpt-5.5-pro',
    'gpt-5.4',
    'gpt-5.4-mini',
    'gpt-5.4-nano',
    'gpt-5.2',
    'gpt-5.1',
    'gpt-5.1-codex',
    'gpt-5.1-codex-max',
    'gpt-5',
    'gpt-5-mini',
    'gpt-5-nano',
    'gpt-4.1',
    'gpt-4.1-mini',
    'gpt-4.1-nano',
    'gpt-4o',
    'gpt-4o-mini',
    'o4-mini',
    'o3',
    'o3-mini',
    'gpt-3*',
    'gpt-4*',
    'gpt-5*',
    'gpt-6*',
    'gpt-audio*',
    'o1*',
    'o3*',
    'o4*',
    'chatgpt-*',
    'codex-*',
    'computer-use-*',
    'ft:*',
  ],
  modelsPath: '/models',
  classify: classifyBy(OUT_OF_CREDIT, {
    words: /insufficient_quota|billing_hard_limit|exceeded your current quota/i,
    means: 'upstream_quota',
  }),
})
