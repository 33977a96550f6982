// Answers as a Responses client gets them: the SDK's own accumulator judges the event grammar.

import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import type { ChatRequest } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { sseText } from '../../../lib/framing/sse.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { openaiResponses } from './index.ts'
import { contextOf, decode, framesOf, REQUEST } from './test-kit.ts'

const at = (block: number): { choice: number; block: number } => ({ choice: 0, block })
const START: ChatEvent = { type: 'response-start', id: 'up_1', model: 'upstream', createdMs: 1_780_000_000_000 }
const finish = (reason: 'stop' | 'tool-calls' | 'length' | 'content-filter' | 'refusal', explanation?: string): ChatEvent[] => [
  { type: 'finish', choice: 0, finish: { reason, ...(explanation !== undefined && { explanation }) } },
  { type: 'usage', usage: { inputTokens: 12, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 3 } },
  { type: 'end' },
]
const text = (block: number, ...pieces: string[]): ChatEvent[] => [
  { type: 'text-start', ...at(block) },
  ...pieces.map((piece): ChatEvent => ({ type: 'text-delta', text: piece, ...at(block) })),
  { type: 'text-end', ...at(block) },
]
const call = (block: number, id: string, ...pieces: string[]): ChatEvent[] => [
  { type: 'tool-call-start', id, name: 'get_weather', kind: 'function', ...at(block) },
  ...pieces.map((piece): ChatEvent => ({ type: 'tool-call-delta', text: piece, ...at(block) })),
  { type: 'tool-call-end', ...at(block) },
]

const SCENARIOS: Record<string, ChatEvent[]> = {
  text: [START, ...text(0, 'Hel', 'lo ', '👋'), ...finish('stop')],
  empty: [START, ...finish('stop')],
  'several texts': [START, ...text(0, 'One.'), ...text(1, 'Two.'), ...finish('stop')],
  'reasoning, text and calls': [
    START,
    { type: 'reasoning-start', ...at(0) },
    { type: 'reasoning-delta', text: 'Let me ', ...at(0) },
    { type: 'reasoning-delta', text: 'think', ...at(0) },
    { type: 'reasoning-end', signature: { format: 'anthropic-messages', value: 'SIG==' }, ...at(0) },
    { type: 'reasoning-start', redacted: { format: 'anthropic-messages', value: 'SEALED' }, ...at(1) },
    { type: 'reasoning-end', ...at(1) },
    ...text(2, 'Checking.'),
    ...call(3, 'toolu_1', '{"city":', '"Paris"}'),
    ...call(4, 'toolu_2'),
    ...finish('tool-calls'),
  ],
  'interleaved calls': [
    START,
    { type: 'text-start', ...at(0) },
    { type: 'text-delta', text: 'Both.', ...at(0) },
    { type: 'tool-call-start', id: 'a', name: 'x', kind: 'function', ...at(1) },
    { type: 'tool-call-start', id: 'b', name: 'y', kind: 'custom', ...at(2) },
    { type: 'tool-call-delta', text: '{"n":', ...at(1) },
    { type: 'tool-call-delta', text: 'raw ', ...at(2) },
    { type: 'tool-call-delta', text: '1}', ...at(1) },
    { type: 'tool-call-delta', text: 'text', ...at(2) },
    { type: 'tool-call-end', ...at(2) },
    { type: 'tool-call-end', ...at(1) },
    { type: 'text-end', ...at(0) },
    ...finish('tool-calls'),
  ],
  refusal: [
    START,
    { type: 'text-start', refusal: true, ...at(0) },
    { type: 'text-delta', text: 'No.', ...at(0) },
    { type: 'text-end', ...at(0) },
    ...finish('refusal'),
  ],
  'filtered with words': [START, ...finish('content-filter', 'Blocked.')],
  length: [START, ...text(0, 'Half of'), ...finish('length')],
  'cut call': [START, ...call(0, 'c', '{"city": "Par'), ...finish('length')],
  search: [
    START,
    { type: 'server-tool-start', id: 'srvtoolu_1', name: 'web_search', ...at(0) },
    { type: 'server-tool-delta', text: '{"query":"bun 1.4"}', ...at(0) },
    { type: 'server-tool-end', ...at(0) },
    {
      type: 'server-tool-result',
      ...at(1),
      result: { type: 'server-tool-result', callId: 'srvtoolu_1', name: 'web_search', results: [{ url: 'https://bun.sh', title: 'Bun' }] },
    },
    { type: 'text-start', ...at(2) },
    { type: 'text-delta', text: 'Fast 🚀 it is', ...at(2) },
    { type: 'citation', citation: { kind: 'url', url: 'https://bun.sh', title: 'Bun' }, ...at(2) },
    { type: 'text-end', ...at(2) },
    ...text(3, ' indeed.'),
    ...finish('stop'),
  ],
  image: [
    START,
    { type: 'media', media: { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } }, ...at(0) },
    ...finish('stop'),
  ],
  opaque: [
    START,
    {
      type: 'opaque',
      choice: 0,
      block: 0,
      format: 'openai-responses',
      wire: { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 's', tools: [] },
    },
    ...finish('stop'),
  ],
}

