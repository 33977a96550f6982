// Conversations on their way to another vendor: results, hosted tools, caches, prefixes that must stay stable, media
// (hazards H19, H28, H49, H51, H91, H94, H124, H130 to H132, H163, H164, H229, H231, H232).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type Door, type House, type Loose, openHouse, payloads, wordsOf } from '../kit/doors.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

let house: House
beforeAll(async () => {
  const channel = (provider: string, models: string, more = ''): string =>
    `  - { name: ${provider}, provider: ${provider}, base_url: "UPSTREAM/v1", credential: sk-z-1234567, models: [${models}]${more} }`
  house = await openHouse([
    channel('openrouter', 'anthropic/claude-sonnet-4.5', ', formats: [openai-chat]'),
    channel('mistral', 'mistral-large-latest'),
    channel('groq', 'llama-3.3-70b-versatile'),
  ])
})
afterAll(() => house.stop())

const sent = (): Loose => house.upstream.received.at(-1)?.json as Loose
const named = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const OK: Readonly<Record<string, object>> = {
  c: chat.body('ok'),
  a: messages.body('ok'),
  g: gemini.body('ok'),
  r: { status: 'completed', output: [{ type: 'message', content: [{ type: 'output_text', text: 'ok' }] }] },
}
async function askOk(door: Door, model: string, body: object, as = model): Promise<Loose> {
  house.upstream.answer({ body: OK[as] as object })
  const reply = await house.ask(door, model, { body })
  expect([reply.status, reply.status === 200 ? '' : reply.text]).toEqual([200, ''])
  return sent()
}

const callTurn = (id: string): object => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
})
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }

describe('calls and results', () => {
  test('H27: Mistral gets its nine letters, the same for call and result, and different ones for different ids', async () => {
    const body = {
      tools: [TOOL],
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          tool_calls: ['tooluse_abc1', 'tooluse_abc2'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
        },
        { role: 'tool', tool_call_id: 'tooluse_abc1', content: '1' },
        { role: 'tool', tool_call_id: 'tooluse_abc2', content: '2' },
      ],
    }
    const wire = await askOk('chat', 'mistral-large-latest', body, 'c')
    const ids = wire.messages[1].tool_calls.map((call: Loose) => call.id)
    expect(ids.every((id: string) => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(2)
    expect(wire.messages.slice(2).map((message: Loose) => message.tool_call_id)).toEqual(ids)
  })

  test('H28: ids go back to the API that issued them, and to no other', async () => {
    const issued = {
      candidates: [{ content: { role: 'model', parts: [{ functionCall: { id: 'g-1', name: 'f', args: {} } }] }, finishReason: 'STOP' }],
    }
    house.upstream.answer({ body: issued })
    const first = (await house.ask('chat', 'g', { body: { tools: [TOOL] } })).json.choices[0].message
    await askOk('chat', 'g', {
      tools: [TOOL],
      messages: [{ role: 'user', content: 'hi' }, first, { role: 'tool', tool_call_id: first.tool_calls[0].id, content: 'r' }],
    })
    const own = sent().contents.flatMap((content: Loose) => content.parts)
    const ids = own.map((part: Loose) => part.functionCall?.id ?? part.functionResponse?.id).filter((id: unknown) => id !== undefined)
    expect(ids.length === 0 || ids.every((id: string) => id === 'g-1')).toBe(true)
    await askOk('chat', 'g', {
      tools: [TOOL],
      messages: [{ role: 'user', content: 'hi' }, callTurn('call_x'), { role: 'tool', tool_call_id: 'call_x', content: 'r' }],
    })
    expect(JSON.stringify(sent())).not.toContain('call_x')
    expect(sent().contents.at(-1).parts[0].functionResponse).toMatchObject({ name: 'f', response: { result: 'r' } })
  })

  test('H45, H49: results stand right behind their calls, other words after them', async () => {
    const wire = await askOk('chat', 'a', {
      tools: [TOOL],
      messages: [
        { role: 'user', content: 'hi' },
        callTurn('call_1'),
        { role: 'user', content: 'and?' },
        { role: 'tool', tool_call_id: 'call_1', content: 'r' },
      ],
    })
    expect(wire.messages[2].content.map((block: Loose) => block.type)).toEqual(['tool_result', 'text'])
  })

  test('H51: a picture in a result reaches a model of the Chat wire, labelled, and is never guessed away', async () => {
    const wire = await askOk('messages', 'c', {
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }],
            },
          ],
        },
      ],
    })
    expect(wire.messages.map((message: Loose) => message.role)).toEqual(['user', 'assistant', 'tool', 'user'])
    expect(JSON.stringify(wire.messages[3])).toContain(PIXEL)
    expect(JSON.stringify(wire.messages[3])).toContain('toolu_1')
    expect(typeof wire.messages[2].content).toBe('string')
  })
})

