// How long an upstream asks to wait, told by headers that all formats share, and how an answer tells it on.
// What a body says about it is each format's own.

import type { GatewayError } from '../../core/errors.ts'

/** Longest wait that is believed: a day. */
const LONGEST_MS = 86_400_000

const bounded = (ms: number): number | undefined => (ms >= 0 && ms !== Number.POSITIVE_INFINITY ? Math.min(ms, LONGEST_MS) : undefined)

/** From `retry-after-ms` or `retry-after`, in seconds or as a date, which counts from the answer's own: codecs have no clock. */
export function headerWaitMs(headers: { get(name: string): string | null }): number | undefined {
  const exact = headers.get('retry-after-ms')?.trim()
  const ms = exact ? bounded(Number(exact)) : undefined
  if (ms !== undefined) return ms
  const after = headers.get('retry-after')?.trim()
  if (!after) return undefined
  const seconds = bounded(Math.ceil(Number(after) * 1000))
  return seconds ?? bounded(Date.parse(after) - Date.parse(headers.get('date') ?? ''))
}

/**
 * What the answer says: every true rate limit names a wait, because clients without one come back at once. What no waiting
 * mends says so, since the official clients try every 429 again.
 */
export function waitHeaders({ status, details }: GatewayError): Record<string, string> {
  const { retryAfterMs, final } = details
  if (final === true) return { 'x-should-retry': 'false' }
  if (retryAfterMs === undefined) return status === 429 ? { 'retry-after': '1' } : {}
  return { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))), 'retry-after-ms': String(Math.ceil(retryAfterMs)) }
}
