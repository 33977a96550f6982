// A model's price over time: rules with the days, and for some vendors the hours, in which they hold.

import type { Price } from './price.ts'

export interface PriceRule {
  readonly price: Price
  /** Epoch milliseconds, inclusive. Absent: since ever. */
  readonly fromMs?: number
  /** Exclusive. Absent: for good. */
  readonly toMs?: number
  /** Hours of the day in UTC, as milliseconds since midnight: from inclusive, to exclusive; may wrap over midnight. */
  readonly dailyMs?: readonly [from: number, to: number]
}

const DAY_MS = 86_400_000

/** The last rule that holds at `nowMs`. */
export function ruleAt(rules: readonly PriceRule[], nowMs: number): PriceRule | undefined {
  for (let index = rules.length - 1; index >= 0; index--) {
    const rule = rules[index] as PriceRule
    if (holds(rule, nowMs)) return rule
  }
  return undefined
}

function holds({ fromMs, toMs, dailyMs }: PriceRule, nowMs: number): boolean {
  if (fromMs !== undefined && nowMs < fromMs) return false
  if (toMs !== undefined && nowMs >= toMs) return false
  if (dailyMs === undefined) return true
  const [from, to] = dailyMs
  const time = nowMs % DAY_MS
  return to < from ? time >= from || time < to : time >= from && time < to
}

/** When `ruleAt` may next answer differently; `Infinity` when never. */
export function nextChange(rules: readonly PriceRule[], nowMs: number): number {
  let next = Number.POSITIVE_INFINITY
  const midnight = nowMs - (nowMs % DAY_MS)
  for (const { fromMs, toMs, dailyMs } of rules) {
    for (const moment of [fromMs, toMs]) if (moment !== undefined && moment > nowMs) next = Math.min(next, moment)
    for (const time of dailyMs ?? []) next = Math.min(next, midnight + time > nowMs ? midnight + time : midnight + DAY_MS + time)
  }
  return next
}
