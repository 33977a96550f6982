// What an exchange comes to once it is over: pure. Failed and empty answers are free for the customer; what ended
// early goes by the policy of the caller's group; what an upstream used without a price for it costs the ceiling.

import { costOf, type Multiplier, type Price } from '../core/price.ts'
import { priceFor } from '../core/price-variant.ts'
import type { Usage } from '../core/usage.ts'
import type { RoutePrice } from '../snapshot/index.ts'
import type { Extent } from './ceiling.ts'
import { estimatedUsage, type Produced, producedUsage } from './estimate.ts'

/** `whole`: the answer is complete. `empty`: complete and without content. `cut`: the upstream broke off. `left`: the client went away. `failed`: nothing was answered. */
export type End = 'whole' | 'empty' | 'cut' | 'left' | 'failed'

/** What a customer pays for an answer that ended early. `finish` reads it to its end, which then is `whole`. */
export type CutPolicy = 'produced' | 'nothing' | 'finish'

export interface Ending {
  readonly end: End
  readonly policy: CutPolicy
  /** The last report of the upstream, all rounds together. */
  readonly usage: Usage | undefined
  /** What was seen of the answer; asked only when there is no report, or an early one. */
  produced(): Produced
}

export interface Amounts {
  /** Before any limit by the hold. */
  readonly chargeNanos: number
  readonly costNanos: number
  readonly usage: Usage | undefined
  /** Dimensions that the upstream used and nobody has priced. */
  readonly unpriced: readonly string[]
}

const NONE: readonly string[] = []

export function amountsOf(
  offer: RoutePrice,
  ending: Ending,
  terms: { extent(): Extent; ceiling(): number; multiplier?: Multiplier | undefined },
): Amounts {
  const usage = usageOf(ending)
  if (usage === undefined) return { chargeNanos: 0, costNanos: 0, usage, unpriced: NONE }
  const media = offer.charge.price.variants === undefined && offer.cost.price.variants === undefined ? undefined : terms.extent().media
  const specific = (price: Price): Price => (media === undefined ? price : priceFor(price, media.traits))
  const cost = costOf(specific(offer.cost.price), usage)
  if (!isCharged(ending)) return { chargeNanos: 0, costNanos: cost.nanos, usage, unpriced: NONE }
  const charge =
    offer.charge.price === offer.cost.price && terms.multiplier === undefined
      ? cost
      : costOf(specific(offer.charge.price), usage, terms.multiplier)
  const chargeNanos = charge.unpriced.length === 0 ? charge.nanos : Math.max(charge.nanos, terms.ceiling())
  return { chargeNanos, costNanos: cost.nanos, usage, unpriced: charge.unpriced }
}

function usageOf({ end, usage, produced }: Ending): Usage | undefined {
  if (end === 'whole') return usage ?? estimatedUsage(produced())
  if (end === 'cut' || end === 'left') return producedUsage(usage, produced())
  return usage
}

export const isCharged = ({ end, policy }: Pick<Ending, 'end' | 'policy'>): boolean =>
  end === 'whole' || ((end === 'cut' || end === 'left') && policy !== 'nothing')
