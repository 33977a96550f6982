// Answers that are not as documented, through every client format: what goes out must be whole frames, one
// end, the client's own error, and nothing of ours.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type Script, type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

type Door = 'chat' | 'responses' | 'messages' | 'gemini' | 'gemini-array'
type Pieces = NonNullable<Script['pieces']>

const SECRET = 'sk-upstream-secret-1'
const DOORS: readonly Door[] = ['chat', 'responses', 'messages', 'gemini', 'gemini-array']

let running: Running
let upstream: ScriptedUpstream

beforeAll(async () => {
  upstream = startUpstream()
  const channel = (name: string, provider: string, models: string, path = ''): string =>
    `  - { name: ${name}, provider: ${provider}, base_url: "${upstream.url}${path}", credential: ${SECRET}, models: [${models}] }`
  running = await startSwitchyard({
    config: [
      'local_servers: false',
      'channels:',
      channel('chat', 'openai-compatible', 'c', '/v1'),
      channel('messages', 'anthropic', 'a'),
      channel('gemini', 'gemini', 'g, { model: gr, upstream_model: up-model }'),
      channel('responses', 'openai', 'r, { model: rr, upstream_model: up-model }', '/v1'),
    ].join('\n'),
  })
})
afterAll(async () => {
  await running.stop()
  upstream.stop()
})

const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

async function ask(door: Door, model: string, stream = true): Promise<{ status: number; text: string; headers: Headers }> {
  const turn = { messages: [{ role: 'user', content: 'hi' }] }
  const [path, body] = {
    chat: ['/v1/chat/completions', { model, stream, ...turn }],
    responses: ['/v1/responses', { model, stream, input: 'hi' }],
    messages: ['/v1/messages', { model, stream, max_tokens: 50, ...turn }],
    gemini: [
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    ],
    'gemini-array': [`/v1beta/models/${model}:streamGenerateContent`, { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
  }[door] as [string, object]
  const response = await fetch(running.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** The payloads of a stream. @throws when a frame is not whole. */
function payloads(door: Door, text: string): Record<string, unknown>[] {
  if (door === 'gemini-array') return JSON.parse(text) as Record<string, unknown>[]
  expect(text).toEndWith('\n\n')
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':') && !block.endsWith('[DONE]'))
    .map((block) => JSON.parse(/^data: ?(.*)$/m.exec(block)?.[1] ?? '') as Record<string, unknown>)
}

const play = (...pieces: Pieces): void => upstream.answer({ pieces })

describe('frames are whole', () => {
  test('events of one size cut at one place arrive as they were sent', async () => {
    const events = ['aaa', 'bbb', 'ccc', 'ddd'].map(chat.text) as [string, string, string, string]
    const whole = chat.role + events.join('') + chat.finish('stop') + chat.done
    const cuts = [0, chat.role.length, ...[1, 2, 3].map((count) => chat.role.length + count * events[0].length + 10), whole.length]
    play(...cuts.slice(1).flatMap((end, index) => [whole.slice(cuts[index], end), 30]))
    expect((await ask('chat', 'c')).text).toBe(whole)
  })

  const torn: [string, string, Pieces][] = [
    ['c', 'chat', [chat.role, chat.text('part'), 20, 'data: {"id":"x","choices":[{"delta":{"conte']],
    ['a', 'messages', [messages.start, messages.textStart, messages.text('part'), 20, 'event: content_block_delta\ndata: {"type":"conte']],
    ['g', 'gemini', [gemini.text('part'), 20, 'data: {"candidates":[{"content":{"parts":[{"te']],
  ]
  for (const [model, from, pieces] of torn) {
    for (const door of DOORS) {
      test(`an event torn by the end of ${from} does not reach ${door}`, async () => {
        play(...pieces)
        const { text } = await ask(door, model)
        const frames = payloads(door, text)
        expect(text).toContain('part')
        expect(JSON.stringify(frames.at(-1))).toContain('error')
      })
    }
  }

  test('a last event without its blank line counts', async () => {
    for (const door of ['gemini', 'gemini-array'] as const) {
      play(gemini.finish().replace('"text":""', '"text":"only"').trimEnd())
      const { status, text } = await ask(door, 'g')
      expect(status).toBe(200)
      expect(payloads(door, text)).toHaveLength(1)
    }
  })

  test('clients get the terminator that the upstream left out, once, and nothing behind it', async () => {
    const whole = chat.role + chat.text('x') + chat.finish('stop')
    for (const tail of ['', 'data: [DONE]', chat.done, chat.done + chat.text('late') + chat.done]) {
      play(whole + tail)
      expect((await ask('chat', 'c')).text).toBe(whole + chat.done)
    }
  })

  test('what is no JSON ends the stream', async () => {
    play(chat.role, chat.text('x'), 20, 'data: {oops\n\n', chat.finish('stop'), chat.done)
    const { text } = await ask('chat', 'c')
    expect(text).not.toContain('oops')
    expect(text).not.toContain('[DONE]')
    expect(payloads('chat', text).at(-1)).toHaveProperty('error')
  })

  test('two messages spliced into one stream are an error', async () => {
    play(
      messages.start,
      messages.textStart,
      messages.text('a'),
      20,
      messages.start,
      messages.textStart,
      messages.text('b'),
      messages.stop(),
    )
    for (const door of ['messages', 'chat'] as const) {
      const { text } = await ask(door, 'a')
      expect(JSON.stringify(payloads(door, text).at(-1))).toContain('error')
      expect(text).not.toContain('message_stop')
    }
  })
})

describe('an error inside the stream', () => {
  const overloaded = { type: 'overloaded_error', message: `Overloaded, said ${SECRET}` }
  const streams: [string, Pieces][] = [
    ['c', [chat.role, chat.text('part'), 20, sse({ error: { message: `boom ${SECRET}`, code: 502 } }), chat.done]],
    ['a', [messages.start, messages.textStart, messages.text('part'), 20, named('error', { error: overloaded }), messages.stop()]],
    ['g', [gemini.text('part'), 20, sse({ error: { code: 503, status: 'UNAVAILABLE', message: `over ${SECRET}` } }), gemini.finish()]],
  ]
  for (const [model, pieces] of streams) {
    for (const door of DOORS) {
      test(`of ${model} is the last word to ${door}, without our credential`, async () => {
        play(...pieces)
        const { text } = await ask(door, model)
        expect(JSON.stringify(payloads(door, text).at(-1))).toContain('error')
        expect(text).toContain('part')
        expect(text).not.toContain(SECRET)
        expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed|"finishReason":"STOP"/)
      })
    }
  }
})

describe('a stream answered with a JSON body', () => {
  for (const [model, body] of [
    ['c', chat.body('whole')],
    ['a', messages.body('whole')],
    ['g', gemini.body('whole')],
  ] as const) {
    for (const door of DOORS) {
      test(`${model} → ${door}: an answer becomes a stream, an error keeps its status`, async () => {
        upstream.answer({ body })
        const { status, text } = await ask(door, model)
        expect(status).toBe(200)
        expect(payloads(door, text).length).toBeGreaterThan(0)
        expect(text).toContain('whole')
        upstream.answer({
          body: { type: 'error', error: { type: 'rate_limit_error', message: 'slow', code: 429, status: 'RESOURCE_EXHAUSTED' } },
        })
        const refused = await ask(door, model)
        expect(refused.status).toBe(429)
        expect(refused.headers.get('retry-after')).toBe('1')
      })
    }
  }
})

describe('an answer that is none', () => {
  const empty: [Door, string, object][] = [
    ['chat', 'c', { choices: [] }],
    ['chat', 'c', { choices: [{}] }],
    ['messages', 'a', { content: [] }],
    ['chat', 'a', { content: [] }],
    ['gemini', 'g', {}],
    ['gemini', 'g', { candidates: [] }],
    ['gemini', 'g', { candidates: [{}] }],
    ['responses', 'r', { output: [] }],
  ]
  for (const [door, model, body] of empty) {
    test(`${JSON.stringify(body)} of ${model} is a failure to ${door}`, async () => {
      upstream.answer({ body })
      expect((await ask(door, model, false)).status).toBe(502)
    })
  }

  test('nothing, comments or a terminator alone', async () => {
    for (const pieces of [[''], [': wait\n\n'], [chat.done]]) {
      for (const door of DOORS) {
        play(...pieces)
        expect((await ask(door, 'c')).status).toBe(502)
      }
    }
  })

  test('a blocked prompt is an answer', async () => {
    play(sse({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } }))
    for (const door of DOORS) expect((await ask(door, 'g')).status).toBe(200)
  })
})

