// Prices as people write them, in dollars, to prices as we compute, in whole nano-dollars. The operator's
// file and the catalogue's data use the same words.

import { dollarsText, nanosOf } from '../lib/money.ts'
import type { Price, PriceTier, TokenRates, UnitRates } from './price.ts'

type Dollars = number | string

export const TOKEN_WORDS = {
  input_per_million: 'input',
  output_per_million: 'output',
  cached_input_per_million: 'cachedInput',
  cache_write_per_million: 'cacheWrite',
  cache_write_1h_per_million: 'cacheWrite1h',
  reasoning_per_million: 'reasoning',
  audio_input_per_million: 'audioInput',
  audio_output_per_million: 'audioOutput',
  image_input_per_million: 'imageInput',
  image_output_per_million: 'imageOutput',
} as const satisfies Record<string, keyof TokenRates>

export const UNIT_WORDS = {
  per_request: 'perRequest',
  per_search: 'perSearch',
  per_image: 'perImage',
  per_second: 'perSecond',
  per_character: 'perCharacter',
  per_audio_hour: 'perAudioHour',
} as const satisfies Record<string, keyof UnitRates>

type Written<Words extends string> = { readonly [K in Words]?: Dollars | undefined }
export type TokenEntry = Written<keyof typeof TOKEN_WORDS>
export type UnitEntry = Written<keyof typeof UNIT_WORDS>

export interface PriceEntry extends TokenEntry, UnitEntry {
  readonly free?: boolean | undefined
  readonly tiers?: readonly (TokenEntry & { readonly above_input_tokens: number })[] | undefined
  readonly variants?: readonly (UnitEntry & { readonly when: Readonly<Record<string, string>> })[] | undefined
}

const NO_TOKEN_COSTS: TokenRates = { input: 0, output: 0, audioInput: 0, audioOutput: 0, imageOutput: 0 }

/** @throws RangeError for an amount that whole nano-dollars cannot hold. */
export function priceOf(entry: PriceEntry): Price {
  if (entry.free === true) return { free: true }
  const tiers = entry.tiers?.map((tier): PriceTier => ({ aboveInputTokens: tier.above_input_tokens, ...read(tier, TOKEN_WORDS) }))
  const variants = entry.variants?.map((variant) => ({ when: variant.when, ...read(variant, UNIT_WORDS) }))
  const tokens = read(entry, TOKEN_WORDS)
  const units = read(entry, UNIT_WORDS)
  return {
    // A price for the request and none for tokens is a flat one.
    ...(units.perRequest !== undefined && Object.keys(tokens).length === 0 ? NO_TOKEN_COSTS : tokens),
    ...units,
    ...(tiers !== undefined && tiers.length > 0 && { tiers }),
    ...(variants !== undefined && variants.length > 0 && { variants }),
  }
}

function read<Name extends string>(entry: object, words: Readonly<Record<string, Name>>): { [K in Name]?: number } {
  // Only members that `words` names are read, and those are amounts in every entry type above.
  const amounts = entry as Readonly<Record<string, Dollars | undefined>>
  const found: { [K in Name]?: number } = {}
  for (const [word, name] of Object.entries(words)) {
    const dollars = amounts[word]
    if (dollars !== undefined) found[name] = rateOf(dollars)
  }
  return found
}

/** Dollars to nano-dollars, never rounded: a price that vanished in rounding would be a gift. */
function rateOf(dollars: Dollars): number {
  if (typeof dollars === 'number' && Number(dollars.toFixed(9)) !== dollars) {
    throw new RangeError('an amount must be a number of dollars with at most nine decimals')
  }
  const nanos = nanosOf(dollars)
  if (nanos < 0) throw new RangeError('an amount must not be negative')
  return nanos
}

/** A price in the words it is written with, amounts as decimal dollars. */
export function writtenPrice(price: Price): Record<string, unknown> {
  if (price.free === true) return { free: true }
  return {
    ...write(price, TOKEN_WORDS),
    ...write(price, UNIT_WORDS),
    ...(price.tiers && { tiers: price.tiers.map((tier) => ({ above_input_tokens: tier.aboveInputTokens, ...write(tier, TOKEN_WORDS) })) }),
    ...(price.variants && { variants: price.variants.map(({ when, ...units }) => ({ when, ...write(units, UNIT_WORDS) })) }),
  }
}

function write<Name extends string>(
  rates: { readonly [K in Name]?: number },
  words: Readonly<Record<string, Name>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([word, name]) => {
      const nanos = rates[name]
      return nanos === undefined ? [] : [[word, dollarsText(nanos)]]
    }),
  )
}
