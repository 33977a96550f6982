import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import type { Block, ChatRequest, ChatResponse } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { sseDecoder } from '../../../lib/framing/sse.ts'
import { parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { openaiChat } from './index.ts'
import { contextOf, decoded } from './test-kit.ts'

const FIXTURES = new URL('./fixtures/', import.meta.url).pathname
const names = readdirSync(FIXTURES).flatMap((file) => (file.endsWith('.stream.sse') ? [file.slice(0, -11)] : []))
const read = (file: string): string => readFileSync(FIXTURES + file, 'utf8')

const request = (parts: object = {}): ChatRequest =>
  decoded({ stream: true, stream_options: { include_usage: true }, logprobs: true, ...parts })
const events = (frames: (string | object)[], asked = request()): ChatEvent[] =>
  runThrough(
    openaiChat.decodeStream(contextOf(asked)),
    frames.map((frame): Frame => ({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })),
  )
const chunk = (delta: object | null, rest: object = {}): object => ({
  id: 'chatcmpl-1',
  model: 'm',
  created: 5,
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
})
const STOP = chunk({}, { finish_reason: 'stop' })
const errorOf = (list: ChatEvent[]): GatewayError | undefined => {
  const last = list.at(-1)
  return last?.type === 'error' ? last.error : undefined
}
const answer = (frames: (string | object)[], asked = request()): ChatResponse => foldEvents(events(frames, asked))
const blocks = (frames: (string | object)[], asked = request()): readonly Block[] => answer(frames, asked).choices[0]?.content ?? []

describe('fixtures', () => {
  for (const name of names) {
    test(`${name}: streaming and unary tell the same`, () => {
      const frames = runThrough(sseDecoder(), [read(`${name}.stream.sse`)])
      const streamed = foldEvents(runThrough(openaiChat.decodeStream(contextOf(request())), frames))
      const whole = openaiChat.decodeResponse(parseJson(read(`${name}.response.json`)), contextOf(request()))
      expect(streamed).toEqual(whole)
    })
    test(`${name}: cut before its finish it ends in an error`, () => {
      const frames = runThrough(sseDecoder(), [read(`${name}.stream.sse`)])
      const finish = frames.findIndex(({ data }) => data.includes('"finish_reason":"'))
      for (let length = 0; length < finish; length++) {
        const seen = runThrough(openaiChat.decodeStream(contextOf(request())), frames.slice(0, length))
        expect(errorOf(seen)?.code).toBe('upstream_cut')
        expect(seen.filter(({ type }) => type === 'error')).toHaveLength(1)
      }
    })
    test(`${name}: its own encoding reads the same`, () => {
      const whole = openaiChat.decodeResponse(parseJson(read(`${name}.response.json`)), contextOf(request()))
      const wire = openaiChat.encodeResponse(whole, contextOf(request(), { requestedModel: whole.model, nowMs: 1_763_900_000_000 }))
      const sent = runThrough(
        openaiChat.encodeStream(contextOf(request(), { requestedModel: whole.model, nowMs: 1_763_900_000_000 })),
        unfoldResponse(whole),
      )
      expect(openaiChat.decodeResponse(parseJson(JSON.stringify(wire)), contextOf(request()))).toEqual(whole)
      expect(foldEvents(runThrough(openaiChat.decodeStream(contextOf(request())), sent))).toEqual(whole)
    })
  }
})

describe('hosts that deviate', () => {
  const call = (entry: object): object => chunk({ tool_calls: [entry] })

  test('late name, no type, no id, no index', () => {
    const [block] = blocks([
      call({ index: 0, function: { arguments: '{"a"' } }),
      call({ index: 0, id: null, type: null, function: { name: 'f', arguments: ':1' } }),
      call({ function: { arguments: '}' } }),
      STOP,
    ])
    expect(block).toMatchObject({ type: 'tool-call', name: 'f', arguments: '{"a":1}', id: 'call_1' })
  })
  test('every call has index 0', () => {
    const list = blocks([
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
      call({ index: 0, id: 'b', function: { name: 'g', arguments: '{"y":' } }),
      call({ index: 0, function: { arguments: '2}' } }),
      STOP,
    ])
    expect(list).toMatchObject([
      { id: 'a', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{"y":2}' },
    ])
  })
  test('calls without index are told apart by id, and a repeated id continues', () => {
    const list = blocks([
      call({ id: 'a', function: { name: 'f', arguments: '{' } }),
      call({ id: 'b', function: { name: 'f', arguments: '{}' } }),
      call({ id: 'a', function: { arguments: '}' } }),
      STOP,
    ])
    expect(list).toMatchObject([
      { id: 'a', arguments: '{}' },
      { id: 'b', arguments: '{}' },
    ])
  })
  test('a call seen makes stop mean tool calls; length stays', () => {
    const one = call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"a":' } })
    expect(answer([one, STOP]).choices[0]?.finish).toMatchObject({ reason: 'tool-calls', raw: 'stop' })
    expect(answer([one, chunk({}, { finish_reason: 'length' })]).choices[0]).toMatchObject({
      finish: { reason: 'length' },
      content: [{ arguments: '{"a":' }],
    })
  })
  test('a call without arguments is the empty object', () => {
    expect(blocks([call({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }), STOP])[0]).toMatchObject({ arguments: '{}' })
  })
  test('a call that never gets a name is no answer', () => {
    expect(errorOf(events([call({ index: 0, id: 'a', function: { arguments: '{}' } }), STOP, '[DONE]']))?.code).toBe('upstream_malformed')
  })
  test('empty content between fragments changes nothing', () => {
    const list = events([
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }),
      chunk({ content: '' }),
      chunk({ content: null }),
      call({ index: 0, function: { arguments: '}' } }),
      STOP,
    ])
    expect(list.filter(({ type }) => type === 'text-start')).toHaveLength(0)
  })
  test('a legacy call, a custom call, a custom tool answered as a function', () => {
    expect(
      blocks([
        chunk({ function_call: { name: 'f', arguments: '' } }),
        chunk({ function_call: { arguments: '{"a":1}' } }),
        chunk({}, { finish_reason: 'function_call' }),
      ])[0],
    ).toMatchObject({ name: 'f', arguments: '{"a":1}' })
    expect(
      blocks([
        call({ index: 0, id: 'a', type: 'custom', custom: { name: 'p', input: 'fr' } }),
        call({ index: 0, custom: { input: 'ee' } }),
        STOP,
      ])[0],
    ).toMatchObject({ kind: 'custom', arguments: 'free' })
    const asked = request({ tools: [{ type: 'custom', custom: { name: 'p' } }] })
    expect(
      blocks(
        [
          call({ index: 0, id: 'a', function: { name: 'p', arguments: '{"inp' } }),
          call({ index: 0, function: { arguments: 'ut":"free"}' } }),
          STOP,
        ],
        asked,
      )[0],
    ).toMatchObject({ kind: 'custom', arguments: 'free' })
  })
  test('reasoning under any name, once, before and after text', () => {
    expect(
      blocks([
        chunk({ reasoning_content: 'a' }),
        chunk({ reasoning: 'b', reasoning_details: [{ type: 'reasoning.text', text: 'b' }] }),
        chunk({ content: 'x' }),
        chunk({ reasoning_content: 'c' }),
        STOP,
      ]),
    ).toMatchObject([
      { type: 'reasoning', text: 'ab' },
      { type: 'text', text: 'x' },
      { type: 'reasoning', text: 'c' },
    ])
    expect(
      blocks([
        chunk({
          content: [
            { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
            { type: 'text', text: 'x' },
          ],
        }),
        STOP,
      ]),
    ).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'x' },
    ])
  })
  test('usage wherever it stands; the last one counts and zero erases nothing', () => {
    expect(answer([chunk({ content: 'x' }, {}), { ...STOP, usage: { prompt_tokens: 5, completion_tokens: 2 } }]).usage).toEqual({
      inputTokens: 5,
      outputTokens: 2,
    })
    expect(
      answer([STOP, { choices: [], x_groq: { usage: { prompt_tokens: 7, completion_tokens: 1 } } }, '[DONE]']).usage?.inputTokens,
    ).toBe(7)
    expect(answer([chunk({}, { finish_reason: 'stop', usage: { prompt_tokens: 9, completion_tokens: 1 } })]).usage?.inputTokens).toBe(9)
    expect(
      answer([
        { ...chunk({}), usage: { prompt_tokens: 5, completion_tokens: 2 } },
        { ...STOP, usage: { prompt_tokens: 0, completion_tokens: 3 } },
      ]).usage,
    ).toEqual({ inputTokens: 5, outputTokens: 3 })
    const xai = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 35, completion_tokens_details: { reasoning_tokens: 20 } }
    expect(answer([STOP, { choices: [], usage: xai }]).usage).toMatchObject({ outputTokens: 25, reasoningTokens: 20 })
  })
  test('choices null, no choices, no delta, no role, Azure head, frames that mean nothing', () => {
    expect(
      blocks([
        { id: '', choices: [], prompt_filter_results: [] },
        { id: 'x', choices: null },
        chunk(null),
        chunk({ role: '', content: 'ok' }),
        { ping: 1 },
        '',
        STOP,
        '[DONE]',
        '{ignored',
      ]),
    ).toEqual([{ type: 'text', text: 'ok' }])
  })
  test('choices interleave', () => {
    const at = (index: number, delta: object, rest: object = {}): object => ({ choices: [{ index, delta, ...rest }] })
    const { choices } = answer([
      at(1, { content: 'b' }),
      at(0, { content: 'a' }),
      at(1, { content: 'B' }),
      at(0, {}, { finish_reason: 'stop' }),
      at(1, {}, { finish_reason: 'length' }),
      '[DONE]',
    ])
    expect(choices).toMatchObject([
      { index: 0, content: [{ text: 'a' }], finish: { reason: 'stop' } },
      { index: 1, content: [{ text: 'bB' }], finish: { reason: 'length' } },
    ])
  })
  test('audio pieces add up, images are whole', () => {
    expect(
      blocks([
        chunk({ audio: { id: 'au', data: 'QUJD' } }),
        chunk({ audio: { data: 'REVG', transcript: 'hi' } }),
        chunk({ images: [{ image_url: { url: 'https://example.com/a.png' } }] }),
        STOP,
      ]),
    ).toMatchObject([
      { type: 'audio', id: 'au', source: { data: 'QUJDREVG' }, transcript: 'hi' },
      { type: 'image', source: { kind: 'url' } },
    ])
  })
  test("hosts' own finish words", () => {
    const reason = (word: string) => answer([chunk({ content: 'x' }), chunk({}, { finish_reason: word })]).choices[0]?.finish
    expect(
      ['eos', 'max_tokens', 'model_length', 'SAFETY', 'MALFORMED_FUNCTION_CALL', 'sensitive'].map((word) => reason(word)?.reason),
    ).toEqual(['stop', 'length', 'length', 'content-filter', 'stop', 'content-filter'])
    expect(reason('eos')?.raw).toBe('eos')
    expect(errorOf(events([chunk({}, { finish_reason: 'MALFORMED_FUNCTION_CALL' })]))?.code).toBe('upstream_error')
    expect(errorOf(events([chunk({ content: 'x' }), chunk({}, { finish_reason: 'error' })]))?.code).toBe('upstream_error')
  })
})

