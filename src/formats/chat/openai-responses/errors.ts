// Errors of this wire, both ways: OpenAI's envelope, and the two in-stream forms. Codex and the SDKs decide by
// `code` whether to stop or to try again, so codes are chosen for what they make clients do.
// https://platform.openai.com/docs/guides/error-codes

import { ERRORS, type ErrorCode, type ErrorDetails, GatewayError } from '../../../core/errors.ts'
import type { WireResponse } from '../../../core/http-message.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import { codeOfStatus } from '../error-status.ts'
import type { Begun } from '../format.ts'
import { headerWaitMs, waitHeaders } from '../retry-after.ts'
import { FORMAT } from './wire.ts'

interface Words {
  readonly message?: string
  readonly type?: string
  readonly code?: string
  readonly param?: string
}

function wordsOf(wire: JsonValue): Words {
  if (typeof wire === 'string') return /^\s*</.test(wire) || wire.trim() === '' ? {} : { message: wire.slice(0, 1000) }
  const body = asObject(wire)
  if (body === undefined) return {}
  const inner = body['error'] ?? body
  if (typeof inner === 'string') return { message: inner }
  const error = asObject(inner) ?? {}
  const detail = error['message'] ?? body['message'] ?? body['detail']
  const message = asString(detail) ?? (detail === undefined || detail === null ? undefined : JSON.stringify(detail).slice(0, 1000))
  const type = asString(error['type'])
  const code = asString(error['code']) ?? (typeof error['code'] === 'number' ? String(error['code']) : undefined)
  const param = asString(error['param'])
  return {
    ...(message !== undefined && message !== '' && { message }),
    ...(type !== undefined && type !== 'error' && { type }),
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
  }
}

const TOO_LONG = /context[ _](length|window)|maximum context|too many (input )?tokens|prompt is too long|input is too long|input exceeds/i
const QUOTA = /^(insufficient_quota|billing_hard_limit_reached|billing_not_active|insufficient_balance|usage_limit_reached|credit)/

function codeOf(status: number, { message = '', type = '', code = '' }: Words): ErrorCode {
  if (QUOTA.test(code) || QUOTA.test(type) || status === 402) return 'upstream_quota'
  if (code === 'context_length_exceeded' || ((status === 400 || status === 413) && TOO_LONG.test(message))) return 'context_length_exceeded'
  if (status === 401 || status === 403 || code === 'invalid_api_key') return 'upstream_auth'
  if (status === 404 || code === 'model_not_found') return 'upstream_not_found'
  if (status === 429 || code === 'rate_limit_exceeded') return 'upstream_rate_limited'
  if (/overloaded|slow_down/.test(code + type)) return 'upstream_overloaded'
  return codeOfStatus(status)
}

/** Upstream words that may name our account or credential stay inside. */
const PRIVATE: readonly ErrorCode[] = ['upstream_auth', 'upstream_quota']

export function decodeError(status: number, wire: JsonValue, headers: { get(name: string): string | null }): GatewayError {
  const words = wordsOf(wire)
  const code = codeOf(status, words)
  return new GatewayError(code, { ...detailsOf(words, code, wire), ...statusOf(status, code), ...waitOf(headers, words) }, wire)
}

function detailsOf(words: Words, code: ErrorCode, wire: JsonValue): ErrorDetails {
  if (PRIVATE.includes(code)) return {}
  return {
    ...(words.message !== undefined && { message: words.message }),
    ...(words.param !== undefined && { field: words.param }),
    ...(words.type !== undefined && { upstreamType: words.type }),
    ...(words.code !== undefined && { upstreamCode: words.code }),
    ...(isObject(wire) && isObject(wire['error']) && { wire: { format: FORMAT, body: wire } }),
  }
}

const statusOf = (status: number, code: ErrorCode): { status?: number } =>
  code === 'upstream_rejected' && ERRORS[code].status !== status && status >= 400 && status < 500 ? { status } : {}

function waitOf(headers: { get(name: string): string | null }, { message = '' }: Words): { retryAfterMs?: number } {
  const told = headerWaitMs(headers)
  if (told !== undefined) return { retryAfterMs: told }
  const said = /try again in ([\d.]+) ?(ms|s)\b/i.exec(message)
  if (said === null) return {}
  return { retryAfterMs: Math.ceil(Number(said[1]) * (said[2]?.toLowerCase() === 'ms' ? 1 : 1000)) }
}

