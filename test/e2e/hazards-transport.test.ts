// The way between: bytes, silences, retries, names, doors (hazards H121, H172, H177, H179, H182, H184, H190, H191, H194,
// H195, H199 to H208, H227, H233).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { awsEventStreamMessage } from '../../src/lib/framing/aws-event-stream.ts'
import { DOORS, type Door, type House, type Loose, openHouse, payloads, SECRET, wordsOf } from '../kit/doors.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

let house: House
let bedrock: ReturnType<typeof startBedrock>

beforeAll(async () => {
  bedrock = startBedrock()
  const pair = (name: string, priority: number): string =>
    `  - { name: ${name}, provider: openai-compatible, base_url: "UPSTREAM/${name}/v1", credential: sk-${name}-1234567, models: [pair], priority: ${priority} }`
  house = await openHouse([
    pair('one', 0),
    pair('two', 1),
    '  - { name: named, provider: openai-compatible, base_url: "UPSTREAM/v1/chat/completions/", credential: sk-n-1234567, models: ["org/model:free"] }',
    `  - { name: aws, provider: bedrock, base_url: "${bedrock.url}", credential: "AKIAIOSFODNN7EXAMPLE:secret/key", models: [nova], settings: { region: us-east-1 } }`,
    'limits: { idle_timeout_seconds: 1, early_answer_seconds: 1, heartbeat_seconds: 0.2 }',
  ])
})
afterAll(async () => {
  await house.stop()
  bedrock.stop()
})

/** An upstream whose streams are Amazon's frames. */
function startBedrock() {
  let frames: Uint8Array[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () =>
      new Response(new Blob(frames as Uint8Array<ArrayBuffer>[]), { headers: { 'content-type': 'application/vnd.amazon.eventstream' } }),
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    play(...next: Uint8Array[]) {
      frames = next
    },
    stop: () => void server.stop(true),
  }
}

const event = (type: string, payload: object): Uint8Array =>
  awsEventStreamMessage({ ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }, JSON.stringify(payload))
const OK: Readonly<Record<string, object>> = {
  c: chat.body('ok'),
  a: messages.body('ok'),
  g: gemini.body('ok'),
  r: { status: 'completed', output: [{ type: 'message', content: [{ type: 'output_text', text: 'ok' }] }] },
}
const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(house.running.url + path, { redirect: 'manual', headers: { authorization: `Bearer ${house.running.key}`, ...headers } })

describe('bytes', () => {
  test('H172: half a character does not leave for another vendor', async () => {
    for (const [model, body] of Object.entries(OK)) {
      house.upstream.answer({ body })
      for (const door of DOORS) {
        const said: Readonly<Record<Door, object>> = {
          chat: { messages: [{ role: 'user', content: 'x\ud800y' }] },
          responses: { input: 'x\ud800y' },
          messages: { messages: [{ role: 'user', content: 'x\ud800y' }] },
          gemini: { contents: [{ role: 'user', parts: [{ text: 'x\ud800y' }] }] },
        }
        expect((await house.ask(door, model, { body: said[door] })).status).toBe(200)
        const own = { chat: 'c', responses: 'r', messages: 'a', gemini: 'g' }[door] === model
        expect(house.upstream.received.at(-1)?.text).toContain(own ? 'x\\ud800y' : 'x\ufffdy')
      }
    }
  })

  test('H177: Amazon’s frames, and a last one that is broken, cut or an exception', async () => {
    const whole = [
      event('messageStart', { role: 'assistant' }),
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'ok' } }),
      event('contentBlockStop', { contentBlockIndex: 0 }),
      event('messageStop', { stopReason: 'end_turn' }),
      event('metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }),
    ]
    const broken = event('messageStop', { stopReason: 'end_turn' })
    broken[broken.length - 1] = (broken[broken.length - 1] as number) ^ 1
    const exception = awsEventStreamMessage(
      { ':message-type': 'exception', ':exception-type': 'throttlingException' },
      '{"message":"slow"}',
    )
    for (const door of DOORS) {
      bedrock.play(...whole)
      const reply = await house.ask(door, 'nova', { stream: true })
      expect([reply.status, wordsOf(door, reply)]).toEqual([200, 'ok'])
      for (const last of [broken, broken.slice(0, 9), exception]) {
        bedrock.play(...whole.slice(0, 3), last)
        const { text } = await house.ask(door, 'nova', { stream: true })
        expect(JSON.stringify(payloads(text).at(-1))).toContain('"error":{')
        expect(text).toContain('ok')
      }
    }
  })

  test('H227: numbers keep every digit on every way', async () => {
    const big = '12345678901234567890'
    const tools = { tools: [{ name: 'f', input_schema: { type: 'object', properties: { n: { type: 'integer', enum: [1] } } } }] }
    const turns = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { n: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }] },
    ]
    for (const [model, body] of Object.entries(OK)) {
      house.upstream.answer({ body })
      const text = JSON.stringify({ model, max_tokens: 5, ...tools, messages: turns })
        .replace('"input":{"n":1}', `"input":{"n":${big}}`)
        .replace('[1]', `[${big}]`)
      const response = await fetch(`${house.running.url}/v1/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${house.running.key}`, 'content-type': 'application/json' },
        body: text,
      })
      expect(response.status).toBe(200)
      expect(house.upstream.received.at(-1)?.text.split(big).length).toBe(3)
    }
  })
})

