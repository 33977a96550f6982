// Converse as an upstream: what is sent.

import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Message } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Warning } from '../../../core/warning.ts'
import { countingIds } from '../../../lib/ids.ts'
import type { JsonObject, JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { bedrockConverse as format } from './index.ts'

const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const LLAMA = 'meta.llama3-3-70b-instruct-v1:0'
const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })
const call = (id: string, name = 'get_weather', args = '{}'): Message['content'][number] => ({
  type: 'tool-call',
  id,
  name,
  arguments: args,
  kind: 'function',
})
const result = (callId: string, text: string, isError = false): Message['content'][number] => ({
  type: 'tool-result',
  callId,
  content: [{ type: 'text', text }],
  isError,
})
const TOOL = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
} as const

function context(request: Partial<ChatRequest>, model = CLAUDE): ChatContext & { warnings: Warning[] } {
  const warnings: Warning[] = []
  return {
    request: { model: 'm', messages: [user('hi')], tools: [], stream: false, choices: 1, extensions: {}, ...request },
    requestedModel: 'm',
    upstreamModel: model,
    ids: countingIds(),
    nowMs: 0,
    note: (warning) => void warnings.push(warning),
    warnings,
  }
}
const encode = (request: Partial<ChatRequest>, model = CLAUDE): JsonObject => format.encodeRequest(context(request, model)).body
const messagesOf = (messages: Message[], extra: Partial<ChatRequest> = {}): JsonValue =>
  encode({ messages, ...extra }).messages as JsonValue

describe('paths', () => {
  test('ids and ARNs are one segment', () => {
    expect(format.path(CLAUDE, false)).toBe('/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse')
    expect(format.path('arn:aws:bedrock:us-east-1:1:inference-profile/x', true)).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse-stream',
    )
  })
})

describe('conversation', () => {
  test('leading system text apart, late system text in its place', () => {
    const body = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache: { ttl: '1h' } }] },
        user('a'),
        { role: 'system', content: [{ type: 'text', text: 'Now in French.' }] },
      ],
    })
    expect(body.system).toEqual([{ text: 'Be brief.' }, { cachePoint: { type: 'default', ttl: '1h' } }])
    expect(body.messages).toEqual([
      { role: 'user', content: [{ text: 'a' }, { text: '<system-message>\nNow in French.\n</system-message>' }] },
    ])
  })

  test('results stand in one user turn behind their calls, in the order of the calls', () => {
    expect(
      messagesOf([
        user('a'),
        { role: 'assistant', content: [call('t.1')] },
        { role: 'assistant', content: [call('t2')] },
        { role: 'user', content: [{ type: 'text', text: 'and?' }, result('t2', 'two', true)] },
        { role: 'user', content: [result('t.1', 'old'), result('t.1', 'one')] },
      ]),
    ).toEqual([
      { role: 'user', content: [{ text: 'a' }] },
      {
        role: 'assistant',
        content: [
          { toolUse: { toolUseId: expect.stringMatching(/^t_1_[0-9a-f]{10}$/), name: 'get_weather', input: {} } },
          { toolUse: { toolUseId: 't2', name: 'get_weather', input: {} } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: expect.stringMatching(/^t_1_/), content: [{ text: 'one' }] } },
          { toolResult: { toolUseId: 't2', content: [{ text: 'two' }], status: 'error' } },
          { text: 'and?' },
        ],
      },
    ])
  })

  test('a call without a result is answered, an orphan becomes text, blank text goes', () => {
    expect(
      messagesOf([
        user('a'),
        { role: 'assistant', content: [{ type: 'text', text: ' ' }, call('t1')] },
        { role: 'user', content: [result('gone', 'x')] },
      ]),
    ).toEqual([
      { role: 'user', content: [{ text: 'a' }] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'get_weather', input: {} } }] },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 't1', content: [{ text: expect.any(String) }], status: 'error' } },
          { text: 'Result of an earlier call of a tool:' },
          { text: 'x' },
        ],
      },
    ])
  })

  test('begins with the user and alternates', () => {
    const roles = (messages: Message[]): unknown => (messagesOf(messages) as JsonObject[]).map(({ role }) => role)
    expect(roles([{ role: 'assistant', content: [{ type: 'text', text: 'x' }] }, user('a'), user('b')])).toEqual([
      'user',
      'assistant',
      'user',
    ])
    expect(roles([user('a'), { role: 'assistant', content: [{ type: 'text', text: '' }] }, user('b')])).toEqual(['user'])
    expect(() => messagesOf([user('')])).toThrow(GatewayError)
  })

  test('only reasoning of this format goes back', () => {
    const signed = (form: string): Message => ({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: ' t ', signature: { format: form, value: 's' } },
        { type: 'text', text: 'x' },
      ],
    })
    expect(messagesOf([user('a'), signed('bedrock-converse')])).toMatchObject([
      {},
      { content: [{ reasoningContent: { reasoningText: { text: ' t ', signature: 's' } } }, { text: 'x' }] },
    ])
    expect(messagesOf([user('a'), signed('anthropic-messages')])).toMatchObject([{}, { content: [{ text: 'x' }] }])
  })

  test('media as bytes with a format word; documents beside words', () => {
    const png = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA\n' } } as const
    const pdf = { type: 'file', name: 'ignore me.pdf', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' } } as const
    expect(messagesOf([{ role: 'user', content: [png, pdf] }])).toEqual([
      {
        role: 'user',
        content: [
          { image: { format: 'png', source: { bytes: 'AAAA' } } },
          { document: { format: 'pdf', name: 'document-1', source: { bytes: 'JVBE' } } },
          { text: 'See the attached document.' },
        ],
      },
    ])
    const bad = (content: Message['content']): string => {
      try {
        messagesOf([{ role: 'user', content }])
        return 'fine'
      } catch (thrown) {
        return (thrown as GatewayError).code
      }
    }
    expect(bad([{ type: 'image', source: { kind: 'base64', mediaType: 'image/svg+xml', data: '' } }])).toBe('unsupported_content')
    expect(bad([{ type: 'image', source: { kind: 'url', url: 'https://x/y.png', mediaType: 'image/png' } }])).toBe('unsupported_content')
    expect(bad([{ type: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: '' } }])).toBe('unsupported_content')
  })
})

