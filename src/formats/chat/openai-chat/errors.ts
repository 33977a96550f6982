// Failures of upstreams of this wire as codes of our table, and our failures as its error body.
// https://platform.openai.com/docs/guides/error-codes

import { ERRORS, type ErrorCode, type ErrorDetails, GatewayError } from '../../../core/errors.ts'
import type { WireResponse } from '../../../core/http-message.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import { codeOfStatus } from '../error-status.ts'
import { headerWaitMs, waitHeaders } from '../retry-after.ts'
import { FORMAT, numberOf } from './wire.ts'

interface Words {
  readonly message: string
  readonly type: string
  readonly code: string
  readonly param: string
  /** A status inside the body (OpenRouter, Google), where the outer one is 200. */
  readonly status: number | undefined
  /** The `error` object, when the body has this wire's shape. */
  readonly inner: JsonObject | undefined
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

/** Reads OpenAI's body and its relatives: vLLM's flat one, FastAPI's `detail`, Google's list, text, HTML. */
function wordsOf(wire: JsonValue): Words {
  const body = asObject(wire) ?? asObject(asArray(wire)?.[0])
  if (body === undefined) {
    const text = asString(wire)?.trim() ?? ''
    const html = /^\s*<(!doctype|html|head|body)/i.test(text)
    return { message: html ? '' : text.slice(0, 2000), type: '', code: '', param: '', status: undefined, inner: undefined }
  }
  const inner = asObject(body['error'])
  const from = inner ?? body
  const detail = body['detail']
  const message = textOf(from['message']) || textOf(body['error']) || textOf(body['message']) || detailText(detail)
  const status = [from['code'], from['status'], from['status_code'], body['status'], body['status_code']].map(numberOf).find(isHttpError)
  return {
    message,
    type: textOf(from['type']),
    code: textOf(from['code']),
    param: textOf(from['param']),
    status,
    inner,
  }
}

const isHttpError = (status: number | undefined): boolean => status !== undefined && status >= 400 && status <= 599

function detailText(detail: JsonValue | undefined): string {
  if (typeof detail === 'string') return detail
  const lines = (asArray(detail) ?? []).filter(isObject).map((line) => `${(asArray(line['loc']) ?? []).join('.')}: ${textOf(line['msg'])}`)
  return lines.join('; ')
}

/** Most vendors' words for a prompt that does not fit; OpenAI and its relatives say it in the code. */
const TOO_LONG =
  /context[_ ]length|context window|maximum context|max(imum)? (input|prompt) (length|tokens)|prompt is too long|input is too long|too many (input )?tokens|exceeds? the (model's )?(maximum|max) (number of )?(input )?tokens|reduce the length of the (messages|prompt)|input token count .* exceeds/i
const BAD_KEY =
  /(api[ _-]?key|token|credential)s? (is )?(not valid|invalid|incorrect|expired)|(invalid|incorrect) api[ _-]?key|unauthorized/i
const NO_CREDIT =
  /insufficient_quota|billing_hard_limit|billing_not_active|insufficient[ _]balance|insufficient[ _](funds|credit)|credit balance is too low|exceeded_current_quota/i

export function decodeError(status: number, wire: JsonValue, headers: { get(name: string): string | null }): GatewayError {
  const words = wordsOf(wire)
  const retryAfterMs = waitOf(headers, wire)
  return classified(isHttpError(status) ? status : (words.status ?? statusOfWords(words)), words, retryAfterMs)
}

const PRIVATE: ReadonlySet<ErrorCode> = new Set(['upstream_auth', 'upstream_quota', 'upstream_not_found'])

function classified(status: number, words: Words, retryAfterMs?: number): GatewayError {
  const code = codeOf(status, words)
  const known: ErrorDetails = {
    ...(words.type !== '' && { upstreamType: words.type }),
    ...(words.code !== '' && { upstreamCode: words.code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
  const cause = words.message === '' ? undefined : `${status} ${words.message}`
  // What speaks of the channel's account is not for clients.
  if (PRIVATE.has(code)) return new GatewayError(code, known, cause)
  if (code !== 'upstream_rejected' && code !== 'context_length_exceeded')
    return new GatewayError(code, { ...known, ...(words.message !== '' && { message: words.message }) }, cause)
  const kept = status >= 400 && status < 500 ? status : 400
  return new GatewayError(
    code,
    {
      ...known,
      ...(words.message !== '' && { message: words.message }),
      ...(words.param !== '' && { field: words.param }),
      ...(code === 'upstream_rejected' && { status: kept }),
      ...(words.inner && { wire: { format: FORMAT, body: { error: words.inner } } }),
    },
    cause,
  )
}

function codeOf(status: number, { code, type, message }: Words): ErrorCode {
  const label = `${code} ${type}`
  if (code === 'context_length_exceeded') return 'context_length_exceeded'
  if ((status === 400 || status === 413 || status === 422 || status === 500) && TOO_LONG.test(`${message} ${code}`))
    return 'context_length_exceeded'
  if (status === 402 || (status < 500 && NO_CREDIT.test(label))) return 'upstream_quota'
  if (status === 429) return NO_CREDIT.test(message) ? 'upstream_quota' : 'upstream_rate_limited'
  if (status === 401 || status === 403) return 'upstream_auth'
  if (status === 400 && (/invalid_api_key|api_key_invalid/i.test(label) || BAD_KEY.test(message))) return 'upstream_auth'
  if (status === 404 || (status === 400 && /model_not_found|model_not_exist/i.test(label))) return 'upstream_not_found'
  return codeOfStatus(status)
}

/** A status for errors that come without one, in a 200 or in a stream. */
function statusOfWords({ type, code, message }: Words): number {
  const label = `${type} ${code}`.toLowerCase()
  if (/rate_?limit|insufficient_quota|too_many_requests|resource_exhausted/.test(label)) return 429
  if (/overloaded|unavailable|engine_overloaded/.test(label)) return 503
  if (/timeout|deadline/.test(label)) return 504
  if (/authentication|invalid_api_key|permission/.test(label)) return 401
  if (/not_found/.test(label)) return 404
  if (/server_error|internal|api_error/.test(label)) return 500
  if (/invalid_request|invalid_argument|bad_?request|context_length|content_policy|validation/.test(label)) return 400
  return /overloaded/i.test(message) ? 503 : 500
}

/** How long to wait, from the headers or Google's `RetryInfo`. */
function waitOf(headers: { get(name: string): string | null }, wire: JsonValue): number | undefined {
  const told = headerWaitMs(headers)
  if (told !== undefined) return told
  const body = asObject(wire) ?? asObject(asArray(wire)?.[0])
  for (const detail of asArray(asObject(body?.['error'])?.['details']) ?? []) {
    const delay = /^([\d.]+)s$/.exec(textOf(asObject(detail)?.['retryDelay']))?.[1]
    if (delay !== undefined) return Math.ceil(Number(delay) * 1000)
  }
  return undefined
}

/** The error inside a frame or a 200 body, or `undefined`. */
export function embeddedError(wire: JsonObject): GatewayError | undefined {
  const { error } = wire
  const told = isObject(error) || (typeof error === 'string' && error !== '') || error === true
  if (!told && wire['object'] !== 'error' && wire['type'] !== 'error') return undefined
  const words = wordsOf(wire)
  return classified(words.status ?? statusOfWords(words), words)
}

/** The payload of an SSE event named `error`. */
export function errorFrame(data: string): GatewayError {
  const wire = tryParseJson(data)
  if (isObject(wire)) return embeddedError(wire) ?? embeddedError({ error: wire }) ?? new GatewayError('upstream_error')
  return new GatewayError('upstream_error', {}, data.slice(0, 2000) || undefined)
}

// ── Our errors for clients ────────────────────────────────────────────────────────────────────────

interface Label {
  readonly type: string
  readonly code: string | null
}

const LABELS: Partial<Record<ErrorCode, Label>> = {
  malformed_json: { type: 'invalid_request_error', code: null },
  invalid_request: { type: 'invalid_request_error', code: null },
  unsupported_parameter: { type: 'invalid_request_error', code: 'unsupported_parameter' },
  upstream_rejected: { type: 'invalid_request_error', code: null },
  unauthenticated: { type: 'invalid_request_error', code: 'invalid_api_key' },
  insufficient_quota: { type: 'insufficient_quota', code: 'insufficient_quota' },
  permission_denied: { type: 'permission_error', code: 'permission_denied' },
  upstream_not_found: { type: 'invalid_request_error', code: 'model_not_found' },
  body_too_large: { type: 'invalid_request_error', code: 'request_too_large' },
  rate_limited: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  upstream_rate_limited: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
}

/** Errors that another try cannot mend although their status makes the SDKs try again. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'insufficient_quota',
  'upstream_quota',
  'upstream_auth',
  'conflict',
  'internal',
  'loop_detected',
  'client_closed',
])

function errorBody(error: GatewayError): JsonObject {
  const { code, details } = error
  const { fault } = ERRORS[code]
  const label = LABELS[code] ?? { type: fault === 'client' ? 'invalid_request_error' : 'server_error', code }
  const own = reusable(error)
  return {
    error: {
      ...own,
      message: asString(own?.['message']) ?? error.message,
      type: asString(own?.['type']) ?? label.type,
      param: asString(own?.['param']) ?? details.field ?? (code === 'model_not_found' ? 'model' : null),
      code: own?.['code'] ?? (code === 'upstream_rejected' ? (details.upstreamCode ?? null) : label.code),
    },
  }
}

/** The upstream's own error object, where its format words errors as this one does. */
function reusable({ details }: GatewayError): JsonObject | undefined {
  if (details.wire?.format !== FORMAT && details.wire?.format !== 'openai-responses') return undefined
  const { body } = details.wire
  return isObject(body) ? asObject(body['error']) : undefined
}

export function encodeError(error: GatewayError, _requestId: string): WireResponse {
  const { code, details } = error
  // 529 is only known to Anthropic's clients.
  const status = error.status === 529 ? 503 : error.status
  const headers: Record<string, string> = {}
  if (FINAL.has(code)) headers['x-should-retry'] = 'false'
  else Object.assign(headers, waitHeaders(error))
  if (details.allow !== undefined) headers['allow'] = details.allow
  return { status, headers, body: errorBody(error) }
}

/** The last frame of a stream that failed; no `[DONE]` comes after it. */
export const encodeErrorFrame = (error: GatewayError, _requestId: string): Frame => ({ data: JSON.stringify(errorBody(error)) })
