import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Message } from '../../../core/chat.ts'
import type { Warning } from '../../../core/warning.ts'
import { openaiChat } from './index.ts'
import { withPlainTools } from './quirks.ts'
import { encodeRequest } from './request-encode.ts'
import { bodyOf, contextOf, HELLO, http, reencoded, refusalOf } from './test-kit.ts'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const WEATHER = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }
const neutral = (messages: Message[], parts: Partial<ChatRequest> = {}): ChatRequest => ({
  ...{ model: 'm', messages, tools: [], stream: false, choices: 1, extensions: {} },
  ...parts,
})
const encoded = (request: ChatRequest, model = 'gpt-4o-mini') => encodeRequest(contextOf(request, { upstreamModel: model })).body
const messagesOf = (messages: Message[]) => encoded(neutral(messages))['messages'] as never[]

describe('identity: a canonical body comes back as it was', () => {
  const cases: Record<string, object> = {
    sampling: {
      temperature: 0,
      top_p: 0.5,
      frequency_penalty: -1,
      presence_penalty: 1,
      seed: 5,
      stop: ['a', 'b'],
      logit_bias: { '5': -100 },
    },
    limits: { max_completion_tokens: 100, n: 3, logprobs: true, top_logprobs: 4 },
    account: { user: 'u1', metadata: { a: 'b' }, prompt_cache_key: 'k', service_tier: 'flex', store: true, safety_identifier: 's' },
    carried: { prediction: { type: 'content', content: 'x' }, prompt_cache_options: { mode: 'explicit' }, nobody_knows: [1, { a: null }] },
    output: { reasoning_effort: 'xhigh', verbosity: 'low', modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
    schema: { response_format: { type: 'json_schema', json_schema: { name: 'p', schema: { type: 'object' }, strict: true } } },
    json: { response_format: { type: 'json_object' } },
    search: { web_search_options: { search_context_size: 'low' } },
    tools: {
      tools: [{ type: 'function', function: { ...WEATHER.function, description: 'd', strict: false } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
    },
    named: { tools: [WEATHER], tool_choice: { type: 'function', function: { name: 'get_weather' } } },
    allowed: {
      tools: [WEATHER],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_weather' } }] },
      },
    },
    custom: {
      tools: [{ type: 'custom', custom: { name: 'patch', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } } }],
      tool_choice: { type: 'custom', custom: { name: 'patch' } },
      messages: [
        HELLO,
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'patch', input: 'free' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'ok' },
      ],
    },
    roles: {
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'system', name: 'boss', content: 'Now.' },
        { role: 'user', name: 'ann', content: 'Hi' },
        { role: 'assistant', content: 'Yes' },
        { role: 'system', content: 'Late instruction.' },
        { role: 'user', content: 'Go' },
      ],
    },
    parts: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'original' } },
            { type: 'image_url', image_url: { url: 'https://example.com/x.png' } },
            { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
            { type: 'file', file: { file_id: 'file-1' } },
            { type: 'who_knows', payload: 1 },
          ],
        },
      ],
    },
    turns: {
      tools: [WEATHER],
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: 'Looking.',
          reasoning_content: 'Hm.',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"id":12345678901234567890}' } },
            {
              id: 'call_2',
              type: 'function',
              function: { name: 'get_weather', arguments: '{}' },
              extra_content: { google: { thought_signature: 'c2ln' } },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '18' },
        {
          role: 'tool',
          tool_call_id: 'call_2',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: '', refusal: 'No.' },
        { role: 'user', content: 'Go on' },
        { role: 'assistant', content: null, audio: { id: 'audio_1' } },
        { role: 'user', content: 'Thanks' },
      ],
    },
    stream: { stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
  }
  for (const [name, parts] of Object.entries(cases)) {
    test(name, () => expect(reencoded(parts)).toEqual(JSON.parse(JSON.stringify(bodyOf(parts)))))
  }

  test('numbers of any length stay exact', () => {
    const body = '{"model":"m","messages":[{"role":"user","content":"x"}],"seed":12345678901234567890,"odd":{"n":0.12345678901234567891}}'
    const request = openaiChat.decodeRequest(http(body), () => {})
    const text = JSON.stringify(encodeRequest(contextOf(request)).body)
    expect(text).toContain('"seed":12345678901234567890')
    expect(text).toContain('"n":0.12345678901234567891')
  })
})