async function throughSdk(body: string): Promise<JsonObject> {
  const client = new OpenAI({
    apiKey: 'k',
    baseURL: 'http://sdk.invalid/v1',
    maxRetries: 0,
    fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
  })
  return (await client.responses.stream({ model: 'm', input: 'Hi' }).finalResponse()) as unknown as JsonObject
}

const sseOf = (events: readonly ChatEvent[], request?: ChatRequest): string => framesOf(events, contextOf(request)).map(sseText).join('')

describe('the official SDK accumulates our events into the whole answer', () => {
  for (const [name, events] of Object.entries(SCENARIOS)) {
    test(name, async () => {
      const whole = openaiResponses.encodeResponse(foldEvents(events), contextOf())
      const final = await throughSdk(sseOf(events))
      expect({ ...final, output: stripParsed(final['output']) }).toMatchObject(JSON.parse(JSON.stringify(whole)))
    })
  }
})

const stripParsed = (output: unknown): unknown =>
  JSON.parse(JSON.stringify(output, (key, value) => (key === 'parsed' || key === 'parsed_arguments' ? undefined : value)))

test('every event is named by its type and numbered in order; items are numbered by opening', () => {
  for (const events of Object.values(SCENARIOS)) {
    const payloads = framesOf(events).map((frame) => ({ event: frame.event, ...JSON.parse(frame.data) }))
    expect(payloads.map((payload) => payload.sequence_number)).toEqual(payloads.map((_, index) => index))
    for (const payload of payloads) expect(payload.event).toBe(payload.type)
    const added = payloads.filter((payload) => payload.type === 'response.output_item.added')
    expect(added.map((payload) => payload.output_index)).toEqual(added.map((_, index) => index))
    const final = payloads.at(-1).response
    const done = payloads.filter((payload) => payload.type === 'response.output_item.done').sort((a, b) => a.output_index - b.output_index)
    expect(done.map((payload) => payload.item)).toEqual(final.output)
  }
})

test('the order of one text and one call', () => {
  const types = framesOf([START, ...text(0, 'A'), ...call(1, 'c', '{}'), ...finish('tool-calls')]).map((frame) => frame.event)
  expect(types).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.output_item.added',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'response.output_item.done',
    'response.completed',
  ])
})

const wholeOf = (events: readonly ChatEvent[], request = REQUEST): JsonObject =>
  openaiResponses.encodeResponse(foldEvents(events), contextOf(request))