describe('what a client of the format keeps', () => {
  test('H163, H164, H231: blocks that only their vendor knows pass unread, both ways', async () => {
    const content = [
      {
        type: 'text',
        text: 'a',
        citations: [{ type: 'web_search_result_location', url: 'https://x.example', encrypted_index: 'E', cited_text: 'c', title: 't' }],
      },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'code_execution', input: {}, caller: { type: 'direct' } },
      { type: 'code_execution_tool_result', tool_use_id: 'srvtoolu_1', content: { type: 'encrypted_code_execution_result', data: 'X' } },
      { type: 'compaction', content: 'summary' },
      { type: 'fallback', model: 'b', future: { a: 12345678901234567890n.toString() } },
    ]
    house.upstream.answer({ body: { ...messages.body('x'), content } })
    const { json } = await house.ask('messages', 'a', { headers: { 'anthropic-beta': 'compact-2026-01-12, thread-x' } })
    expect(json.content).toEqual(content)
    expect(house.upstream.received.at(-1)?.headers.get('anthropic-beta')).toBe('compact-2026-01-12, thread-x')
    const turns = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content },
      { role: 'user', content: 'go' },
    ]
    house.upstream.answer({ body: messages.body('ok') })
    await house.ask('messages', 'a', { body: { messages: turns, context_management: { edits: [] }, thread: { type: 'create' } } })
    expect(sent().messages).toEqual(turns)
    expect(sent().thread).toEqual({ type: 'create' })
  })

  test('to others such blocks of an answer are left out aloud, and of a question refused', async () => {
    const turns = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: [
          { type: 'fallback', model: 'b' },
          { type: 'text', text: 'a' },
        ],
      },
      { role: 'user', content: 'go' },
    ]
    house.upstream.answer({ body: OK.c as object })
    const { status, warnings } = await house.ask('messages', 'c', { body: { messages: turns } })
    expect([status, warnings.some((line) => line.startsWith('dropped messages'))]).toEqual([200, true])
    const refused = await house.ask('messages', 'c', { body: { messages: [{ role: 'user', content: [{ type: 'hologram' }] }] } })
    expect([refused.status, refused.json.type]).toEqual([400, 'error'])
  })
})

describe('prompt caches', () => {
  const cache = { type: 'ephemeral' }

  test('H130: breakpoints reach Claude behind an aggregator', async () => {
    const wire = await askOk(
      'messages',
      'anthropic/claude-sonnet-4.5',
      {
        system: [{ type: 'text', text: 's', cache_control: cache }],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { ...cache, ttl: '1h' } }] }],
      },
      'c',
    )
    expect(wire.messages.map((message: Loose) => message.content[0].cache_control)).toEqual([cache, { ...cache, ttl: '1h' }])
  })

  test('H131: more than four are not sent on, and the client’s first ones stay', async () => {
    const parts = Array.from({ length: 6 }, (_, index) => ({ type: 'text', text: `t${index}`, cache_control: cache }))
    const wire = await askOk('chat', 'a', { messages: [{ role: 'user', content: parts }] })
    expect(JSON.stringify(wire).match(/cache_control/g)).toHaveLength(4)
  })

  test('H132: the same request is the same bytes, ids and keys included', async () => {
    const body = {
      tools: [
        {
          type: 'function',
          function: {
            name: 'z.y/x',
            description: 'd',
            parameters: { type: 'object', properties: { b: { type: 'string' }, a: { type: 'string' } } },
          },
        },
      ],
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: 'hi' },
        callTurn('a:b'),
        { role: 'tool', tool_call_id: 'a:b', content: 'r' },
      ],
    }
    for (const model of ['a', 'g', 'r', 'llama-3.3-70b-versatile']) {
      const texts: (string | undefined)[] = []
      for (let turn = 0; turn < 2; turn++) {
        await askOk('chat', model, body, model.startsWith('llama') ? 'c' : model)
        texts.push(house.upstream.received.at(-1)?.text)
      }
      expect(texts[0]).toBe(texts[1] as string)
      expect(texts[0]?.indexOf('"b"')).toBeLessThan(texts[0]?.indexOf('"a":{"type":"string"') as number)
    }
  })
})

