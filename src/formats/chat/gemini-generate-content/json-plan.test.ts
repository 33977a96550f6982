// JSON output beside tools on models before Gemini 3: which way is taken, and how the answer's call becomes text.

import { describe, expect, test } from 'bun:test'
import { contextFor } from '../../../../test/golden/matrix.ts'
import type { ChatRequest } from '../../../core/chat.ts'
import type { ChatContext } from '../format.ts'
import { geminiGenerateContent as format } from './index.ts'
import { jsonWay } from './json-plan.ts'
import { modelFacts } from './models.ts'

const OLD = modelFacts('gemini-2.5-flash')
const request = (more: Partial<ChatRequest>): ChatRequest => ({
  model: 'm',
  messages: [
    { role: 'system', content: [{ type: 'text', text: 's' }] },
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
  ],
  tools: [{ type: 'function', name: 'f' }],
  stream: false,
  choices: 1,
  responseFormat: { type: 'json-schema', schema: { type: 'array', items: { type: 'string' } } },
  extensions: {},
  ...more,
})
const search = { type: 'server', kind: 'web-search', format: 'openai-chat', wire: {} } as const
const context = (more: Partial<ChatRequest>): ChatContext => contextFor(format, request(more))

test('each way where it belongs', () => {
  const way = (more: Partial<ChatRequest>, facts = OLD): string => jsonWay(request(more), facts).way
  expect(way({})).toBe('call')
  expect(way({}, modelFacts('gemini-3-pro-preview'))).toBe('native')
  expect(way({ tools: [] })).toBe('native')
  expect(way({ responseFormat: { type: 'text' } })).toBe('native')
  expect(way({ toolChoice: { type: 'none' } })).toBe('alone')
  expect(way({ toolChoice: { type: 'tool', name: 'f' } })).toBe('drop')
  expect(way({ tools: [search] })).toBe('ask')
})

test('a schema for the model’s own tools stands behind the system instruction', () => {
  const { body } = format.encodeRequest(context({ tools: [search] }))
  expect(body).toMatchObject({ systemInstruction: { parts: [{ text: 's' }, { text: expect.stringContaining('"array"') }] } })
  expect(JSON.stringify(body)).not.toContain('responseMimeType')
})

describe('the call that is the answer', () => {
  const answered = (parts: object[], more: Partial<ChatRequest> = {}): unknown =>
    format.decodeResponse({ candidates: [{ content: { parts }, finishReason: 'STOP' }] } as never, context(more)).choices[0]

  test('is told as text, unwrapped, and ends as an answer does', () => {
    const call = { functionCall: { name: 'default_api.json_output', args: { value: ['a', 'b'] } }, thoughtSignature: 'S' }
    expect(answered([call])).toEqual({
      index: 0,
      content: [{ type: 'text', text: '["a","b"]' }],
      finish: { reason: 'stop', raw: 'STOP' },
      extensions: { 'gemini-generate-content': {} },
    })
  })

  test('in pieces, beside a call of the client’s, and only once', () => {
    const pieces = { functionCall: { name: 'json_output', partialArgs: [{ jsonPath: '$.value[0]', stringValue: 'a' }] } }
    const own = { functionCall: { name: 'f', args: {} } }
    expect(answered([pieces, own, pieces])).toMatchObject({
      content: [
        { type: 'text', text: '["a"]' },
        { type: 'tool-call', name: 'f' },
      ],
      finish: { reason: 'tool-calls' },
    })
  })

  test('has another name where the client took it', () => {
    const tools = [{ type: 'function', name: 'json_output' }] as const
    const { body } = format.encodeRequest(context({ tools }))
    expect(JSON.stringify(body)).toContain('"json_output_"')
    expect(answered([{ functionCall: { name: 'json_output', args: {} } }], { tools })).toMatchObject({ finish: { reason: 'tool-calls' } })
  })
})
