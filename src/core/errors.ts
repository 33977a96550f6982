// The one table of failures. A code decides status, fault, retry, cooldown and log level; nothing else
// is read when deciding. Formats render a `GatewayError` in their own words' shape.

/** Whether trying again may help: `same` channel, `other` channel only, or `never`. */
export type Retry = 'same' | 'other' | 'never'

interface ErrorRow {
  readonly status: number
  readonly fault: 'client' | 'gateway' | 'upstream'
  readonly retry: Retry
  /** Whether the channel that produced it is skipped for a while. */
  readonly cooldown: boolean
  readonly log: 'debug' | 'info' | 'warn' | 'error'
  /** The public sentence when the error brings no message of its own. */
  readonly sentence: string
}

const row = (
  status: number,
  fault: ErrorRow['fault'],
  retry: Retry,
  cooldown: boolean,
  log: ErrorRow['log'],
  sentence: string,
): ErrorRow => ({ status, fault, retry, cooldown, log, sentence })

export const ERRORS = {
  // The client's request.
  malformed_json: row(400, 'client', 'never', false, 'info', 'The request body is not valid JSON.'),
  invalid_request: row(400, 'client', 'never', false, 'info', 'The request is not valid.'),
  unsupported_parameter: row(400, 'client', 'never', false, 'info', 'The request uses a parameter that cannot be honoured here.'),
  unsupported_content: row(400, 'client', 'never', false, 'info', 'The request holds content that the model cannot take.'),
  invalid_media: row(400, 'client', 'never', false, 'info', 'A file or image of the request could not be read.'),
  context_length_exceeded: row(400, 'client', 'other', false, 'info', 'The prompt is too long for the model.'),
  strict_drop: row(400, 'client', 'never', false, 'info', 'Strict mode: a field of the request would have been dropped.'),
  unauthenticated: row(401, 'client', 'never', false, 'info', 'No valid API key was given.'),
  insufficient_quota: row(402, 'client', 'never', false, 'info', 'The balance or quota is used up.'),
  permission_denied: row(403, 'client', 'never', false, 'info', 'The API key may not do this.'),
  model_not_found: row(404, 'client', 'never', false, 'info', 'The model does not exist or the API key may not use it.'),
  not_found: row(404, 'client', 'never', false, 'info', 'There is nothing at this address.'),
  method_not_allowed: row(405, 'client', 'never', false, 'info', 'The method is not allowed here.'),
  conflict: row(409, 'client', 'never', false, 'info', 'The request conflicts with the current state.'),
  precondition_failed: row(412, 'client', 'never', false, 'info', 'What If-Match names is not the current version.'),
  body_too_large: row(413, 'client', 'never', false, 'info', 'The request body is too large.'),
  unsupported_media_type: row(415, 'client', 'never', false, 'info', 'The content type or encoding of the body is not supported.'),
  upgrade_required: row(426, 'client', 'never', false, 'info', 'WebSocket is not served here; send a plain request.'),
  rate_limited: row(429, 'client', 'never', false, 'info', 'Too many requests.'),
  client_closed: row(499, 'client', 'never', false, 'info', 'The client went away.'),
  // Ours.
  internal: row(500, 'gateway', 'never', false, 'error', 'The gateway failed.'),
  no_price: row(400, 'gateway', 'never', false, 'warn', 'The model has no price here, and nothing runs without one.'),
  no_channel: row(503, 'gateway', 'never', false, 'warn', 'No channel is available for this model at the moment.'),
  draining: row(503, 'gateway', 'never', false, 'info', 'The gateway is shutting down.'),
  storage_unavailable: row(503, 'gateway', 'never', false, 'error', 'The gateway cannot reach its storage.'),
  loop_detected: row(508, 'gateway', 'never', false, 'warn', 'The request came back to the gateway that sent it.'),
  // The upstream.
  upstream_rejected: row(400, 'upstream', 'never', false, 'info', 'The upstream refused the request.'),
  upstream_auth: row(502, 'upstream', 'other', true, 'error', 'The upstream refused the credential of the channel.'),
  upstream_quota: row(502, 'upstream', 'other', true, 'error', 'The account of the channel has no credit left at the upstream.'),
  upstream_not_found: row(404, 'upstream', 'other', false, 'warn', 'The upstream does not know the model.'),
  upstream_rate_limited: row(429, 'upstream', 'other', true, 'warn', 'The upstream is limiting requests.'),
  upstream_overloaded: row(503, 'upstream', 'other', true, 'warn', 'The upstream is overloaded.'),
  upstream_timeout: row(504, 'upstream', 'other', true, 'warn', 'The upstream did not answer in time.'),
  upstream_unreachable: row(502, 'upstream', 'same', true, 'warn', 'The upstream could not be reached.'),
  upstream_error: row(502, 'upstream', 'same', true, 'warn', 'The upstream failed.'),
  upstream_malformed: row(502, 'upstream', 'other', true, 'warn', 'The upstream sent an answer that cannot be read.'),
  upstream_empty: row(502, 'upstream', 'same', false, 'warn', 'The upstream sent an empty answer.'),
  upstream_cut: row(502, 'upstream', 'other', false, 'warn', 'The upstream ended the answer before it was complete.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorDetails {
  /** The public sentence; never holds an upstream address or a credential. */
  readonly message?: string
  /** The client's field at fault, as a path. */
  readonly field?: string
  /** A status instead of the table's, within the same class (an upstream's own 4xx). */
  readonly status?: number
  /** When trying again makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number
  /** Neither waiting nor repeating helps, though the status may say so. */
  readonly final?: true
  /** The error as the upstream's format worded it, so that the same format can show it unchanged. */
  readonly wire?: { readonly format: string; readonly body: unknown }
  /** The upstream's own words for type and code, where another format has room for them. */
  readonly upstreamType?: string
  readonly upstreamCode?: string
  /** Allowed methods, for 405. */
  readonly allow?: string
}

/** A failure with a code from the table, public details, and a private cause for the log. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    super(details.message ?? ERRORS[code].sentence, cause === undefined ? undefined : { cause })
    this.name = 'GatewayError'
    this.code = code
    this.details = details
  }

  get status(): number {
    return this.details.status ?? ERRORS[this.code].status
  }

  /** Any thrown value as a `GatewayError`; what is not one already is `internal`. */
  static from(thrown: unknown): GatewayError {
    return thrown instanceof GatewayError ? thrown : new GatewayError('internal', {}, thrown)
  }
}

/** A 400 that names the field. */
export const invalid = (field: string, message: string): GatewayError => new GatewayError('invalid_request', { field, message })

/** A 400 for a field that is understood but cannot be honoured. */
export const unsupported = (field: string, message: string): GatewayError => new GatewayError('unsupported_parameter', { field, message })
