// Tools on hosts that know functions only, and tools that must not vanish (hazards H12, H14, H22, H26, H28, H37, H64,
// H213, H215, H230).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type House, type Loose, openHouse, payloads } from '../kit/doors.ts'
import { chat } from '../kit/wires.ts'

let house: House
beforeAll(async () => {
  house = await openHouse([
    '  - { name: groq, provider: groq, base_url: "UPSTREAM/v1", credential: sk-g-1234567, models: [q] }',
    '  - { name: oai, provider: openai, base_url: "UPSTREAM/v1", credential: sk-o-1234567, models: [gpt-4o-mini] }',
  ])
})
afterAll(() => house.stop())

const sent = (): Loose => house.upstream.received.at(-1)?.json as Loose
const called = (name: string, args: string): object => ({
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name, arguments: args } }] },
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})
const f = (name: string): object => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } })

describe('free-text tools', () => {
  const grammar = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } }
  for (const model of ['c', 'q']) {
    test(`become functions on ${model}, and the call comes back as the client knows it, in both spellings`, async () => {
      house.upstream.answer({ body: called('patch', '{"input":"*** Begin"}') })
      for (const tool of [
        { type: 'custom', custom: { name: 'patch', description: 'edits', format: grammar } },
        { type: 'custom', name: 'patch', description: 'edits', format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' } },
      ]) {
        const { json, warnings } = await house.ask('chat', model, { body: { tools: [tool] } })
        expect(sent().tools).toMatchObject([{ type: 'function', function: { name: 'patch', parameters: { required: ['input'] } } }])
        expect(sent().tools[0].function.description).toContain('start: "a"')
        expect(json.choices[0].message.tool_calls).toMatchObject([{ type: 'custom', custom: { name: 'patch', input: '*** Begin' } }])
        expect(warnings).toContain('emulated tools.custom')
      }
      const { json } = await house.ask('responses', model, { body: { tools: [{ type: 'custom', name: 'patch' }] } })
      expect(json.output).toMatchObject([{ type: 'custom_tool_call', name: 'patch', input: '*** Begin' }])
    })
  }

  test('stay as they are at OpenAI, where the flat spelling is made the nested one', async () => {
    house.upstream.answer({ body: chat.body('ok') })
    await house.ask('chat', 'gpt-4o-mini', { body: { tools: [{ type: 'custom', name: 'patch' }] } })
    expect(sent().tools).toEqual([{ type: 'custom', custom: { name: 'patch' } }])
    const nested = [{ type: 'custom', custom: { name: 'patch' } }]
    await house.ask('chat', 'gpt-4o-mini', { body: { tools: nested } })
    expect(sent().tools).toEqual(nested)
  })
})

test('a choice among some tools is a shorter list elsewhere', async () => {
  house.upstream.answer({ body: chat.body('ok') })
  const choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] } }
  for (const model of ['c', 'q']) {
    await house.ask('chat', model, { body: { tools: [f('a'), f('b')], tool_choice: choice } })
    expect(sent().tools.map((tool: Loose) => tool.function.name)).toEqual(['b'])
    expect(sent().tool_choice).toBe('required')
  }
})

test('H12: arguments are whole only when the call is, not when they parse', async () => {
  house.upstream.answer({
    pieces: [
      chat.role,
      chat.call(0, { id: 'call_1', type: 'function', function: { name: 'a', arguments: '{"limit":1}' } }),
      20,
      chat.call(0, { function: { arguments: ' ' } }),
      chat.call(1, { id: 'call_2', type: 'function', function: { name: 'b', arguments: '' } }),
      20,
      chat.call(1, { function: { arguments: '{"x":2}' } }),
      chat.finish('tool_calls'),
      chat.done,
    ],
  })
  const { text } = await house.ask('gemini', 'c', { stream: true })
  const calls = payloads(text).flatMap((frame) => (frame.candidates?.[0]?.content?.parts ?? []).filter((part: Loose) => part.functionCall))
  expect(calls.map((part: Loose) => part.functionCall)).toMatchObject([
    { name: 'a', args: { limit: 1 } },
    { name: 'b', args: { x: 2 } },
  ])
})

