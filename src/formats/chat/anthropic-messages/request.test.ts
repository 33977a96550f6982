import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../../core/errors.ts'
import { packSignature } from '../../../core/signature.ts'
import type { Warning } from '../../../core/warning.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { anthropicMessages } from './index.ts'
import { call, context, decode, httpOf } from './test-kit.ts'

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
const fixtureJson = (name: string): JsonObject => parseJson(fixture(name)) as JsonObject

const minimal = { model: 'claude-sonnet-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }
const refusal = (body: JsonObject): GatewayError => {
  try {
    anthropicMessages.peek(httpOf(body))
    decode(body)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('accepted')
}
describe('round trip', () => {
  test('a request with everything in it comes out as it went in', () => {
    const wire = fixtureJson('everything.request.json')
    const warnings: Warning[] = []
    const { body } = anthropicMessages.encodeRequest(context(decode(wire), 'claude-opus-4-8', warnings))
    expect(body).toEqual(wire)
    expect(warnings).toEqual([])
  })

  test('the attribution line is out of sight of other formats', () => {
    const chat = decode(fixtureJson('everything.request.json'))
    expect(JSON.stringify(chat.messages)).not.toContain('x-anthropic-billing-header')
    expect(chat.messages[0]).toEqual({ role: 'system', content: [{ type: 'text', text: 'You are terse.', cache: { ttl: '1h' } }] })
  })

  test('long integers in tool input survive', () => {
    const text =
      '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"id":12345678901234567890,"f":1.10}}]}]}'
    const chat = decode(parseJson(text) as JsonObject)
    const block = chat.messages[1]?.content[0]
    expect(block?.type === 'tool-call' && block.arguments).toBe('{"id":12345678901234567890,"f":1.1}')
    expect(JSON.stringify(anthropicMessages.encodeRequest(context(chat)).body)).toContain('12345678901234567890')
  })
})

describe('decoding', () => {
  test.each([
    [{ model: undefined }, 'model'],
    [{ model: 3 }, 'model'],
    [{ model: '[1m]' }, 'model'],
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: '5' }, 'max_tokens'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ messages: undefined }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: {} }, 'messages'],
    [{ messages: [null] }, 'messages[0]'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: '' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: ['x'] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'user', content: [{ text: 'x' }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{ type: 'image' }] }] }, 'messages[0].content[0].source'],
    [{ messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'blob' } }] }] }, 'messages[0].content[0].source.type'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_use', id: 'a', name: 'b', input: {} }] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }, 'messages[0].content[0].tool_use_id'],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', is_error: 'no' }] }] },
      'messages[0].content[0].is_error',
    ],
    [{ system: 5 }, 'system'],
    [{ system: [{ type: 'image', source: { type: 'url', url: 'u' } }] }, 'system[0].type'],
    [{ stream: 'yes' }, 'stream'],
    [{ tools: 'x' }, 'tools'],
    [{ tools: [null] }, 'tools[0]'],
    [{ tools: [{ input_schema: {} }] }, 'tools[0].name'],
    [{ tools: [{ name: 'a', input_schema: 'x' }] }, 'tools[0].input_schema'],
    [{ tools: [{ type: 'web_search_20250305', name: 'search' }] }, 'tools[0].name'],
    [
      { tools: [{ type: 'web_search_20250305', name: 'web_search', allowed_domains: ['a.b'], blocked_domains: ['c.d'] }] },
      'tools[0].blocked_domains',
    ],
    [{ tool_choice: 'auto' }, 'tool_choice'],
    [{ tool_choice: { type: 'required' } }, 'tool_choice.type'],
    [{ tool_choice: { type: 'tool', name: 'gone' }, tools: [{ name: 'a', input_schema: {} }] }, 'tool_choice.name'],
    [{ thinking: 'yes' }, 'thinking'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ output_config: { effort: 'huge' } }, 'output_config.effort'],
    [{ output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema'],
    [{ stop_sequences: 'END' }, 'stop_sequences'],
    [{ stop_sequences: [1] }, 'stop_sequences[0]'],
    [{ metadata: 'x' }, 'metadata'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ cache_control: 'ephemeral' }, 'cache_control'],
  ] as [JsonObject, string][])('%j is refused by the name of the field', (change, field) => {
    const error = refusal({ ...minimal, ...change })
    expect(error.status).toBe(400)
    expect(error.details.field).toBe(field)
    expect(error.message).toContain(field)
  })

  test('what is unknown is carried, not refused', () => {
    const chat = decode({
      ...minimal,
      fancy: 1,
      thinking: { type: 'between_tools' },
      messages: [{ role: 'user', content: [{ type: 'hologram', x: 1 }] }],
    })
    expect(chat.messages[0]?.content[0]).toEqual({ type: 'opaque', format: 'anthropic-messages', wire: { type: 'hologram', x: 1 } })
    const { body } = anthropicMessages.encodeRequest(context(chat))
    expect(body).toMatchObject({ fancy: 1, thinking: { type: 'between_tools' }, messages: [{ content: [{ type: 'hologram', x: 1 }] }] })
  })

  test('the window mark leaves the model name, zero tokens are legal, typeless tools are functions', () => {
    const body = { ...minimal, model: 'claude-x[1m]', max_tokens: 0, tools: [{ name: 'a', type: '', input_schema: { type: 'object' } }] }
    expect(anthropicMessages.peek(httpOf(body))).toEqual({
      model: 'claude-x',
      stream: false,
      maxOutputTokens: 0,
      choices: 1,
      hasTools: true,
      framing: 'sse',
      serverTools: [],
    })
    expect(decode(body)).toMatchObject({ model: 'claude-x', maxOutputTokens: 0, tools: [{ type: 'function', name: 'a' }] })
  })

  test('the proof of a foreign call comes back to its call', () => {
    const data = packSignature({ format: 'gemini-generate-content', value: 'call:abc' }, 'anthropic-messages')
    const chat = decode({
      ...minimal,
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'a', name: 'f', input: {} },
            { type: 'redacted_thinking', data },
          ],
        },
      ],
    })
    expect(chat.messages[1]?.content).toEqual([{ ...call('a'), signature: { format: 'gemini-generate-content', value: 'abc' } }])
  })
})
