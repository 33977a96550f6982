// What may be limited, for whom, and how much. A rule is made once, when a key or a channel is read, and then only looked
// at: its id is the name of its counter everywhere.

import { sha256Hex } from '../lib/platform/runtime.ts'

/** Whose limit it is. What more than one of them share, such as a key's use of one model, goes into the subject. */
export type LimitScope = 'organisation' | 'project' | 'group' | 'key' | 'user' | 'customer' | 'model' | 'channel'

/** Calendar periods by UTC, weeks from Monday; `total` never ends. */
export type QuotaPeriod = 'day' | 'week' | 'month' | 'total'

interface RuleBase {
  /** Name of the counter: two rules with one id count together. */
  readonly id: string
  readonly scope: LimitScope
  readonly subject: string
  /** Most there may be; 0 allows nothing. */
  readonly limit: number
}

/** Requests or tokens within any window of this length. */
export interface RateRule extends RuleBase {
  readonly kind: 'requests' | 'tokens'
  readonly windowMs: number
}

/** Slots held at one moment. */
export interface ConcurrencyRule extends RuleBase {
  readonly kind: 'concurrency'
}

/** Nano-dollars within a period. */
export interface QuotaRule extends RuleBase {
  readonly kind: 'quota'
  readonly period: QuotaPeriod
}

export type LimitRule = RateRule | ConcurrencyRule | QuotaRule

/** A minute; other windows are for those who ask. */
export const MINUTE_MS = 60_000
const LONGEST_WINDOW_MS = 31 * 86_400_000

interface Whose {
  readonly scope: LimitScope
  readonly subject: string
  readonly limit: number
}

/** @throws RangeError for what cannot be a limit. */
export function rateRule(kind: RateRule['kind'], whose: Whose, windowMs = MINUTE_MS): RateRule {
  if (!Number.isSafeInteger(windowMs) || windowMs < 1_000 || windowMs > LONGEST_WINDOW_MS) {
    throw new RangeError('a window must be a whole number of milliseconds from a second to 31 days')
  }
  return Object.freeze({ ...checked(whose), kind, windowMs, id: idOf(whose, `${kind}:${windowMs}`) })
}

/** @throws RangeError */
export const concurrencyRule = (whose: Whose): ConcurrencyRule =>
  Object.freeze({ ...checked(whose), kind: 'concurrency', id: idOf(whose, 'concurrency') })

/** @param whose with its limit in nano-dollars. @throws RangeError */
export const quotaRule = (whose: Whose, period: QuotaPeriod): QuotaRule =>
  Object.freeze({ ...checked(whose), kind: 'quota', period, id: idOf(whose, `quota:${period}`) })

function checked({ scope, subject, limit }: Whose): Whose {
  if (!Number.isSafeInteger(limit) || limit < 0) throw new RangeError('a limit must be a whole number that is not negative')
  if (subject === '') throw new RangeError('a limit must be somebody’s')
  return { scope, subject, limit }
}

/** Subjects such as end customers are named by clients: counters do not grow with the names. */
const LONGEST_SUBJECT = 128

const idOf = ({ scope, subject }: Whose, what: string): string =>
  `${what}:${scope}:${subject.length > LONGEST_SUBJECT ? `sha256-${sha256Hex(subject)}` : subject}`

const DAY_MS = 86_400_000
/** The Monday before the epoch's Thursday. */
const FIRST_MONDAY_MS = -3 * DAY_MS

/** When the period that holds `nowMs` began and ends; `total` has neither. */
export function periodAround(period: QuotaPeriod, nowMs: number): { readonly startMs: number; readonly endMs: number } {
  switch (period) {
    case 'day': {
      const startMs = Math.floor(nowMs / DAY_MS) * DAY_MS
      return { startMs, endMs: startMs + DAY_MS }
    }
    case 'week': {
      const startMs = Math.floor((nowMs - FIRST_MONDAY_MS) / (7 * DAY_MS)) * 7 * DAY_MS + FIRST_MONDAY_MS
      return { startMs, endMs: startMs + 7 * DAY_MS }
    }
    case 'month': {
      const date = new Date(nowMs)
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
      return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
    }
    case 'total':
      return { startMs: 0, endMs: Number.POSITIVE_INFINITY }
  }
}
