// Upstreams' answers as neutral events, however completely they are told.

import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { type ChatEvent, foldEvents } from '../../../core/chat-event.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { sseDecoder } from '../../../lib/framing/sse.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { openaiResponses } from './index.ts'
import { contextOf, eventsOf, REQUEST, typesOf } from './test-kit.ts'

const SSE = readFileSync(new URL('./fixtures/parallel-tools.stream.sse', import.meta.url), 'utf8')
const frames = (text: string): Frame[] => runThrough(sseDecoder(), [text])
const decodeFrames = (list: readonly Frame[], ctx = contextOf()): ChatEvent[] => runThrough(openaiResponses.decodeStream(ctx), list)
const payloads = frames(SSE).map((frame) => JSON.parse(frame.data) as JsonObject)
const final = (payloads.at(-1) as { response: JsonObject }).response

const WHOLE = {
  id: 'resp_1',
  model: 'gpt-5.5-2026-09-01',
  createdMs: 1_780_000_000_000,
  choices: [
    {
      index: 0,
      content: [
        { type: 'reasoning', text: 'First\n\nSecond', summary: true, signature: { format: 'openai-responses', value: 'gAAAAWHOLE' } },
        { type: 'text', text: 'Let me look.', extensions: { 'openai-responses': { phase: 'commentary' } } },
        { type: 'tool-call', id: 'call_a', name: 'get_weather', arguments: '{"city":"Paris"}', kind: 'function' },
        { type: 'tool-call', id: 'call_b', name: 'get_weather', arguments: '{"city":"Rome"}', kind: 'function' },
      ],
      finish: { reason: 'tool-calls', raw: 'completed' },
    },
  ],
  usage: { inputTokens: 100, cachedInputTokens: 60, cacheWriteTokens: 10, outputTokens: 40, reasoningTokens: 12 },
  extensions: { 'openai-responses': { service_tier: 'default' } },
}

test('a whole stream, item ids rotating under it', () => {
  expect(foldEvents(decodeFrames(frames(SSE)))).toEqual(WHOLE as never)
})

test('the unary answer says the same', () => {
  expect(openaiResponses.decodeResponse(final, contextOf())).toEqual(WHOLE as never)
})

describe('upstreams that leave things out', () => {
  const without = (drop: (type: string) => boolean): ChatEvent[] => eventsOf(payloads.filter((payload) => !drop(payload['type'] as string)))
  test('no deltas', () => expect(foldEvents(without((type) => type.endsWith('.delta')))).toEqual(WHOLE as never))
  test('no item events at all', () => expect(foldEvents(without((type) => !/created|completed/.test(type)))).toEqual(WHOLE as never))
  test('no part events', () => expect(foldEvents(without((type) => type.includes('_part.')))).toEqual(WHOLE as never))
  test('no done events before the last', () => expect(foldEvents(without((type) => type.endsWith('.done')))).toEqual(WHOLE as never))
  test('an empty output in the last event', () => {
    const list = [...payloads.slice(0, -1), { type: 'response.completed', response: { ...final, output: [] } }]
    expect(foldEvents(eventsOf(list))).toEqual(WHOLE as never)
  })
})

test('every cut ends in an error, and blocks stay well-formed', () => {
  const all = frames(SSE)
  for (let count = 0; count < all.length; count++) {
    const events = decodeFrames(all.slice(0, count))
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_cut' } })
    expect(events.filter((event) => event.type === 'error' || event.type === 'end')).toHaveLength(1)
  }
})

const created = { type: 'response.created', response: { id: 'r', model: 'm', created_at: 1 } }
const completed = (more: JsonObject = {}): JsonObject => ({
  type: 'response.completed',
  response: { id: 'r', status: 'completed', ...more },
})
const added = (output_index: number, item: JsonObject): JsonObject => ({ type: 'response.output_item.added', output_index, item })
const done = (output_index: number, item: JsonObject): JsonObject => ({ type: 'response.output_item.done', output_index, item })

