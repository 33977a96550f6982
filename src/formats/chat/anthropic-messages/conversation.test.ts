import { describe, expect, test } from 'bun:test'
import type { Message } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Warning } from '../../../core/warning.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { anthropicMessages } from './index.ts'
import { call, context, encode, fn, request, result, user } from './test-kit.ts'

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
    const [first, second] = (wire[1]?.['content'] ?? []) as JsonObject[]
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
    expect(
      encode({ tools: [{ type: 'server', kind: 'other', format: 'openai-responses', wire: { type: 'local_shell' } }] }),
    ).not.toHaveProperty('tools')
  })
})
