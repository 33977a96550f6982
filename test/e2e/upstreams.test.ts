// Misbehaving upstreams and clients, seen from outside the process: what the client gets, what the
// upstream was sent, how often.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Running, startSwitchyard, waitFor } from '../kit/switchyard.ts'
import { type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

let running: Running
let upstream: ScriptedUpstream
let second: ScriptedUpstream

beforeAll(async () => {
  upstream = startUpstream()
  second = startUpstream()
  running = await startSwitchyard({
    config: `
local_servers: false
limits: { early_answer_seconds: 1, heartbeat_seconds: 1 }
channels:
  - { name: chat, provider: openai-compatible, base_url: "${upstream.url}/v1", credential: sk-upstream-secret-1, models: [c, { model: renamed, upstream_model: up-model }] }
  - { name: messages, provider: anthropic, base_url: "${upstream.url}", credential: sk-upstream-secret-1, models: [a] }
  - { name: gemini, provider: gemini, base_url: "${upstream.url}", credential: sk-upstream-secret-1, models: [g] }
  - { name: first, provider: openai-compatible, base_url: "${upstream.url}/v1", credential: sk-upstream-secret-1, models: [f], priority: 0 }
  - { name: second, provider: openai-compatible, base_url: "${second.url}/v1", credential: sk-upstream-secret-2, models: [f], priority: 1 }
`,
  })
})
afterAll(async () => {
  await running.stop()
  upstream.stop()
  second.stop()
})

const post = (path: string, body: object | string, init: RequestInit = {}): Promise<Response> =>
  fetch(running.url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: {
      authorization: `Bearer ${running.key}`,
      'content-type': 'application/json',
      ...(init.headers as Record<string, string> | undefined),
    },
  })
const ask = (model: string, extra: object = {}): object => ({ model, messages: [{ role: 'user', content: 'hi' }], ...extra })
const askMessages = (model: string, extra: object = {}): object => ({ max_tokens: 100, ...ask(model, extra) })
const askGemini = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }

describe('passing through', () => {
  test('bytes survive in both directions', async () => {
    const body =
      '{"model":"c","messages":[{"role":"user","content":"hi"}],"seed":12345678901234567890,"temperature":1.0,"x_unknown":{"b":1,"a":2}}'
    const answer =
      '{"id":"x","object":"chat.completion","created":1,"model":"c","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"big":98765432109876543210,"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
    upstream.answer({ body: answer, headers: { 'content-type': 'application/json' } })
    const response = await post('/v1/chat/completions', body)
    expect(await response.text()).toBe(answer)
    expect(upstream.received.at(-1)?.text).toBe(body)
    expect(upstream.received.at(-1)?.headers.get('authorization')).toBe('Bearer sk-upstream-secret-1')
  })

  test('a renamed model is put back, in bodies and in streams', async () => {
    upstream.answer({ body: chat.body('ok') })
    expect(((await (await post('/v1/chat/completions', ask('renamed'))).json()) as { model: string }).model).toBe('renamed')
    expect(upstream.received.at(-1)?.json.model).toBe('up-model')
    upstream.answer({ pieces: [chat.role, chat.text('ok'), chat.finish('stop'), chat.usage, chat.done] })
    const text = await (await post('/v1/chat/completions', ask('renamed', { stream: true }))).text()
    expect(text).not.toContain('up-model')
    expect(text).toContain('"renamed"')
  })

  test('usage is asked for, and kept from a client that did not', async () => {
    upstream.answer({ pieces: [chat.role, chat.text('ok'), chat.finish('stop'), chat.usage, chat.done] })
    const plain = await (await post('/v1/chat/completions', ask('c', { stream: true }))).text()
    expect(upstream.received.at(-1)?.json.stream_options).toEqual({ include_usage: true })
    expect(plain).not.toContain('prompt_tokens')
    expect(plain).toEndWith('data: [DONE]\n\n')
    const asked = await (await post('/v1/chat/completions', ask('c', { stream: true, stream_options: { include_usage: true } }))).text()
    expect(asked).toContain('prompt_tokens')
  })
})

describe('a stream that does not end well', () => {
  const streams: [string, string, object, (string | number | 'cut')[], RegExp][] = [
    ['chat → chat', '/v1/chat/completions', ask('c', { stream: true }), [chat.role, chat.text('part')], /"error"/],
    [
      'chat → messages',
      '/v1/chat/completions',
      ask('a', { stream: true }),
      [messages.start, messages.textStart, messages.text('part')],
      /"error"/,
    ],
    ['messages → chat', '/v1/messages', askMessages('c', { stream: true }), [chat.role, chat.text('part')], /event: error/],
    [
      'messages → messages',
      '/v1/messages',
      askMessages('a', { stream: true }),
      [messages.start, messages.textStart, messages.text('part')],
      /event: error/,
    ],
    ['responses → chat', '/v1/responses', { model: 'c', input: 'hi', stream: true }, [chat.role, chat.text('part')], /response\.failed/],
    ['gemini → chat', '/v1beta/models/c:streamGenerateContent?alt=sse', askGemini, [chat.role, chat.text('part')], /"error"/],
    ['gemini → gemini', '/v1beta/models/g:streamGenerateContent?alt=sse', askGemini, [gemini.text('part')], /"error"/],
    ['gemini array → chat', '/v1beta/models/c:streamGenerateContent', askGemini, [chat.role, chat.text('part')], /"error"[\s\S]*\]$/],
  ]
  for (const [name, path, body, pieces, error] of streams) {
    for (const [how, tail] of [
      ['ends early', []],
      ['is cut', ['cut']],
    ] as const) {
      test(`${name} ${how}: the text so far, then the format's error`, async () => {
        upstream.answer({ pieces: [...pieces, 20, ...tail] as never })
        const text = await (await post(path, body)).text()
        expect(text).toContain('part')
        expect(text).toMatch(error)
        expect(text).not.toContain('[DONE]')
        expect(text).not.toContain('message_stop')
        expect(text).not.toContain('response.completed')
      })
    }
  }
})

