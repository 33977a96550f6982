// Errors both ways, and the watcher that looks at passing traffic.

import { expect, test } from 'bun:test'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonValue } from '../../../lib/json.ts'
import { openaiResponses } from './index.ts'

const classify = (status: number, wire: JsonValue, headers: Record<string, string> = {}): GatewayError =>
  openaiResponses.decodeError(status, wire, new Headers(headers))
const body = (code: string | null, message = 'words', type = 'invalid_request_error'): JsonValue => ({
  error: { message, type, code, param: 'input' },
})

test('refusals are classified once', () => {
  const codes: [string, GatewayError][] = [
    ['upstream_auth', classify(401, body('invalid_api_key', 'Incorrect API key sk-123'))],
    ['upstream_quota', classify(429, body('insufficient_quota'))],
    ['upstream_rate_limited', classify(429, body('rate_limit_exceeded'))],
    ['context_length_exceeded', classify(400, body('context_length_exceeded'))],
    ['context_length_exceeded', classify(400, body(null, 'Your input exceeds the context window of this model'))],
    ['upstream_rejected', classify(400, body('invalid_value'))],
    ['upstream_rejected', classify(422, { detail: [{ loc: ['body'], msg: 'x' }] })],
    ['upstream_not_found', classify(404, body('model_not_found'))],
    ['upstream_overloaded', classify(503, 'busy')],
    ['upstream_timeout', classify(504, '<html>')],
    ['upstream_error', classify(500, null)],
  ]
  for (const [code, error] of codes) expect(error.code).toBe(code as never)
  expect(codes[0]?.[1].message).not.toContain('sk-123')
  expect(classify(422, { detail: 'no' }).status).toBe(422)
  expect(classify(429, body(null), { 'retry-after': '2' }).details.retryAfterMs).toBe(2000)
  expect(classify(429, body(null, 'Please try again in 1.5s.')).details.retryAfterMs).toBe(1500)
})

test("the upstream's words reach the client of the same family", () => {
  const wire = openaiResponses.encodeError(classify(400, body('invalid_value', 'Bad thing')), 'req')
  expect(wire).toEqual({
    status: 400,
    headers: {},
    body: { error: { message: 'Bad thing', type: 'invalid_request_error', param: 'input', code: 'invalid_value' } },
  })
})

test("our own failures in OpenAI's envelope", () => {
  const render = (error: GatewayError): unknown => {
    const {
      status,
      headers,
      body: { error: inner },
    } = openaiResponses.encodeError(error, 'req') as { status: number; headers: object; body: { error: { type: string; code: string } } }
    return [status, inner.type, inner.code, headers]
  }
  expect(render(new GatewayError('insufficient_quota'))).toEqual([
    429,
    'insufficient_quota',
    'insufficient_quota',
    { 'x-should-retry': 'false' },
  ])
  expect(render(new GatewayError('unauthenticated'))).toEqual([401, 'invalid_request_error', 'invalid_api_key', {}])
  expect(render(new GatewayError('rate_limited', { retryAfterMs: 1500 }))).toEqual([
    429,
    'rate_limit_error',
    'rate_limit_exceeded',
    { 'retry-after': '2', 'retry-after-ms': '1500' },
  ])
  expect(render(new GatewayError('upstream_cut'))).toEqual([502, 'server_error', null, {}])
  expect(JSON.parse(openaiResponses.encodeErrorFrame(new GatewayError('upstream_cut'), 'req').data)).toMatchObject({
    type: 'error',
    code: 'server_error',
    param: null,
  })
})

const see = (wire: unknown): unknown => openaiResponses.watch.frame({ data: typeof wire === 'string' ? wire : JSON.stringify(wire) })
const isLooked = (wire: unknown): boolean => openaiResponses.watch.markers.some((marker) => JSON.stringify(wire).includes(marker))

test('the watcher sees usage, ends and errors, and lets deltas go by', () => {
  const usage = { input_tokens: 5, output_tokens: 6, output_tokens_details: { reasoning_tokens: 1 } }
  for (const type of ['completed', 'incomplete']) {
    const wire = { type: `response.${type}`, response: { status: type, usage, output: [] } }
    expect(isLooked(wire)).toBe(true)
    expect(see(wire)).toMatchObject({ end: true, usage: { inputTokens: 5, outputTokens: 6, reasoningTokens: 1 } })
  }
  expect(
    see({ type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'x' }, usage } }),
  ).toMatchObject({ end: true, error: { code: 'upstream_error' }, usage: { inputTokens: 5 } })
  expect(see({ type: 'error', code: 'x', message: 'y' })).toMatchObject({ error: { code: 'upstream_error' } })
  expect(see({ type: 'response.created', response: { usage: null } })).toEqual({ start: true })
  expect(see('[DONE]')).toEqual({})
  expect(see({ type: 'response.output_item.added', item: { type: 'function_call' } })).toEqual({ content: true })
  expect(see({ type: 'response.output_item.added', item: { type: 'reasoning' } })).toEqual({})
  expect(isLooked({ type: 'response.output_text.delta', delta: 'he said "error" and [stop]' })).toBe(false)
})

test('a whole answer that passes', () => {
  expect(openaiResponses.watch.response({ status: 'completed', output: [], usage: { input_tokens: 1, output_tokens: 2 } })).toMatchObject({
    usage: { inputTokens: 1 },
  })
  expect(openaiResponses.watch.response({ status: 'failed', output: [], error: { code: 'server_error', message: 'x' } })).toMatchObject({
    error: { code: 'upstream_error' },
  })
  expect(openaiResponses.watch.response({ error: { message: 'x' } })).toMatchObject({ error: { code: 'upstream_error' } })
  expect(openaiResponses.watch.response({ choices: [] })).toMatchObject({ error: { code: 'upstream_malformed' } })
})
