// Prices: rules from usage to money, exact until one rounding at the end. Fails closed: a dimension that
// was used and has no price is named, never taken as zero.

import { roundedRatio } from '../lib/money.ts'
import type { Usage } from './usage.ts'

/** Nano-dollars per million tokens, by dimension. Whole numbers. */
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
  /** Unset: the input's. */
  readonly imageInput?: number
  readonly imageOutput?: number
}

/** Nano-dollars each. Whole numbers. */
export interface UnitRates {
  readonly perRequest?: number
  readonly perSearch?: number
  readonly perImage?: number
  /** A second of video that was made. */
  readonly perSecond?: number
  readonly perCharacter?: number
  /** An hour of audio that was listened to; seconds of it are counted to the millisecond. */
  readonly perAudioHour?: number
}

export interface PriceTier extends TokenRates {
  readonly aboveInputTokens: number
}

export interface PriceVariant extends UnitRates {
  /** Every trait named here must be the request's, e.g. `{ quality: 'hd', size: '1024x1024' }`. */
  readonly when: Readonly<Record<string, string>>
}

export interface Price extends TokenRates, UnitRates {
  /** Costs nothing whatever is used. */
  readonly free?: boolean
  /** Rates that replace the base ones when the whole input is longer, highest matching threshold first. */
  readonly tiers?: readonly PriceTier[]
  /** Unit rates that replace the base ones for a size, a quality, a resolution. See `price-variant.ts`. */
  readonly variants?: readonly PriceVariant[]
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

/** The most one exchange can come to: a million dollars. Beyond it a counter is broken, not a bill. */
export const MAX_COST_NANOS = 1e15
const MAX_COUNT = 1e12
const NOTHING_UNPRICED: readonly string[] = []

/** Every dimension, in the order of a receipt. `per`: how many counted units the rate is for. */
export const DIMENSIONS = [
  { name: 'input', per: 1_000_000 },
  { name: 'cached_input', per: 1_000_000 },
  { name: 'cache_write', per: 1_000_000 },
  { name: 'cache_write_1h', per: 1_000_000 },
  { name: 'audio_input', per: 1_000_000 },
  { name: 'image_input', per: 1_000_000 },
  { name: 'output', per: 1_000_000 },
  { name: 'reasoning', per: 1_000_000 },
  { name: 'audio_output', per: 1_000_000 },
  { name: 'image_output', per: 1_000_000 },
  { name: 'request', per: 1 },
  { name: 'search', per: 1 },
  { name: 'image', per: 1 },
  { name: 'character', per: 1 },
  { name: 'second', per: 1000 },
  { name: 'audio_hour', per: 3_600_000 },
] as const

// One exchange after another is priced, never two at once: the two rows are written and read in one go,
// so that a price costs no allocation.
const counts = new Float64Array(DIMENSIONS.length)
const rates: (number | undefined)[] = DIMENSIONS.map(() => undefined)

/** What `usage` costs under `price`. */
export function costOf(price: Price, usage: Usage, multiplier?: Multiplier): Cost {
  if (price.free === true) return { nanos: 0, unpriced: NOTHING_UNPRICED }
  fill(price, usage)
  let unpriced: string[] | undefined
  let millionths = 0
  let exact = true
  for (let index = 0; index < DIMENSIONS.length; index++) {
    const count = counts[index] as number
    if (count === 0) continue
    const rate = rates[index]
    const { name, per } = DIMENSIONS[index] as (typeof DIMENSIONS)[number]
    if (rate === undefined) {
      unpriced ??= []
      unpriced.push(name)
      continue
    }
    // Doubles hold whole numbers to 2^53 exactly; a product that passes it is taken again in integers.
    millionths += per === 1_000_000 ? count * rate : count * rate * (1_000_000 / per)
    if (per === 3_600_000 || millionths > Number.MAX_SAFE_INTEGER) exact = false
  }
  const nanos = exact ? roundedNumber(millionths, multiplier) : undefined
  return { nanos: nanos ?? exactly(multiplier), unpriced: unpriced ?? NOTHING_UNPRICED }
}

/** `millionths × multiplier` in whole nano-dollars; `undefined` when doubles cannot hold it. */
function roundedNumber(millionths: number, multiplier: Multiplier | undefined): number | undefined {
  const numerator = multiplier === undefined ? millionths : millionths * multiplier.numerator
  const denominator = multiplier === undefined ? 1_000_000 : 1_000_000 * multiplier.denominator
  if (numerator > Number.MAX_SAFE_INTEGER || denominator > Number.MAX_SAFE_INTEGER / 2) return undefined
  const rest = numerator % denominator
  const whole = (numerator - rest) / denominator
  return Math.min(2 * rest >= denominator ? whole + 1 : whole, MAX_COST_NANOS)
}

// 18 million is the least number that every `per` divides into whole millionths.
const SCALE = 18_000_000

function exactly(multiplier: Multiplier | undefined): number {
  let sum = 0n
  for (let index = 0; index < DIMENSIONS.length; index++) {
    const rate = rates[index]
    if (counts[index] === 0 || rate === undefined) continue
    sum += BigInt(counts[index] as number) * BigInt(rate) * BigInt(SCALE / (DIMENSIONS[index] as (typeof DIMENSIONS)[number]).per)
  }
  const { numerator, denominator } = multiplier ?? { numerator: 1, denominator: 1 }
  const top = sum * BigInt(numerator)
  const bottom = BigInt(SCALE) * BigInt(denominator)
  return top / bottom >= BigInt(MAX_COST_NANOS) ? MAX_COST_NANOS : roundedRatio(top, bottom)
}

/** The rates of the highest tier whose threshold the input passes, over the base rates. */
export function ratesFor(price: Price, inputTokens: number): TokenRates {
  if (price.tiers === undefined) return price
  let best: PriceTier | undefined
  for (const tier of price.tiers) {
    if (inputTokens > tier.aboveInputTokens && (best === undefined || tier.aboveInputTokens > best.aboveInputTokens)) best = tier
  }
  return best === undefined ? price : { ...price, ...best }
}

export interface PricedLine {
  readonly dimension: (typeof DIMENSIONS)[number]['name']
  /** Tokens, requests, images, characters, or milliseconds where the dimension is `second` or `audio_hour`. */
  readonly count: number
  /** Absent: the dimension has no price. */
  readonly rate?: number
}

/** The parts that `costOf` adds up, for people to read. */
export function pricedLines(price: Price, usage: Usage): PricedLine[] {
  fill(price, usage)
  return DIMENSIONS.flatMap(({ name }, index) => {
    const rate = price.free === true ? 0 : rates[index]
    return counts[index] === 0 ? [] : [{ dimension: name, count: counts[index] as number, ...(rate !== undefined && { rate }) }]
  })
}

/** A reported counter as a whole number: an upstream may send fractions, negatives or nonsense. */
function whole(count: number | undefined): number {
  return typeof count === 'number' && count > 0 ? Math.min(Math.ceil(count), MAX_COUNT) : 0
}

/** Cuts usage into parts that do not overlap, each with its rate: every token is paid once. */
function fill(price: Price, usage: Usage): void {
  const input = whole(usage.inputTokens)
  const output = whole(usage.outputTokens)
  const tokens = ratesFor(price, input)
  const cached = whole(usage.cachedInputTokens)
  const hour = whole(usage.cacheWrite1hTokens)
  const written = Math.max(whole(usage.cacheWriteTokens), hour)
  const audioIn = remaining(whole(usage.audioInputTokens), input - cached - written)
  const imageIn = remaining(whole(usage.imageInputTokens), input - cached - written - audioIn)
  const audioOut = whole(usage.audioOutputTokens)
  const imageOut = whole(usage.imageOutputTokens)
  const reasoning = whole(usage.reasoningTokens)
  counts[0] = Math.max(0, input - cached - written - audioIn - imageIn)
  rates[0] = tokens.input
  counts[1] = cached
  rates[1] = tokens.cachedInput ?? tokens.input
  counts[2] = written - hour
  rates[2] = tokens.cacheWrite ?? tokens.input
  counts[3] = hour
  rates[3] = tokens.cacheWrite1h ?? tokens.cacheWrite ?? tokens.input
  counts[4] = audioIn
  rates[4] = tokens.audioInput
  counts[5] = imageIn
  rates[5] = tokens.imageInput ?? tokens.input
  counts[6] = Math.max(0, output - reasoning - audioOut - imageOut)
  rates[6] = tokens.output
  counts[7] = reasoning
  rates[7] = tokens.reasoning ?? tokens.output
  counts[8] = audioOut
  rates[8] = tokens.audioOutput
  counts[9] = imageOut
  rates[9] = tokens.imageOutput
  counts[10] = price.perRequest === undefined ? 0 : 1
  rates[10] = price.perRequest
  counts[11] = whole(usage.webSearches)
  rates[11] = price.perSearch
  counts[12] = whole(usage.images)
  rates[12] = price.perImage
  counts[13] = whole(usage.characters)
  rates[13] = price.perCharacter
  counts[14] = usage.seconds === undefined ? 0 : whole(usage.seconds * 1000)
  rates[14] = price.perSecond
  counts[15] = usage.audioSeconds === undefined ? 0 : whole(usage.audioSeconds * 1000)
  rates[15] = price.perAudioHour
}

/** A part of the input that may overlap with what a cache held: what was cached is paid as such, once. */
const remaining = (part: number, room: number): number => Math.min(part, Math.max(0, room))