test('endings', () => {
  const finish = (response: JsonObject): unknown =>
    eventsOf([created, { type: 'response.incomplete', response }]).find((event) => event.type === 'finish')
  expect(
    finish({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage: { input_tokens: 1, output_tokens: 2 } }),
  ).toMatchObject({ finish: { reason: 'length', raw: 'max_output_tokens' } })
  expect(finish({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } })).toMatchObject({
    finish: { reason: 'content-filter' },
  })
  const failed = eventsOf([
    created,
    {
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' }, usage: { input_tokens: 3, output_tokens: 0 } },
    },
  ])
  expect(failed).toMatchObject([
    { type: 'response-start' },
    { type: 'usage', usage: { inputTokens: 3 } },
    { type: 'error', error: { code: 'upstream_rate_limited', message: 'slow' } },
  ])
  expect(eventsOf([{ type: 'error', code: 'server_error', message: 'x' }])).toMatchObject([
    { type: 'error', error: { code: 'upstream_error' } },
  ])
  expect(eventsOf(['{"type": "response.out'])).toMatchObject([{ type: 'error', error: { code: 'upstream_malformed' } }])
})

test('[DONE] closes a stream whose items are all whole, and only that', () => {
  const item = { type: 'message', id: 'm', content: [{ type: 'output_text', text: 'Hi' }] }
  expect(typesOf(eventsOf([created, done(0, item), '[DONE]', completed()]))).toEqual([
    'response-start',
    'text-start',
    'text-delta',
    'text-end',
    'finish',
    'end',
  ])
  expect(eventsOf([created, added(0, item), '[DONE]']).at(-1)).toMatchObject({ type: 'error' })
})

test('refusals, custom calls, unknown events and empty arguments', () => {
  const events = eventsOf([
    created,
    { type: 'response.brand_new', x: 1 },
    { type: 'keepalive' },
    added(0, { type: 'message', id: 'm', content: [] }),
    { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'No' },
    done(0, { type: 'message', id: 'm', content: [{ type: 'refusal', refusal: 'No.' }] }),
    added(1, { type: 'custom_tool_call', id: 'ctc', call_id: 'c1', name: 'patch', input: '' }),
    { type: 'response.custom_tool_call_input.delta', output_index: 1, delta: '*** ' },
    { type: 'response.custom_tool_call_input.done', output_index: 1, input: '*** End' },
    done(1, { type: 'custom_tool_call', id: 'ctc', call_id: 'c1', name: 'patch', input: '*** End' }),
    added(2, { type: 'function_call', id: 'fc', name: '' }),
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"a"' },
    { type: 'response.function_call_arguments.done', output_index: 2, name: 'late', arguments: '{"a":1}' },
    done(2, { type: 'function_call', id: 'fc', call_id: 'c2', name: 'late', arguments: '{"a":1}' }),
    done(3, { type: 'function_call', id: 'fc2', call_id: 'c3', name: 'none', arguments: '' }),
    completed(),
  ])
  expect(foldEvents(events).choices[0]).toMatchObject({
    content: [
      { type: 'refusal', text: 'No.' },
      { type: 'tool-call', kind: 'custom', name: 'patch', arguments: '*** End' },
      { type: 'tool-call', name: 'late', arguments: '{"a":1}' },
      { type: 'tool-call', name: 'none', arguments: '{}' },
    ],
    finish: { reason: 'tool-calls' },
  })
})

test('searches, citations and log probabilities', () => {
  const annotation = { type: 'url_citation', url: 'https://bun.sh', title: 'Bun', start_index: 2, end_index: 5 }
  const answer = foldEvents(
    eventsOf([
      created,
      added(0, { type: 'web_search_call', id: 'ws_1', status: 'in_progress' }),
      { type: 'response.web_search_call.searching', output_index: 0, item_id: 'ws_1' },
      done(0, {
        type: 'web_search_call',
        id: 'ws_1',
        status: 'completed',
        action: { type: 'search', queries: ['a', 'b'], sources: [{ type: 'url', url: 'https://bun.sh/x' }] },
      }),
      done(1, { type: 'web_search_call', id: 'ws_2', status: 'completed', action: { type: 'open_page', url: 'https://bun.sh' } }),
      added(2, { type: 'message', id: 'm', content: [] }),
      {
        type: 'response.output_text.delta',
        output_index: 2,
        content_index: 0,
        delta: '🚀 Bun',
        logprobs: [{ token: 'x', logprob: -1, top_logprobs: [] }],
      },
      { type: 'response.output_text.annotation.added', output_index: 2, content_index: 0, annotation_index: 0, annotation },
      done(2, {
        type: 'message',
        id: 'm',
        content: [{ type: 'output_text', text: '🚀 Bun', annotations: [annotation], logprobs: [{ token: 'x', logprob: -1 }] }],
      }),
      completed({ usage: { input_tokens: 1, output_tokens: 1 } }),
    ]),
  )
  expect(answer.usage).toMatchObject({ webSearches: 1 })
  expect(answer.choices[0]).toMatchObject({
    content: [
      { type: 'server-tool-call', id: 'ws_1', name: 'web_search', input: { query: 'a · b' } },
      { type: 'server-tool-result', callId: 'ws_1', results: [{ url: 'https://bun.sh/x', title: 'bun.sh' }] },
      { type: 'opaque', format: 'openai-responses' },
      { type: 'text', text: '🚀 Bun', citations: [{ url: 'https://bun.sh', span: { start: 3, end: 6 } }] },
    ],
    logprobs: [{ token: 'x', logprob: -1 }],
  })
  expect(answer.choices[0]?.content[3]).toHaveProperty('citations.length', 1)
  expect(answer.choices[0]?.logprobs).toHaveLength(1)
})