describe('answers of another kind than asked for', () => {
  test('a stream for a client that wants one body, and a list of its pieces', async () => {
    house.upstream.answer({ pieces: [chat.role, chat.text('o'), chat.text('k'), chat.finish('stop'), chat.usage, chat.done] })
    for (const door of DOORS) {
      const reply = await house.ask(door, 'c')
      expect([reply.status, wordsOf(door, reply)]).toEqual([200, 'ok'])
      expect(JSON.stringify(reply.json.usage ?? reply.json.usageMetadata)).toContain('10')
    }
    const piece = (text: string): unknown => JSON.parse(text.slice('data: '.length))
    house.upstream.answer({ body: [piece(gemini.text('o')), piece(gemini.text('k')), piece(gemini.finish())] })
    for (const door of DOORS) {
      for (const stream of [false, true]) {
        const reply = await house.ask(door, 'g', { stream })
        expect([reply.status, wordsOf(door, reply)]).toEqual([200, 'ok'])
      }
    }
  })

  test('an end mark that is fatal to Gemini’s SDK does not reach it', async () => {
    house.upstream.answer({ pieces: [gemini.text('ok'), gemini.finish(), chat.done] })
    const { text } = await house.ask('gemini', 'g', { stream: true })
    expect(text).not.toContain('[DONE]')
    expect(payloads(text)).toHaveLength(2)
  })
})

describe('silence', () => {
  test('H179, H182: heartbeats stand between frames; an upstream that says nothing more is an error, one that does is not', async () => {
    const asked = (): Promise<{ door: Door; reply: Awaited<ReturnType<House['ask']>> }[]> =>
      Promise.all(DOORS.map(async (door) => ({ door, reply: await house.ask(door, 'c', { stream: true }) })))
    const words = ['one', 'two', 'three'].map(chat.text) as [string, string, string]
    house.upstream.answer({ pieces: [chat.role, words[0], 500, words[1], 500, words[2], 500, chat.finish('stop'), chat.done] })
    for (const { door, reply } of await asked()) {
      expect(wordsOf(door, reply)).toBe('onetwothree')
      expect(reply.text).toMatch(door === 'messages' ? /event: ping\n/ : /^:.*\n\n/m)
    }
    house.upstream.answer({ pieces: [chat.role, words[0], 'hang'] })
    for (const { reply } of await asked()) expect(JSON.stringify(payloads(reply.text).at(-1))).toContain('"error":{')
  }, 30_000)
})

