// Neutral requests as an upstream of this format gets them.

import { expect, test } from 'bun:test'
import type { Block, ChatRequest, Message, Tool } from '../../../core/chat.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { splice } from '../../../lib/json-splice.ts'
import codex from './fixtures/codex-tools.request.json'
import { openaiResponses } from './index.ts'
import { contextOf, decode, encoded, httpOf, REQUEST } from './test-kit.ts'

const user = (...content: Block[]): Message => ({ role: 'user', content })
const assistant = (...content: Block[]): Message => ({ role: 'assistant', content })
const text = (value: string): Block => ({ type: 'text', text: value })
const call = (id: string, name = 'f'): Block => ({ type: 'tool-call', id, name, arguments: '{}', kind: 'function' })
const result = (callId: string, content: string, isError = false): Block => ({
  type: 'tool-result',
  callId,
  content: [{ type: 'text', text: content }],
  isError,
})

test('a plain question is stateless and asks for sealed reasoning', () => {
  expect(encoded({ messages: [{ role: 'system', content: [text('S1'), text('S2')] }, user(text('Hi'))] })).toEqual({
    model: 'm',
    instructions: 'S1\n\nS2',
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
    include: ['reasoning.encrypted_content'],
    store: false,
  })
})

test('the same format comes back as it was, without ids', () => {
  const body = encoded(decode(codex), 'gpt-5.5')
  const { input, tools, ...rest } = codex
  expect(body).toMatchObject({
    reasoning: rest.reasoning,
    store: false,
    stream: true,
    include: rest.include,
    prompt_cache_key: rest.prompt_cache_key,
    text: rest.text,
    client_metadata: rest.client_metadata,
    tool_choice: 'auto',
    parallel_tool_calls: true,
  })
  expect(body['tools']).toEqual(tools as never)
  const wanted = input.map(({ id: _, status: __, ...item }: Record<string, unknown>) => item)
  expect(body['input']).toMatchObject([
    ...wanted.slice(0, 2),
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Plan it\n\nDo it' }], encrypted_content: 'gAAAA' },
    { type: 'message', role: 'assistant', phase: 'commentary', content: [{ type: 'output_text', text: 'Running.' }] },
    ...wanted.slice(4),
  ] as never)
})

test('strictness is written out for other formats and left alone for our own', () => {
  const tool: Tool = { type: 'function', name: 'f', parameters: { type: 'object' } }
  expect(encoded({ tools: [tool] })['tools']).toEqual([
    { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
  ])
  expect(encoded(decode({ model: 'm', input: 'x', tools: [{ type: 'function', name: 'f', parameters: {} }] }))['tools']).toEqual([
    { type: 'function', name: 'f', parameters: {} },
  ])
  expect(encoded({ responseFormat: { type: 'json-schema', schema: {} } })['text']).toEqual({
    format: { type: 'json_schema', name: 'response', schema: {}, strict: false },
  })
})

test('calls and results are joined, repaired and bounded', () => {
  const long = 'toolu_'.padEnd(90, 'x')
  const body = encoded({
    messages: [
      user(text('go')),
      assistant(
        { type: 'reasoning', text: 'foreign', signature: { format: 'anthropic-messages', value: 'S' } },
        text('A'),
        call(long),
        call('b'),
        call('lost'),
      ),
      user(result(long, 'first'), result('b', 'boom', true), result('orphan', 'old words')),
      user(result(long, 'last')),
    ],
  })
  const items = body['input'] as JsonObject[]
  const id = items[2]?.['call_id'] as string
  expect(id.length).toBeLessThanOrEqual(64)
  expect(items).toEqual([
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'go' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'A', annotations: [] }] },
    { type: 'function_call', call_id: id, name: 'f', arguments: '{}' },
    { type: 'function_call', call_id: 'b', name: 'f', arguments: '{}' },
    { type: 'function_call', call_id: 'lost', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'lost', output: 'No result: the call was not completed.' },
    { type: 'function_call_output', call_id: id, output: 'last' },
    { type: 'function_call_output', call_id: 'b', output: 'Error: boom' },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'old words' }] },
  ])
})

test('tool names that OpenAI refuses are mapped and come back', () => {
  const tools: Tool[] = [{ type: 'function', name: 'files.read/'.padEnd(80, 'y') }]
  const ctx = contextOf({ ...REQUEST, tools, toolChoice: { type: 'tool', name: tools[0]?.type === 'function' ? tools[0].name : '' } })
  const { body } = openaiResponses.encodeRequest(ctx)
  const { name } = (body['tools'] as { name: string }[])[0] as { name: string }
  expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  expect(body['tool_choice']).toEqual({ type: 'function', name })
  const answer = { id: 'r', status: 'completed', output: [{ type: 'function_call', call_id: 'c', name, arguments: '{}' }] }
  expect(openaiResponses.decodeResponse(answer, ctx).choices[0]?.content[0]).toMatchObject({ name: (tools[0] as { name: string }).name })
})