test('unary failures are errors, never empty answers', () => {
  const fails = (wire: JsonObject): string => {
    try {
      openaiResponses.decodeResponse(wire, contextOf())
    } catch (thrown) {
      return (thrown as { code: string }).code
    }
    return 'accepted'
  }
  expect(fails({ error: { message: 'x', code: 'server_error' } })).toBe('upstream_error')
  expect(fails({ status: 'failed', error: { code: 'insufficient_quota', message: 'x' }, output: [] })).toBe('upstream_quota')
  expect(fails({ status: 'in_progress', output: [] })).toBe('upstream_malformed')
  expect(fails({ choices: [] })).toBe('upstream_malformed')
})

test('same format through the middle: phases, namespaces and unknown items survive', () => {
  const output = [
    {
      type: 'message',
      id: 'a',
      role: 'assistant',
      status: 'completed',
      phase: 'commentary',
      content: [{ type: 'output_text', text: 'A', annotations: [], logprobs: [] }],
    },
    {
      type: 'message',
      id: 'b',
      role: 'assistant',
      status: 'completed',
      phase: 'final_answer',
      content: [{ type: 'output_text', text: 'B', annotations: [], logprobs: [] }],
    },
    { type: 'function_call', id: 'c', call_id: 'x', name: 'read', namespace: 'mcp', arguments: '{}', status: 'completed' },
    { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['q'], results: null },
  ]
  const ctx = contextOf(REQUEST)
  const again = openaiResponses.encodeResponse(openaiResponses.decodeResponse({ id: 'resp_9', status: 'completed', output }, ctx), ctx)
  expect(again['id']).toBe('resp_9')
  expect(again['output']).toMatchObject(output.map(({ id: _, ...item }) => item) as never)
})

test('garbage in every place never throws', () => {
  const junk: unknown[] = [null, 1, 'x', [], {}, [null]]
  const types = [
    ...new Set(payloads.map((payload) => payload['type'] as string)),
    'response.refusal.delta',
    'response.custom_tool_call_input.done',
    'error',
  ]
  for (const type of types) {
    for (const value of junk) {
      for (const member of [
        'item',
        'output_index',
        'delta',
        'part',
        'response',
        'text',
        'arguments',
        'summary_index',
        'annotation',
        'error',
      ]) {
        const events = eventsOf([created, { type, [member]: value } as JsonObject, completed()])
        expect(['end', 'error']).toContain(events.at(-1)?.type as string)
      }
    }
  }
})

test('an internal dispatch call becomes the calls it holds, when all of them are declared', () => {
  const use = (name: string): JsonObject => ({ recipient_name: `functions.${name}`, parameters: { n: 1 } })
  const item = (...names: string[]): JsonObject => ({
    type: 'function_call',
    id: 'fc',
    call_id: 'c',
    name: 'parallel',
    arguments: JSON.stringify({ tool_uses: names.map(use) }),
  })
  const run = (wire: JsonObject): unknown =>
    foldEvents(
      eventsOf(
        [created, added(0, { ...wire, arguments: '' }), done(0, wire), completed()],
        contextOf({ ...REQUEST, tools: [{ type: 'function', name: 'a' }] }),
      ),
    ).choices[0]?.content
  expect(run(item('a', 'a'))).toMatchObject([
    { id: 'c_0', name: 'a', arguments: '{"n":1}' },
    { id: 'c_1', name: 'a' },
  ])
  expect(run(item('a', 'b'))).toMatchObject([{ id: 'c', name: 'parallel' }])
})
