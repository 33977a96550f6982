// How stored values look in the admin API: times, money, limits, and what every row shows.

import { dollarsText, nanosOf } from '../lib/money.ts'
import type { Edited, LimitColumns } from '../store/index.ts'
import { faulty } from './failure.ts'

export const timeText = (ms: number): string => new Date(ms).toISOString()
export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeText(ms))
export const dollarsOf = dollarsText

export const editedJson = ({ id, version, createdMs, updatedMs }: Edited) => ({
  id,
  version,
  created_at: timeText(createdMs),
  updated_at: timeText(updatedMs),
})

export const limitsJson = ({ requestsPerMinute, tokensPerMinute, concurrency }: LimitColumns) => ({
  requests_per_minute: requestsPerMinute,
  tokens_per_minute: tokensPerMinute,
  concurrency,
})

interface LimitInput {
  readonly requests_per_minute?: number | null | undefined
  readonly tokens_per_minute?: number | null | undefined
  readonly concurrency?: number | null | undefined
}

/** The limits of something new: what is absent is not limited. */
export const limitsOf = (input: LimitInput): LimitColumns => ({
  requestsPerMinute: input.requests_per_minute ?? null,
  tokensPerMinute: input.tokens_per_minute ?? null,
  concurrency: input.concurrency ?? null,
})

/** The limits that a change names. */
export const limitChanges = (input: LimitInput): Partial<LimitColumns> =>
  given({
    requestsPerMinute: input.requests_per_minute,
    tokensPerMinute: input.tokens_per_minute,
    concurrency: input.concurrency,
  })

/** Only the members that are there: `null` is, `undefined` is not. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** @throws FieldsError */
export function nanosIn(field: string, dollars: string | number): number {
  try {
    return nanosOf(dollars)
  } catch (cause) {
    throw faulty(field, cause instanceof Error ? cause.message : 'is not an amount')
  }
}

/** When something was switched off: kept as it is, begun now, or ended. `undefined`: not to be changed. */
export const disabledChange = (disabled: boolean | undefined, was: number | null, nowMs: number): number | null | undefined =>
  disabled === undefined ? undefined : disabled ? (was ?? nowMs) : null
