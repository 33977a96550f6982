// What Bedrock's refusals mean. Its exceptions have names, in a header, in the body, or as the type of a
// stream's exception message. https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html

import { type ErrorCode, GatewayError } from '../../../core/errors.ts'
import { asObject, asString, type JsonValue } from '../../../lib/json.ts'
import { codeOfStatus } from '../error-status.ts'
import { headerWaitMs } from '../retry-after.ts'

const CODE_OF_TYPE: Readonly<Record<string, ErrorCode>> = {
  accessdenied: 'upstream_auth',
  unrecognizedclient: 'upstream_auth',
  incompletesignature: 'upstream_auth',
  invalidsignature: 'upstream_auth',
  signaturedoesnotmatch: 'upstream_auth',
  invalidclienttokenid: 'upstream_auth',
  missingauthenticationtoken: 'upstream_auth',
  expiredtoken: 'upstream_auth',
  notauthorized: 'upstream_auth',
  optinrequired: 'upstream_auth',
  resourcenotfound: 'upstream_not_found',
  unknownoperation: 'upstream_not_found',
  throttling: 'upstream_rate_limited',
  toomanyrequests: 'upstream_rate_limited',
  servicequotaexceeded: 'upstream_rate_limited',
  modelnotready: 'upstream_overloaded',
  serviceunavailable: 'upstream_overloaded',
  modeltimeout: 'upstream_timeout',
  internalserver: 'upstream_error',
  internalfailure: 'upstream_error',
  modelerror: 'upstream_error',
  modelstreamerror: 'upstream_error',
  validation: 'upstream_rejected',
}
const TOO_LONG =
  /input is too long|prompt is too long|too many input tokens|maximum (context|input)|context (length|window)|exceeds? the (context|maximum)/i
const NO_MODEL = /model identifier is invalid|model id|isn.t supported|end of its life/i
/** These speak of our account: their words, account numbers and role names included, reach no client. */
const PRIVATE: ReadonlySet<ErrorCode> = new Set(['upstream_auth', 'upstream_quota'])

export function decodeError(status: number, wire: JsonValue, headers: { get(name: string): string | null }): GatewayError {
  const body = asObject(wire)
  // `ValidationException:http://internal.amazon.com/…` and `com.amazon.coral#ValidationException` both occur.
  const named = headers.get('x-amzn-errortype') ?? asString(body?.__type) ?? asString(body?.type)
  const type = named?.split(':')[0]?.split('#').at(-1)
  const message = asString(body?.message) ?? asString(body?.Message) ?? asString(asObject(body?.error)?.message)
  const code = classify(status, type, message ?? '')
  if (PRIVATE.has(code)) return new GatewayError(code)
  const retryAfterMs = headerWaitMs(headers)
  return new GatewayError(code, {
    ...(message && { message }),
    ...(type && { upstreamType: type }),
    ...(code === 'upstream_rejected' && { status: status >= 400 && status < 500 ? status : 400 }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function classify(status: number, type: string | undefined, message: string): ErrorCode {
  const known = type?.toLowerCase().replace(/(exception|error|failure)$/, '') ?? ''
  const byType = CODE_OF_TYPE[known] ?? CODE_OF_TYPE[type?.toLowerCase().replace(/exception$/, '') ?? '']
  // 424 is a failure of the model.
  const code = byType ?? (status === 424 ? 'upstream_error' : codeOfStatus(status))
  if (code !== 'upstream_rejected') return code
  if (TOO_LONG.test(message)) return 'context_length_exceeded'
  return NO_MODEL.test(message) ? 'upstream_not_found' : code
}

/** An exception within a stream: `{type, message}`. The status is the one it would have had alone. */
export const decodeException = (wire: JsonValue): GatewayError => decodeError(500, wire, { get: () => null })
