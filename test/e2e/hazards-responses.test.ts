// The Responses wire where upstreams misbehave: how a response that has begun must fail, ids that change, calls that
// hide in others, phases, endings (hazards H6, H21, H109, H115, H117, H122, H217, H218).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type House, openHouse, payloads, SECRET, wordsOf } from '../kit/doors.ts'

let house: House
beforeAll(async () => {
  house = await openHouse([
    '  - { name: named, provider: openai, base_url: "UPSTREAM/v1", credential: sk-upstream-secret-1, models: [{ model: mine, upstream_model: up }] }',
  ])
})
afterAll(() => house.stop())

let sequence = 0
const event = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`
const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'up', status: 'in_progress', output: [], tools: [] }
const created = (): string => {
  sequence = 0
  return event('response.created', { response: RESPONSE })
}
const MESSAGE = { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] }
const added = (item: object = MESSAGE, output_index = 0): string => event('response.output_item.added', { output_index, item })
const said = (delta: string, item_id = 'msg_1'): string =>
  event('response.output_text.delta', { output_index: 0, content_index: 0, item_id, delta })
const ended = (type: string, more: object = {}): string =>
  event(`response.${type}`, {
    response: { ...RESPONSE, status: type, usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 }, ...more },
  })

describe('a response that has begun and fails', () => {
  const failures: [string, () => (string | number | 'cut')[]][] = [
    ['is cut off', () => [created(), added(), said('part'), 20, 'cut']],
    ['ends without its last event', () => [created(), added(), said('part')]],
    ['turns into rubbish', () => [created(), added(), said('part'), 20, 'data: {oops\n\n']],
    ['begins a second time', () => [created(), added(), said('part'), 20, created()]],
    [
      'names our credential',
      () => [created(), added(), said('part'), 20, event('error', { code: 'x', message: `key ${SECRET}`, param: null })],
    ],
  ]
  for (const [what, pieces] of failures) {
    for (const model of ['r', 'mine']) {
      test(`${what}: ${model === 'r' ? 'the same name' : 'another name'} ends in response.failed`, async () => {
        house.upstream.answer({ pieces: pieces() })
        const { text } = await house.ask('responses', model, { stream: true })
        const frames = payloads(text)
        const last = frames.at(-1)
        expect(last).toMatchObject({ type: 'response.failed', response: { id: 'resp_1', status: 'failed', object: 'response' } })
        expect(last?.response.error.message).toBeString()
        expect(text).not.toContain(SECRET)
        expect(last?.response.model).toBe(model === 'r' ? 'up' : 'mine')
        const numbers = frames.map((frame) => frame.sequence_number)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
        expect(new Set(numbers).size).toBe(numbers.length)
      })
    }
  }

  test('translated streams end the same way', async () => {
    house.upstream.answer({ pieces: [`data: ${JSON.stringify({ choices: [{ delta: { content: 'part' } }] })}\n\n`, 20, 'cut'] })
    const { text } = await house.ask('responses', 'c', { stream: true })
    expect(payloads(text).at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { message: expect.any(String) } },
    })
  })

  test('so does one that strict mode ends midway', async () => {
    const part = (inner: object): string => `data: ${JSON.stringify({ candidates: [{ content: { parts: [inner] } }] })}\n\n`
    house.upstream.answer({ pieces: [part({ text: 'part' }), 20, part({ executableCode: { language: 'PYTHON', code: '1' } })] })
    const { text } = await house.ask('responses', 'g', { stream: true, headers: { 'x-switchyard-strict': 'true' } })
    expect(payloads(text).at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
  })

  test('before it began there is a status', async () => {
    house.upstream.answer({ pieces: [created(), 20, 'cut'] })
    expect((await house.ask('responses', 'r', { stream: true })).status).toBe(502)
  })
})

test('H6: an upstream may give every event of one item another id', async () => {
  for (const door of DOORS) {
    house.upstream.answer({
      pieces: [
        created(),
        added(),
        said('one ', 'a'),
        said('two', 'b'),
        event('response.output_item.done', {
          output_index: 0,
          item: { ...MESSAGE, id: 'zz', content: [{ type: 'output_text', text: 'one two' }] },
        }),
        ended('completed'),
      ],
    })
    expect(wordsOf(door, await house.ask(door, 'r', { stream: true }))).toBe('one two')
  }
})

test('H21: a call of `parallel` becomes the calls inside it', async () => {
  const uses = [
    { recipient_name: 'functions.f', parameters: { a: 1 } },
    { recipient_name: 'functions.g', parameters: {} },
  ]
  const item = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'parallel',
    arguments: JSON.stringify({ tool_uses: uses }),
    status: 'completed',
  }
  house.upstream.answer({ body: { ...RESPONSE, status: 'completed', output: [item] } })
  const tools = ['f', 'g'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }))
  const { json } = await house.ask('chat', 'r', { body: { tools } })
  expect(json.choices[0].message.tool_calls.map((call: { function: object }) => call.function)).toEqual([
    { name: 'f', arguments: '{"a":1}' },
    { name: 'g', arguments: '{}' },
  ])
})

test('H109, H115: sealed reasoning is taken from the finished item, one item for all summary parts', async () => {
  const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'partial' }
  const done = {
    ...item,
    summary: [
      { type: 'summary_text', text: 'one' },
      { type: 'summary_text', text: 'two' },
    ],
    encrypted_content: 'whole',
  }
  const part = (summary_index: number, delta: string): string =>
    event('response.reasoning_summary_text.delta', { output_index: 0, summary_index, item_id: 'rs_1', delta })
  house.upstream.answer({
    pieces: [
      created(),
      added(item),
      part(0, 'one'),
      part(1, 'two'),
      event('response.output_item.done', { output_index: 0, item: done }),
      ended('completed', { output: [done] }),
    ],
  })
  const { text } = await house.ask('messages', 'r', { stream: true, body: { thinking: { type: 'enabled', budget_tokens: 2000 } } })
  const frames = payloads(text)
  expect(frames.filter((frame) => frame.type === 'content_block_start').map((frame) => frame.content_block.type)).toEqual(['thinking'])
  expect(text).toContain('whole')
  expect(text).not.toContain('partial')
})

test('H117: phases come back to clients of the format', async () => {
  const item = { ...MESSAGE, phase: 'commentary', status: 'completed', content: [{ type: 'output_text', text: 'hm', annotations: [] }] }
  house.upstream.answer({ body: { ...RESPONSE, status: 'completed', output: [item] } })
  const { json } = await house.ask('responses', 'r')
  expect(json.output[0].phase).toBe('commentary')
  await house.ask('responses', 'r', { body: { input: [{ role: 'user', content: 'hi' }, ...json.output, { role: 'user', content: 'go' }] } })
  expect(house.upstream.received.at(-1)?.text).toContain('"phase":"commentary"')
})

describe('H122: usage counts whatever the ending', () => {
  test('incomplete', async () => {
    house.upstream.answer({
      pieces: [created(), added(), said('x'), ended('incomplete', { incomplete_details: { reason: 'max_output_tokens' } })],
    })
    const { text } = await house.ask('messages', 'r', { stream: true })
    expect(payloads(text).at(-2)).toMatchObject({ delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 2 } })
  })
  test('failed', async () => {
    house.upstream.answer({
      pieces: [created(), added(), said('x'), 20, ended('failed', { error: { code: 'server_error', message: 'broke' } })],
    })
    const { text, headers } = await house.ask('responses', 'r', { stream: true })
    expect(payloads(text).at(-1)?.type).toBe('response.failed')
    const told = await fetch(`${house.running.url}/v1/requests/${headers.get('x-request-id')}`, {
      headers: { authorization: `Bearer ${house.running.key}` },
    })
    expect(await told.json()).toMatchObject({ outcome: 'error', usage: { output_tokens: 2 } })
  })
})

test('H218: `[DONE]` after whole items is an end, without them a failure', async () => {
  const item = { ...MESSAGE, content: [{ type: 'output_text', text: 'whole' }] }
  house.upstream.answer({
    pieces: [created(), added(), said('whole'), event('response.output_item.done', { output_index: 0, item }), 'data: [DONE]\n\n'],
  })
  expect((await house.ask('chat', 'r', { stream: true })).text).toContain('"finish_reason":"stop"')
  house.upstream.answer({ pieces: [created(), added(), said('whole'), 20, 'data: [DONE]\n\n'] })
  expect(payloads((await house.ask('chat', 'r', { stream: true })).text).at(-1)).toHaveProperty('error')
})

describe('Codex: a search for tools that the client runs', () => {
  const tools = [
    {
      type: 'tool_search',
      execution: 'client',
      description: 'Find tools.',
      parameters: { type: 'object', properties: { query: { type: 'string' } } },
    },
  ]
  const call = (name: string, args: string): object => ({
    choices: [
      {
        index: 0,
        message: { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name, arguments: args } }] },
        finish_reason: 'tool_calls',
      },
    ],
    usage: {},
  })

  test('is a function to other formats, whole and streamed', async () => {
    house.upstream.answer({ body: call('tool_search', '{"query":"mail"}') })
    for (const stream of [false, true]) {
      const { json, text } = await house.ask('responses', 'c', { stream, body: { tools } })
      const output = stream ? payloads(text).at(-1)?.response.output : json.output
      expect(output).toMatchObject([
        { type: 'tool_search_call', call_id: 'call_1', execution: 'client', arguments: { query: 'mail' }, status: 'completed' },
      ])
    }
    expect(house.upstream.received.at(-1)?.json).toMatchObject({ tools: [{ type: 'function', function: { name: 'tool_search' } }] })
  })

  test('what it loaded is declared from then on, and called the client\u2019s way', async () => {
    house.upstream.answer({ body: call('mail__send', '{"to":"x"}') })
    const loaded = [
      {
        type: 'namespace',
        name: 'mail',
        description: 'd',
        tools: [{ type: 'function', name: 'send', defer_loading: true, parameters: { type: 'object', properties: {} } }],
      },
    ]
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'tool_search_call', id: 'tsc_1', call_id: 'call_1', execution: 'client', status: 'completed', arguments: { query: 'mail' } },
      { type: 'tool_search_output', call_id: 'call_1', execution: 'client', status: 'completed', tools: loaded },
    ]
    const { json } = await house.ask('responses', 'c', { body: { tools, input } })
    expect(json.output).toMatchObject([{ type: 'function_call', name: 'send', namespace: 'mail' }])
    const sent = house.upstream.received.at(-1)?.json as Record<string, { function: { name: string } }[]>
    expect(sent.tools?.map((tool) => tool.function.name)).toEqual(['tool_search', 'mail__send'])
    expect(house.upstream.received.at(-1)?.text).toContain('mail__send')
    // Its own wire has all of it as it came.
    house.upstream.answer({ body: { ...RESPONSE, status: 'completed', output: [MESSAGE] } })
    await house.ask('responses', 'r', { body: { tools, input } })
    expect(house.upstream.received.at(-1)?.json).toMatchObject({ tools, input })
  })
})