describe('encoding for an upstream', () => {
  test('every result is a tool message behind its call; images, orphans and gaps are told', () => {
    const call = (id: string) => ({ type: 'tool-call' as const, id, name: 'f', arguments: '{}', kind: 'function' as const })
    const out = messagesOf([
      { role: 'assistant', content: [call('a'), call('b')] },
      { role: 'system', content: [{ type: 'text', text: 'in between' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'and text' },
          {
            type: 'tool-result',
            callId: 'a',
            isError: true,
            content: [
              { type: 'text', text: 'bad' },
              { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PIXEL } },
            ],
          },
          { type: 'tool-result', callId: 'zz', isError: false, content: [{ type: 'text', text: 'lost' }] },
        ],
      },
    ])
    expect(out).toMatchObject([
      { role: 'assistant', content: null },
      { role: 'tool', tool_call_id: 'a', content: [{ text: 'Error: bad' }, { text: expect.stringContaining('next user message') }] },
      { role: 'tool', tool_call_id: 'b', content: expect.stringContaining('not answered') },
      { role: 'user', content: [{ text: 'Result of tool call a:' }, { type: 'image_url' }] },
      { role: 'system', content: 'in between' },
      { role: 'user', content: [{ text: 'and text' }, { text: 'Result of tool call zz:' }, { text: 'lost' }] },
    ])
  })

  test('ids and names fit the alphabet, and names come back', () => {
    const name = 'mcp.server/do it'
    const request = neutral(
      [
        { role: 'assistant', content: [{ type: 'tool-call', id: `Write:6${'x'.repeat(80)}`, name, arguments: '{}', kind: 'function' }] },
        { role: 'user', content: [{ type: 'tool-result', callId: `Write:6${'x'.repeat(80)}`, isError: false, content: [] }] },
      ],
      {
        tools: [
          { type: 'function', name },
          { type: 'function', name: 'mcp_server_do_it' },
        ],
        toolChoice: { type: 'tool', name },
      },
    )
    const body = encoded(request) as {
      tools: { function: { name: string; parameters: object } }[]
      messages: { tool_calls: { id: string }[]; tool_call_id: string }[]
    }
    const wireName = body.tools[0]?.function.name as string
    expect(wireName).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(wireName).not.toBe('mcp_server_do_it')
    expect(body.tools[0]?.function.parameters).toEqual({ type: 'object', properties: {} })
    expect(body.messages[0]?.tool_calls[0]?.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(body.messages[1]?.tool_call_id).toBe(body.messages[0]?.tool_calls[0]?.id as string)
    const answer = openaiChat.decodeResponse(
      { choices: [{ message: { tool_calls: [{ id: 'c', function: { name: wireName, arguments: '{}' } }] }, finish_reason: 'stop' }] },
      contextOf(request),
    )
    expect(answer.choices[0]?.content[0]).toMatchObject({ type: 'tool-call', name })
    expect(answer.choices[0]?.finish.reason).toBe('tool-calls')
  })

  test('foreign signatures stay home, own ones return, text is written', () => {
    const warnings: Warning[] = []
    const request = neutral([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'a', signature: { format: 'anthropic-messages', value: 's' } },
          { type: 'reasoning', text: 'b', signature: { format: 'openai-chat', value: 't' } },
          { type: 'text', text: 'x' },
        ],
      },
    ])
    const { body } = encodeRequest(contextOf(request, { note: (w) => void warnings.push(w) }))
    expect(body['messages']).toEqual([
      {
        role: 'assistant',
        content: 'x',
        reasoning_content: 'ab',
        reasoning_details: [{ type: 'reasoning.text', text: 'b', signature: 't', index: 0 }],
      },
    ])
    expect(warnings).toMatchObject([{ kind: 'dropped', reason: expect.stringContaining('signature') }])
  })

  test('budgets become efforts', () => {
    const effort = (reasoning: NonNullable<ChatRequest['reasoning']>) => encoded(neutral([], { reasoning }))['reasoning_effort']
    expect([0, 1024, 4000, 10_000, 50_000].map((budgetTokens) => effort({ budgetTokens }))).toEqual([
      'none',
      'low',
      'medium',
      'high',
      'xhigh',
    ])
    expect(effort({ budgetTokens: -1 })).toBeUndefined()
    expect(effort({ adaptive: true })).toBeUndefined()
  })

  test('a stream always asks for its usage, a unary call never has the options', () => {
    expect(encoded(neutral([], { stream: true }))).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(encoded(neutral([]))).not.toHaveProperty('stream_options')
  })

  test('content of another format is refused by name, cache hints go only where they are understood', () => {
    const user = (content: Message['content']): Message[] => [{ role: 'user', content }]
    const opaque = refusalOf(() => messagesOf(user([{ type: 'opaque', format: 'anthropic-messages', wire: { type: 'container_upload' } }])))
    expect([opaque.code, opaque.message]).toEqual(['unsupported_content', expect.stringContaining('container_upload')])
    expect(
      refusalOf(() => messagesOf(user([{ type: 'file', source: { kind: 'file-id', format: 'anthropic-messages', id: 'f' } }]))).code,
    ).toBe('unsupported_content')
    const cached = neutral(user([{ type: 'text', text: 'x', cache: { ttl: '1h' } }]))
    expect(encoded(cached)['messages']).toEqual([{ role: 'user', content: 'x' }])
    expect(encoded(cached, 'anthropic/claude-sonnet-4.5')['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    ])
  })

  test('what the format has no place for is told', () => {
    const warnings: Warning[] = []
    const request = neutral([{ role: 'user', content: [{ type: 'text', text: 'x' }] }], {
      topK: 5,
      tools: [{ type: 'server', kind: 'web-search', format: 'anthropic-messages', wire: { type: 'web_search_20250305' } }],
      endUser: 'u'.repeat(150),
    })
    const { body } = encodeRequest(contextOf(request, { note: (w) => void warnings.push(w) }))
    expect(warnings.map(({ field }) => field).sort()).toEqual(['tools.web_search_20250305', 'top_k'])
    expect(body).not.toHaveProperty('tools')
    expect((body['user'] as string).length).toBe(64)
  })

  test('custom tools become functions of one text for hosts without them', () => {
    const body = withPlainTools(
      reencoded({
        tools: [{ type: 'custom', name: 'patch', description: 'd', format: { type: 'grammar', syntax: 'lark', definition: 'G' } }],
        tool_choice: { type: 'custom', name: 'patch' },
        messages: [
          HELLO,
          { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'patch', input: 'a"b' } }] },
          { role: 'tool', tool_call_id: 'c', content: 'ok' },
        ],
      }),
    )
    expect(body).toMatchObject({
      tools: [
        { type: 'function', function: { name: 'patch', description: expect.stringContaining('G'), parameters: { required: ['input'] } } },
      ],
      tool_choice: { type: 'function', function: { name: 'patch' } },
      messages: [{}, { tool_calls: [{ id: 'c', type: 'function', function: { name: 'patch', arguments: '{"input":"a\\"b"}' } }] }, {}],
    })
  })
})
