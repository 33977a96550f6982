// Reasoning on its way between vendors: signatures that must come back byte for byte, those that must not leave their
// vendor, names of the field, tags inside the text (hazards H69, H98 to H107, H116).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type Door, type House, type Loose, openHouse, payloads, wordsOf } from '../kit/doors.ts'
import { chat } from '../kit/wires.ts'

let house: House
beforeAll(async () => {
  const channel = (provider: string, models: string): string =>
    `  - { name: ${provider}, provider: ${provider}, base_url: "UPSTREAM/v1", credential: sk-z-1234567, models: [${models}] }`
  house = await openHouse([
    channel('deepseek', 'deepseek-v4-pro, deepseek-r1'),
    channel('openrouter', 'anthropic/claude-sonnet-4.5').replace(' }', ', formats: [openai-chat] }'),
    channel('vllm', 'deepseek-ai/DeepSeek-R1').replace(' }', ', formats: [openai-chat] }'),
  ])
})
afterAll(() => house.stop())

const sent = (): Loose => house.upstream.received.at(-1)?.json as Loose
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
const thinkingAnswer = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [
    { type: 'thinking', thinking: '  hm\n', signature: 'SIG+/=' },
    { type: 'redacted_thinking', data: 'RED' },
    { type: 'text', text: 'so' },
    { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
  ],
  stop_reason: 'tool_use',
  usage: { input_tokens: 1, output_tokens: 1 },
}

describe('signed thinking of Claude', () => {
  test('comes back through Chat as it was, in order', async () => {
    house.upstream.answer({ body: thinkingAnswer })
    const first = (await house.ask('chat', 'claude-sonnet-4-5', { body: { tools: [TOOL], reasoning_effort: 'high' } })).json.choices[0]
      .message
    const messages = [{ role: 'user', content: 'hi' }, first, { role: 'tool', tool_call_id: first.tool_calls[0].id, content: 'r' }]
    const { status } = await house.ask('chat', 'claude-sonnet-4-5', { body: { tools: [TOOL], reasoning_effort: 'high', messages } })
    expect(status).toBe(200)
    expect(sent().messages[1].content.slice(0, 2)).toEqual(thinkingAnswer.content.slice(0, 2))
    expect(sent().thinking).toBeDefined()
  })

  test('a client that cannot keep it goes on without thinking', async () => {
    house.upstream.answer({ body: thinkingAnswer })
    const call = { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'so', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'r' },
    ]
    await house.ask('chat', 'claude-sonnet-4-5', { body: { tools: [TOOL], reasoning_effort: 'high', messages } })
    expect(JSON.stringify(sent())).not.toContain('"enabled"')
    expect(sent().messages[1].content.map((block: Loose) => block.type)).toEqual(['text', 'tool_use'])
  })

  test('comes back through Responses and Gemini too', async () => {
    house.upstream.answer({ body: thinkingAnswer })
    const responses = await house.ask('responses', 'claude-sonnet-4-5', {
      body: { tools: [{ type: 'function', name: 'f' }], reasoning: { effort: 'high' } },
    })
    const output = { type: 'function_call_output', call_id: 'toolu_1', output: 'r' }
    await house.ask('responses', 'claude-sonnet-4-5', {
      body: {
        tools: [{ type: 'function', name: 'f' }],
        reasoning: { effort: 'high' },
        input: [{ role: 'user', content: 'hi' }, ...responses.json.output, output],
      },
    })
    expect(sent().messages[1].content.slice(0, 2)).toEqual(thinkingAnswer.content.slice(0, 2))

    const settings = {
      generationConfig: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } },
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
    }
    const gemini = await house.ask('gemini', 'claude-sonnet-4-5', { body: settings })
    const turn = gemini.json.candidates[0].content
    await house.ask('gemini', 'claude-sonnet-4-5', {
      body: {
        ...settings,
        contents: [
          { role: 'user', parts: [{ text: 'hi' }] },
          turn,
          { role: 'user', parts: [{ functionResponse: { name: 'f', response: { result: 'r' } } }] },
        ],
      },
    })
    expect(sent().messages[1].content.slice(0, 2)).toEqual(thinkingAnswer.content.slice(0, 2))
  })

  test('H98, H101: never reaches another vendor, whose model must not imitate it', async () => {
    for (const [model, body] of [
      ['c', chat.body('ok')],
      ['g', { candidates: [{ content: { parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] }],
      ['r', { status: 'completed', output: [{ type: 'message', content: [{ type: 'output_text', text: 'ok' }] }] }],
    ] as const) {
      house.upstream.answer({ body })
      const messages = [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: thinkingAnswer.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }] },
      ]
      const { status } = await house.ask('messages', model, {
        body: { messages, tools: [{ name: 'f', input_schema: { type: 'object' } }] },
      })
      expect(status).toBe(200)
      const text = house.upstream.received.at(-1)?.text ?? ''
      expect(text).not.toMatch(/SIG|RED|<think/)
    }
  })
})