/** An error inside a 200: an `error` event, or a response whose status is `failed`. */
export function inbandError(wire: JsonValue): GatewayError {
  const words = wordsOf(wire)
  const code = words.code ?? words.type ?? ''
  const status = Number(/^[45]\d\d$/.exec(code)?.[0] ?? (/^invalid|_image|^image_/.test(code) ? 400 : 500))
  const mapped = codeOf(status, words)
  return new GatewayError(mapped, detailsOf(words, mapped, isObject(wire) && isObject(wire['error']) ? wire : { error: wire }), wire)
}

// ── As client format ──────────────────────────────────────────────────────────────────────────────

/** `type` and `code` by our code; status alone decides for the rest. */
const WORDS: Partial<Record<ErrorCode, readonly [type: string, code: string | null]>> = {
  unsupported_parameter: ['invalid_request_error', 'unsupported_parameter'],
  unsupported_content: ['invalid_request_error', 'unsupported_value'],
  invalid_media: ['invalid_request_error', 'invalid_value'],
  context_length_exceeded: ['invalid_request_error', 'context_length_exceeded'],
  strict_drop: ['invalid_request_error', 'unsupported_parameter'],
  unauthenticated: ['invalid_request_error', 'invalid_api_key'],
  insufficient_quota: ['insufficient_quota', 'insufficient_quota'],
  permission_denied: ['invalid_request_error', 'permission_denied'],
  model_not_found: ['invalid_request_error', 'model_not_found'],
  upstream_not_found: ['invalid_request_error', 'model_not_found'],
  rate_limited: ['rate_limit_error', 'rate_limit_exceeded'],
  upstream_rate_limited: ['rate_limit_error', 'rate_limit_exceeded'],
}

function clientWords(error: GatewayError): { message: string; type: string; param: string | null; code: string | null } {
  const { code, details } = error
  const own = details.wire?.format.startsWith('openai-') === true ? wordsOf(details.wire.body as JsonValue) : {}
  const [type, word] = WORDS[code] ?? [error.status < 500 ? 'invalid_request_error' : 'server_error', null]
  return {
    message: error.message,
    type: own.type ?? type,
    param: details.field ?? own.param ?? null,
    code: own.code ?? word,
  }
}

/** Codex stops on 429 `insufficient_quota` and tries a 402 again (hazard list, design §9). */
const clientStatus = (error: GatewayError): number =>
  error.code === 'insufficient_quota' ? 429 : error.status === 529 ? 503 : error.status

export function encodeError(error: GatewayError): WireResponse {
  const { allow } = error.details
  const headers: Record<string, string> = error.code === 'insufficient_quota' ? { 'x-should-retry': 'false' } : waitHeaders(error)
  if (allow !== undefined) headers['allow'] = allow
  return { status: clientStatus(error), headers, body: { error: clientWords(error) } }
}

/** The flat event of the documentation, and the nested one that OpenAI sends and SDKs look for. */
export function errorEvent(error: GatewayError, sequence: number): JsonObject {
  const { message, type, param, code } = clientWords(error)
  return {
    type: 'error',
    sequence_number: sequence,
    code: code ?? type,
    message,
    param,
    error: { type, code: code ?? type, message, param },
  }
}

/** Once a response has begun its failure is `response.failed` with that response; before that there is only `error`. */
export function encodeErrorFrame(error: GatewayError, _requestId: string, begun?: Begun): Frame {
  const response = begun === undefined ? undefined : asObject(asObject(tryParseJson(begun.opening))?.['response'])
  if (begun === undefined || response === undefined) return { event: 'error', data: JSON.stringify(errorEvent(error, 0)) }
  const told = /"sequence_number"\s*:\s*(\d{1,15})\b/.exec(begun.last)?.[1]
  const failed = {
    type: 'response.failed',
    ...(told !== undefined && { sequence_number: Number(told) + 1 }),
    response: { ...response, status: 'failed', error: failureOf(error) },
  }
  return { event: failed.type, data: JSON.stringify(failed) }
}

/** `error` of a failed response. The SDK's codes are a closed list; Codex knows a few more. */
export function failureOf(error: GatewayError): JsonObject {
  const { message, code } = clientWords(error)
  return { code: code ?? (error.status < 500 ? 'invalid_prompt' : 'server_error'), message }
}
