import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Message } from '../../../core/chat.ts'
import type { Warning } from '../../../core/warning.ts'
import { splice } from '../../../lib/json-splice.ts'
import { openaiChat } from './index.ts'
import { encodeRequest } from './request-encode.ts'
import { bodyOf, contextOf, decoded, HELLO, http, reencoded, refusalOf } from './test-kit.ts'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const WEATHER = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }
const neutral = (messages: Message[], parts: Partial<ChatRequest> = {}): ChatRequest => ({
  ...{ model: 'm', messages, tools: [], stream: false, choices: 1, extensions: {} },
  ...parts,
})
const encoded = (request: ChatRequest, model = 'gpt-4o-mini') => encodeRequest(contextOf(request, { upstreamModel: model })).body
const _messagesOf = (messages: Message[]) => encoded(neutral(messages))['messages'] as never[]

describe('what a client gets wrong is a 400 that names the field', () => {
  const cases: [parts: object, field: string][] = [
    [{ model: undefined }, 'model'],
    [{ model: 5 }, 'model'],
    [{ model: '' }, 'model'],
    [{ messages: undefined }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [7] }, 'messages[0]'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'narrator', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }, 'messages[0].content[0].image_url.url'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'nonsense' }] }] }, 'messages[0].content[0].image_url'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ messages: [{ role: 'assistant', tool_calls: {} }] }, 'messages[0].tool_calls'],
    [{ messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] }, 'messages[0].tool_calls[0].function.name'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: 1 }, 'stream_options'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ top_p: {} }, 'top_p'],
    [{ n: 0 }, 'n'],
    [{ n: 9 }, 'n'],
    [{ n: 1.5 }, 'n'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: '10' }, 'max_tokens'],
    [{ max_completion_tokens: 1.5 }, 'max_completion_tokens'],
    [{ stop: 5 }, 'stop'],
    [{ stop: ['a', 5] }, 'stop[1]'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ tools: {} }, 'tools'],
    [{ tools: [1] }, 'tools[0]'],
    [{ tools: [{}] }, 'tools[0].type'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tools: [{ type: 'function', function: { name: 'a', parameters: 'x' } }] }, 'tools[0].function.parameters'],
    [{ tools: [WEATHER], tool_choice: 'sometimes' }, 'tool_choice'],
    [{ tools: [WEATHER], tool_choice: { type: 'function', function: { name: 'other' } } }, 'tool_choice'],
    [{ tools: [WEATHER], tool_choice: 5 }, 'tool_choice'],
    [{ functions: [{ description: 'x' }] }, 'functions[0].name'],
    [{ response_format: 'json' }, 'response_format'],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [{ logprobs: 1 }, 'logprobs'],
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
    [{ reasoning_effort: 3 }, 'reasoning_effort'],
    [{ metadata: [] }, 'metadata'],
    [{ user: 5 }, 'user'],
    [{ seed: 'x' }, 'seed'],
    [{ logit_bias: [] }, 'logit_bias'],
    [{ modalities: ['text', 1] }, 'modalities[1]'],
  ]
  for (const [parts, field] of cases) {
    test(JSON.stringify(parts), () => {
      const error = refusalOf(() => decoded(parts))
      expect(error.status).toBe(400)
      expect(error.details.field).toBe(field)
      expect(openaiChat.encodeError(error, '').body).toMatchObject({ error: { param: field, type: 'invalid_request_error' } })
    })
  }
})

