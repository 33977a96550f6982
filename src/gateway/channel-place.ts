// A channel's own limits: a place on it is taken before it is tried, and given back with what was used. A channel that is
// full is passed over like one that failed, and nothing is sent to it.

import type { Refusal, Slot } from '../limits/index.ts'
import type { Bounds, Channel } from '../snapshot/index.ts'
import type { Admitted } from './admit.ts'
import type { Gateway } from './call.ts'
import { boundRules } from './claim.ts'

/** @param channel one that has limits. */
export function placeOn(
  channel: Channel & { readonly limits: Bounds },
  { record }: Admitted,
  gateway: Gateway,
): Slot | Refusal | Promise<Slot | Refusal> {
  const rules = boundRules('channel', channel.id, channel.limits)
  const quote = record.bill?.quote
  const counted = quote !== undefined && rules.some(({ kind }) => kind === 'tokens')
  return gateway.limits.take({ nowMs: gateway.nowMs(), rules, ...(counted && { tokens: tokensOf(quote) }) })
}

type Quote = NonNullable<Admitted['record']['bill']>['quote']

function tokensOf(quote: Quote): number {
  const offer = quote.offers.find((candidate) => candidate !== undefined)
  return quote.extent().inputTokens + (offer === undefined ? 0 : quote.outputTokens(offer) * quote.ask.choices)
}

export const isLimited = (channel: Channel): channel is Channel & { readonly limits: Bounds } => channel.limits !== undefined
