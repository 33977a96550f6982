// Google's error envelope: reading an upstream's refusal, writing our own.
// https://ai.google.dev/gemini-api/docs/troubleshooting and google.rpc.Status

import { ERRORS, type ErrorCode, type ErrorDetails, GatewayError } from '../../../core/errors.ts'
import type { WireResponse } from '../../../core/http-message.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, asString, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { codeOfStatus } from '../error-status.ts'
import { headerWaitMs, waitHeaders } from '../retry-after.ts'
import { FORMAT } from './wire.ts'

// ── Reading ───────────────────────────────────────────────────────────────────────────────────────

interface Refusal {
  readonly status: number
  /** The canonical code's name, e.g. `RESOURCE_EXHAUSTED`; empty when not given. */
  readonly name: string
  readonly message: string
  readonly details: readonly JsonObject[]
}

export function decodeError(status: number, wire: JsonValue, headers: { get(name: string): string | null }): GatewayError {
  // Without `alt=sse` a streaming call is refused with an array around the envelope.
  const body = Array.isArray(wire) ? (wire[0] ?? {}) : wire
  const given = asObject(body)?.['error']
  const error = asObject(given) ?? (typeof given === 'string' ? { message: given } : undefined)
  const refusal = refusalOf(error, status)
  const after = retryDelayMs(refusal.details) ?? headerWaitMs(headers)
  return classified(refusal, isObject(body) && error !== undefined ? body : undefined, after)
}

/** The error inside a frame or a 200 body. */
export function errorOfBody(body: JsonObject): GatewayError {
  const given = body['error']
  const error = asObject(given) ?? (typeof given === 'string' ? { message: given } : undefined)
  const code = error?.['code']
  const refusal = refusalOf(error, typeof code === 'number' && code >= 400 && code <= 599 ? code : 500)
  return classified(refusal, body, retryDelayMs(refusal.details))
}

function refusalOf(error: JsonObject | undefined, status: number): Refusal {
  const details = Array.isArray(error?.['details']) ? error['details'].filter(isObject) : []
  return { status, name: asString(error?.['status']) ?? '', message: asString(error?.['message']) ?? '', details }
}

