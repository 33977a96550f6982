// The public interface from outside: addresses, keys, errors, limits, health, the first start, the end.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { type Running, startSwitchyard, waitFor } from '../kit/switchyard.ts'

let running: Running
beforeAll(async () => {
  running = await startSwitchyard({ config: 'local_servers: false\nlimits: { body_bytes: 1000000 }\n' })
})
afterAll(() => running.stop())

const hello = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] })
const helloMessages = JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] })
const post = (path: string, body: string | Uint8Array = hello, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(running.url + path, {
    method: 'POST',
    body: body as string,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${running.key}`, ...headers },
  })

describe('addresses', () => {
  for (const path of [
    '/v1/chat/completions',
    '/chat/completions',
    '/v1/v1/chat/completions',
    '/v1/chat/completions/',
    '//v1/chat/completions',
    '/v1/chat/completions/chat/completions',
    '/v1/chat/completions/v1/chat/completions',
    '/cursor/v1/chat/completions',
    '/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21',
  ]) {
    test(path, async () => expect((await post(path)).status).toBe(200))
  }
  test('messages, with a query', async () => {
    expect((await post('/v1/messages?beta=true', helloMessages)).status).toBe(200)
    expect((await post('/messages', helloMessages)).status).toBe(200)
    expect((await post('/v1/v1/messages', helloMessages)).status).toBe(200)
  })
  test('gemini under every version, colon encoded or not', async () => {
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] })
    for (const path of [
      '/v1beta/models/gpt-4o-mini:generateContent',
      '/v1/models/gpt-4o-mini%3AgenerateContent',
      '/v1beta/models/models/gemini-2.5-flash:generateContent',
    ]) {
      expect((await post(path, body)).status).toBe(200)
    }
    const array = await (await post('/v1beta/models/gpt-4o-mini:streamGenerateContent', body)).json()
    expect(Array.isArray(array)).toBe(true)
  })
  test('nothing else', async () => {
    const response = await post('/v1/nothing')
    expect(response.status).toBe(404)
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain('/v1/nothing')
    expect((await fetch(`${running.url}/v1/chat/completions`)).status).toBe(405)
  })
  test('Azure names the model in the path', async () => {
    const response = await post(
      '/openai/deployments/gpt-4o-mini/chat/completions?api-version=x',
      JSON.stringify({ messages: [{ role: 'user', content: 'hi' }] }),
    )
    expect(((await response.json()) as { model: string }).model).toBe('gpt-4o-mini')
  })
})

describe('keys', () => {
  const bare = (headers: Record<string, string>, query = '') =>
    fetch(`${running.url}/v1/chat/completions${query}`, {
      method: 'POST',
      body: hello,
      headers: { 'content-type': 'application/json', ...headers },
    })
  test('are taken in all five places', async () => {
    for (const headers of [
      { authorization: `Bearer ${running.key}` },
      { 'x-api-key': running.key },
      { 'x-goog-api-key': running.key },
      { 'api-key': running.key },
    ]) {
      expect((await bare(headers as Record<string, string>)).status).toBe(200)
    }
    expect((await bare({}, `?key=${running.key}`)).status).toBe(200)
    expect((await bare({ authorization: `Bearer ${running.key}`, 'x-api-key': running.key })).status).toBe(200)
  })
  test('are needed', async () => {
    expect((await bare({})).status).toBe(401)
    expect((await bare({ 'x-api-key': 'sk-wrong' })).status).toBe(401)
    const messages = await fetch(`${running.url}/v1/messages`, { method: 'POST', body: helloMessages })
    expect(messages.status).toBe(401)
    expect(await messages.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
    expect(messages.headers.get('x-should-retry')).toBe('false')
    const gemini = await fetch(`${running.url}/v1beta/models/x:generateContent`, { method: 'POST', body: '{}' })
    expect(await gemini.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } })
  })
})

describe('bad bodies', () => {
  const shapes: [string, string, (body: never) => unknown][] = [
    ['/v1/chat/completions', 'openai', (body: { error: { type: string } }) => body.error.type],
    ['/v1/responses', 'openai', (body: { error: { type: string } }) => body.error.type],
    ['/v1/messages', 'anthropic', (body: { error: { type: string } }) => body.error.type],
    ['/v1beta/models/gpt-4o-mini:generateContent', 'gemini', (body: { error: { status: string } }) => body.error.status],
  ]
  for (const [path, , kind] of shapes) {
    test(path, async () => {
      for (const body of [
        '{',
        '',
        '[]',
        'null',
        '"x"',
        '{"model":1}',
        '{"model":"gpt-4o-mini","messages":7,"input":7,"contents":7}',
        '{"model":"gpt-4o-mini","model":"gpt-4o"}',
      ]) {
        const response = await post(path, body)
        expect([body, response.status]).toEqual([body, 400])
        expect(kind((await response.json()) as never)).toMatch(/^(invalid_request_error|INVALID_ARGUMENT)$/)
      }
    })
  }
  test('too large is a 413 in the format, with and without a length', async () => {
    const large = JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 5, messages: [{ role: 'user', content: 'x'.repeat(1_100_000) }] })
    const response = await post('/v1/messages', large)
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { type: 'request_too_large' } })
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(large))
        controller.close()
      },
    })
    const chunked = await fetch(`${running.url}/v1/messages`, { method: 'POST', body: stream, headers: { 'x-api-key': running.key } })
    expect(chunked.status).toBe(413)
  })
  test('compressed bodies are read, bombs and nonsense are not', async () => {
    expect((await post('/v1/chat/completions', gzipSync(hello), { 'content-encoding': 'gzip' })).status).toBe(200)
    expect((await post('/v1/chat/completions', gzipSync('x'.repeat(5_000_000)), { 'content-encoding': 'gzip' })).status).toBe(413)
    expect((await post('/v1/chat/completions', 'nonsense', { 'content-encoding': 'gzip' })).status).toBe(400)
    expect((await post('/v1/chat/completions', hello, { 'content-encoding': 'snappy' })).status).toBe(415)
  })
})

test('preflight reflects what the browser wants to send', async () => {
  const response = await fetch(`${running.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-headers': 'x-stainless-os, authorization' },
  })
  expect(response.status).toBe(204)
  expect(response.headers.get('access-control-allow-headers')).toBe('x-stainless-os, authorization')
})

