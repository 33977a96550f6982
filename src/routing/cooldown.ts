// Periods in which a channel is skipped after it failed. Memory of this process only.

export interface Cooldowns {
  /** Skips the channel until `untilMs`. Repeated failures grow the period. */
  fail(channelId: string, nowMs: number, retryAfterMs?: number): void
  succeed(channelId: string): void
  active(channelId: string, nowMs: number): boolean
}

const BASE_MS = 1_000
const MAX_MS = 60_000

export function cooldowns(): Cooldowns {
  const state = new Map<string, { failures: number; untilMs: number }>()
  return {
    fail(channelId, nowMs, retryAfterMs) {
      const failures = (state.get(channelId)?.failures ?? 0) + 1
      const period = retryAfterMs ?? Math.min(MAX_MS, BASE_MS * 2 ** Math.min(failures - 1, 6))
      state.set(channelId, { failures, untilMs: nowMs + Math.min(period, 10 * MAX_MS) })
    },
    succeed(channelId) {
      if (state.size > 0) state.delete(channelId)
    },
    active(channelId, nowMs) {
      if (state.size === 0) return false
      const entry = state.get(channelId)
      return entry !== undefined && entry.untilMs > nowMs
    },
  }
}
