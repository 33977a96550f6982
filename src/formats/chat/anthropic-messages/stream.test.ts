import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream'
import type { ChatResponse } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { anthropicMessages } from './index.ts'
import { context, eventsOf, frame, framesOf, request } from './test-kit.ts'

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
const fixtureJson = (name: string): JsonObject => parseJson(fixture(name)) as JsonObject

const COMPLETE = ['plain', 'parallel-tools', 'thinking', 'web-search', 'refusal', 'unknown-block']

const framesFor = (events: Iterable<ChatEvent>): Frame[] => runThrough(anthropicMessages.encodeStream(context(request())), events)
const dataOf = (frames: readonly Frame[]): JsonObject[] => frames.map(({ data }) => JSON.parse(data) as JsonObject)
const at = (block: number) => ({ choice: 0, block })
const failure = (events: readonly ChatEvent[]): GatewayError => {
  const last = events.at(-1)
  if (last?.type === 'error') return last.error
  throw new Error(`ends in ${last?.type}`)
}

/** What the official SDK makes of our frames. */
async function rebuilt(frames: readonly Frame[]): Promise<unknown> {
  const lines = frames.map(({ data }) => `${data}\n`).join('')
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(lines))
      controller.close()
    },
  })
  const { parsed_output: _parsed, ...message } = await MessageStream.fromReadableStream(stream).finalMessage()
  return JSON.parse(JSON.stringify(message))
}

/** The life cycle: indexes from 0, one block open at a time, all closed before the end. */
function checkLifeCycle(frames: readonly Frame[]): void {
  const all = dataOf(frames)
  expect(all[0]?.['type']).toBe('message_start')
  expect(all.slice(-2).map(({ type }) => type)).toEqual(['message_delta', 'message_stop'])
  let next = 0
  let open = -1
  for (const { type, index } of all.slice(1, -2)) {
    if (type === 'content_block_start') {
      expect([open, index]).toEqual([-1, next])
      open = next++
    } else if (type === 'content_block_delta') expect(index).toBe(open)
    else {
      expect([type, index]).toEqual(['content_block_stop', open])
      open = -1
    }
  }
  expect(open).toBe(-1)
  for (const { event, data } of frames) expect(event).toBe((JSON.parse(data) as JsonObject)['type'] as string)
}