test('H14: arguments in pieces from Vertex, whose paths the model writes', async () => {
  const piece = (partialArgs: object[], more: object = {}): string =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ functionCall: { ...more, partialArgs } }] } }] })}\n\n`
  house.upstream.answer({
    pieces: [
      piece([{ jsonPath: '$.city', stringValue: 'Ha', willContinue: true }], { name: 'look', willContinue: true }),
      20,
      piece([
        { jsonPath: '$.city', stringValue: 'Noi' },
        { jsonPath: '$.__proto__.polluted', boolValue: true },
      ]),
      `data: ${JSON.stringify({ candidates: [{ content: { parts: [] }, finishReason: 'STOP' }] })}\n\n`,
    ],
  })
  const { text } = await house.ask('chat', 'g', { stream: true, body: { tools: [f('look')] } })
  const args = payloads(text)
    .flatMap((frame) => frame.choices?.[0]?.delta?.tool_calls ?? [])
    .map((call: Loose) => call.function?.arguments ?? '')
    .join('')
  expect(JSON.parse(args).city).toBe('HaNoi')
  expect(({} as Loose).polluted).toBeUndefined()
  expect(text).toContain('"finish_reason":"tool_calls"')
})

test('H22: call ids that restart with each answer never meet in one conversation', async () => {
  house.upstream.answer({
    body: { candidates: [{ content: { parts: [{ functionCall: { id: 'call_0', name: 'a', args: {} } }] }, finishReason: 'STOP' }] },
  })
  const first = (await house.ask('chat', 'g', { body: { tools: [f('a')] } })).json.choices[0].message
  const second = (
    await house.ask('chat', 'g', {
      body: {
        tools: [f('a')],
        messages: [{ role: 'user', content: 'hi' }, first, { role: 'tool', tool_call_id: first.tool_calls[0].id, content: 'r' }],
      },
    })
  ).json.choices[0].message
  expect(second.tool_calls[0].id).not.toBe(first.tool_calls[0].id)
})

test('H26, H110: nothing names an item that an upstream does not keep', async () => {
  house.upstream.answer({
    body: { id: 'resp_1', status: 'completed', output: [{ type: 'message', content: [{ type: 'output_text', text: 'ok' }] }] },
  })
  await house.ask('messages', 'r', {
    body: {
      tools: [{ name: 'a', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_x:1', name: 'a', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_x:1', content: 'r' }] },
      ],
    },
  })
  const items = sent().input as Loose[]
  expect(items.every((item) => item.id === undefined)).toBe(true)
  expect(sent().store).toBe(false)
  const [call, result] = items.filter((item) => item.call_id !== undefined)
  expect(call?.call_id).toBe(result?.call_id)
})

test('H213: namespaces are flattened for others and named the client’s way in its answer', async () => {
  house.upstream.answer({ body: called('files__read', '{"p":1}') })
  const tools = [
    {
      type: 'namespace',
      name: 'files',
      description: 'd',
      tools: [{ type: 'function', name: 'read', parameters: { type: 'object', properties: {} } }],
    },
  ]
  const { json } = await house.ask('responses', 'c', { body: { tools } })
  expect(sent().tools[0].function.name).toBe('files__read')
  expect(json.output).toMatchObject([{ type: 'function_call', name: 'read', namespace: 'files', arguments: '{"p":1}' }])
})

test('H230: an answer of calls alone reaches a Gemini client as calls', async () => {
  house.upstream.answer({ body: called('a', '{"n":12345678901234567890}') })
  const { json, text } = await house.ask('gemini', 'c')
  expect(json.candidates[0]).toMatchObject({ finishReason: 'STOP', content: { parts: [{ functionCall: { name: 'a' } }] } })
  expect(text).toContain('12345678901234567890')
})

test('a call of the client’s is told the same to every client, whatever the pieces', async () => {
  const pieces = ['{"a"', ':', '"b', '\\n', '"}']
  for (const door of DOORS) {
    house.upstream.answer({
      pieces: [
        chat.role,
        chat.call(0, { id: 'call_9', function: { name: 'look' } }),
        ...pieces.map((piece) => chat.call(0, { function: { arguments: piece } })),
        chat.finish('stop'),
        chat.done,
      ],
    })
    const { text } = await house.ask(door, 'c', { stream: true })
    expect(text).toMatch(/tool_calls|function_call|tool_use|functionCall/)
    expect(JSON.stringify(payloads(text))).not.toContain('"error":{')
  }
})
