// Prices that depend on what was asked for: an image's size and quality, a video's resolution, sound or
// mode. A variant replaces unit rates; token rates have tiers instead.

import type { Price, PriceVariant } from './price.ts'

/** What a media request asked for, by trait: `size`, `quality`, `resolution`, `audio`, `mode`, `action`. */
export type Traits = Readonly<Record<string, string>>

/** The price with the rates of the most specific variant that matches; the first of equals. */
export function priceFor(price: Price, traits: Traits): Price {
  let best: PriceVariant | undefined
  let conditions = 0
  for (const variant of price.variants ?? []) {
    const wanted = Object.entries(variant.when)
    if (best !== undefined && wanted.length <= conditions) continue
    if (!wanted.every(([trait, value]) => traits[trait]?.toLowerCase() === value.toLowerCase())) continue
    best = variant
    conditions = wanted.length
  }
  const { variants: _, ...base } = price
  if (best === undefined) return base
  const { when: __, ...unitRates } = best
  return { ...base, ...unitRates }
}