describe('decoding', () => {
  test.each(COMPLETE)('%s: the stream folds to the unary answer', (name) => {
    const unary = anthropicMessages.decodeResponse(fixtureJson(`${name}.response.json`), context(request()))
    expect(foldEvents(eventsOf(fixture(`${name}.stream.sse`)))).toEqual(unary)
  })

  test.each(COMPLETE)('%s: cut anywhere, it ends in an error', (name) => {
    const frames = framesOf(fixture(`${name}.stream.sse`))
    for (let n = 0; n < frames.length; n++) {
      const events = runThrough(anthropicMessages.decodeStream(context(request())), frames.slice(0, n))
      expect(failure(events).code).toBe(n === 0 ? 'upstream_empty' : 'upstream_cut')
      expect(events.filter(({ type }) => type === 'error' || type === 'end')).toHaveLength(1)
    }
  })

  test('a truncated call keeps its text and its reason', () => {
    const answer = foldEvents(eventsOf(fixture('length.stream.sse')))
    expect(answer.choices[0]).toMatchObject({ content: [{ type: 'tool-call', arguments: '{"text":"half' }], finish: { reason: 'length' } })
  })

  const start = { type: 'message_start', message: { id: 'msg_1', model: 'm', usage: { input_tokens: 1, output_tokens: 0 } } }
  const decodeFrames = (...frames: JsonObject[]) => runThrough(anthropicMessages.decodeStream(context(request())), frames.map(frame))
  test.each([
    ['two messages', [start, start]],
    ['a delta without its block', [start, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x' } }]],
    ['a block before the message', [{ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }]],
    ['a block twice', [start, ...[0, 1].map(() => ({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }))]],
    [
      'text in a call',
      [
        start,
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'f', input: {} } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x' } },
      ],
    ],
    ['a nameless call', [start, { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a' } }]],
  ] as [string, JsonObject[]][])('%s is malformed', (_name, frames) => {
    expect(failure(decodeFrames(...frames)).code).toBe('upstream_malformed')
  })

  test('frames that are no JSON objects are malformed; pings, comments and unknown events are not', () => {
    for (const data of ['{"type":', '"x"', '[1]', 'null']) {
      expect(failure(runThrough(anthropicMessages.decodeStream(context(request())), [frame(start), { event: 'x', data }])).code).toBe(
        'upstream_malformed',
      )
    }
    const quiet: Frame[] = [
      frame(start),
      { event: 'ping', data: '{"type": "ping"}' },
      { data: '', comment: true },
      { event: 'ping', data: '' },
      frame({ type: 'later' }),
    ]
    expect(failure(runThrough(anthropicMessages.decodeStream(context(request())), quiet)).code).toBe('upstream_cut')
  })

  test('errors inside the stream are classified, nothing follows them', () => {
    const events = decodeFrames(
      start,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      { type: 'message_stop' },
    )
    expect(failure(events).code).toBe('upstream_overloaded')
    expect(failure(decodeFrames({ error: { message: 'boom' } })).code).toBe('upstream_error')
  })

  test('event names are not needed, and usage counters merge one by one', () => {
    const frames = [
      { type: 'message_start', message: { usage: { input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 1 } } },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: { input_tokens: 10, cache_read_input_tokens: 0, output_tokens: 5 },
      },
      { type: 'message_stop' },
    ].map((data) => ({ data: JSON.stringify(data) }))
    const answer = foldEvents(runThrough(anthropicMessages.decodeStream(context(request())), frames))
    expect(answer.usage).toEqual({ inputTokens: 110, cachedInputTokens: 100, outputTokens: 5 })
    const late = [start, { type: 'message_delta', delta: {}, usage: { input_tokens: 77, output_tokens: 5 } }, { type: 'message_stop' }]
    expect(foldEvents(decodeFrames(...late)).usage).toEqual({ inputTokens: 77, outputTokens: 5 })
  })

  test('whole input in the start counts only when no delta came', () => {
    const block = (input: JsonObject, ...pieces: string[]) => [
      start,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'f', input } },
      ...pieces.map((partial_json) => ({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json } })),
      { type: 'message_stop' },
    ]
    const args = (frames: JsonObject[]) => foldEvents(decodeFrames(...frames)).choices[0]?.content[0]
    expect(args(block({ x: 1 }))).toMatchObject({ arguments: '{"x":1}' })
    expect(args(block({ x: 1 }, '', '{"y":2}'))).toMatchObject({ arguments: '{"y":2}' })
    expect(args(block({}, ''))).toMatchObject({ arguments: '{}' })
  })

  test('the emulated JSON is text, also in pieces; free text is unwrapped', () => {
    const input = (name: string, ...pieces: string[]) => [
      start,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name, input: {} } },
      ...pieces.map((partial_json) => ({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json } })),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ]
    const json = context(request({ responseFormat: { type: 'json' } }))
    expect(
      foldEvents(runThrough(anthropicMessages.decodeStream(json), input('json_output', '{"a"', ':1}').map(frame))).choices[0],
    ).toMatchObject({
      content: [{ type: 'text', text: '{"a":1}' }],
      finish: { reason: 'stop' },
    })
    const custom = context(request({ tools: [{ type: 'custom', name: 'patch' }] }))
    expect(
      foldEvents(runThrough(anthropicMessages.decodeStream(custom), input('patch', '{"input":"a', '\\nb"}').map(frame))).choices[0],
    ).toMatchObject({
      content: [{ type: 'tool-call', kind: 'custom', arguments: 'a\nb' }],
      finish: { reason: 'tool-calls' },
    })
  })
})