describe('endings', () => {
  const TEXT = chunk({ content: 'x' })
  const cases: [name: string, frames: (string | object)[], code: string | undefined][] = [
    ['nothing at all', [], 'upstream_cut'],
    ['only the terminator', ['[DONE]'], 'upstream_empty'],
    ['a role and the terminator', [chunk({ role: 'assistant' }), '[DONE]'], 'upstream_empty'],
    ['text without finish or terminator', [TEXT], 'upstream_cut'],
    ['text and terminator without finish', [TEXT, '[DONE]'], undefined],
    ['finish without terminator', [TEXT, STOP], undefined],
    ['an error frame', [TEXT, { error: { message: 'busy', code: 429 } }, '[DONE]'], 'upstream_rate_limited'],
    ['an error of words only', [{ error: { message: 'm', type: 'overloaded_error' } }], 'upstream_overloaded'],
    ['an error as text', [TEXT, { error: 'boom' }], 'upstream_error'],
    ['a flat error', [{ object: 'error', message: 'bad', code: 400 }], 'upstream_rejected'],
    ['a frame that is no JSON', [TEXT, '{"choices":[{"del', STOP], 'upstream_malformed'],
    ['a frame that is no object', [TEXT, '5'], 'upstream_malformed'],
  ]
  for (const [name, frames, code] of cases) {
    test(name, () => {
      const list = events(frames)
      expect(errorOf(list)?.code).toBe(code as never)
      expect(list.at(-1)?.type).toBe(code === undefined ? 'end' : 'error')
    })
  }
  test('an event named error', () => {
    const list = runThrough(openaiChat.decodeStream(contextOf(request())), [{ event: 'error', data: '{"message":"m","code":503}' }])
    expect(errorOf(list)?.code).toBe('upstream_overloaded')
  })
})

describe('whole answers that are none', () => {
  const code = (wire: unknown): string => {
    try {
      openaiChat.decodeResponse(wire as never, contextOf(request()))
      return 'decoded'
    } catch (thrown) {
      return thrown instanceof GatewayError ? thrown.code : String(thrown)
    }
  }
  test('by kind', () => {
    expect([null, 5, 'x', []].map(code)).toEqual(Array(4).fill('upstream_malformed'))
    expect([{}, { choices: [] }, { choices: null }, { choices: [null] }, { choices: [{}] }].map(code)).toEqual(
      Array(5).fill('upstream_empty'),
    )
    expect(code({ error: { message: 'x', code: 'context_length_exceeded' } })).toBe('context_length_exceeded')
    expect(code({ choices: [{ finish_reason: 'error', error: { code: 502, message: 'x' } }] })).toBe('upstream_error')
    expect(code({ choices: [{ message: { tool_calls: [{ function: { arguments: '{}' } }] } }] })).toBe('upstream_malformed')
    expect(code({ choices: [{ message: { content: null }, finish_reason: 'stop' }] })).toBe('decoded')
  })
})
