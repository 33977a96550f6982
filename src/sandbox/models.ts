// The names the sandbox answers under: well-known models of three vendors, and the `test/*` behaviours.
// Any name works on any wire here; real vendors are stricter, but a gateway in front may speak either.

export const OPENAI_MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4o-2024-08-06',
  'gpt-4o-mini-2024-07-18',
  'gpt-4o-search-preview',
  'gpt-4o-mini-search-preview',
  'chatgpt-4o-latest',
  'gpt-4-turbo',
  'gpt-4',
  'gpt-3.5-turbo',
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'gpt-5-chat-latest',
  'gpt-5.1',
  'gpt-5.1-codex',
  'gpt-5.2',
  'gpt-5.4',
  'gpt-5.4-mini',
  'gpt-5.4-nano',
  'gpt-5.5',
  'gpt-6-sol',
  'gpt-6-luna',
  'o1',
  'o3',
  'o3-mini',
  'o4-mini',
] as const

export const ANTHROPIC_MODELS = [
  'claude-3-5-haiku-20241022',
  'claude-3-5-haiku-latest',
  'claude-3-5-sonnet-20241022',
  'claude-3-5-sonnet-latest',
  'claude-3-7-sonnet-20250219',
  'claude-3-7-sonnet-latest',
  'claude-sonnet-4-20250514',
  'claude-sonnet-4-0',
  'claude-opus-4-20250514',
  'claude-opus-4-1',
  'claude-opus-4-1-20250805',
  'claude-sonnet-4-5',
  'claude-sonnet-4-5-20250929',
  'claude-haiku-4-5',
  'claude-haiku-4-5-20251001',
  'claude-opus-4-5',
  'claude-opus-4-5-20251101',
  'claude-opus-4-6',
  'claude-sonnet-4-6',
  'claude-opus-4-7',
  'claude-opus-4-8',
  'claude-sonnet-5',
  'claude-opus-5',
  'claude-fable-5',
  'claude-opus-5-5',
  'claude-sonnet-5-5',
  'claude-haiku-5-5',
  'claude-sonnet',
  'claude-opus',
  'claude-haiku',
] as const

export const GEMINI_MODELS = [
  'gemini-2.0-flash',
  'gemini-2.0-flash-lite',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
  'gemini-2.5-pro',
  'gemini-3-flash',
  'gemini-3-flash-preview',
  'gemini-3-pro',
  'gemini-3-pro-preview',
  'gemini-3.1-pro-preview',
  'gemini-3.5-flash',
  'gemini-3.5-flash-lite',
  'gemini-3.5-pro',
  'gemini-3.8-flash',
  'gemini-flash-latest',
  'gemini-flash-lite-latest',
  'gemini-pro-latest',
] as const

/** Every well-known name, the OpenAI ones first. */
export const SANDBOX_MODELS: readonly string[] = Object.freeze([...OPENAI_MODELS, ...ANTHROPIC_MODELS, ...GEMINI_MODELS])

export const TEST_MODELS = Object.freeze([
  'test/echo',
  'test/long',
  'test/slow-stream',
  'test/slow-first-token',
  'test/stall-at-12',
  'test/cut-at-5',
  'test/error-mid-stream',
  'test/malformed',
  'test/empty',
  'test/html',
  'test/length',
  'test/refusal',
  'test/reasoning',
  'test/json',
  'test/tool-call',
  'test/parallel-tools',
  'test/search',
  'test/400',
  'test/401',
  'test/429',
  'test/429-retry-after',
  'test/500',
  'test/500-then-ok',
  'test/529',
] as const)
export type TestModel = (typeof TEST_MODELS)[number]

export type Vendor = 'openai' | 'anthropic' | 'google' | 'sandbox'

const VENDORS = new Map<string, Vendor>([
  ...OPENAI_MODELS.map((name) => [name, 'openai'] as const),
  ...ANTHROPIC_MODELS.map((name) => [name, 'anthropic'] as const),
  ...GEMINI_MODELS.map((name) => [name, 'google'] as const),
  ...TEST_MODELS.map((name) => [name, 'sandbox'] as const),
])

/** Whose name it is; `undefined` for a name the sandbox does not answer under. */
export const vendorOf = (model: string): Vendor | undefined => VENDORS.get(model)

/** OpenAI models that think first: no `max_tokens`, no sampling controls. */
export const isOpenAIReasoning = (model: string): boolean => /^(o\d|gpt-[5-9])/.test(model) && !model.includes('chat-latest')
