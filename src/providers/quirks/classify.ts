// Refusals whose meaning a vendor tells in its own way, where a format's codec cannot know it.

import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import { asObject, asString, type JsonValue } from '../../lib/json.ts'
import type { Provider } from '../define.ts'

/** A refusal recognised by its status, or by words or codes of its body. */
export interface Sign {
  readonly status?: number
  readonly words?: RegExp
  readonly means: ErrorCode
}

/** The first sign that fits decides. What speaks of our account loses its words: they are not for clients. */
export const classifyBy =
  (...signs: readonly Sign[]): NonNullable<Provider['classify']> =>
  (status, wire, error) => {
    const text = wordsOf(wire)
    const sign = signs.find(
      (one) => (one.status === undefined || one.status === status) && (one.words === undefined || one.words.test(text)),
    )
    if (sign === undefined || sign.means === error.code) return undefined
    const { retryAfterMs } = error.details
    const ours = sign.means === 'upstream_auth' || sign.means === 'upstream_quota'
    return new GatewayError(
      sign.means,
      { ...(!ours && { message: error.message }), ...(retryAfterMs !== undefined && { retryAfterMs }) },
      error.cause,
    )
  }

/** Code, type and message of the usual places, in one line. */
function wordsOf(wire: JsonValue): string {
  if (typeof wire === 'string') return wire.slice(0, 2000)
  const body = asObject(wire)
  const error = asObject(body?.error) ?? body
  const parts = [error?.code, error?.type, error?.status, error?.message, body?.message, asString(body?.error)]
  return parts.filter((part) => typeof part === 'string' || typeof part === 'number').join(' ')
}

/** 402 is everywhere the empty account. */
export const OUT_OF_CREDIT: Sign = { status: 402, means: 'upstream_quota' }
