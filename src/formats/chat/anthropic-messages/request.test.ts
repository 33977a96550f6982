import { describe, expect, test } from 'bun:test'
import type { Message } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { packSignature } from '../../../core/signature.ts'
import type { Warning } from '../../../core/warning.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { anthropicMessages, countTokensBody } from './index.ts'
import { context, decode, encode, fixtureJson, httpOf, request } from './kit.test-support.ts'

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
const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })
const call = (id: string, name = 'f', args = '{}') => ({ type: 'tool-call' as const, id, name, arguments: args, kind: 'function' as const })
const result = (callId: string, text: string): Message => ({
  role: 'user',
  content: [{ type: 'tool-result', callId, content: [{ type: 'text', text }], isError: false }],
})
const fn = (name: string, more: object = {}) => ({ type: 'function' as const, name, ...more })

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

describe('the conversation', () => {
  test('leading system text goes to the top, later text is placed or marked', () => {
    const system = (text: string): Message => ({ role: 'system', content: [{ type: 'text', text }] })
    const messages = [system('a'), user('hi'), system('later')]
    expect(encode({ messages }, 'claude-opus-4-8')).toMatchObject({
      system: 'a',
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'later' },
      ],
    })
    expect(encode({ messages }, 'claude-sonnet-4-5')['messages']).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'user', content: '<system-message>\nlater\n</system-message>' },
    ])
    expect(encode({ messages: [system('only')] })).toMatchObject({ messages: [{ role: 'user', content: 'only' }] })
    expect(encode({ messages: [system('a'), system('b'), user('x')] })['system']).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
  })

  test('results stand behind their calls, in one turn, before other text', () => {
    const messages: Message[] = [
      user('go'),
      { role: 'assistant', content: [call('c.1')] },
      { role: 'assistant', content: [call('c2')] },
      user('between'),
      result('c2', 'two'),
      result('c.1', 'old'),
      result('c.1', 'new'),
      result('gone', 'lost'),
    ]
    const wire = encode({ messages })['messages'] as JsonObject[]
    expect(wire.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'user'])
    const [first, second] = wire[1]?.['content'] as JsonObject[]
    expect(second?.['id']).toBe('c2')
    expect(first?.['id']).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(wire[2]?.['content']).toEqual([
      { type: 'tool_result', tool_use_id: first?.['id'] as string, content: 'new' },
      { type: 'tool_result', tool_use_id: 'c2', content: 'two' },
      { type: 'text', text: 'between' },
    ])
    expect(JSON.stringify(wire[3])).toContain('lost')
  })

  test('a call without a result is answered with an error', () => {
    const wire = encode({ messages: [user('go'), { role: 'assistant', content: [call('a')] }, user('never mind')] })[
      'messages'
    ] as JsonObject[]
    expect(wire[2]?.['content']).toMatchObject([
      { type: 'tool_result', tool_use_id: 'a', is_error: true },
      { type: 'text', text: 'never mind' },
    ])
  })

  test('arguments that are no object are kept under a key', () => {
    const wire = encode({
      messages: [user('x'), { role: 'assistant', content: [call('a', 'f', '{"x": '), call('b', 'f', '[1]'), call('c', 'f', '')] }],
    })
    const blocks = (wire['messages'] as JsonObject[])[1]?.['content'] as JsonObject[]
    expect(blocks.map(({ input }) => input)).toEqual([{ _raw: '{"x": ' }, { _raw: '[1]' }, {}])
  })

  test('empty text is dropped, empty turns too, an assistant turn may be empty', () => {
    const messages: Message[] = [
      user('a'),
      { role: 'assistant', content: [{ type: 'text', text: '' }] },
      user('  '),
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'b' },
        ],
      },
    ]
    expect(encode({ messages })['messages']).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [] },
      { role: 'user', content: 'b' },
    ])
    expect(() => encode({ messages: [user('')] })).toThrow(GatewayError)
  })

  test('only thinking that this format signed goes back', () => {
    const warnings: Warning[] = []
    const content = [
      { type: 'reasoning' as const, text: 'mine ', signature: { format: 'anthropic-messages', value: 's' } },
      { type: 'text' as const, text: '' },
      { type: 'reasoning' as const, text: '', redacted: { format: 'anthropic-messages', value: 'r' } },
      { type: 'reasoning' as const, text: 'foreign', signature: { format: 'openai-responses', value: 'x' } },
      { type: 'reasoning' as const, text: 'unsigned' },
      { type: 'text' as const, text: 'answer' },
    ]
    const wire = encode({ messages: [user('x'), { role: 'assistant', content }, user('y')] }, 'claude-sonnet-4-5', warnings)
    expect((wire['messages'] as JsonObject[])[1]?.['content']).toEqual([
      { type: 'thinking', thinking: 'mine ', signature: 's' },
      { type: 'text', text: '' },
      { type: 'redacted_thinking', data: 'r' },
      { type: 'text', text: 'answer' },
    ])
    expect(warnings.filter(({ kind }) => kind === 'dropped')).toHaveLength(1)
  })

  test('media: sources by kind, wrong labels mended, what cannot be taken named', () => {
    const one = (block: Message['content'][number]) =>
      (encode({ messages: [{ role: 'user', content: [block] }] })['messages'] as JsonObject[])[0]?.['content']
    const base64 = (mediaType: string, data: string) => ({ kind: 'base64' as const, mediaType, data })
    expect(one({ type: 'image', source: base64('image/png', '/9j/4AAQ') })).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/4AAQ' } },
    ])
    expect(one({ type: 'file', source: base64('application/pdf', 'JVBERi0='), name: 'a.pdf' })).toEqual([
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
    ])
    expect(one({ type: 'file', source: base64('text/csv', btoa('a,b')) })).toEqual([
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
    ])
    for (const block of [
      { type: 'audio' as const, source: base64('audio/wav', 'UklGR') },
      { type: 'image' as const, source: base64('image/svg+xml', 'PHN2Zz4=') },
      { type: 'file' as const, source: base64('video/mp4', 'AAAA') },
      { type: 'image' as const, source: { kind: 'file-id' as const, format: 'openai-chat', id: 'file-1' } },
    ]) {
      expect(() => one(block)).toThrow(expect.objectContaining({ code: 'unsupported_content' }))
    }
  })

  test('at most four breakpoints, the earliest of the messages go', () => {
    const marked = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text, cache: {} }] })
    const wire = encode({
      messages: [{ role: 'system', content: [{ type: 'text', text: 's', cache: {} }] }, marked('1'), marked('2'), marked('3'), marked('4')],
    })
    expect(JSON.stringify(wire).match(/cache_control/g)).toHaveLength(4)
    expect((wire['messages'] as JsonObject[])[0]).toEqual({ role: 'user', content: [{ type: 'text', text: '1' }] })
  })
})

