// Failures, both ways: an upstream's refusal classified once by its type and status, and our own in the
// words that Anthropic's clients act on. Claude Code recovers by matching on wording, so a body that came
// in this format goes on as it came. https://platform.claude.com/docs/en/api/errors

import { type ErrorCode, type ErrorDetails, GatewayError } from '../../../core/errors.ts'
import type { WireResponse } from '../../../core/http-message.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, asString, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { codeOfStatus } from '../error-status.ts'
import { headerWaitMs } from '../retry-after.ts'
import { eventFrame, FORMAT_ID, type WireErrorType } from './wire.ts'

const CODE_OF_TYPE: Readonly<Record<string, ErrorCode>> = {
  invalid_request_error: 'upstream_rejected',
  authentication_error: 'upstream_auth',
  permission_error: 'upstream_auth',
  billing_error: 'upstream_quota',
  not_found_error: 'upstream_not_found',
  request_too_large: 'upstream_rejected',
  rate_limit_error: 'upstream_rate_limited',
  timeout_error: 'upstream_timeout',
  overloaded_error: 'upstream_overloaded',
  api_error: 'upstream_error',
  conflict_error: 'upstream_rejected',
}

const STATUS_OF_TYPE: Readonly<Record<string, number>> = { request_too_large: 413, conflict_error: 409 }

const TOO_LONG =
  /prompt is too long|exceeds? (the )?(model'?s )?(maximum )?context|context (window|length)|input length and `?max_tokens`? exceed|too many (input |prompt )?tokens/i
const NO_CREDIT = /credit balance is too low|insufficient (credit|balance|quota)|usage limits?.*(reached|exceeded)/i

function classify(status: number, type: string | undefined, message: string): ErrorCode {
  const byType = type !== undefined && Object.hasOwn(CODE_OF_TYPE, type) ? CODE_OF_TYPE[type] : undefined
  const byStatus = codeOfStatus(status)
  // A refused key is a refused key whatever the body calls it.
  const ofAccount = status === 401 || status === 402 || status === 403 ? byStatus : undefined
  const code = ofAccount ?? byType ?? byStatus
  if (code === 'upstream_rejected' && NO_CREDIT.test(message)) return 'upstream_quota'
  if (code === 'upstream_rejected' && TOO_LONG.test(message)) return 'context_length_exceeded'
  return code
}

/** These speak of our account at the upstream: their words never reach a client. */
const PRIVATE: ReadonlySet<ErrorCode> = new Set(['upstream_auth', 'upstream_quota'])

export function decodeError(status: number, wire: JsonValue, headers: { get(name: string): string | null }): GatewayError {
  const body = asObject(wire)
  const error = asObject(body?.['error']) ?? (typeof body?.['message'] === 'string' ? body : undefined)
  const type = asString(error?.['type'])
  const message = asString(error?.['message']) ?? asString(body?.['error'])
  const code = classify(status, type, message ?? '')
  const details: { -readonly [K in keyof ErrorDetails]: ErrorDetails[K] } = {}
  const retryAfterMs = headerWaitMs(headers)
  if (retryAfterMs !== undefined) details.retryAfterMs = retryAfterMs
  if (!PRIVATE.has(code)) {
    if (message) details.message = message
    if (type !== undefined) details.upstreamType = type
    const own = type !== undefined && STATUS_OF_TYPE[type]
    if (code === 'upstream_rejected') details.status = own || (status >= 400 && status < 500 ? status : 400)
    if (body?.['type'] === 'error' && isObject(body['error'])) details.wire = { format: FORMAT_ID, body }
  }
  return new GatewayError(code, details)
}

interface Shown {
  readonly type: WireErrorType
  readonly status?: number
  /** Trying again is useless: the official clients stop on this header. */
  readonly final?: true
}

const SHOWN: Readonly<Partial<Record<ErrorCode, Shown>>> = {
  unauthenticated: { type: 'authentication_error', final: true },
  insufficient_quota: { type: 'billing_error', status: 429, final: true },
  permission_denied: { type: 'permission_error', final: true },
  model_not_found: { type: 'not_found_error' },
  not_found: { type: 'not_found_error' },
  upstream_not_found: { type: 'not_found_error' },
  conflict: { type: 'conflict_error' },
  body_too_large: { type: 'request_too_large' },
  rate_limited: { type: 'rate_limit_error' },
  upstream_rate_limited: { type: 'rate_limit_error' },
  upstream_overloaded: { type: 'overloaded_error', status: 529 },
  no_channel: { type: 'overloaded_error' },
  draining: { type: 'overloaded_error' },
  upstream_timeout: { type: 'timeout_error' },
  loop_detected: { type: 'api_error', final: true },
}

function shown(error: GatewayError): { type: WireErrorType; status: number; final: boolean } {
  const row = SHOWN[error.code]
  const status = row?.status ?? error.status
  return { type: row?.type ?? typeOfStatus(status), status, final: row?.final ?? error.details.final ?? false }
}

const typeOfStatus = (status: number): WireErrorType =>
  status === 413
    ? 'request_too_large'
    : status === 409
      ? 'conflict_error'
      : status < 500 && status !== 499
        ? 'invalid_request_error'
        : 'api_error'

/** The sentence, with the field it is about, and in the wording that makes clients shorten a prompt. */
function wording(error: GatewayError): string {
  const { message } = error
  if (error.code === 'context_length_exceeded') return /^prompt is too long/i.test(message) ? message : `prompt is too long: ${message}`
  const { field } = error.details
  return field === undefined || field === '' || message.includes(field) ? message : `${field}: ${message}`
}

function errorBody(error: GatewayError, requestId: string): JsonObject {
  const { wire } = error.details
  if (wire?.format === FORMAT_ID && isObject(wire.body)) return wire.body
  return { type: 'error', error: { type: shown(error).type, message: wording(error) }, request_id: requestId }
}

export function encodeError(error: GatewayError, requestId: string): WireResponse {
  const { status, type, final } = shown(error)
  const { retryAfterMs, allow } = error.details
  // Without a hint of its own a rate limit is worth one second.
  const wait = retryAfterMs !== undefined ? Math.max(0, Math.ceil(retryAfterMs / 1000)) : type === 'rate_limit_error' ? 1 : undefined
  const headers = compact({
    'x-should-retry': final ? 'false' : undefined,
    'retry-after': wait === undefined || final ? undefined : String(wait),
    allow,
  }) as Record<string, string>
  return { status, headers, body: errorBody(error, requestId) }
}

export const encodeErrorFrame = (error: GatewayError, requestId: string): Frame =>
  eventFrame('error', JSON.stringify(errorBody(error, requestId)))