describe('tools', () => {
  test('cache points are elements of their own, strictness only where the model has it', () => {
    const tools = [{ ...TOOL, strict: true, cache: {} }]
    expect((encode({ tools }).toolConfig as JsonObject).tools).toEqual([
      {
        toolSpec: {
          name: 'get_weather',
          description: 'Weather',
          strict: true,
          inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false } },
        },
      },
      { cachePoint: { type: 'default' } },
    ])
    const other = context({ tools }, LLAMA)
    expect((format.encodeRequest(other).body.toolConfig as JsonObject).tools).toEqual([
      { toolSpec: { name: 'get_weather', description: 'Weather', inputSchema: { json: TOOL.parameters as unknown as JsonObject } } },
    ])
    expect(other.warnings.map(({ field }) => field)).toEqual(['tools.strict', 'tools.cache_control'])
  })

  test('choices', () => {
    const choice = (toolChoice: ChatRequest['toolChoice']): unknown =>
      (encode({ tools: [TOOL], ...(toolChoice && { toolChoice }) }).toolConfig as JsonObject).toolChoice
    expect(choice(undefined)).toBeUndefined()
    expect(choice({ type: 'auto' })).toEqual({ auto: {} })
    expect(choice({ type: 'required' })).toEqual({ any: {} })
    expect(choice({ type: 'tool', name: 'get_weather' })).toEqual({ tool: { name: 'get_weather' } })
    expect(choice({ type: 'allowed', names: ['get_weather'], required: true })).toEqual({ any: {} })
    expect(encode({ tools: [TOOL], toolChoice: { type: 'none' } }).toolConfig).toBeUndefined()
  })

  test('a history with calls gets definitions even without tools', () => {
    const messages = [
      user('a'),
      { role: 'assistant', content: [call('t1', 'a.b')] },
      { role: 'user', content: [result('t1', 'x')] },
    ] as Message[]
    expect(encode({ messages }).toolConfig).toEqual({
      tools: [{ toolSpec: { name: 'a_b', inputSchema: { json: { type: 'object', properties: {} } } } }],
    })
  })

  test('names come back as the client wrote them', () => {
    const ctx = context({ tools: [{ ...TOOL, name: 'mcp.weather/get' }] })
    expect(JSON.stringify(format.encodeRequest(ctx).body.toolConfig)).toContain('"mcp_weather_get"')
    const wire = {
      output: { message: { content: [{ toolUse: { toolUseId: 'i', name: 'mcp_weather_get', input: {} } }] } },
      stopReason: 'tool_use',
    }
    expect(format.decodeResponse(wire, ctx).choices[0]?.content).toMatchObject([{ name: 'mcp.weather/get' }])
  })
})

describe('settings', () => {
  test('for Claude', () => {
    const body = encode({
      maxOutputTokens: 5000,
      temperature: 1.5,
      stopSequences: ['X', ' '],
      reasoning: { budgetTokens: 2000 },
      seed: 1,
      serviceTier: 'priority',
      metadata: { a: 'b', long: 'ö' },
    })
    expect(body.inferenceConfig).toEqual({ maxTokens: 5000, stopSequences: ['X'] })
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens: 2000 } })
    expect(body.additionalModelResponseFieldPaths).toEqual(['/stop_sequence'])
    expect(body.serviceTier).toEqual({ type: 'priority' })
    expect(body.requestMetadata).toEqual({ a: 'b' })
  })

  test('for others', () => {
    const ctx = context({ temperature: 1.5, topP: 0.5, topK: 4, reasoning: { effort: 'high' } }, LLAMA)
    expect(format.encodeRequest(ctx).body).toEqual({
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      inferenceConfig: { temperature: 1, topP: 0.5 },
    })
    expect(ctx.warnings.map(({ field }) => field).sort()).toEqual(['reasoning', 'temperature', 'top_k'])
    expect(encode({ reasoning: { effort: 'minimal' } }, 'openai.gpt-oss-120b-1:0').additionalModelRequestFields).toEqual({
      reasoning_effort: 'low',
    })
    expect(encode({ reasoning: { effort: 'high' } }, 'amazon.nova-2-lite-v1:0').additionalModelRequestFields).toEqual({
      reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' },
    })
  })

  test('what cannot be honoured is refused', () => {
    expect(() => encode({ logprobs: { top: 1 } })).toThrow(GatewayError)
    expect(() => encode({ modalities: ['audio'] })).toThrow(GatewayError)
  })
})