describe('retries', () => {
  test('H194: a failure that may pass is tried twice, and once for a client that repeats itself', async () => {
    house.upstream.answer({ status: 500, body: { error: { message: 'x' } } })
    const tries = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      const before = house.upstream.received.length
      await house.ask('chat', 'c', { headers })
      return house.upstream.received.length - before
    }
    expect(await tries({})).toBe(2)
    expect(await tries({ 'x-stainless-retry-count': '0' })).toBe(2)
    expect(await tries({ 'x-stainless-retry-count': '1' })).toBe(1)
  })

  test('H195, H197: a limit moves on at once, and the channel rests; the header names who served', async () => {
    house.upstream.answer(({ path }) =>
      path.startsWith('/one')
        ? { status: 429, headers: { 'retry-after': '30' }, body: { error: { message: 'slow' } } }
        : { body: OK.c as object },
    )
    const before = house.upstream.received.length
    const first = await house.ask('chat', 'pair')
    expect([first.status, first.headers.get('x-switchyard-channel')]).toEqual([200, 'two'])
    await house.ask('chat', 'pair')
    expect(house.upstream.received.slice(before).map(({ path }) => path.split('/')[1])).toEqual(['one', 'two', 'two'])
    expect(house.upstream.received.at(-1)?.headers.get('authorization')).toBe('Bearer sk-two-1234567')
  })

  test('H199: no redirect is followed with our credential', async () => {
    house.upstream.answer({ status: 302, headers: { location: `${house.upstream.url}/steal` }, body: '' })
    const reply = await house.ask('chat', 'c')
    expect(reply.status).toBe(502)
    expect(house.upstream.received.some(({ path }) => path === '/steal')).toBe(false)
    expect(reply.text).not.toContain('/steal')
  })
})

