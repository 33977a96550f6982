// The most a request can come to: every input token at its dearest rate, every output token that the limit allows. And
// the way back: how many output tokens an amount covers.

import { costOf, type Multiplier, type Price, ratesFor } from '../core/price.ts'
import { priceFor, type Traits } from '../core/price-variant.ts'
import type { Usage } from '../core/usage.ts'

/** What a request may use, as far as it says so before it runs. */
export interface Extent {
  /** An upper estimate. */
  readonly inputTokens: number
  /** How many answers it wants. */
  readonly choices: number
  readonly audioInput?: boolean
  readonly imageInput?: boolean
  readonly audioOutput?: boolean
  readonly imageOutput?: boolean
  /** The longest lifetime of what it asks to be cached. */
  readonly cacheLifetime?: '5m' | '1h'
  /** The most searches that the upstream may run and bill. */
  readonly searches?: number
  /** A media job: what it makes is known before, to the second and the image. */
  readonly media?: { readonly usage: Usage; readonly traits: Traits }
}

const NONE: readonly string[] = []

/** Dimensions that the request will use and that have no price: it must not run. */
export function missingDimensions(price: Price, extent: Omit<Extent, 'inputTokens'>): readonly string[] {
  if (price.free === true) return NONE
  if (extent.media !== undefined) return costOf(priceFor(price, extent.media.traits), extent.media.usage).unpriced
  let missing: string[] | undefined
  const need = (dimension: string, rate: number | undefined): void => {
    if (rate === undefined) (missing ??= []).push(dimension)
  }
  need('input', price.input)
  need('output', price.output)
  if (extent.audioInput === true) need('audio_input', price.audioInput)
  if (extent.audioOutput === true) need('audio_output', price.audioOutput)
  if (extent.imageOutput === true) need('image_output', price.imageOutput)
  if ((extent.searches ?? 0) > 0) need('search', price.perSearch)
  return missing ?? NONE
}

/** Nano-dollars. @param outputTokens the limit of each choice. */
export function ceilingOf(price: Price, extent: Extent, limits: { outputTokens: number; multiplier?: Multiplier | undefined }): number {
  if (price.free === true) return 0
  if (extent.media !== undefined) return costOf(priceFor(price, extent.media.traits), extent.media.usage, limits.multiplier).nanos
  const usage: Usage = {
    inputTokens: extent.inputTokens,
    outputTokens: limits.outputTokens * extent.choices,
    webSearches: extent.searches ?? 0,
  }
  return costOf(dearest(price, extent), usage, limits.multiplier).nanos
}

/** The largest limit of output tokens for each choice that `amount` covers; negative when not even the input is. */
export function affordableOutput(
  price: Price,
  extent: Extent,
  { amount, multiplier }: { amount: number; multiplier?: Multiplier | undefined },
): number {
  const { output = 0 } = dearest(price, extent)
  const fixed = ceilingOf(price, extent, { outputTokens: 0, multiplier })
  if (fixed > amount) return -1
  if (price.free === true || output === 0) return Number.MAX_SAFE_INTEGER
  const factor = multiplier === undefined ? 1 : multiplier.numerator / multiplier.denominator
  const fits = (tokens: number): boolean => ceilingOf(price, extent, { outputTokens: tokens, multiplier }) <= amount
  // The quotient is a double's and the ceiling is rounded: the answer is searched for below what it can be at most.
  let low = 0
  let high = Math.min(Math.ceil(((amount - fixed + 2) * 1e6) / (output * factor * extent.choices)) + 1, 1e12)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}

/** One rate in and one out, each the dearest that the request can meet. */
function dearest(price: Price, extent: Extent): Price {
  const tier = ratesFor(price, extent.inputTokens)
  let input = 0
  let output = 0
  for (const rates of tier === price ? [price] : [price, tier]) {
    input = Math.max(
      input,
      rates.input ?? 0,
      rates.cachedInput ?? 0,
      // Some upstreams cache without being asked.
      rates.cacheWrite ?? 0,
      extent.cacheLifetime === '1h' ? (rates.cacheWrite1h ?? 0) : 0,
      extent.audioInput === true ? (rates.audioInput ?? 0) : 0,
      extent.imageInput === true ? (rates.imageInput ?? 0) : 0,
    )
    output = Math.max(
      output,
      rates.output ?? 0,
      rates.reasoning ?? 0,
      extent.audioOutput === true ? (rates.audioOutput ?? 0) : 0,
      extent.imageOutput === true ? (rates.imageOutput ?? 0) : 0,
    )
  }
  const { perRequest, perSearch } = price
  return { input, output, ...(perRequest !== undefined && { perRequest }), ...(perSearch !== undefined && { perSearch }) }
}