describe('endings', () => {
  test('H91: a turn that the upstream paused goes on inside, for clients that cannot ask for it', async () => {
    const tools = { web_search_options: {} }
    const paused = { ...messages.body('one '), stop_reason: 'pause_turn' }
    house.upstream.answer([{ body: paused }, { body: messages.body('two') }])
    const reply = await house.ask('chat', 'claude-sonnet-4-5', { body: tools })
    expect(reply.status === 200 ? wordsOf('chat', reply) : reply.text).toBe('one two')
    // Its own clients ask themselves.
    house.upstream.answer({ body: paused })
    const own = await house.ask('messages', 'claude-sonnet-4-5', { body: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] } })
    expect(own.json.stop_reason).toBe('pause_turn')
  })

  test('H94: which stop sequence matched is only told when the upstream names it', async () => {
    house.upstream.answer({ body: chat.body('x') })
    const { json } = await house.ask('messages', 'c', { body: { stop_sequences: ['Z'] } })
    expect(json).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null })
    house.upstream.answer({
      body: { choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop', stop_reason: 'Z' }], usage: {} },
    })
    const told = await house.ask('messages', 'c', { body: { stop_sequences: ['Z'] } })
    expect(told.json).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'Z' })
  })

  test('H19: a stream between two far formats has one set of blocks', async () => {
    house.upstream.answer({
      pieces: [
        `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] })}\n\n`,
        gemini.text('one'),
        `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: {} } }] } }] })}\n\n`,
        gemini.text('two'),
        gemini.finish(),
      ],
    })
    const { text } = await house.ask('messages', 'g', { stream: true, body: { thinking: { type: 'enabled', budget_tokens: 2000 } } })
    let open: number | undefined
    let next = 0
    for (const frame of payloads(text)) {
      if (frame.type === 'content_block_start') {
        expect([open, frame.index]).toEqual([undefined, next++])
        open = frame.index
      } else if (frame.type === 'content_block_delta') expect(frame.index).toBe(open)
      else if (frame.type === 'content_block_stop') open = undefined
    }
    expect(next).toBe(4)
  })
})

describe('parameters', () => {
  test('H124: options of streams only where they are legal', async () => {
    const event = named('response.completed', { response: { id: 'resp_1', ...OK.r, usage: { input_tokens: 1, output_tokens: 1 } } })
    for (const [model, script] of [
      ['r', { pieces: [event] }],
      ['a', { pieces: [messages.start, messages.textStart, messages.text('x'), messages.stop()] }],
    ] as const) {
      house.upstream.answer(script)
      await house.ask('chat', model, { stream: true, body: { stream_options: { include_usage: true } } })
      expect(sent().stream_options).toBeUndefined()
    }
    await askOk('messages', 'c', {})
    expect(sent().stream_options).toBeUndefined()
    expect(sent().stream).toBeUndefined()
  })

  test('H138: the output limit has the name that the upstream reads', async () => {
    expect((await askOk('messages', 'mistral-large-latest', { max_tokens: 77 }, 'c')).max_tokens).toBe(77)
    expect((await askOk('messages', 'llama-3.3-70b-versatile', { max_tokens: 77 }, 'c')).max_completion_tokens).toBe(77)
    expect((await askOk('chat', 'r', { max_completion_tokens: 77, max_tokens: 5 })).max_output_tokens).toBe(77)
    expect((await askOk('chat', 'g', { max_tokens: 77 })).generationConfig.maxOutputTokens).toBe(77)
  })

  test('H146: ids of customers are bounded, and stable', async () => {
    const user_id = 'user_'.repeat(40)
    const first = (await askOk('messages', 'r', { metadata: { user_id } })).safety_identifier
    expect(first.length).toBeLessThanOrEqual(128)
    expect((await askOk('messages', 'r', { metadata: { user_id } })).safety_identifier).toBe(first)
  })
})

test('H232: a body of many megabytes goes through every pair', async () => {
  const data = PIXEL.slice(0, 60) + 'A'.repeat(6_000_000)
  for (const door of DOORS) {
    for (const model of ['c', 'a', 'g', 'r']) {
      const bodies: Readonly<Record<Door, object>> = {
        chat: {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'x' },
                { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
              ],
            },
          ],
        },
        responses: { input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${data}` }] }] },
        messages: { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }] }] },
        gemini: { contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data } }] }] },
      }
      await askOk(door, model, bodies[door])
      expect(house.upstream.received.at(-1)?.text).toContain(data)
    }
  }
})
