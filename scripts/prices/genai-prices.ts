// Reads `@pydantic/genai-prices` (MIT) and says the same in the catalogue's words. A key that this file does not know
// stops the run: a dimension must be mapped or left out on purpose.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProvider, type MatchLogic, type ModelInfo, type ModelPrice, TieredPrices } from '@pydantic/genai-prices'
import type { DatedPrice, Header, ModelLine, Test } from './line.ts'

const PACKAGE = join(import.meta.dir, '../../node_modules/@pydantic/genai-prices/package.json')
const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }

/** Their key, our word, and how many dollars of theirs make one of ours. */
const KEYS: Readonly<Record<string, readonly [word: string, divisor: number]>> = {
  input_mtok: ['input_per_million', 1],
  output_mtok: ['output_per_million', 1],
  cache_read_mtok: ['cached_input_per_million', 1],
  cache_write_mtok: ['cache_write_per_million', 1],
  cache_write_1h_mtok: ['cache_write_1h_per_million', 1],
  output_reasoning_mtok: ['reasoning_per_million', 1],
  input_audio_mtok: ['audio_input_per_million', 1],
  output_audio_mtok: ['audio_output_per_million', 1],
  input_image_mtok: ['image_input_per_million', 1],
  output_image_mtok: ['image_output_per_million', 1],
  web_searches_kcount: ['per_search', 1000],
  requests_kcount: ['per_request', 1000],
  audio_hours: ['per_audio_hour', 1],
}

/** Dimensions that no usage we read reports by itself: what they hold is counted under a wider one, or not at all. */
const UNSEEN = new Set([
  'input_audio_hours',
  'cache_audio_read_mtok',
  'cache_image_read_mtok',
  'input_video_mtok',
  'output_video_mtok',
  'output_citation_mtok',
  'storage_searches_kcount',
  'input_document_kpages',
  'input_annotated_document_kpages',
  'input_text_messages_kcount',
])

/** @param ours their provider ids to ours. */
export function genaiModels(
  id: string,
  ours: ReadonlyMap<string, string>,
): { header: Omit<Header, 'provider' | 'date'>; lines: ModelLine[] } {
  const provider = findProvider({ providerId: id })
  if (provider === undefined) throw new Error(`@pydantic/genai-prices knows no provider ${id}`)
  const fallback = provider.fallback_model_providers?.flatMap((other) => ours.get(other) ?? [])
  return {
    header: {
      source: `@pydantic/genai-prices ${version}`,
      urls: provider.pricing_urls ?? [],
      ...(fallback !== undefined && fallback.length > 0 && { fallback }),
    },
    lines: provider.models.flatMap((model) => lineOf(model, id) ?? []),
  }
}

function lineOf(model: ModelInfo, provider: string): ModelLine | undefined {
  const prices = pricesOf(model, provider)
  if (prices === undefined) return undefined
  return { id: model.id, match: testsOf(model.match), ...(model.context_window && { context: model.context_window }), prices }
}

/** `undefined` when every dimension of the model is one we cannot see, such as pages read. */
function pricesOf(model: ModelInfo, provider: string): DatedPrice[] | undefined {
  const list = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  const prices = list.map(({ constraint, prices: rates }): DatedPrice | undefined => {
    const price = entryOf(rates, model.id, provider)
    if (price === undefined) return undefined
    if (constraint === undefined) return price
    if (constraint.type === 'start_date') return { from: constraint.start_date, ...price }
    return { daily: [constraint.start_time, constraint.end_time], ...price }
  })
  return prices.includes(undefined) ? undefined : (prices as DatedPrice[])
}

function entryOf(rates: ModelPrice, model: string, provider: string): DatedPrice | undefined {
  const base: Record<string, number> = {}
  const tiers = new Map<number, Record<string, number>>()
  for (const [key, value] of Object.entries(rates)) {
    if (value === undefined || UNSEEN.has(key)) continue
    const known = KEYS[key]
    if (known === undefined) throw new Error(`${model}: the price key ${key} is new; map it or say that it is not seen`)
    const [word, divisor] = known
    base[word] = dollars(typeof value === 'number' ? value : value.base, divisor)
    if (!(value instanceof TieredPrices) && typeof value !== 'object') continue
    for (const { start, price } of value.tiers) tiers.set(start, { ...tiers.get(start), [word]: dollars(price, divisor) })
  }
  // No price at all is how the data set says that a model is free.
  if (Object.keys(rates).length === 0) return { free: true }
  if (Object.keys(base).length === 0) return undefined
  fillIn(base, model)
  fillInSearch(base, model, provider)
  for (const tier of tiers.values()) fillIn(tier, model)
  return {
    ...base,
    ...(tiers.size > 0 && { tiers: [...tiers].sort(([a], [b]) => a - b).map(([start, tier]) => ({ above_input_tokens: start, ...tier })) }),
  }
}

/** What the vendor's page says and the data set leaves to its reader. */
function fillIn(rates: Record<string, number>, model: string): void {
  const { input_per_million: input, output_per_million: output, cache_write_per_million: write } = rates
  // https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing: an hour's write costs twice the input.
  if (model.includes('claude') && input !== undefined && write !== undefined) rates['cache_write_1h_per_million'] ??= dollars(input * 2, 1)
  // Gemini and the image models charge audio in and images out as text unless a price of their own is listed.
  // https://ai.google.dev/gemini-api/docs/pricing
  if (model.startsWith('gemini-') && input !== undefined) rates['audio_input_per_million'] ??= input
  if (/^(gemini-|gpt-image|gpt-5.*-image)/.test(model) && output !== undefined) rates['image_output_per_million'] ??= output
}

/** Searches that the upstream runs, where the data set is silent. */
function fillInSearch(rates: Record<string, number>, model: string, provider: string): void {
  // From Gemini 3 on each query costs, before that each grounded request. https://ai.google.dev/gemini-api/docs/pricing
  if (provider === 'google' && model.startsWith('gemini-3')) rates['per_search'] ??= 0.014
  if (provider === 'google' && model.startsWith('gemini-2')) rates['per_search'] ??= 0.035
  // https://docs.x.ai/docs/models#tools-pricing
  if (provider === 'x-ai') rates['per_search'] ??= 0.005
  // A price for the request has its searches in it (Perplexity's Sonar).
  if (rates['per_request'] !== undefined) rates['per_search'] ??= 0
}

/** Whole nano-dollars: the data holds doubles such as 0.30000000000000004. */
const dollars = (value: number, divisor: number): number => Number((value / divisor).toFixed(9))

function testsOf(match: MatchLogic): readonly (Test | readonly Test[])[] {
  if ('or' in match) return match.or.flatMap(testsOf)
  if ('and' in match) return [match.and.map((part) => simple(part))]
  return [simple(match)]
}

function simple(match: MatchLogic): Test {
  if ('equals' in match) return `=${match.equals}`
  if ('starts_with' in match) return `^${match.starts_with}`
  if ('ends_with' in match) return `$${match.ends_with}`
  if ('contains' in match) return `*${match.contains}`
  if ('regex' in match) return `/${match.regex}`
  throw new Error(`a nested match cannot be said: ${JSON.stringify(match)}`)
}
