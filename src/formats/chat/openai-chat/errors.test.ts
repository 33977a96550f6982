import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonValue } from '../../../lib/json.ts'
import { openaiChat } from './index.ts'

const read = (status: number, wire: JsonValue, headers: Record<string, string> = {}): GatewayError =>
  openaiChat.decodeError(status, wire, new Headers(headers))
const told = (message: string, rest: object = {}): JsonValue => ({
  error: { message, type: 'invalid_request_error', param: null, code: null, ...rest },
})

describe('an upstream refuses', () => {
  const cases: [status: number, wire: JsonValue, code: string][] = [
    [400, told('bad'), 'upstream_rejected'],
    [422, { detail: [{ loc: ['body', 'n'], msg: 'no' }] }, 'upstream_rejected'],
    [413, '<html>413</html>', 'upstream_rejected'],
    [400, told('x', { code: 'context_length_exceeded' }), 'context_length_exceeded'],
    [400, told("This model's maximum context length is 8192 tokens."), 'context_length_exceeded'],
    [400, told('API key not valid. Please pass a valid API key.'), 'upstream_auth'],
    [401, told('x'), 'upstream_auth'],
    [403, '', 'upstream_auth'],
    [402, told('Insufficient Balance'), 'upstream_quota'],
    [429, told('x', { code: 'insufficient_quota' }), 'upstream_quota'],
    [429, told('slow down'), 'upstream_rate_limited'],
    [429, '', 'upstream_rate_limited'],
    [404, told('x'), 'upstream_not_found'],
    [408, '', 'upstream_timeout'],
    [504, '<html>', 'upstream_timeout'],
    [503, '', 'upstream_overloaded'],
    [529, '', 'upstream_overloaded'],
    [500, null, 'upstream_error'],
    [502, [1], 'upstream_error'],
    [400, [{ error: { code: 400, message: 'list', status: 'INVALID_ARGUMENT' } }], 'upstream_rejected'],
    [400, { object: 'error', message: 'flat', type: 'BadRequestError', code: 400 }, 'upstream_rejected'],
  ]
  for (const [status, wire, code] of cases)
    test(`${status} ${JSON.stringify(wire)}`, () => expect(read(status, wire).code).toBe(code as never))

  test('words, status and body of a refusal are kept; those of others are not shown', () => {
    const error = read(422, told('No such thing', { param: 'n', code: 'odd', extra: 1 }))
    expect(error.details).toMatchObject({
      message: 'No such thing',
      status: 422,
      field: 'n',
      upstreamCode: 'odd',
      upstreamType: 'invalid_request_error',
    })
    expect(openaiChat.encodeError(error, '')).toMatchObject({
      status: 422,
      body: { error: { message: 'No such thing', type: 'invalid_request_error', param: 'n', code: 'odd', extra: 1 } },
    })
    expect(read(401, told('key sk-secret')).message).not.toContain('sk-secret')
  })
  test('how long to wait', () => {
    expect(read(429, '', { 'retry-after': '2' }).details.retryAfterMs).toBe(2000)
    expect(read(429, '', { 'retry-after-ms': '150', 'retry-after': '1' }).details.retryAfterMs).toBe(150)
    expect(
      read(429, '', { date: 'Tue, 24 Nov 2026 00:00:00 GMT', 'retry-after': 'Tue, 24 Nov 2026 00:00:05 GMT' }).details.retryAfterMs,
    ).toBe(5000)
    expect(read(429, { error: { details: [{ retryDelay: '22s' }] } }).details.retryAfterMs).toBe(22_000)
    expect(read(429, '', { 'retry-after': 'soon' }).details.retryAfterMs).toBeUndefined()
  })
})