describe('encoding', () => {
  test.each(COMPLETE)('%s: the official SDK rebuilds the unary answer', async (name) => {
    const frames = framesFor(eventsOf(fixture(`${name}.stream.sse`)))
    checkLifeCycle(frames)
    const ctx = context(request())
    const unary = anthropicMessages.encodeResponse(foldEvents(eventsOf(fixture(`${name}.stream.sse`))), ctx)
    if (name === 'unknown-block') return
    expect(await rebuilt(frames)).toEqual(JSON.parse(JSON.stringify(unary)))
  })

  test('interleaved calls are told one after the other', () => {
    const events: ChatEvent[] = [
      { type: 'response-start', id: 'x', model: 'm' },
      { type: 'tool-call-start', id: 'a', name: 'f', kind: 'function', ...at(0) },
      { type: 'tool-call-delta', text: '{"a"', ...at(0) },
      { type: 'tool-call-start', id: 'b.1', name: 'g', kind: 'function', ...at(1) },
      { type: 'tool-call-delta', text: '{"b"', ...at(1) },
      { type: 'tool-call-delta', text: ':1}', ...at(0) },
      { type: 'tool-call-delta', text: ':2}', ...at(1) },
      { type: 'tool-call-start', id: 'c', name: 'h', kind: 'custom', ...at(2) },
      { type: 'tool-call-delta', text: 'free "text"', ...at(2) },
      { type: 'tool-call-end', ...at(1) },
      { type: 'tool-call-end', signature: { format: 'gemini-generate-content', value: 'sig' }, ...at(0) },
      { type: 'tool-call-end', ...at(2) },
      { type: 'finish', choice: 0, finish: { reason: 'stop' } },
      { type: 'usage', usage: { inputTokens: 5, outputTokens: 6 } },
      { type: 'end' },
    ]
    const frames = framesFor(events)
    checkLifeCycle(frames)
    const all = dataOf(frames)
    const text = (index: number) =>
      all
        .flatMap((event) =>
          event['index'] === index && event['type'] === 'content_block_delta' ? ((event['delta'] as JsonObject)['partial_json'] ?? '') : [],
        )
        .join('')
    expect([0, 2, 3].map(text)).toEqual(['{"a":1}', '{"b":2}', '{"input":"free \\"text\\""}'])
    expect(all.at(-2)).toMatchObject({
      delta: { stop_reason: 'tool_use' },
      usage: { input_tokens: 5, output_tokens: 6, cache_read_input_tokens: 0 },
    })
    expect(JSON.stringify(all)).toContain('call:sig')
  })

  const foreign: ChatResponse = {
    id: 'chatcmpl-1',
    model: 'gpt',
    choices: [
      {
        index: 0,
        content: [
          { type: 'reasoning', text: 'hm', signature: { format: 'openai-responses', value: 'enc' } },
          { type: 'reasoning', text: '', redacted: { format: 'openai-responses', value: 'red' } },
          { type: 'reasoning', text: 'no proof' },
          { type: 'text', text: '' },
          { type: 'server-tool-call', id: 'ws_1', name: 'web_search', input: { query: 'q' } },
          { type: 'server-tool-result', callId: 'ws_1', name: 'web_search', results: [{ url: 'https://a', title: 'A' }] },
          { type: 'text', text: 'cited', citations: [{ kind: 'url', url: 'https://a', title: 'A' }] },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'x' } },
          { type: 'tool-call', id: 'call:1', name: 'f', arguments: '{"x":1}', kind: 'function' },
          { type: 'tool-call', id: 'call_2', name: 'f', arguments: '{}', kind: 'function' },
        ],
        finish: { reason: 'tool-calls' },
      },
      { index: 1, content: [{ type: 'text', text: 'other choice' }], finish: { reason: 'stop' } },
    ],
    usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 20, reasoningTokens: 8, webSearches: 1 },
  }

  test('a foreign answer: stream and unary are twins for the official SDK', async () => {
    const frames = framesFor(unfoldResponse(foreign))
    checkLifeCycle(frames)
    const unary = anthropicMessages.encodeResponse(foreign, context(request()))
    expect(await rebuilt(frames)).toEqual(JSON.parse(JSON.stringify(unary)))
    expect(unary).toMatchObject({
      model: 'client-model',
      stop_reason: 'tool_use',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'swy1.openai-responses.enc' },
        { type: 'redacted_thinking', data: 'swy1.openai-responses.red' },
        { type: 'thinking', thinking: 'no proof', signature: '' },
        { type: 'server_tool_use', name: 'web_search', caller: { type: 'direct' } },
        { type: 'web_search_tool_result', caller: { type: 'direct' } },
        { type: 'text', citations: [{ type: 'web_search_result_location' }] },
        { type: 'tool_use', input: { x: 1 } },
        { type: 'tool_use', input: {} },
      ],
      usage: {
        input_tokens: 60,
        cache_read_input_tokens: 40,
        output_tokens_details: { thinking_tokens: 8 },
        server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
      },
    })
    const [call, result] = (unary['content'] as JsonObject[]).slice(3, 5)
    expect(call?.['id']).toBe(result?.['tool_use_id'] as string)
    expect(call?.['id']).toMatch(/^srvtoolu_[A-Za-z0-9_]+$/)
  })

  test('a refusal is told as one', async () => {
    const refused: ChatResponse = {
      id: '',
      model: 'm',
      choices: [{ index: 0, content: [{ type: 'refusal', text: 'I will not.' }], finish: { reason: 'stop' } }],
    }
    const unary = anthropicMessages.encodeResponse(refused, context(request()))
    expect(unary).toMatchObject({
      stop_reason: 'refusal',
      stop_details: { explanation: 'I will not.' },
      content: [{ type: 'text', text: 'I will not.' }],
    })
    expect(await rebuilt(framesFor(unfoldResponse(refused)))).toEqual(JSON.parse(JSON.stringify(unary)))
  })

  test('arguments that are no object are wrapped in a whole answer', () => {
    const broken: ChatResponse = {
      id: '',
      model: 'm',
      choices: [
        {
          index: 0,
          content: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{"x', kind: 'function' }],
          finish: { reason: 'length' },
        },
      ],
    }
    expect(anthropicMessages.encodeResponse(broken, context(request()))).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ input: { _raw: '{"x' } }],
    })
  })

  test('an error is the last frame, also when the source just ends', () => {
    const opening: ChatEvent[] = [
      { type: 'response-start', id: 'x', model: 'm' },
      { type: 'text-start', ...at(0) },
      { type: 'text-delta', text: 'a', ...at(0) },
    ]
    for (const events of [
      opening,
      [...opening, { type: 'error' as const, error: new GatewayError('upstream_overloaded') }, { type: 'end' as const }],
    ]) {
      const last = framesFor(events).at(-1)
      expect(last?.event).toBe('error')
      expect(parseJson(last?.data ?? '')).toMatchObject({
        type: 'error',
        error: { type: events === opening ? 'api_error' : 'overloaded_error' },
      })
      expect(framesFor(events).some(({ event }) => event === 'message_stop')).toBe(false)
    }
  })
})