function classified(refusal: Refusal, body: JsonObject | undefined, retryAfterMs: number | undefined): GatewayError {
  const code = codeOf(refusal)
  const row = ERRORS[code]
  const clientSees = refusal.message !== '' && code !== 'upstream_auth' && code !== 'upstream_quota'
  const keepsStatus = code === 'upstream_rejected' && refusal.status >= 400 && refusal.status < 500
  const details: ErrorDetails = {
    ...(clientSees && { message: withoutKeys(refusal.message) }),
    ...(keepsStatus && refusal.status !== row.status && { status: refusal.status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(body !== undefined && { wire: { format: FORMAT, body: scrubbed(body) } }),
    ...(refusal.name !== '' && { upstreamType: refusal.name }),
    ...reasonOf(refusal.details),
  }
  return new GatewayError(code, details, refusal.message === '' ? undefined : `${refusal.status} ${refusal.name}: ${refusal.message}`)
}

function reasonOf(details: readonly JsonObject[]): { upstreamCode?: string } {
  for (const detail of details) if (typeof detail['reason'] === 'string') return { upstreamCode: detail['reason'] }
  return {}
}

const KEY_TROUBLE = /api[ _]key (?:not valid|expired|not found|invalid)|API_KEY_INVALID|API_KEY_SERVICE_BLOCKED|reported as leaked/i
const TOO_LONG =
  /(?:token count|number of tokens|input tokens?)[^.]{0,80}exceeds|exceeds the maximum (?:number of tokens|context)|context (?:window|length)/i
const NO_CREDIT =
  /prepay|credits? (?:are|is) (?:depleted|exhausted)|billing (?:is not|account|has not)|enable billing|spending (?:cap|limit)/i

function codeOf({ status, name, message, details }: Refusal): ErrorCode {
  if (KEY_TROUBLE.test(message) || details.some((detail) => KEY_TROUBLE.test(asString(detail['reason']) ?? ''))) return 'upstream_auth'
  if (status === 401 || status === 403 || name === 'UNAUTHENTICATED' || name === 'PERMISSION_DENIED') return 'upstream_auth'
  if (status === 402 || (status < 500 && NO_CREDIT.test(message))) return 'upstream_quota'
  if (status === 429 || name === 'RESOURCE_EXHAUSTED') return 'upstream_rate_limited'
  if (status === 404 || name === 'NOT_FOUND') return 'upstream_not_found'
  if (name === 'DEADLINE_EXCEEDED') return 'upstream_timeout'
  if (name === 'UNAVAILABLE') return 'upstream_overloaded'
  // A project's region or missing set-up is the channel's trouble, not the client's.
  if (name === 'FAILED_PRECONDITION' && /location is not supported|not enabled|has not been used/i.test(message)) return 'upstream_auth'
  const code = codeOfStatus(status)
  return (code === 'upstream_rejected' || code === 'upstream_error') && TOO_LONG.test(message) ? 'context_length_exceeded' : code
}

const GOOGLE_KEY = /AIza[0-9A-Za-z_-]{20,}|ya29\.[0-9A-Za-z_.-]+|([?&]key=)[^&\s"']+/g
const withoutKeys = (message: string): string => message.replace(GOOGLE_KEY, (_, query: string | undefined) => `${query ?? ''}***`)

function scrubbed(body: JsonObject): JsonObject {
  const text = JSON.stringify(body)
  const clean = withoutKeys(text)
  return clean === text ? body : (JSON.parse(clean) as JsonObject)
}

/** `RetryInfo.retryDelay`, a duration such as `22s` or `0.5s`. */
function retryDelayMs(details: readonly JsonObject[]): number | undefined {
  for (const detail of details) {
    const delay = detail['retryDelay']
    const seconds = typeof delay === 'string' ? /^(\d{1,7}(?:\.\d{1,9})?)s$/.exec(delay)?.[1] : undefined
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000)
  }
  return undefined
}

// ── Writing ───────────────────────────────────────────────────────────────────────────────────────

const NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  426: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  508: 'INTERNAL',
}

/** Upstream errors whose own wording may reach the client; the others are about the channel's account. */
const FORWARDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_rejected',
  'context_length_exceeded',
  'upstream_not_found',
  'upstream_rate_limited',
  'upstream_overloaded',
  'upstream_timeout',
])

// 529 is Anthropic's alone; 499 never reaches anybody.
const httpStatus = (error: GatewayError): number => (error.status === 529 ? 503 : error.status)

export function encodeError(error: GatewayError, requestId: string): WireResponse {
  const status = httpStatus(error)
  const headers = waitHeaders(error)
  const { allow } = error.details
  if (allow !== undefined) headers['allow'] = allow
  return { status, headers, body: bodyOf(error, status, requestId) }
}

export const encodeErrorFrame = (error: GatewayError, requestId: string): Frame => ({
  data: JSON.stringify(bodyOf(error, httpStatus(error), requestId)),
})

/** The SDK only takes a frame for an error when its code is one of HTTP's. */
function isEnvelope(body: JsonObject): boolean {
  const { code, status } = asObject(body['error']) ?? {}
  return typeof code === 'number' && code >= 400 && code <= 599 && typeof status === 'string' && status !== ''
}

function bodyOf(error: GatewayError, status: number, requestId: string): JsonObject {
  const { wire, field, retryAfterMs, final } = error.details
  if (wire?.format === FORMAT && FORWARDED.has(error.code) && isObject(wire.body) && isEnvelope(wire.body)) return wire.body
  const details: JsonObject[] = []
  if (field !== undefined) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: error.message }] })
  }
  if (retryAfterMs !== undefined && final !== true)
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Number((retryAfterMs / 1000).toFixed(3))}s` })
  if (requestId !== '') details.push({ '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId })
  const named = field !== undefined && !error.message.includes(field) ? `${field}: ${error.message}` : error.message
  return {
    error: compact({
      code: status,
      message: named,
      status: NAMES[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'),
      details: details.length > 0 ? details : undefined,
    }),
  }
}
