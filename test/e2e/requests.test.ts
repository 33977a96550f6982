// Requests that once lost something or failed on their way to an upstream of another format: what a client
// sends to the running program, and what the upstream gets.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

let running: Running
let upstream: ScriptedUpstream

beforeAll(async () => {
  upstream = startUpstream()
  upstream.answer(({ path }) => ({ body: (path.includes('chat') ? chat : path.includes('messages') ? messages : gemini).body('ok') }))
  running = await startSwitchyard({
    config: `
local_servers: false
channels:
  - { name: chat, provider: openai-compatible, base_url: "${upstream.url}/v1", credential: sk-upstream, models: [c] }
  - { name: messages, provider: anthropic, base_url: "${upstream.url}", credential: sk-upstream, models: [claude-sonnet-4-5] }
  - { name: gemini, provider: gemini, base_url: "${upstream.url}", credential: sk-upstream, models: [gemini-2.5-flash] }
`,
  })
})
afterAll(async () => {
  await running.stop()
  upstream.stop()
})

const A = 'claude-sonnet-4-5'
const G = 'gemini-2.5-flash'

interface Answered {
  readonly status: number
  readonly text: string
  /** The body the upstream got, if it was asked. */
  readonly sent: string | undefined
}

async function send(path: string, body: object | string | Uint8Array<ArrayBuffer>): Promise<Answered> {
  const before = upstream.received.length
  const response = await fetch(running.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, text, sent: upstream.received.length > before ? upstream.received.at(-1)?.text : undefined }
}

const question = { role: 'user', content: 'hi' }
const found = {
  max_tokens: 100,
  tools: [{ name: 'f', input_schema: { properties: { q: { type: 'string' } } } }],
  messages: [
    question,
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'search', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_reference', tool_name: 'f' }] }] },
  ],
}
const compacted = {
  max_tokens: 100,
  messages: [{ role: 'assistant', content: [{ type: 'compaction', content: 'the story so far' }] }, question],
}
const toolSearch = {
  input: [
    question,
    { type: 'tool_search_call', call_id: 's', execution: 'client', arguments: { query: 'q' }, status: 'completed' },
    { type: 'tool_search_output', call_id: 's', execution: 'client', status: 'completed', tools: [] },
    { role: 'user', content: 'go on' },
  ],
}
const serverChoice = {
  input: 'hi',
  tools: [
    { type: 'file_search', vector_store_ids: ['v'] },
    { type: 'function', name: 'f', parameters: { type: 'object' } },
  ],
  tool_choice: { type: 'file_search' },
}

test.each<[string, string, object, string, string]>([
  ['a found tool is named in the result', '/v1/messages', { model: 'c', ...found }, 'Tool found: f', 'tool_reference'],
  ['a schema without a type becomes an object', '/v1/messages', { model: 'c', ...found }, '"parameters":{"properties":{"q"', '"undefined"'],
  ['the words of a compaction stay', '/v1/messages', { model: 'c', ...compacted }, 'the story so far', '"compaction"'],
  ['the words of a compaction stay (gemini)', '/v1/messages', { model: G, ...compacted }, 'the story so far', '"compaction"'],
  ['hosted tools in the history do not end it', '/v1/responses', { model: 'c', ...toolSearch }, 'go on', 'tool_search'],
  ['hosted tools in the history do not end it (gemini)', '/v1/responses', { model: G, ...toolSearch }, 'go on', 'tool_search'],
  ['hosted tools in the history do not end it (messages)', '/v1/responses', { model: A, ...toolSearch }, 'go on', 'tool_search'],
  ['a choice goes with its tool', '/v1/responses', { model: A, ...serverChoice }, '"name":"f"', 'file_search'],
])('%s', async (_name, path, body, holds, lacks) => {
  const { status, sent, text } = await send(path, body)
  expect(text).toBeTruthy()
  expect(status).toBe(200)
  expect(sent).toContain(holds)
  expect(sent).not.toContain(lacks)
})

const unknown = { type: 'zorp', data: 1 }
const deep = `${'{"type":"object","properties":{"a":'.repeat(50_000)}{}${'}}'.repeat(50_000)}`

test.each<[string, string, object | string, string]>([
  ['content that no one knows', '/v1/chat/completions', { model: A, messages: [{ role: 'user', content: [unknown] }] }, 'zorp'],
  ['content that no one knows (gemini)', `/v1beta/models/${A}:generateContent`, { contents: [{ parts: [{ zorp: 1 }] }] }, 'content'],
  [
    'a schema nested without end',
    '/v1/chat/completions',
    `{"model":"${A}","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":${deep}}}]}`,
    'nested too deeply',
  ],
  [
    'a schema nested without end (messages)',
    '/v1/messages',
    `{"model":"c","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":${deep}}]}`,
    'nested too deeply',
  ],
  [
    'arguments nested without end',
    '/v1/messages',
    `{"model":"c","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":${deep}}]}]}`,
    'nested too deeply',
  ],
  [
    'arguments nested without end (responses)',
    '/v1/responses',
    `{"model":"c","input":[{"type":"function_call","call_id":"t","name":"f","arguments":${deep}}]}`,
    'nested too deeply',
  ],
])('refused: %s', async (_name, path, body, says) => {
  const { status, text, sent } = await send(path, body)
  expect(text).toContain(says)
  expect(status).toBe(400)
  expect(sent).toBeUndefined()
})

test('bytes that are no UTF-8 are refused, not replaced', async () => {
  const body = new TextEncoder().encode(JSON.stringify({ model: 'c', messages: [{ role: 'user', content: '@' }] }))
  body[body.indexOf(64)] = 0xff
  const { status, text, sent } = await send('/v1/chat/completions', body)
  expect(text).toContain('not valid UTF-8')
  expect(status).toBe(400)
  expect(sent).toBeUndefined()
})

test('counting refuses what cannot be walked', async () => {
  const body = `{"model":"c","messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":${deep}}]}`
  const { status, text } = await send('/v1/messages/count_tokens', body)
  expect(text).toContain('nested too deeply')
  expect(status).toBe(400)
})