test('media in every place', () => {
  const image: Block = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } }
  const body = encoded({
    messages: [
      user(
        image,
        { type: 'file', name: 'a.pdf', source: { kind: 'base64', mediaType: 'application/pdf', data: 'BBBB' } },
        { type: 'file', source: { kind: 'text', mediaType: 'text/plain', text: 'T' } },
      ),
      assistant(call('c'), image),
      user({
        type: 'tool-result',
        callId: 'c',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image', source: { kind: 'url', url: 'https://x.y/z' }, detail: 'high' },
        ],
        isError: false,
      }),
    ],
  })
  expect(body['input']).toEqual([
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
        { type: 'input_text', text: 'T' },
      ],
    },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' }] },
    {
      type: 'function_call_output',
      call_id: 'c',
      output: [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'https://x.y/z', detail: 'high' },
      ],
    },
  ])
})

test('what the wire lacks is noted, what it bounds is raised', () => {
  const ctx = contextOf({
    ...REQUEST,
    stopSequences: ['x'],
    seed: 1,
    topK: 3,
    frequencyPenalty: 0,
    maxOutputTokens: 1,
    logitBias: { a: 1 },
  })
  const { body, cutAt } = openaiResponses.encodeRequest(ctx)
  expect(body['max_output_tokens']).toBe(16)
  expect(cutAt).toEqual(['x'])
  expect(ctx.notes.map(({ kind, field }) => `${kind} ${field}`)).toEqual([
    'dropped top_k',
    'dropped seed',
    'dropped logit_bias',
    'changed max_output_tokens',
    'emulated stop',
  ])
})

test('efforts and sampling follow the model', () => {
  const effort = (model: string, request: Partial<ChatRequest>): unknown =>
    (encoded(request, model)['reasoning'] as JsonObject | undefined)?.['effort']
  expect(effort('o3', { reasoning: { effort: 'minimal' } })).toBe('low')
  expect(effort('gpt-5', { reasoning: { effort: 'none' } })).toBe('minimal')
  expect(effort('gpt-5.5', { reasoning: { budgetTokens: 5000 } })).toBe('medium')
  expect(effort('gpt-4o-mini', { reasoning: { effort: 'high' } })).toBeUndefined()
  expect(encoded({}, 'gpt-4o-mini')['include']).toBeUndefined()
  expect(encoded({ temperature: 0.2 }, 'o3')['temperature']).toBeUndefined()
  expect(encoded({ temperature: 0.2 }, 'gpt-4o')['temperature']).toBe(0.2)
})

test("other formats' search becomes ours", () => {
  const search: Tool = {
    type: 'server',
    kind: 'web-search',
    format: 'anthropic-messages',
    wire: {
      type: 'web_search_20250305',
      name: 'web_search',
      max_uses: 3,
      blocked_domains: ['a.b'],
      user_location: { type: 'approximate', city: 'Rome' },
    },
  }
  expect(encoded({ tools: [search], toolChoice: { type: 'tool', name: 'web_search', server: true } })).toMatchObject({
    tools: [{ type: 'web_search', filters: { blocked_domains: ['a.b'] }, user_location: { type: 'approximate', city: 'Rome' } }],
    tool_choice: { type: 'web_search' },
    max_tool_calls: 3,
    include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
  })
})

test('a long end user id is hashed, stable', () => {
  const id = encoded({ endUser: 'u'.repeat(150) })['safety_identifier'] as string
  expect(id).toMatch(/^[0-9a-f]{64}$/)
  expect(encoded({ endUser: 'u'.repeat(150) })['safety_identifier']).toBe(id)
})

test('passing on: only the model changes, and what others sealed stays out', () => {
  const plain = httpOf({ model: 'fast', input: [{ type: 'reasoning', summary: [], encrypted_content: 'gAAAA' }], x_unknown: 1 })
  const edits = openaiResponses.passthroughEdits(openaiResponses.peek(plain), 'gpt-5', plain.body)
  expect(splice(plain.text, edits)).toBe(plain.text.replace('"fast"', '"gpt-5"'))
  const mixed = httpOf({
    model: 'gpt-5',
    input: [
      { type: 'reasoning', summary: [], encrypted_content: 'swy1.anthropic-messages.S' },
      { role: 'user', content: 'x' },
    ],
  })
  expect(JSON.parse(splice(mixed.text, openaiResponses.passthroughEdits(openaiResponses.peek(mixed), 'gpt-5', mixed.body)))).toEqual({
    model: 'gpt-5',
    input: [{ role: 'user', content: 'x' }],
  })
})