describe('another model name', () => {
  test('is put where the format names the model, and nowhere else', async () => {
    play(
      sse({ candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { model: 'T-800' } } }] } }], modelVersion: 'up-model' }),
      gemini.finish(),
    )
    for (const door of ['gemini', 'gemini-array'] as const) {
      const { text } = await ask(door, 'gr')
      expect(text).toContain('"model":"T-800"')
      expect(text).not.toContain('up-model')
    }
    const response = { metadata: { model: 'kept' }, model: 'up-model', status: 'completed', output: [{ type: 'message' }] }
    play(named('response.created', { response }), named('response.completed', { response }))
    const { text } = await ask('responses', 'rr')
    expect(text).toContain('"metadata":{"model":"kept"},"model":"rr"')
    expect(text).not.toContain('up-model')
  })
})

test('every rate limit names a wait, told by header or by date', async () => {
  for (const [headers, seconds] of [
    [{}, '1'],
    [{ 'retry-after': '7' }, '7'],
    [{ 'retry-after-ms': '1500' }, '2'],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, '10'],
    [{ 'retry-after': 'soon' }, '1'],
  ] as const) {
    for (const [door, model] of [
      ['chat', 'a'],
      ['responses', 'r'],
      ['messages', 'c'],
      ['gemini', 'g'],
    ] as const) {
      upstream.answer({ status: 429, headers, body: { error: { message: 'slow' } } })
      expect((await ask(door, model, false)).headers.get('retry-after')).toBe(seconds)
    }
  }
})