describe('watching', () => {
  test.each(COMPLETE)('%s: markers let no usage, end or error pass unseen', (name) => {
    const { watch } = anthropicMessages
    let usage: JsonObject | undefined
    let ended = false
    for (const one of framesOf(fixture(`${name}.stream.sse`))) {
      const sighting = watch.frame(one)
      if (!watch.markers.some((marker) => one.data.includes(marker))) {
        expect([sighting.usage, sighting.end, sighting.error]).toEqual([undefined, undefined, undefined])
        continue
      }
      expect(sighting.error).toBeUndefined()
      if (sighting.usage) usage = { ...usage, ...sighting.usage } as JsonObject
      ended ||= sighting.end === true
    }
    expect(ended).toBe(true)
    expect(usage?.['outputTokens']).toBe(foldEvents(eventsOf(fixture(`${name}.stream.sse`))).usage?.outputTokens)
    expect(watch.response(fixtureJson(`${name}.response.json`))).toMatchObject({ end: true })
  })

  test('errors are seen', () => {
    expect(
      anthropicMessages.watch.frame({ event: 'error', data: '{"type":"error","error":{"type":"api_error","message":"x"}}' }).error?.code,
    ).toBe('upstream_error')
    expect(anthropicMessages.watch.response('<html>').error?.code).toBe('upstream_malformed')
  })
})
