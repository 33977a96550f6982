// A refusal as the error that the client is answered with. It names the kind of limit and whose it is, never by name: a
// channel's or another customer's is not the client's to know.

import { GatewayError } from '../core/errors.ts'
import { dollarsText } from '../lib/money.ts'
import { durationText } from './headers.ts'
import type { Refusal } from './limits.ts'
import { type LimitRule, MINUTE_MS } from './rule.ts'

/** `rate_limited` with the wait, or `insufficient_quota` for money. */
export function refusalError({ rule, remaining, retryAfterMs }: Refusal): GatewayError {
  if (rule.kind === 'quota') {
    return new GatewayError('insufficient_quota', {
      message: `The ${PERIODS[rule.period]} quota of ${whose(rule)} does not cover the request: $${dollarsText(remaining)} of $${dollarsText(rule.limit)} left.`,
    })
  }
  if (retryAfterMs === undefined) {
    return new GatewayError('rate_limited', {
      message: `The request is larger than ${whose(rule)} may ever use: the limit is ${rule.limit} ${what(rule)}.`,
      final: true,
    })
  }
  return new GatewayError('rate_limited', {
    message: `Rate limit of ${whose(rule)} reached: ${rule.limit} ${what(rule)}, ${remaining} left. Try again in ${durationText(retryAfterMs)}.`,
    retryAfterMs,
  })
}

const PERIODS = { day: 'daily', week: 'weekly', month: 'monthly', total: 'total' } as const

function what(rule: LimitRule): string {
  if (rule.kind === 'concurrency') return 'concurrent requests'
  if (rule.kind === 'quota') return 'dollars'
  return rule.windowMs === MINUTE_MS ? `${rule.kind} per minute` : `${rule.kind} per ${durationText(rule.windowMs)}`
}

const whose = ({ scope }: LimitRule): string =>
  scope === 'key' ? 'this API key' : scope === 'customer' ? 'this end customer' : `this ${scope}`
