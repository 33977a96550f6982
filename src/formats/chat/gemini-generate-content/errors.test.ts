import { describe, expect, test } from 'bun:test'

import { ERRORS, type ErrorCode, GatewayError } from '../../../core/errors.ts'
import { format } from './test-kit.ts'

const none = new Headers()
const google = (code: number, status: string, message: string, details: object[] = []) =>
  ({ error: { code, status, message, details } }) as never

describe('reading a refusal', () => {
  test('classes', () => {
    const cases: [number, unknown, ErrorCode][] = [
      [400, google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'), 'upstream_auth'],
      [400, google(400, 'INVALID_ARGUMENT', 'bad', [{ reason: 'API_KEY_INVALID' }]), 'upstream_auth'],
      [403, google(403, 'PERMISSION_DENIED', 'no'), 'upstream_auth'],
      [400, google(400, 'INVALID_ARGUMENT', 'Unknown name "x"'), 'upstream_rejected'],
      [
        400,
        google(400, 'INVALID_ARGUMENT', 'The input token count (1300000) exceeds the maximum number of tokens allowed (1048576).'),
        'context_length_exceeded',
      ],
      [404, google(404, 'NOT_FOUND', 'models/x is not found'), 'upstream_not_found'],
      [429, google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota'), 'upstream_rate_limited'],
      [429, google(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.'), 'upstream_quota'],
      [500, google(500, 'INTERNAL', 'x'), 'upstream_error'],
      [503, google(503, 'UNAVAILABLE', 'overloaded'), 'upstream_overloaded'],
      [504, google(504, 'DEADLINE_EXCEEDED', 'late'), 'upstream_timeout'],
      [502, '<html>', 'upstream_error'],
      [400, [google(400, 'INVALID_ARGUMENT', 'in an array')], 'upstream_rejected'],
      [400, null, 'upstream_rejected'],
    ]
    for (const [status, wire, code] of cases)
      expect([wire, format.decodeError(status, wire as never, none).code]).toEqual([wire, code] as never)
  })

  test('the wait is read, keys never pass on', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '22.5s' }]
    const error = format.decodeError(429, google(429, 'RESOURCE_EXHAUSTED', 'for key AIzaSyA1234567890123456789012345', details), none)
    expect(error.details.retryAfterMs).toBe(22500)
    expect(JSON.stringify(format.encodeError(error, 'r'))).not.toContain('AIza')
    expect(format.decodeError(429, null, new Headers({ 'retry-after': '3' })).details.retryAfterMs).toBe(3000)
  })
})

describe('writing', () => {
  test('every code has a Google status, and none is 529', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { status, body } = format.encodeError(new GatewayError(code), 'req')
      expect(body).toMatchObject({ error: { code: status, message: expect.any(String), status: expect.stringMatching(/^[A-Z_]+$/) } })
    }
    expect(format.encodeError(new GatewayError('upstream_overloaded', { status: 529 }), '').status).toBe(503)
  })

  test('quota, limits and fields', () => {
    expect(format.encodeError(new GatewayError('insufficient_quota'), '')).toMatchObject({ status: 402 })
    const limited = format.encodeError(new GatewayError('rate_limited', { retryAfterMs: 1500 }), '')
    expect(limited).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2' },
      body: { error: { status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '1.5s' }] } },
    })
    const named = format.encodeError(new GatewayError('invalid_request', { field: 'contents', message: 'is missing' }), '')
    expect(named.body).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT', message: 'contents: is missing' } })
  })

  test("Google's own words go back unchanged, but not those about the channel's account", () => {
    const wire = google(400, 'INVALID_ARGUMENT', 'Unknown name "x"')
    expect(format.encodeError(format.decodeError(400, wire, none), 'r')).toMatchObject({ status: 400, body: wire })
    const auth = format.encodeError(format.decodeError(403, google(403, 'PERMISSION_DENIED', 'project 1234 is disabled'), none), 'r')
    expect(auth.status).toBe(502)
    expect(JSON.stringify(auth)).not.toContain('1234')
  })
})