describe('failover', () => {
  test('moves on before content, and the client sees one clean answer', async () => {
    for (const bad of [
      { status: 500, body: 'boom' },
      { status: 429, body: { error: { message: 'slow down' } } },
      { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } },
      { status: 200, body: '' },
      { status: 401, body: { error: { message: 'bad key sk-upstream-secret-1' } } },
      { status: 200, body: { error: { message: 'overloaded', code: 503 } } },
    ]) {
      upstream.answer(bad)
      second.answer({ body: chat.body('from the second') })
      const response = await post('/v1/chat/completions', ask('f'))
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('from the second')
      expect(response.headers.get('x-switchyard-channel')).toBe('second')
    }
  })

  test('a stream that errs before content fails over; after content it does not', async () => {
    second.answer({ pieces: [chat.role, chat.text('second'), chat.finish('stop'), chat.done] })
    upstream.answer({ pieces: [chat.role, 'data: {"error":{"message":"overloaded"}}\n\n'] })
    const moved = await (await post('/v1/chat/completions', ask('f', { stream: true }))).text()
    expect(moved).toContain('second')
    expect(moved).not.toContain('overloaded')
  })

  test('a 400 ends the exchange with the upstream’s words and without its secrets', async () => {
    const before = second.received.length
    upstream.answer({
      status: 400,
      body: {
        error: { message: `bad thing at ${upstream.url} for sk-upstream-secret-1`, type: 'invalid_request_error', param: 'x', code: null },
      },
    })
    const response = await post('/v1/chat/completions', ask('c'))
    const text = await response.text()
    expect(response.status).toBe(400)
    expect(text).toContain('bad thing')
    expect(text).not.toContain('sk-upstream-secret-1')
    expect(text).not.toContain(new URL(upstream.url).host)
    expect(second.received.length).toBe(before)
  })

  test('a rate limit keeps its status and its wait', async () => {
    upstream.answer({ status: 429, body: { error: { message: 'slow down' } }, headers: { 'retry-after': '7' } })
    const response = await post('/v1/messages', askMessages('c'))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(((await response.json()) as { error: { type: string } }).error.type).toBe('rate_limit_error')
  })
})

describe('patience', () => {
  test('a silent upstream gives the client its 200 and heartbeats', async () => {
    for (const [path, body, beat] of [
      ['/v1/chat/completions', ask('c', { stream: true }), /^: /m],
      ['/v1/messages', askMessages('c', { stream: true }), /event: ping/],
    ] as const) {
      upstream.answer({ pieces: [3500, chat.role, chat.text('late'), chat.finish('stop'), chat.done] })
      const response = await post(path, body)
      expect(response.status).toBe(200)
      const text = await response.text()
      expect(text).toMatch(beat)
      expect(text).toContain('late')
    }
  }, 15_000)

  test('a client that leaves stops the upstream', async () => {
    for (const [path, body] of [
      ['/v1/chat/completions', ask('c', { stream: true })],
      ['/v1/messages', askMessages('c', { stream: true })],
    ] as const) {
      upstream.answer({ pieces: [chat.role, chat.text('one'), 'hang'] })
      const before = upstream.aborted()
      const controller = new AbortController()
      const response = await post(path, body, { signal: controller.signal })
      await response.body?.getReader().read()
      const left = performance.now()
      controller.abort()
      await waitFor(
        () => (upstream.aborted() > before ? true : undefined),
        () => 'the upstream was not stopped',
      )
      expect(performance.now() - left).toBeLessThan(500)
    }
  })

  test('a client that leaves while we wait for the first byte stops the upstream too', async () => {
    upstream.answer({ pieces: ['hang'] })
    const before = upstream.aborted()
    const controller = new AbortController()
    const asked = post('/v1/chat/completions', ask('c'), { signal: controller.signal }).catch(() => 'gone')
    await Bun.sleep(100)
    controller.abort()
    expect(await asked).toBe('gone')
    await waitFor(
      () => (upstream.aborted() > before ? true : undefined),
      () => 'the upstream was not stopped',
    )
  })
})

test('the detail of a request can be read back by its key', async () => {
  upstream.answer({ body: chat.body('ok') })
  const response = await post('/v1/messages', askMessages('c'))
  const id = response.headers.get('x-request-id') ?? ''
  const detail = (await (await fetch(`${running.url}/v1/requests/${id}`, { headers: { 'x-api-key': running.key } })).json()) as Record<
    string,
    unknown
  >
  expect(detail).toMatchObject({
    id,
    outcome: 'ok',
    model: 'c',
    usage: { input_tokens: 10, output_tokens: 5 },
    attempts: [{ channel: 'chat', mode: 'translate', error: null }],
  })
  expect((await fetch(`${running.url}/v1/requests/${id}`)).status).toBe(401)
})
