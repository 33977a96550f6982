// Periods of budgets, by UTC: a day, a week from Monday, a month, or all time.

import type { BudgetPeriod } from '../store/index.ts'

const DAY_MS = 86_400_000

/** Beginning of the period that `nowMs` lies in; 0 for all time. */
export function periodStartMs(period: BudgetPeriod, nowMs: number): number {
  const day = Math.floor(nowMs / DAY_MS)
  switch (period) {
    case 'day':
      return day * DAY_MS
    case 'week':
      // The first day of the epoch was a Thursday.
      return (day - ((day + 3) % 7)) * DAY_MS
    case 'month': {
      const date = new Date(nowMs)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
    }
    case 'total':
      return 0
  }
}

/** When the period that `nowMs` lies in is over; `undefined` for all time. */
export function periodEndMs(period: BudgetPeriod, nowMs: number): number | undefined {
  const startMs = periodStartMs(period, nowMs)
  switch (period) {
    case 'day':
      return startMs + DAY_MS
    case 'week':
      return startMs + 7 * DAY_MS
    case 'month': {
      const date = new Date(startMs)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
    }
    case 'total':
      return undefined
  }
}