describe('headers and names', () => {
  test('H200: betas and versions reach Anthropic as they came, and nobody else', async () => {
    const headers = { 'anthropic-beta': 'a-1,b-2', 'anthropic-version': '2026-10-21' }
    house.upstream.answer({ body: OK.a as object })
    await house.ask('messages', 'a', { headers })
    expect(house.upstream.received.at(-1)?.headers.get('anthropic-beta')).toBe('a-1,b-2')
    expect(house.upstream.received.at(-1)?.headers.get('anthropic-version')).toBe('2026-10-21')
    house.upstream.answer({ body: OK.c as object })
    await house.ask('messages', 'c', { headers })
    expect(house.upstream.received.at(-1)?.headers.get('anthropic-beta')).toBeNull()
  })

  test('H202, H203: the answer names what was asked for, without its decoration upstream', async () => {
    house.upstream.answer({ body: OK.c as object })
    for (const door of ['messages', 'responses'] as const) expect((await house.ask(door, 'c')).json.model).toBe('c')
    house.upstream.answer({ body: OK.a as object })
    expect((await house.ask('messages', 'claude-sonnet-4-5[1m]')).status).toBe(200)
    expect(house.upstream.received.at(-1)?.json.model).toBe('claude-sonnet-4-5')
  })

  test('H204, H205: names with slashes and colons, and an address pasted whole', async () => {
    house.upstream.answer({ body: OK.c as object })
    for (const door of DOORS) {
      expect((await house.ask(door, 'org/model:free')).status).toBe(200)
      expect(house.upstream.received.at(-1)).toMatchObject({ path: '/v1/chat/completions', json: { model: 'org/model:free' } })
    }
    expect((await get('/v1/models/org/model:free')).status).toBe(200)
    expect((await get('/v1/models/org%2Fmodel%3Afree')).status).toBe(200)
  })

  test('H207, H208: one list in three dialects, never a redirect', async () => {
    expect(await (await get('/v1/models')).json()).toMatchObject({
      object: 'list',
      data: expect.arrayContaining([expect.objectContaining({ id: 'c', object: 'model' })]),
    })
    const anthropic = (await (await get('/v1/models?limit=1000', { 'anthropic-version': '2023-06-01' })).json()) as Loose
    expect(anthropic.data[0]).toMatchObject({ type: 'model', max_input_tokens: expect.any(Number) })
    expect(anthropic).toHaveProperty('has_more')
    expect(await (await get('/v1beta/models')).json()).toMatchObject({
      models: expect.arrayContaining([expect.objectContaining({ name: 'models/c' })]),
    })
  })

  test('H206: a count sees results, tools and system text', async () => {
    const words = 'word '.repeat(1000)
    const count = async (body: object): Promise<number> => {
      const response = await fetch(`${house.running.url}/v1/messages/count_tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${house.running.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'c', messages: [{ role: 'user', content: 'hi' }], ...body }),
      })
      return ((await response.json()) as { input_tokens: number }).input_tokens
    }
    const bare = await count({})
    for (const body of [
      { system: [{ type: 'text', text: words }] },
      { tools: [{ name: 'f', description: words, input_schema: { type: 'object' } }] },
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x', content: [{ type: 'text', text: words }] }] }] },
      {
        messages: [
          { role: 'user', content: 'hi' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: words, signature: 's' },
              { type: 'tool_use', id: 'x', name: 'f', input: {} },
            ],
          },
        ],
      },
    ])
      expect(await count(body)).toBeGreaterThan(bare + 900)
  })
})

describe('errors that clients recover from', () => {
  test('H190: a prompt that is too long is called so in each dialect', async () => {
    const refusals: readonly [string, object][] = [
      ['c', { error: { message: "This model's maximum context length is 8192 tokens.", code: 'context_length_exceeded' } }],
      [
        'g',
        {
          error: {
            code: 400,
            status: 'INVALID_ARGUMENT',
            message: 'The input token count (12) exceeds the maximum number of tokens allowed (10).',
          },
        },
      ],
      ['a', { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 12 tokens > 10 maximum' } }],
      ['r', { error: { message: 'Your input exceeds the context window of this model.', code: 'context_length_exceeded' } }],
    ]
    for (const [model, body] of refusals) {
      house.upstream.answer({ status: 400, body })
      for (const door of DOORS) {
        const { status, json } = await house.ask(door, model)
        expect(status).toBe(400)
        if (door === 'messages') expect(json.error.message).toStartWith('prompt is too long')
        if (door === 'chat' || door === 'responses') expect(json.error.code).toBe('context_length_exceeded')
      }
    }
  })

  test('H191: Anthropic’s own words go to its clients as they are', async () => {
    const body = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'thinking blocks cannot be modified', details: { error_code: 'x' } },
      request_id: 'req_up',
    }
    house.upstream.answer({ status: 400, body })
    expect((await house.ask('messages', 'a')).json).toEqual(body)
  })
})

test('H121: a stream that ends before it says its usage is counted by what was delivered', async () => {
  house.upstream.answer({ pieces: [messages.start, messages.textStart, messages.text('hello world'), 20, 'cut'] })
  const { headers, text } = await house.ask('chat', 'a', { stream: true })
  expect(text).toContain('hello world')
  const told = (await (await get(`/v1/requests/${headers.get('x-request-id')}`)).json()) as Loose
  expect(told).toMatchObject({ outcome: 'error', usage: { input_tokens: 10, estimated: true } })
  expect(told.usage.output_tokens).toBeGreaterThan(0)
})

test('H233: every door asks for a key', async () => {
  for (const path of [
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/messages',
    '/v1/messages/count_tokens',
    '/v1beta/models/g:generateContent',
    '/v1beta/models/g:countTokens',
    '/v1beta/models/g:streamGenerateContent',
  ]) {
    const response = await fetch(house.running.url + path, {
      method: 'POST',
      body: '{"model":"c"}',
      headers: { 'content-type': 'application/json' },
    })
    expect([path, response.status]).toEqual([path, 401])
    expect(await response.text()).not.toContain(SECRET)
  }
  for (const path of ['/v1/models', '/v1/models/c', '/v1beta/models', '/v1/requests/x'])
    expect((await fetch(house.running.url + path)).status).toBe(401)
})
