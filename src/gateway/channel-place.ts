// A channel's own limits: a place on it is taken before it is tried, and given back with what was used. A channel that is
// full is passed over, nothing is sent to it, and it does not cool down. Server-side tools that we run make several model
// calls one after another on one place; their tokens all count at the end.

import { ERRORS, type ErrorCode, GatewayError } from '../core/errors.ts'
import { durationText, type LimitRule, type Refusal, type Slot } from '../limits/index.ts'
import { type Candidate, takesChoices } from '../routing/index.ts'
import type { Channel } from '../snapshot/index.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { boundRules } from './claim.ts'

/** `undefined` where the channel has no limits. */
export function placeOn(candidate: Candidate, admitted: Admitted, gateway: Gateway): Slot | Refusal | Promise<Slot | Refusal> | undefined {
  const { channel } = candidate
  if (channel.limits === undefined) return undefined
  const rules = rulesOf(channel)
  const calls = callsOf(candidate, admitted)
  const quote = admitted.record.bill?.quote
  const counted = quote !== undefined && rules.some(({ kind }) => kind === 'tokens')
  const ask = { nowMs: gateway.nowMs(), rules, requests: calls, ...(counted && tokensOf(quote)) }
  const first = gateway.limits.take(ask)
  return calls === 1 ? first : placesOn(calls, first, { gateway, rules })
}

const RULES = new WeakMap<Channel, readonly LimitRule[]>()

function rulesOf(channel: Channel): readonly LimitRule[] {
  let rules = RULES.get(channel)
  if (rules === undefined) {
    rules = boundRules('channel', channel.id, channel.limits ?? {})
    RULES.set(channel, rules)
  }
  return rules
}

/** How many calls run at the same time: one for each choice, where the upstream does not make them in one. */
function callsOf({ via }: Candidate, { peek }: Admitted): number {
  if (peek.choices === 1) return 1
  return takesChoices(via) && peek.serverTools.length === 0 ? 1 : peek.choices
}

type Quote = NonNullable<Admitted['record']['bill']>['quote']

function tokensOf(quote: Quote): { tokens: number; leastTokens: number } {
  const offer = quote.offers.find((candidate) => candidate !== undefined)
  const leastTokens = quote.extent().inputTokens
  return { tokens: leastTokens + (offer === undefined ? 0 : quote.outputTokens(offer) * quote.ask.choices), leastTokens }
}

/** The places of calls that run at the same time: all or none. */
async function placesOn(
  calls: number,
  taken: Slot | Refusal | Promise<Slot | Refusal>,
  { gateway, rules }: { readonly gateway: Gateway; readonly rules: readonly LimitRule[] },
): Promise<Slot | Refusal> {
  const first = await taken
  const places = rules.filter(({ kind }) => kind === 'concurrency')
  if (first.refused || places.length === 0) return first
  const others: Slot[] = []
  while (others.length < calls - 1) {
    const next = await gateway.limits.take({ nowMs: gateway.nowMs(), rules: places })
    if (next.refused) {
      for (const slot of [first, ...others]) slot.release()
      const { retryAfterMs: _soon, ...never } = next
      return next.rule.limit < calls ? never : next
    }
    others.push(next)
  }
  const freed = (): void => {
    for (const slot of others) slot.release()
  }
  return {
    refused: false,
    standings: (nowMs) => first.standings(nowMs),
    settle(used) {
      first.settle(used)
      freed()
    },
    release() {
      first.release()
      freed()
    },
  }
}

/** Refusals of ours that may come from an upstream too. */
const UPSTREAM_SAW: ReadonlySet<ErrorCode> = new Set(['client_closed', 'context_length_exceeded'])

/** A try that failed. @param worked the upstream may have read the prompt: then what was reserved for it stays. */
export function leavePlace(place: Slot, code: ErrorCode, { worked, nowMs }: { readonly worked: boolean; readonly nowMs: number }): void {
  // What was refused here was never sent.
  if (ERRORS[code].fault !== 'upstream' && !UPSTREAM_SAW.has(code)) place.release()
  else place.settle({ nowMs, ...(!worked && { tokens: 0 }) })
}

/** The one that ends first. */
export const sooner = (one: Refusal | undefined, other: Refusal): Refusal =>
  one === undefined || (other.retryAfterMs ?? Number.POSITIVE_INFINITY) < (one.retryAfterMs ?? Number.POSITIVE_INFINITY) ? other : one

/** No channel had a place. Which they are, and what their limits are, is the operator's own matter. */
export const crowded = ({ retryAfterMs }: Refusal): GatewayError =>
  retryAfterMs === undefined
    ? new GatewayError('rate_limited', { message: 'The request is larger than any channel of this model may ever take.', final: true })
    : new GatewayError('rate_limited', {
        message: `Every channel of this model is at its limit. Try again in ${durationText(retryAfterMs)}.`,
        retryAfterMs,
      })