describe('tools', () => {
  test('names outside the alphabet are mapped both ways', () => {
    const chat = request({ tools: [fn('a.b/c'), fn('a_b_c'), fn('x'.repeat(80))] })
    const ctx = context(chat)
    const tools = anthropicMessages.encodeRequest(ctx).body['tools'] as JsonObject[]
    const names = tools.map(({ name }) => name as string)
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(new Set(names).size).toBe(3)
    const answer = anthropicMessages.decodeResponse(
      { content: names.map((name, i) => ({ type: 'tool_use', id: `t${i}`, name, input: {} })) },
      ctx,
    )
    expect(answer.choices[0]?.content.map((block) => block.type === 'tool-call' && block.name)).toEqual(['a.b/c', 'a_b_c', 'x'.repeat(80)])
  })

  test.each([
    [{ type: 'auto' }, undefined, { type: 'auto' }],
    [{ type: 'none' }, false, { type: 'none' }],
    [{ type: 'required' }, undefined, { type: 'any' }],
    [{ type: 'tool', name: 'a' }, false, { type: 'tool', name: 'a', disable_parallel_tool_use: true }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    [undefined, true, undefined],
  ] as const)('choice %j with parallel %j', (toolChoice, parallelToolCalls, expected) => {
    const wire = encode({
      tools: [fn('a')],
      ...(toolChoice && { toolChoice }),
      ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    })
    expect(wire['tool_choice']).toEqual(expected as JsonObject)
  })

  test('no tools, no choice; allowed narrows the list', () => {
    expect(Object.keys(encode({ toolChoice: { type: 'required' }, parallelToolCalls: false }))).not.toContain('tool_choice')
    const wire = encode({ tools: [fn('a'), fn('b')], toolChoice: { type: 'allowed', names: ['b'], required: true } })
    expect(wire).toMatchObject({ tools: [{ name: 'b' }], tool_choice: { type: 'any' } })
  })

  test('free-text tools take one string and give it back', () => {
    const chat = request({
      tools: [{ type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' } }],
    })
    const ctx = context(chat)
    expect(anthropicMessages.encodeRequest(ctx).body['tools']).toMatchObject([{ name: 'patch', input_schema: { required: ['input'] } }])
    const answer = anthropicMessages.decodeResponse(
      { content: [{ type: 'tool_use', id: 't', name: 'patch', input: { input: 'a\nb' } }] },
      ctx,
    )
    expect(answer.choices[0]?.content[0]).toMatchObject({ kind: 'custom', arguments: 'a\nb' })
  })

  test('foreign server tools', () => {
    const search = { type: 'web_search', filters: { allowed_domains: ['a.b'] }, user_location: { type: 'approximate', city: 'Bonn' } }
    const wire = encode({
      tools: [
        { type: 'server', kind: 'web-search', format: 'openai-responses', wire: search },
        { type: 'server', kind: 'web-fetch', format: 'gemini-generate-content', wire: { urlContext: {} } },
      ],
      extensions: { 'openai-responses': { max_tool_calls: 3 } },
    })
    expect(wire['tools']).toEqual([
      {
        type: 'web_search_20250305',
        name: 'web_search',
        max_uses: 3,
        allowed_domains: ['a.b'],
        user_location: { type: 'approximate', city: 'Bonn' },
      },
      { type: 'web_fetch_20250910', name: 'web_fetch' },
    ])
    expect(() => encode({ tools: [{ type: 'server', kind: 'other', format: 'openai-responses', wire: { type: 'local_shell' } }] })).toThrow(
      /local_shell/,
    )
  })
})

describe('settings by model', () => {
  test.each([
    ['claude-3-5-haiku-20241022', { max_tokens: 8192 }, ['thinking', 'output_config']],
    ['claude-sonnet-4-5', { max_tokens: 64_000, thinking: { type: 'enabled', budget_tokens: 16_384 } }, ['output_config']],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', { thinking: { type: 'enabled', budget_tokens: 16_384 } }, []],
    ['claude-opus-4-6', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    ['anthropic/claude-opus-4.8', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    ['claude-fable-5-2', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    ['some-other-model', { max_tokens: 8192, thinking: { type: 'enabled' } }, ['output_config']],
  ] as [string, JsonObject, string[]][])('high effort on %s', (model, expected, absent) => {
    const wire = encode({ reasoning: { effort: 'high' } }, model)
    expect(wire).toMatchObject(expected)
    for (const key of absent) expect(wire).not.toHaveProperty(key)
  })

  test('budget and limit: the budget stays below, the limit is raised only where nothing else helps', () => {
    const at = (maxOutputTokens: number) => encode({ reasoning: { effort: 'high' }, maxOutputTokens })
    expect(at(20_000)).toMatchObject({ max_tokens: 20_000, thinking: { budget_tokens: 16_384 } })
    expect(at(4000)).toMatchObject({ max_tokens: 4000, thinking: { budget_tokens: 3200 } })
    expect(at(500)).toMatchObject({ max_tokens: 1524, thinking: { budget_tokens: 1024 } })
    expect(at(1)).toMatchObject({ max_tokens: 1 })
    expect(at(1)).not.toHaveProperty('thinking')
  })

  test('off, always on, budgets where there are none, effort alone', () => {
    expect(encode({ reasoning: { effort: 'none' } })).toMatchObject({ thinking: { type: 'disabled' } })
    expect(encode({ reasoning: { effort: 'none' } }, 'claude-fable-5')).toMatchObject({ output_config: { effort: 'low' } })
    expect(encode({ reasoning: { budgetTokens: 9000, display: 'summarized' } }, 'claude-opus-4-7')).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high' },
    })
    const own = decode({ ...minimal, output_config: { effort: 'low' } })
    const { body } = anthropicMessages.encodeRequest(context(own, 'claude-opus-4-8'))
    expect(body).toMatchObject({ output_config: { effort: 'low' } })
    expect(body).not.toHaveProperty('thinking')
  })

  test('a demanded call and an unsigned tool loop exclude thinking with a budget', () => {
    const forced = { tools: [fn('a')], toolChoice: { type: 'required' as const }, reasoning: { budgetTokens: 2000 } }
    expect(encode(forced)).not.toHaveProperty('thinking')
    expect(encode(forced, 'claude-sonnet-4-6')).toMatchObject({ thinking: { type: 'adaptive' } })
    const loop = {
      messages: [user('x'), { role: 'assistant' as const, content: [call('a')] }, result('a', 'r')],
      reasoning: { effort: 'low' as const },
    }
    expect(encode(loop)).not.toHaveProperty('thinking')
  })

  test('sampling', () => {
    const warnings: Warning[] = []
    expect(encode({ temperature: 1.7, topP: 0.5, topK: 3 }, 'claude-sonnet-4-5', warnings)).toMatchObject({ temperature: 1, top_k: 3 })
    expect(warnings.map(({ field }) => field)).toEqual(['temperature', 'top_p'])
    expect(encode({ temperature: 0.2, topP: 0.5 }, 'claude-3-5-sonnet-latest')).toMatchObject({ temperature: 0.2, top_p: 0.5 })
    expect(encode({ temperature: 0.2 }, 'claude-opus-4-8')).not.toHaveProperty('temperature')
    expect(encode({ temperature: 0.2, reasoning: { effort: 'low' } })).not.toHaveProperty('temperature')
  })

  test('structured output: native where there is one, else a call shown as text', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } }
    const responseFormat = { type: 'json-schema' as const, schema }
    expect(encode({ responseFormat })['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: { type: 'object', properties: { n: { type: 'integer', description: '{minimum: 1}' } }, additionalProperties: false },
      },
    })
    const old = context(request({ responseFormat }), 'claude-3-7-sonnet-latest')
    expect(anthropicMessages.encodeRequest(old).body).toMatchObject({
      tools: [{ name: 'json_output' }],
      tool_choice: { type: 'tool', name: 'json_output' },
    })
    const answer = anthropicMessages.decodeResponse(
      { content: [{ type: 'tool_use', id: 't', name: 'json_output', input: { n: 2 } }], stop_reason: 'tool_use' },
      old,
    )
    expect(answer.choices[0]).toMatchObject({ content: [{ type: 'text', text: '{"n":2}' }], finish: { reason: 'stop' } })
    expect(encode({ responseFormat: { type: 'json' }, tools: [fn('a')] })).toMatchObject({ tool_choice: { type: 'any' } })
    const list = context(request({ responseFormat: { type: 'json-schema', schema: { type: 'array' } } }), 'claude-3-haiku-20240307')
    const wrapped = anthropicMessages.decodeResponse(
      { content: [{ type: 'tool_use', id: 't', name: 'json_output', input: { value: [1] } }] },
      list,
    )
    expect(wrapped.choices[0]?.content).toEqual([{ type: 'text', text: '[1]' }])
  })

  test('the rest: stops, customer, tier, what is dropped and what is refused', () => {
    const warnings: Warning[] = []
    const wire = encode(
      { stopSequences: ['END', '\n'], endUser: 'u', serviceTier: 'flex', seed: 1, frequencyPenalty: 0.5, verbosity: 'low' },
      undefined,
      warnings,
    )
    expect(wire).toMatchObject({ stop_sequences: ['END'], metadata: { user_id: 'u' } })
    expect(warnings.map(({ field }) => field).sort()).toEqual(['frequency_penalty', 'seed', 'service_tier', 'stop', 'verbosity'])
    expect(() => encode({ logprobs: { top: 2 } })).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }))
    expect(Object.keys(countTokensBody(wire)).sort()).toEqual(['messages', 'model'])
  })
})