describe('our errors', () => {
  const shown = (error: GatewayError) => {
    const { status, headers, body } = openaiChat.encodeError(error, 'req')
    return { status, retry: headers['x-should-retry'], after: headers['retry-after'], ...(body['error'] as object) }
  }
  test('wear the statuses and words that clients act on', () => {
    expect(shown(new GatewayError('unauthenticated'))).toMatchObject({
      status: 401,
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    })
    expect(shown(new GatewayError('model_not_found'))).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
    expect(shown(new GatewayError('insufficient_quota'))).toMatchObject({ status: 402, code: 'insufficient_quota', retry: 'false' })
    expect(shown(new GatewayError('upstream_rate_limited', { retryAfterMs: 1500 }))).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      after: '2',
    })
    expect(shown(new GatewayError('rate_limited')).after).toBe('1')
    expect(shown(new GatewayError('upstream_overloaded', { status: 529 })).status).toBe(503)
    expect(shown(new GatewayError('context_length_exceeded', { message: 'long' }))).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
      message: 'long',
    })
    expect(shown(new GatewayError('upstream_auth'))).toMatchObject({ status: 502, type: 'server_error', retry: 'false' })
    expect(shown(new GatewayError('upstream_error')).retry).toBeUndefined()
  })
  test("another format's refusal gives its words, not its body", () => {
    const error = new GatewayError('upstream_rejected', {
      message: 'no',
      upstreamCode: 'c',
      wire: { format: 'anthropic-messages', body: { error: { type: 'x' } } },
    })
    expect(shown(error)).toEqual({
      status: 400,
      retry: undefined,
      after: undefined,
      message: 'no',
      type: 'invalid_request_error',
      param: null,
      code: 'c',
    } as never)
  })
})

describe('watching', () => {
  const look = (data: object | string) => openaiChat.watch.frame({ data: typeof data === 'string' ? data : JSON.stringify(data) })
  const marked = (data: object) => openaiChat.watch.markers.some((marker) => JSON.stringify(data).includes(marker))
  const chunk = (delta: object, rest: object = {}): object => ({
    id: 'c',
    choices: [{ index: 0, delta, finish_reason: null, ...rest }],
    usage: null,
  })

  test('content needs no look, everything else gets one', () => {
    expect(marked(chunk({ content: 'Hi' }))).toBe(false)
    expect(marked(chunk({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }))).toBe(false)
    for (const frame of [
      chunk({ role: 'assistant', content: '' }),
      chunk({}, { finish_reason: 'stop' }),
      { choices: [], usage: {} },
      { error: {} },
    ])
      expect(marked(frame)).toBe(true)
  })
  test('what frames say', () => {
    expect(look(chunk({ role: 'assistant', content: '' }))).toEqual({})
    expect(look(chunk({ role: 'assistant', content: 'x' }))).toEqual({ content: true })
    expect(look(chunk({}, { finish_reason: 'stop' }))).toEqual({ end: true })
    expect(look('[DONE]')).toEqual({ end: true, sealed: true })
    expect(look({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })).toEqual({
      usage: { inputTokens: 1, outputTokens: 2 },
      usageOnly: true,
    })
    expect(look({ ...chunk({ content: 'x' }), usage: { prompt_tokens: 1, completion_tokens: 2 } })).toMatchObject({
      content: true,
      usage: { inputTokens: 1 },
    })
    expect(look({ error: { message: 'x', type: 'server_error' } }).error?.code).toBe('upstream_error')
    expect(look(chunk({}, { finish_reason: 'error' })).error?.code).toBe('upstream_error')
    expect(look('{"error').error?.code).toBe('upstream_malformed')
  })
  test('what whole answers say', () => {
    const answer = { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 2 } }
    expect(openaiChat.watch.response(answer)).toEqual({ usage: { inputTokens: 1, outputTokens: 2 }, content: true, end: true })
    expect(openaiChat.watch.response({ choices: [] }).error?.code).toBe('upstream_empty')
    expect(openaiChat.watch.response({ error: { code: 429, message: 'x' } }).error?.code).toBe('upstream_rate_limited')
    expect(openaiChat.watch.response('<html>').error?.code).toBe('upstream_malformed')
  })
})
