// Prices: rules from usage to money, exact until one rounding at the end. Fails closed: a dimension that
// was used and has no price is named, never taken as zero.

import { roundedRatio } from '../lib/money.ts'
import type { Usage } from './usage.ts'

/** Nano-dollars per million tokens, by dimension. */
export interface TokenRates {
  readonly input?: number
  readonly output?: number
  /** Unset: the input's. */
  readonly cachedInput?: number
  /** Unset: the input's. */
  readonly cacheWrite?: number
  /** Unset: the shorter write's. */
  readonly cacheWrite1h?: number
  /** Unset: the output's. */
  readonly reasoning?: number
  readonly audioInput?: number
  readonly audioOutput?: number
  readonly imageInput?: number
  readonly imageOutput?: number
}

export interface Price extends TokenRates {
  /** Costs nothing whatever is used. */
  readonly free?: boolean
  /** Nano-dollars each. */
  readonly perRequest?: number
  readonly perSearch?: number
  readonly perImage?: number
  readonly perSecond?: number
  readonly perCharacter?: number
  /** Rates that replace the base ones when the whole input is longer, highest matching threshold first. */
  readonly tiers?: readonly ({ readonly aboveInputTokens: number } & TokenRates)[]
}

/** An exact factor, such as a group's multiplier of 1.75 as 175/100. */
export interface Multiplier {
  readonly numerator: number
  readonly denominator: number
}

export interface Cost {
  readonly nanos: number
  /** Dimensions that were used and have no price: the amount lacks them. */
  readonly unpriced: readonly string[]
}

const MILLION = 1_000_000n

/** What `usage` costs under `price`. */
export function costOf(price: Price, usage: Usage, multiplier?: Multiplier): Cost {
  if (price.free === true) return { nanos: 0, unpriced: [] }
  const rates = ratesFor(price, usage.inputTokens)
  const unpriced: string[] = []
  let sum = BigInt(price.perRequest ?? 0) * MILLION
  const add = (dimension: string, count: number, rate: number | undefined): void => {
    if (count <= 0) return
    if (rate === undefined) unpriced.push(dimension)
    else sum += BigInt(count) * BigInt(rate)
  }
  for (const { dimension, tokens, rate } of dimensions(usage, rates)) add(dimension, tokens, rate)
  const searches = usage.webSearches ?? 0
  if (searches > 0) {
    if (price.perSearch === undefined) unpriced.push('search')
    else sum += BigInt(searches) * BigInt(price.perSearch) * MILLION
  }
  const { numerator, denominator } = multiplier ?? { numerator: 1, denominator: 1 }
  return { nanos: roundedRatio(sum * BigInt(numerator), MILLION * BigInt(denominator)), unpriced }
}

/** The rates of the highest tier whose threshold the input passes, over the base rates. */
export function ratesFor(price: Price, inputTokens: number): TokenRates {
  let best: ({ aboveInputTokens: number } & TokenRates) | undefined
  for (const tier of price.tiers ?? []) {
    if (inputTokens > tier.aboveInputTokens && (best === undefined || tier.aboveInputTokens > best.aboveInputTokens)) best = tier
  }
  return best === undefined ? price : { ...price, ...best }
}

/** Usage cut into parts that do not overlap, each with its rate: every token is paid once. */
function dimensions(usage: Usage, rates: TokenRates): { dimension: string; tokens: number; rate: number | undefined }[] {
  const { cachedInputTokens: cached = 0, cacheWriteTokens: written = 0, cacheWrite1hTokens: hour = 0 } = usage
  const { audioInputTokens: audioIn = 0, imageInputTokens: imageIn = 0 } = usage
  const { reasoningTokens: reasoning = 0, audioOutputTokens: audioOut = 0, imageOutputTokens: imageOut = 0 } = usage
  return [
    { dimension: 'input', tokens: Math.max(0, usage.inputTokens - cached - written - audioIn - imageIn), rate: rates.input },
    { dimension: 'cached_input', tokens: cached, rate: rates.cachedInput ?? rates.input },
    { dimension: 'cache_write', tokens: Math.max(0, written - hour), rate: rates.cacheWrite ?? rates.input },
    { dimension: 'cache_write_1h', tokens: hour, rate: rates.cacheWrite1h ?? rates.cacheWrite ?? rates.input },
    { dimension: 'audio_input', tokens: audioIn, rate: rates.audioInput },
    { dimension: 'image_input', tokens: imageIn, rate: rates.imageInput ?? rates.input },
    { dimension: 'output', tokens: Math.max(0, usage.outputTokens - reasoning - audioOut - imageOut), rate: rates.output },
    { dimension: 'reasoning', tokens: reasoning, rate: rates.reasoning ?? rates.output },
    { dimension: 'audio_output', tokens: audioOut, rate: rates.audioOutput },
    { dimension: 'image_output', tokens: imageOut, rate: rates.imageOutput },
  ]
}
