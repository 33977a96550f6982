import { expect, test } from 'bun:test'
import type { JsonObject } from '../lib/json.ts'
import { chanceOf, conversationOf, type Stickiness } from './conversation.ts'

const LONG = 'You are of great help. '.repeat(300)

interface Sent {
  readonly headers?: Record<string, string>
  readonly caller?: string
  readonly stickiness?: Stickiness
}

function talk(body: JsonObject, { headers = {}, caller = 'key_1', stickiness = 'auto' }: Sent = {}): string | undefined {
  const http = {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: new Headers(headers),
    text: JSON.stringify(body),
    body,
  }
  return conversationOf(http, caller, stickiness)
}
const user = (content: JsonObject[] | string) => ({ role: 'user', content })
const said = (content: string) => ({ role: 'assistant', content })

test('later turns belong to the conversation of the first, in every format', () => {
  const chat = (...more: JsonObject[]) => talk({ messages: [{ role: 'system', content: LONG }, user('Hello'), ...more] })
  expect(chat(said('Hi'), user('Go on'))).toBe(chat() as string)
  const messages = (...more: JsonObject[]) => talk({ system: LONG, messages: [user('Hello'), ...more] })
  expect(messages(said('Hi'), user('Go on'))).toBe(messages() as string)
  const responses = (...more: JsonObject[]) => talk({ instructions: LONG, input: [user('Hello'), ...more] })
  expect(responses({ type: 'reasoning', id: 'rs_1', summary: [] }, user('Go on'))).toBe(responses() as string)
  const gemini = (...more: JsonObject[]) =>
    talk({ systemInstruction: { parts: [{ text: LONG }] }, contents: [{ role: 'user', parts: [{ text: 'Hello' }] }, ...more] })
  expect(gemini({ role: 'model', parts: [{ text: 'Hi' }] })).toBe(gemini() as string)
})

test('other first words, another system prompt and another caller are other conversations', () => {
  const first = talk({ system: LONG, messages: [user('Hello')] })
  expect(first).toBeDefined()
  expect(talk({ system: LONG, messages: [user('Hallo')] })).not.toBe(first as string)
  expect(talk({ system: `${LONG}!`, messages: [user('Hello')] })).not.toBe(first as string)
  expect(talk({ system: LONG, messages: [user('Hello')] }, { caller: 'key_2' })).not.toBe(first as string)
})

test('marks of the cache and the wrapping of a text make no other conversation', () => {
  const plain = talk({ system: LONG, messages: [user('Hello')] }) as string
  const marked = { type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }
  expect(talk({ system: [{ type: 'text', text: LONG }], messages: [user([marked])] })).toBe(plain)
  const billed = (line: string) => [
    { type: 'text', text: `x-anthropic-billing-header: ${line}` },
    { type: 'text', text: LONG },
  ]
  expect(talk({ system: billed('cch=1'), messages: [user('Hello')] })).toBe(plain)
  expect(talk({ system: billed('cch=2'), messages: [user('Hello')] })).toBe(plain)
})

test('what the client names counts before what it says, and for short prompts too', () => {
  const named: [JsonObject, Record<string, string>][] = [
    [{ prompt_cache_key: 'k1' }, {}],
    [{ metadata: { user_id: 'u_session_1' } }, {}],
    [{ conversation: 'conv_1' }, {}],
    [{ conversation: { id: 'conv_1' } }, {}],
    [{ cachedContent: 'cachedContents/1' }, {}],
    [{}, { 'session-id': 's' }],
    [{}, { session_id: 's' }],
    [{}, { 'X-Claude-Code-Session-Id': 's' }],
  ]
  for (const [body, headers] of named) {
    const one = talk({ ...body, messages: [user('Hello')] }, { headers })
    expect(one).toBeDefined()
    expect(talk({ ...body, messages: [user('Something else')] }, { headers })).toBe(one as string)
    expect(talk({ ...body, messages: [user('Hello')] }, { headers, caller: 'key_2' })).not.toBe(one as string)
    expect(talk({ ...body, messages: [user('Hello')] }, { headers, stickiness: 'off' })).toBeUndefined()
  }
})

test('a prompt too short for any cache is left to chance, unless it is wanted otherwise', () => {
  const short = { messages: [user('Hello')] }
  expect(talk(short)).toBeUndefined()
  expect(talk(short, { stickiness: 'always' })).toBeDefined()
  expect(talk({ system: LONG, messages: [user('Hello')] }, { stickiness: 'off' })).toBeUndefined()
})

test('garbage has a conversation like anything else', () => {
  const deep = (depth: number): JsonObject => (depth === 0 ? {} : { a: [deep(depth - 1)] })
  for (const body of [
    {},
    { messages: null, system: 5 },
    { messages: [null, 5, [], 'x'], metadata: null },
    { messages: {}, metadata: { user_id: 7 }, prompt_cache_key: '' },
    { input: 'text', conversation: [] },
    { contents: [deep(500)] },
  ] as JsonObject[]) {
    expect(talk(body, { stickiness: 'always' })).toMatch(/^[0-9a-f]{64}$/)
  }
})

test('chances are even', () => {
  const tenths = new Array<number>(10).fill(0)
  for (let at = 0; at < 20_000; at++) {
    const chance = chanceOf(`conversation-${at}`, 'ch_1')
    tenths[Math.floor(chance * 10)] = (tenths[Math.floor(chance * 10)] as number) + 1
  }
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200)
})