test('limits and filters end as incomplete, and a cut call is never announced as whole', () => {
  expect(wholeOf(SCENARIOS['length'] ?? [])).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [{ status: 'incomplete' }],
  })
  expect(wholeOf(SCENARIOS['filtered with words'] ?? [])).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'content_filter' },
    output: [{ content: [{ type: 'refusal', refusal: 'Blocked.' }] }],
  })
  const frames = framesOf(SCENARIOS['cut call'] ?? [])
  expect(frames.some((frame) => frame.event === 'response.function_call_arguments.done')).toBe(false)
  expect(JSON.parse(frames.at(-1)?.data ?? '{}').response.output).toMatchObject([
    { type: 'function_call', status: 'incomplete', arguments: '{"city": "Par' },
  ])
  expect(wholeOf(SCENARIOS['refusal'] ?? [])).toMatchObject({
    status: 'completed',
    output: [{ content: [{ type: 'refusal', refusal: 'No.' }] }],
  })
})

test('usage always has its detail objects', () => {
  expect(wholeOf(SCENARIOS['text'] ?? [])['usage']).toEqual({
    input_tokens: 12,
    input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
    output_tokens: 7,
    output_tokens_details: { reasoning_tokens: 3 },
    total_tokens: 19,
  })
})

test('the request is echoed, and the model is the one asked for', () => {
  const request = decode({
    model: 'gpt-x',
    input: 'Hi',
    instructions: 'Be brief.',
    tools: [{ type: 'function', name: 'f', parameters: {}, strict: false }],
    tool_choice: 'auto',
    temperature: 0.5,
    metadata: { a: 'b' },
    reasoning: { effort: 'low' },
    text: { verbosity: 'low' },
    store: true,
    max_output_tokens: 50,
  })
  expect(wholeOf(SCENARIOS['text'] ?? [], request)).toMatchObject({
    object: 'response',
    status: 'completed',
    model: 'gpt-x',
    created_at: 1_780_000_000,
    instructions: 'Be brief.',
    tools: [{ type: 'function', name: 'f', parameters: {}, strict: false }],
    tool_choice: 'auto',
    temperature: 0.5,
    top_p: 1,
    metadata: { a: 'b' },
    reasoning: { effort: 'low', summary: null },
    text: { format: { type: 'text' }, verbosity: 'low' },
    store: true,
    max_output_tokens: 50,
    previous_response_id: null,
    background: false,
    error: null,
    incomplete_details: null,
    parallel_tool_calls: true,
    truncation: 'disabled',
  })
})

test('a citation of the whole block spans its part in characters, and the search names its query', () => {
  const whole = wholeOf(SCENARIOS['search'] ?? [], decode({ model: 'm', input: 'x', include: ['web_search_call.action.sources'] }))
  expect(whole['output']).toMatchObject([
    {
      type: 'web_search_call',
      status: 'completed',
      action: { type: 'search', queries: ['bun 1.4'], sources: [{ type: 'url', url: 'https://bun.sh' }] },
    },
    {
      type: 'message',
      content: [
        {
          text: 'Fast 🚀 it is',
          annotations: [{ type: 'url_citation', start_index: 0, end_index: 12, url: 'https://bun.sh', title: 'Bun' }],
        },
        { text: ' indeed.' },
      ],
    },
  ])
})

test('foreign signatures come back in the next request', () => {
  const { output } = wholeOf(SCENARIOS['reasoning, text and calls'] ?? []) as { output: JsonObject[] }
  const again = decode({
    model: 'm',
    input: [{ role: 'user', content: 'Hi' }, ...output, { type: 'function_call_output', call_id: 'toolu_1', output: 'sunny' }],
  })
  expect(again.messages[1]).toMatchObject({
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'Let me think', signature: { format: 'anthropic-messages', value: 'SIG==' } },
      { type: 'reasoning', text: '', redacted: { format: 'anthropic-messages', value: 'SEALED' } },
      { type: 'text', text: 'Checking.' },
      { type: 'tool-call', id: 'toolu_1', arguments: '{"city":"Paris"}' },
      { type: 'tool-call', id: 'toolu_2', arguments: '{}' },
    ],
  })
})