describe('H100: signatures of Gemini 3', () => {
  const signed = {
    candidates: [
      {
        content: {
          role: 'model',
          parts: [{ functionCall: { name: 'f', args: {} }, thoughtSignature: 'GSIG' }, { functionCall: { name: 'f', args: { a: 1 } } }],
        },
        finishReason: 'STOP',
      },
    ],
  }
  const declared: Readonly<Record<Door, object>> = {
    chat: { tools: [TOOL] },
    responses: { tools: [{ type: 'function', name: 'f' }] },
    messages: { tools: [{ name: 'f', input_schema: { type: 'object' } }] },
    gemini: {},
  }
  const back: Readonly<Partial<Record<Door, (json: Loose) => object>>> = {
    chat: ({ choices }) => ({
      messages: [
        { role: 'user', content: 'hi' },
        choices[0].message,
        ...choices[0].message.tool_calls.map(({ id }: Loose) => ({ role: 'tool', tool_call_id: id, content: 'r' })),
      ],
    }),
    responses: ({ output }) => ({
      input: [
        { role: 'user', content: 'hi' },
        ...output,
        ...output
          .filter((item: Loose) => item.type === 'function_call')
          .map(({ call_id }: Loose) => ({ type: 'function_call_output', call_id, output: 'r' })),
      ],
    }),
    messages: ({ content }) => ({
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content },
        {
          role: 'user',
          content: content
            .filter((block: Loose) => block.type === 'tool_use')
            .map(({ id }: Loose) => ({ type: 'tool_result', tool_use_id: id, content: 'r' })),
        },
      ],
    }),
  }
  for (const door of ['chat', 'responses', 'messages'] as const) {
    test(`${door} brings them back with their calls`, async () => {
      house.upstream.answer({ body: signed })
      const { json } = await house.ask(door, 'gemini-3-pro-preview', { body: declared[door] })
      await house.ask(door, 'gemini-3-pro-preview', { body: { ...declared[door], ...back[door]?.(json) } })
      const calls = sent()
        .contents.flatMap((content: Loose) => content.parts)
        .filter((part: Loose) => part.functionCall !== undefined)
      expect(calls.map((part: Loose) => part.thoughtSignature)).toEqual(['GSIG', undefined])
      expect(
        sent()
          .contents.at(-1)
          .parts.filter((part: Loose) => part.functionResponse !== undefined),
      ).toHaveLength(2)
    })
  }

  test('what another model called gets the documented placeholder, and only from 3 on', async () => {
    house.upstream.answer({ body: signed })
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'r' },
    ]
    await house.ask('chat', 'gemini-3-pro-preview', { body: { tools: [TOOL], messages } })
    expect(sent().contents[1].parts[0].thoughtSignature).toBe('skip_thought_signature_validator')
    await house.ask('chat', 'gemini-2.5-flash', { body: { tools: [TOOL], messages } })
    expect(sent().contents[1].parts[0].thoughtSignature).toBeUndefined()
  })
})

test('H103: a signature comes behind the text that it signs, however the bytes were cut', async () => {
  const named = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  const whole = [
    named('message_start', { message: { ...thinkingAnswer, content: [], stop_reason: null } }),
    named('content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '' } }),
    named('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } }),
    named('content_block_delta', { index: 0, delta: { type: 'signature_delta', signature: 'S'.repeat(40_000) } }),
    named('content_block_stop', { index: 0 }),
    named('content_block_start', { index: 1, content_block: { type: 'text', text: '' } }),
    named('content_block_delta', { index: 1, delta: { type: 'text_delta', text: 'ok' } }),
    named('content_block_stop', { index: 1 }),
    named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }),
    named('message_stop', {}),
  ].join('')
  const pieces = whole.match(/[\s\S]{1,9000}/g)?.flatMap((piece) => [piece, 5]) ?? []
  for (const door of DOORS) {
    house.upstream.answer({ pieces })
    const body = door === 'gemini' ? { generationConfig: { thinkingConfig: { includeThoughts: true } } } : {}
    const reply = await house.ask(door, 'claude-sonnet-4-5', { stream: true, body })
    expect(wordsOf(door, reply)).toBe('ok')
    // Gemini's signatures are bytes: there ours is base64 of the packed one.
    const signature = door === 'gemini' ? 'U1NT'.repeat(10_000) : 'S'.repeat(40_000)
    expect(reply.text.indexOf(signature)).toBeGreaterThan(reply.text.indexOf('hm'))
  }
})