describe('decoding', () => {
  test('peek tells admission what it needs', () => {
    const peeked = openaiChat.peek(
      http(
        bodyOf({
          model: 'models/x[1m]',
          stream: true,
          n: 2,
          max_tokens: 5,
          max_completion_tokens: 7,
          tools: [WEATHER, { type: 'web_search' }],
        }),
      ),
    )
    expect(peeked).toEqual({
      ...{
        model: 'x',
        stream: true,
        maxOutputTokens: 7,
        choices: 2,
        hasTools: true,
        framing: 'sse',
        serverTools: ['web-search'],
        hidesUsage: true,
      },
    })
    expect(openaiChat.peek(http(bodyOf({ stream: true, stream_options: { include_usage: true } }))).hidesUsage).toBeUndefined()
    expect(openaiChat.peek(http({ messages: [HELLO] }, '/openai/deployments/gpt/chat/completions')).model).toBe('gpt')
    expect(refusalOf(() => openaiChat.peek(http({ model: 'm' }))).details.field).toBe('messages')
  })

  test('neighbouring tool messages are one turn, images in them are kept', () => {
    const { messages } = decoded({
      messages: [
        { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '' } }] },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'image_url', image_url: `data:image/jpeg;base64,${PIXEL}` }] },
        { role: 'tool', tool_call_id: 'b', content: null },
        { role: 'user', content: 'x' },
      ],
    })
    expect(messages.map(({ role, content }) => [role, content.length])).toEqual([
      ['assistant', 1],
      ['user', 2],
      ['user', 1],
    ])
    expect(messages[0]?.content[0]).toMatchObject({ type: 'tool-call', arguments: '{}' })
    // The bytes say PNG, whatever the client declared.
    expect(messages[1]?.content[0]).toMatchObject({
      callId: 'a',
      name: 'f',
      content: [{ type: 'image', source: { mediaType: 'image/png' } }],
    })
  })

  test('a legacy call and its answer share an id that history alone decides', () => {
    const legacy = {
      functions: [{ name: 'f', parameters: { type: 'object', properties: {} } }],
      function_call: { name: 'f' },
      messages: [
        HELLO,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '1' },
      ],
    }
    const [, call, result] = decoded(legacy).messages
    expect(call?.content[0]).toMatchObject({ type: 'tool-call', id: 'call_legacy_1' })
    expect(result?.content[0]).toMatchObject({ type: 'tool-result', callId: 'call_legacy_1' })
    expect(reencoded(legacy)).toMatchObject({
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      messages: [HELLO, { tool_calls: [{ id: 'call_legacy_1' }] }, { role: 'tool', tool_call_id: 'call_legacy_1', content: '1' }],
    })
  })

  test('reasoning comes back from every field, signatures to their issuer', () => {
    const packed = 'swy1.anthropic-messages.abc'
    const content = (parts: object) => decoded({ messages: [HELLO, { role: 'assistant', content: 'x', ...parts }] }).messages[1]?.content
    expect(content({ reasoning: 'why' })?.[0]).toEqual({ type: 'reasoning', text: 'why' })
    expect(
      content({
        reasoning_content: 'onetwo',
        reasoning_details: [
          { type: 'reasoning.text', text: 'one', signature: packed, index: 0 },
          { type: 'reasoning.encrypted', data: packed, index: 1 },
          { type: 'reasoning.text', text: 'two', index: 2 },
        ],
      }),
    ).toMatchObject([
      { type: 'reasoning', text: 'one', signature: { format: 'anthropic-messages', value: 'abc' } },
      { type: 'reasoning', text: '', redacted: { format: 'anthropic-messages', value: 'abc' } },
      { type: 'reasoning', text: 'two' },
      { type: 'text', text: 'x' },
    ])
    expect(content({ reasoning_content: 'w', reasoning_details: [{ type: 'reasoning.text', signature: packed }] })?.[0]).toMatchObject({
      text: 'w',
      signature: { value: 'abc' },
    })
    expect(content({ thinking_blocks: [{ type: 'thinking', thinking: 'w', signature: 's' }] })?.[0]).toMatchObject({
      text: 'w',
      signature: { format: 'openai-chat', value: 's' },
    })
    expect(
      content({
        tool_calls: [
          { id: 'a', function: { name: 'f' }, extra_content: { google: { thought_signature: 'swy1.gemini-generate-content.g' } } },
        ],
      })?.[1],
    ).toMatchObject({
      signature: { format: 'gemini-generate-content', value: 'g' },
    })
  })

  test('a body in Responses shape is understood, and passes rewritten', () => {
    const body = {
      model: 'gpt-5',
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'done' },
      ],
      tools: [
        { type: 'function', name: 'f', parameters: { type: 'object', properties: {} } },
        { type: 'custom', name: 'ApplyPatch', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
      ],
      reasoning: { effort: 'high', summary: 'auto' },
      max_output_tokens: 50,
      stream: true,
    }
    const request = openaiChat.decodeRequest(http(body), () => {})
    expect(request).toMatchObject({ maxOutputTokens: 50, reasoning: { effort: 'high', display: 'summarized' } })
    expect(request.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
    expect(openaiChat.peek(http(body)).maxOutputTokens).toBe(50)
    const passed = JSON.parse(splice(JSON.stringify(body), openaiChat.passthroughEdits(openaiChat.peek(http(body)), 'up', http(body).body)))
    expect(Object.keys(passed).sort()).toEqual([
      'max_completion_tokens',
      'messages',
      'model',
      'reasoning_effort',
      'stream',
      'stream_options',
      'tools',
    ])
    expect(passed.tools[1].custom.format).toEqual({ type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } })
    expect(
      refusalOf(() => openaiChat.decodeRequest(http({ model: 'm', input: 'x', previous_response_id: 'r' }), () => {})).details.field,
    ).toBe('previous_response_id')
  })

  test('stop: strings, lists, empties', () => {
    const warnings: Warning[] = []
    expect(decoded({ stop: 'a' }).stopSequences).toEqual(['a'])
    expect(decoded({ stop: [] }).stopSequences).toBeUndefined()
    expect(decoded({ stop: ['', 'b'] }, warnings).stopSequences).toEqual(['b'])
    expect(warnings).toMatchObject([{ kind: 'dropped', field: 'stop[0]' }])
  })

  test('server tools are recognised by their names', () => {
    const { tools } = decoded({
      tools: [
        { type: 'web_search_20250305', name: 'web_search' },
        { type: 'function', function: { name: 'googleSearch' } },
        { google_search: {} },
        { type: 'mcp', server_label: 'x' },
      ],
    })
    expect(tools.map((tool) => (tool.type === 'server' ? tool.kind : tool.type))).toEqual([
      'web-search',
      'web-search',
      'web-search',
      'other',
    ])
  })
})
