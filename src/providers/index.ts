// Every upstream service we know, by explicit list. A new one is one folder and one line here.

import { anthropic } from './anthropic/index.ts'
import { azure } from './azure/index.ts'
import { bedrock } from './bedrock/index.ts'
import { cerebras } from './cerebras/index.ts'
import { cohere } from './cohere/index.ts'
import { deepseek } from './deepseek/index.ts'
import type { Provider } from './define.ts'
import { fireworks } from './fireworks/index.ts'
import { gemini } from './gemini/index.ts'
import { groq } from './groq/index.ts'
import { llamacpp } from './llamacpp/index.ts'
import { lmstudio } from './lmstudio/index.ts'
import { minimax } from './minimax/index.ts'
import { mistral } from './mistral/index.ts'
import { moonshot } from './moonshot/index.ts'
import { nvidia } from './nvidia/index.ts'
import { ollama } from './ollama/index.ts'
import { openai } from './openai/index.ts'
import { openaiCompatible } from './openai-compatible/index.ts'
import { openrouter } from './openrouter/index.ts'
import { perplexity } from './perplexity/index.ts'
import { qwen } from './qwen/index.ts'
import { sandbox, sandboxAnthropic, sandboxGemini, sandboxOpenai } from './sandbox/index.ts'
import { together } from './together/index.ts'
import { vertex } from './vertex/index.ts'
import { vllm } from './vllm/index.ts'
import { xai } from './xai/index.ts'
import { zhipu } from './zhipu/index.ts'

export { baseUrlOf } from './base-url.ts'
export type { Provider, ProviderFormat, QuirkContext, RequestQuirk, SettingField } from './define.ts'
export { type ListPrice, listPrice } from './prices/catalogue.ts'
export type { PriceSource } from './prices/source.ts'

const LIST = [
  openai,
  anthropic,
  gemini,
  azure,
  vertex,
  bedrock,
  mistral,
  deepseek,
  xai,
  groq,
  openrouter,
  together,
  fireworks,
  cerebras,
  perplexity,
  moonshot,
  qwen,
  zhipu,
  minimax,
  cohere,
  nvidia,
  ollama,
  lmstudio,
  llamacpp,
  vllm,
  openaiCompatible,
  sandbox,
  sandboxOpenai,
  sandboxAnthropic,
  sandboxGemini,
] as const

export type ProviderId = (typeof LIST)[number]['id']

/** In the order in which a person would look for them. */
export const PROVIDERS: readonly (Provider & { readonly id: ProviderId })[] = LIST

const byId = new Map<string, Provider>(PROVIDERS.map((provider) => [provider.id, provider]))

export const providerById = (id: string): Provider | undefined => byId.get(id)