describe('vendors of the Chat wire', () => {
  const tools = [{ name: 'f', input_schema: { type: 'object' } }]

  test('H104, H105: DeepSeek wants its reasoning back with calls, its first generation does not', async () => {
    house.upstream.answer({ body: chat.body('ok') })
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'r' },
    ]
    await house.ask('chat', 'deepseek-v4-pro', { body: { messages, tools: [TOOL] } })
    expect(sent().messages[1].reasoning_content).toBe('')
    await house.ask('chat', 'deepseek-r1', {
      body: { messages: [messages[0], { ...messages[1], reasoning_content: 'hm' }, messages[2]], tools: [TOOL] },
    })
    expect(sent().messages[1].reasoning_content).toBeUndefined()
  })

  test('H106: every name of the field is read, and the same text under two names once', async () => {
    for (const delta of [
      { reasoning: 'hm' },
      { reasoning_content: 'hm' },
      { reasoning: 'hm', reasoning_content: 'hm' },
      { reasoning_details: [{ type: 'reasoning.text', text: 'hm' }], reasoning: 'hm' },
    ]) {
      house.upstream.answer({
        pieces: [`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`, chat.text('ok'), chat.finish('stop'), chat.done],
      })
      const { text } = await house.ask('messages', 'c', { stream: true })
      const thought = payloads(text)
        .map((frame) => frame.delta?.thinking ?? '')
        .join('')
      expect(thought).toBe('hm')
    }
  })

  test('H107: tags at the start of an answer, cut anywhere, are reasoning; elsewhere they are text', async () => {
    const tagged = (content: string): string =>
      `data: ${JSON.stringify({ model: 'deepseek-ai/DeepSeek-R1', choices: [{ index: 0, delta: { content } }] })}\n\n`
    house.upstream.answer({ pieces: [...'<think>hm</think>\n\nthe <think> tag'].map(tagged).concat(chat.finish('stop'), chat.done) })
    const reply = await house.ask('messages', 'deepseek-ai/DeepSeek-R1', { stream: true })
    expect(wordsOf('messages', reply)).toBe('the <think> tag')
    expect(
      payloads(reply.text)
        .map((frame) => frame.delta?.thinking ?? '')
        .join(''),
    ).toBe('hm')
    house.upstream.answer({ body: chat.body('<think>no</think> such') })
    expect(wordsOf('messages', await house.ask('messages', 'c'))).toBe('<think>no</think> such')
  })

  test('H116: OpenRouter’s details go back with the calls that they came with', async () => {
    const details = [{ type: 'reasoning.text', text: 'hm', signature: 'S', index: 0 }]
    const message = {
      role: 'assistant',
      content: null,
      reasoning_details: details,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    }
    house.upstream.answer({ body: { choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage: {} } })
    const first = await house.ask('messages', 'anthropic/claude-sonnet-4.5', { body: { tools } })
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: first.json.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'r' }] },
    ]
    await house.ask('messages', 'anthropic/claude-sonnet-4.5', { body: { tools, messages } })
    expect(sent().messages[1]).toMatchObject({ reasoning_details: details, tool_calls: [{ id: 'call_1' }] })
  })
})

test('H69: JSON that a host put into the reasoning is the answer', async () => {
  house.upstream.answer({
    body: {
      choices: [{ index: 0, message: { role: 'assistant', content: '', reasoning_content: '{"a":1}' }, finish_reason: 'stop' }],
      usage: {},
    },
  })
  const { json } = await house.ask('responses', 'c', { body: { text: { format: { type: 'json_object' } } } })
  expect(json.output.at(-1).content[0].text).toBe('{"a":1}')
})