test('an upgrade on Responses is a clean 426', async () => {
  const response = await fetch(`${running.url}/v1/responses`, {
    headers: { upgrade: 'websocket', connection: 'upgrade', authorization: `Bearer ${running.key}` },
  })
  expect(response.status).toBe(426)
})

test('state that is not kept yet is refused by name', async () => {
  for (const field of [{ previous_response_id: 'resp_1' }, { conversation: 'conv_1' }, { background: true }]) {
    const response = await post('/v1/responses', JSON.stringify({ model: 'gpt-4o-mini', input: 'hi', ...field }))
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: { param: string } }).error.param).toBe(Object.keys(field)[0] as string)
  }
})

test('health, readiness, metrics and the warm-up probes', async () => {
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${running.url}/readyz`)).status).toBe(200)
  for (const path of ['/', '/v1', '/api/hello']) expect((await fetch(running.url + path, { method: 'HEAD' })).status).toBe(200)
  await post('/v1/chat/completions')
  const metrics = await (await fetch(`${running.url}/metrics`)).text()
  expect(metrics).toContain('switchyard_exchanges_total{format="openai-chat",outcome="ok"')
  expect(metrics).not.toContain(running.key)
})

test('a request that comes back is a 508', async () => {
  expect((await post('/v1/chat/completions', hello, { 'x-switchyard-hop': '1' })).status).toBe(508)
})

test('strict mode refuses what would be dropped', async () => {
  const body = JSON.stringify({ model: 'claude-3-7-sonnet-20250219', messages: [{ role: 'user', content: 'hi' }], seed: 7 })
  const lenient = await post('/v1/chat/completions', body)
  expect(lenient.status).toBe(200)
  expect(lenient.headers.get('x-switchyard-warnings')).toContain('seed')
  expect((await post('/v1/chat/completions', body, { 'x-switchyard-strict': 'true' })).status).toBe(400)
})

test('no secret and no prompt is in the log', async () => {
  await post(
    '/v1/chat/completions',
    JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'a very private prompt' }] }),
  )
  await Bun.sleep(50)
  expect(running.output()).not.toContain('a very private prompt')
  expect(running.output()).not.toContain(running.key)
})

test('the first start prints one key, and its curl line works as pasted', async () => {
  const fresh = await startSwitchyard({ generatedKey: true })
  try {
    const line = await waitFor(() => /^\s+(curl .*)$/m.exec(fresh.output())?.[1])
    const curl = Bun.spawnSync(['bash', '-c', `${line} -s`])
    expect(JSON.parse(curl.stdout.toString())).toMatchObject({ object: 'chat.completion', model: 'gpt-4o-mini' })
  } finally {
    await fresh.stop()
  }
})

test('SIGTERM lets a stream finish and takes no new work', async () => {
  const server = await startSwitchyard()
  const stream = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}` },
    body: JSON.stringify({ model: 'test/slow-stream', stream: true, messages: [{ role: 'user', content: 'count slowly please' }] }),
  })
  const stopped = server.stop()
  expect(await stream.text()).toEndWith('data: [DONE]\n\n')
  expect(await stopped).toBe(0)
}, 15_000)
