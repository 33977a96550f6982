import { describe, expect, test } from 'bun:test'
import { ERRORS, type ErrorCode, GatewayError } from '../../../core/errors.ts'
import type { JsonValue } from '../../../lib/json.ts'
import { anthropicMessages } from './index.ts'

const none = { get: () => null }
const body = (type: string, message = 'words') => ({ type: 'error', error: { type, message }, request_id: 'req_1' })

describe('an upstream refuses', () => {
  test.each([
    [400, body('invalid_request_error'), 'upstream_rejected', 400],
    [400, body('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'), 'context_length_exceeded', 400],
    [400, body('invalid_request_error', 'Your credit balance is too low to access the API'), 'upstream_quota', 502],
    [401, body('authentication_error'), 'upstream_auth', 502],
    [401, body('invalid_request_error'), 'upstream_auth', 502],
    [402, body('billing_error'), 'upstream_quota', 502],
    [403, body('permission_error'), 'upstream_auth', 502],
    [404, body('not_found_error'), 'upstream_not_found', 404],
    [413, body('request_too_large'), 'upstream_rejected', 413],
    [422, { detail: [] }, 'upstream_rejected', 422],
    [429, body('rate_limit_error'), 'upstream_rate_limited', 429],
    [500, body('api_error'), 'upstream_error', 502],
    [502, '<html>bad gateway</html>', 'upstream_error', 502],
    [504, body('timeout_error'), 'upstream_timeout', 504],
    [529, body('overloaded_error'), 'upstream_overloaded', 503],
    [200, body('overloaded_error'), 'upstream_overloaded', 503],
    [500, null, 'upstream_error', 502],
  ] as [number, JsonValue, ErrorCode, number][])('%i %j is %s', (status, wire, code, shown) => {
    const error = anthropicMessages.decodeError(status, wire, none)
    expect([error.code, error.status]).toEqual([code, shown])
  })

  test('the wait is read, and words about our account are not kept', () => {
    const waiting = anthropicMessages.decodeError(429, body('rate_limit_error'), { get: (name) => (name === 'retry-after' ? '7' : null) })
    expect(waiting.details.retryAfterMs).toBe(7000)
    const auth = anthropicMessages.decodeError(401, body('authentication_error', 'invalid x-api-key sk-ant-123'), none)
    expect(JSON.stringify(auth.details) + auth.message).not.toContain('sk-ant')
  })
})

describe('a client of this format is told', () => {
  test.each([
    ['unauthenticated', 401, 'authentication_error', 'false'],
    ['insufficient_quota', 429, 'billing_error', 'false'],
    ['permission_denied', 403, 'permission_error', 'false'],
    ['model_not_found', 404, 'not_found_error', undefined],
    ['body_too_large', 413, 'request_too_large', undefined],
    ['rate_limited', 429, 'rate_limit_error', undefined],
    ['upstream_overloaded', 529, 'overloaded_error', undefined],
    ['upstream_timeout', 504, 'timeout_error', undefined],
    ['internal', 500, 'api_error', undefined],
    ['upstream_cut', 502, 'api_error', undefined],
    ['malformed_json', 400, 'invalid_request_error', undefined],
  ] as [ErrorCode, number, string, string | undefined][])('%s as %i %s', (code, status, type, retry) => {
    const answer = anthropicMessages.encodeError(new GatewayError(code), 'req_9')
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ type: 'error', error: { type }, request_id: 'req_9' })
    expect(answer.headers['x-should-retry']).toBe(retry as string)
    expect(answer.headers['retry-after'] !== undefined).toBe(type === 'rate_limit_error')
  })

  test('every code has an envelope', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { status, body: shown } = anthropicMessages.encodeError(new GatewayError(code), 'req_9')
      expect(status).toBeGreaterThanOrEqual(400)
      expect(shown).toMatchObject({ type: 'error', error: { type: expect.stringMatching(/^[a-z_]+$/), message: expect.any(String) } })
      expect(anthropicMessages.encodeErrorFrame(new GatewayError(code), 'req_9').event).toBe('error')
    }
  })

  test('bodies of this format go on as they came; a too long prompt is called that', () => {
    const wire = body('invalid_request_error', 'messages.1: `thinking` blocks cannot be modified')
    expect(anthropicMessages.encodeError(anthropicMessages.decodeError(400, wire, none), 'req_9')).toMatchObject({
      status: 400,
      body: wire,
    })
    const long = anthropicMessages.encodeError(
      new GatewayError('context_length_exceeded', { message: 'maximum context length is 8192' }),
      'r',
    )
    expect(long.body).toMatchObject({
      error: { type: 'invalid_request_error', message: 'prompt is too long: maximum context length is 8192' },
    })
  })
})
