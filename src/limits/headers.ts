// What an answer says about its limits, as each vendor writes it and its clients read it. Where several rules limit the
// same thing, the one with the least left is shown. How long to wait is the error's own matter: `retry-after` and Gemini's
// RetryInfo are written by the formats from `retryAfterMs`.
// https://platform.openai.com/docs/guides/rate-limits  https://platform.claude.com/docs/en/api/rate-limits

import type { Standing } from './limits.ts'

/** Gemini has no such headers: its limits show in errors alone. */
export type HeaderDialect = 'openai' | 'anthropic' | 'gemini'

const SHOWN = ['requests', 'tokens'] as const

export function rateLimitHeaders(dialect: HeaderDialect, standings: readonly Standing[], nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {}
  if (dialect === 'gemini' || standings.length === 0) return headers
  for (const kind of SHOWN) {
    const standing = tightest(standings, kind)
    if (standing === undefined) continue
    const { rule, remaining, resetMs } = standing
    if (dialect === 'openai') {
      headers[`x-ratelimit-limit-${kind}`] = String(rule.limit)
      headers[`x-ratelimit-remaining-${kind}`] = String(remaining)
      headers[`x-ratelimit-reset-${kind}`] = durationText(resetMs)
    } else {
      headers[`anthropic-ratelimit-${kind}-limit`] = String(rule.limit)
      headers[`anthropic-ratelimit-${kind}-remaining`] = String(remaining)
      headers[`anthropic-ratelimit-${kind}-reset`] = momentText(nowMs + resetMs)
    }
  }
  return headers
}

function tightest(standings: readonly Standing[], kind: (typeof SHOWN)[number]): Standing | undefined {
  let found: Standing | undefined
  for (const standing of standings) {
    if (standing.rule.kind === kind && (found === undefined || standing.remaining < found.remaining)) found = standing
  }
  return found
}

/** As Go prints durations, which is what OpenAI sends: `12ms`, `1.5s`, `6m0s`, `1h0m0s`. */
export function durationText(ms: number): string {
  if (ms <= 0) return '0s'
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const whole = Math.ceil(ms)
  const seconds = Number(((whole % 60_000) / 1_000).toFixed(3))
  const minutes = Math.floor(whole / 60_000) % 60
  const hours = Math.floor(whole / 3_600_000)
  return `${hours > 0 ? `${hours}h` : ''}${whole >= 60_000 ? `${minutes}m` : ''}${seconds}s`
}

/** RFC 3339 in whole seconds, never too early. */
const momentText = (ms: number): string => new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z')