test('signatures of calls and texts travel in reasoning items of their own', () => {
  const sign = { format: 'gemini-generate-content', value: 'AB.C:D' }
  const { output } = wholeOf([
    START,
    { type: 'text-start', ...at(0) },
    { type: 'text-delta', text: 'T', ...at(0) },
    { type: 'text-end', signature: sign, ...at(0) },
    { type: 'tool-call-start', id: 'a:1', name: 'f', kind: 'function', ...at(1) },
    { type: 'tool-call-end', signature: sign, ...at(1) },
    { type: 'tool-call-start', id: 'b', name: 'f', kind: 'function', ...at(2) },
    { type: 'tool-call-end', ...at(2) },
    ...finish('tool-calls'),
  ]) as { output: JsonObject[] }
  expect(decode({ model: 'm', input: output }).messages).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'T', signature: sign },
        { type: 'tool-call', id: 'a:1', name: 'f', arguments: '{}', kind: 'function', signature: sign },
        { type: 'tool-call', id: 'b', name: 'f', arguments: '{}', kind: 'function' },
      ],
    },
  ])
})

test('namespaced tools get their namespace back', () => {
  const request = decode({
    model: 'm',
    input: 'x',
    tools: [{ type: 'namespace', name: 'mcp', description: 'd', tools: [{ type: 'function', name: 'read', parameters: {} }] }],
  })
  expect(request.tools).toMatchObject([{ type: 'function', name: 'mcp__read' }])
  const { output } = wholeOf(
    [
      START,
      { type: 'tool-call-start', id: 'c', name: 'mcp__read', kind: 'function', ...at(0) },
      { type: 'tool-call-end', ...at(0) },
      ...finish('tool-calls'),
    ],
    request,
  )
  expect(output).toMatchObject([
    { type: 'function_call', namespace: 'mcp', name: 'read', call_id: 'c', arguments: '{}', status: 'completed' },
  ])
})

test('log probabilities land on their text, streamed or whole', async () => {
  const request = decode({ model: 'm', input: 'x', include: ['message.output_text.logprobs'], top_logprobs: 1 })
  const events: ChatEvent[] = [
    START,
    ...text(0, 'Hi'),
    { type: 'logprobs', choice: 0, tokens: [{ token: 'Hi', logprob: -0.5, top: [{ token: 'Hi', logprob: -0.5 }] }] },
    ...finish('stop'),
  ]
  const wanted = [
    {
      content: [
        {
          text: 'Hi',
          logprobs: [{ token: 'Hi', logprob: -0.5, bytes: [72, 105], top_logprobs: [{ token: 'Hi', logprob: -0.5, bytes: [72, 105] }] }],
        },
      ],
    },
  ]
  expect(wholeOf(events, request)['output']).toMatchObject(wanted)
  expect((await throughSdk(sseOf(events, request)))['output']).toMatchObject(wanted)
})

describe('failures', () => {
  test('before anything: an error event', () => {
    const [frame] = framesOf([{ type: 'error', error: new GatewayError('rate_limited') }])
    expect(frame?.event).toBe('error')
    expect(JSON.parse(frame?.data ?? '')).toMatchObject({
      type: 'error',
      sequence_number: 0,
      code: 'rate_limit_exceeded',
      error: { code: 'rate_limit_exceeded' },
    })
  })

  test('after the start: response.failed with what was delivered, and nothing behind it', () => {
    const frames = framesOf([
      START,
      { type: 'text-start', ...at(0) },
      { type: 'text-delta', text: 'Half', ...at(0) },
      { type: 'error', error: new GatewayError('upstream_error') },
      { type: 'end' },
    ])
    expect(frames.at(-1)?.event).toBe('response.failed')
    expect(JSON.parse(frames.at(-1)?.data ?? '').response).toMatchObject({
      status: 'failed',
      error: { code: 'server_error' },
      output: [{ type: 'message', status: 'incomplete', content: [{ type: 'output_text', text: 'Half' }] }],
    })
  })

  test('a source that just stops', () => {
    expect(framesOf([START, ...text(0, 'Half')]).at(-1)?.event).toBe('response.failed')
  })
})
