// The sandbox as a provider: the whole of it, and one dialect at a time for tests of translation. It is
// answered in our own process, and what it is asked never leaves the machine.

import { defineProvider, type Provider } from '../define.ts'

const common = {
  docs: 'docs/sandbox.md',
  credentialEnv: [],
  baseUrl: 'http://sandbox.invalid/v1',
  auth: { type: 'none' },
  models: [],
} as const satisfies Partial<Provider>

const hostedSearch = (): boolean => true

const GEMINI = { format: 'gemini-generate-content', baseUrl: 'http://sandbox.invalid/v1beta', hostedSearch }

const isTest = (model: string): boolean => model.startsWith('test/')
const isClaude = (model: string): boolean => model.startsWith('claude')
const isGemini = (model: string): boolean => model.startsWith('gemini')

export const sandbox = defineProvider({
  ...common,
  id: 'sandbox',
  label: 'Sandbox',
  // Each vendor's models answer in their own wire only, so that reaching them from elsewhere is true translation.
  formats: [
    { format: 'openai-chat', openaiTools: true, hostedSearch, models: (model) => !isClaude(model) && !isGemini(model) },
    { format: 'openai-responses', hostedSearch, models: (model) => !isClaude(model) && !isGemini(model) },
    { format: 'anthropic-messages', hostedSearch, models: (model) => isClaude(model) || isTest(model) },
    { ...GEMINI, models: (model) => isGemini(model) || isTest(model) },
  ],
})

export const sandboxOpenai = defineProvider({
  ...common,
  id: 'sandbox-openai',
  label: 'Sandbox (OpenAI)',
  formats: [
    { format: 'openai-chat', openaiTools: true, hostedSearch },
    { format: 'openai-responses', hostedSearch },
  ],
})

export const sandboxAnthropic = defineProvider({
  ...common,
  id: 'sandbox-anthropic',
  label: 'Sandbox (Anthropic)',
  formats: [{ format: 'anthropic-messages', hostedSearch }],
})

export const sandboxGemini = defineProvider({
  ...common,
  id: 'sandbox-gemini',
  label: 'Sandbox (Gemini)',
  formats: [GEMINI],
})
