// Structured output beside tools on every upstream, native or emulated, and what a cut or refused one becomes
// (hazards H66, H67, H70).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type Door, type House, type Loose, openHouse, wordsOf } from '../kit/doors.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.stop())

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const PARAMETERS = { type: 'object', properties: { q: { type: 'string' } } }
const wanted: Readonly<Record<Door, object>> = {
  chat: {
    response_format: { type: 'json_schema', json_schema: { name: 'place', schema: SCHEMA } },
    tools: [{ type: 'function', function: { name: 'look', parameters: PARAMETERS } }],
  },
  responses: {
    text: { format: { type: 'json_schema', name: 'place', schema: SCHEMA } },
    tools: [{ type: 'function', name: 'look', parameters: PARAMETERS }],
  },
  messages: {
    output_config: { format: { type: 'json_schema', schema: SCHEMA } },
    tools: [{ name: 'look', input_schema: PARAMETERS }],
  },
  gemini: {
    generationConfig: { responseMimeType: 'application/json', responseJsonSchema: SCHEMA },
    tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: PARAMETERS }] }],
  },
}
const called = (name: string, args: object): object => ({
  candidates: [{ content: { role: 'model', parts: [{ functionCall: { name, args } }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
})
const sse = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

describe('Gemini before 3, which takes no JSON output beside functions', () => {
  for (const door of ['chat', 'responses', 'messages'] as const) {
    for (const stream of [false, true]) {
      test(`${door}${stream ? ', streamed' : ''}: the model is made to call, and the call is shown as the answer`, async () => {
        const answer = called('json_output', { city: 'Hà Nội' })
        house.upstream.answer(stream ? { pieces: [sse(answer)] } : { body: answer })
        const reply = await house.ask(door, 'gemini-2.5-flash', { stream, body: wanted[door] })
        expect(JSON.parse(wordsOf(door, reply))).toEqual({ city: 'Hà Nội' })
        expect(reply.text).not.toMatch(/tool_calls"?:\s*"|"tool_use"|function_call_arguments/)
        expect(reply.warnings.join()).toContain('emulated response_format')
        const sent = house.upstream.received.at(-1)?.json as Loose
        expect(sent.generationConfig?.responseMimeType).toBeUndefined()
        expect(sent.toolConfig.functionCallingConfig.mode).toBe('ANY')
        expect(sent.tools[0].functionDeclarations.map((one: { name: string }) => one.name)).toEqual(['look', 'json_output'])
      })
    }
  }

  test('a call of the client’s own stays a call', async () => {
    house.upstream.answer({ body: called('look', { q: 'x' }) })
    const { json } = await house.ask('chat', 'gemini-2.5-flash', { body: wanted.chat })
    expect(json.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ function: { name: 'look' } }] } })
  })

  test('a demanded call leaves no JSON, aloud; no call at all needs no tools', async () => {
    house.upstream.answer({ body: called('look', {}) })
    const forced = await house.ask('chat', 'gemini-2.5-flash', { body: { ...wanted.chat, tool_choice: 'required' } })
    expect(forced.warnings).toContain('dropped response_format')
    await house.ask('chat', 'gemini-2.5-flash', { body: { ...wanted.chat, tool_choice: 'none' } })
    const sent = house.upstream.received.at(-1)?.json as Loose
    expect(sent.tools).toBeUndefined()
    expect(sent.generationConfig.responseMimeType).toBe('application/json')
  })
})

test('Gemini 3 takes both', async () => {
  house.upstream.answer({ body: called('look', {}) })
  for (const door of ['chat', 'responses', 'messages'] as const) {
    const { status, warnings } = await house.ask(door, 'gemini-3-pro-preview', { body: wanted[door] })
    expect([status, warnings.join()]).toEqual([200, ''])
    const sent = house.upstream.received.at(-1)?.json as Loose
    expect(sent.generationConfig.responseJsonSchema.required).toEqual(['city'])
    expect(sent.tools[0].functionDeclarations).toHaveLength(1)
  }
})

test('structured output that was cut or refused is never called whole', async () => {
  house.upstream.answer({
    body: { choices: [{ index: 0, message: { role: 'assistant', content: '{"city":"Ha' }, finish_reason: 'length' }], usage: {} },
  })
  const ends: Record<Door, (json: Loose) => unknown> = {
    chat: (json) => json.choices[0].finish_reason,
    responses: (json) => json.incomplete_details?.reason,
    messages: (json) => json.stop_reason,
    gemini: (json) => json.candidates[0].finishReason,
  }
  const seen = await Promise.all(DOORS.map(async (door) => ends[door]((await house.ask(door, 'c', { body: wanted[door] })).json)))
  expect(seen).toEqual(['length', 'max_output_tokens', 'max_tokens', 'MAX_TOKENS'])
})
