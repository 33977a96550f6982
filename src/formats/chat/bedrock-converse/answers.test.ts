// Converse as an upstream: what comes back whole and streamed, and how failures are told.

import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { ChatRequest } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Warning } from '../../../core/warning.ts'
import { awsEventStreamDecoder, awsEventStreamMessage } from '../../../lib/framing/aws-event-stream.ts'
import { countingIds } from '../../../lib/ids.ts'
import { type JsonObject, type JsonValue, parseJson } from '../../../lib/json.ts'
import { chain, runThrough } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { bedrockConverse as format } from './index.ts'

const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const LLAMA = 'meta.llama3-3-70b-instruct-v1:0'
const fixture = (name: string): JsonValue => parseJson(readFileSync(`${import.meta.dir}/fixtures/${name}`, 'utf8'))
const TOOL = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
} as const

function context(request: Partial<ChatRequest>, model = CLAUDE): ChatContext & { warnings: Warning[] } {
  const warnings: Warning[] = []
  return {
    request: {
      model: 'm',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      stream: false,
      choices: 1,
      extensions: {},
      ...request,
    },
    requestedModel: 'm',
    upstreamModel: model,
    ids: countingIds(),
    nowMs: 0,
    note: (warning) => void warnings.push(warning),
    warnings,
  }
}
const encode = (request: Partial<ChatRequest>, model = CLAUDE): JsonObject => format.encodeRequest(context(request, model)).body

describe('structured output', () => {
  const responseFormat = {
    type: 'json-schema',
    name: 'out put',
    schema: { type: 'object', properties: { a: { type: 'integer', minimum: 1 } } },
  } as const
  test('native on Claude', () => {
    expect(encode({ responseFormat }).outputConfig).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { name: 'out_put', schema: expect.stringContaining('"additionalProperties":false') } },
      },
    })
  })

  test('through a tool elsewhere, shown as text, whole and streamed', () => {
    const ctx = context({ responseFormat }, LLAMA)
    expect(format.encodeRequest(ctx).body.toolConfig).toMatchObject({ toolChoice: { tool: { name: 'json_output' } } })
    const toolUse = { toolUseId: 'i', name: 'json_output', input: { a: 1 } }
    const wire = { output: { message: { content: [{ text: 'Here:' }, { toolUse }] } }, stopReason: 'tool_use' }
    expect(format.decodeResponse(wire, ctx).choices).toEqual([
      { index: 0, content: [{ type: 'text', text: '{"a":1}' }], finish: { reason: 'stop', raw: 'tool_use' } },
    ])
    const events = streamed(
      [
        ['messageStart', {}],
        ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Here:' } }],
        ['contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 'i', name: 'json_output' } } }],
        ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"a"' } } }],
        ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: ':1}' } } }],
        ['messageStop', { stopReason: 'tool_use' }],
      ],
      ctx,
    )
    expect(foldEvents(events).choices).toEqual(format.decodeResponse(wire, ctx).choices)
  })
})

function streamed(records: [string, unknown][], ctx: ChatContext, size = Number.POSITIVE_INFINITY): ChatEvent[] {
  const messages = records.map(([type, data]) =>
    awsEventStreamMessage({ ':message-type': 'event', ':event-type': type }, JSON.stringify(data)),
  )
  const bytes = new Uint8Array(messages.flatMap((message) => [...message]))
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += Math.min(size, bytes.length)) pieces.push(bytes.slice(at, at + size))
  return runThrough(chain(awsEventStreamDecoder(), format.decodeStream(ctx)), pieces)
}

describe('answers', () => {
  const ctx = context({ tools: [TOOL] })
  const records = fixture('tools.stream.json') as unknown as [string, unknown][]

  test('whole', () => {
    expect(format.decodeResponse(fixture('tools.response.json'), ctx)).toEqual({
      id: '',
      model: CLAUDE,
      choices: [
        {
          index: 0,
          content: [
            { type: 'reasoning', text: 'Two cities.', signature: { format: 'bedrock-converse', value: 'c2lnbmVk' } },
            { type: 'text', text: 'I will look up both.' },
            {
              type: 'tool-call',
              id: 'tooluse_1',
              name: 'get_weather',
              kind: 'function',
              arguments: '{"city":"Paris","id":9007199254740993}',
            },
            { type: 'tool-call', id: 'tooluse_2', name: 'now', kind: 'function', arguments: '{}' },
          ],
          finish: { reason: 'tool-calls', raw: 'tool_use' },
        },
      ],
      usage: { inputTokens: 330, outputTokens: 40, cachedInputTokens: 200, cacheWriteTokens: 30 },
    })
  })

  test('streamed, in any chunking, is the same answer', () => {
    const whole = format.decodeResponse(fixture('tools.response.json'), ctx)
    for (const size of [1, 7, 64, 100_000]) expect(foldEvents(streamed(records, ctx, size))).toEqual(whole)
  })

  test('every cut ends in an error, unless only the usage is missing', () => {
    for (let length = 0; length < records.length - 1; length++) expect(streamed(records.slice(0, length), ctx).at(-1)?.type).toBe('error')
    expect(streamed(records.slice(0, -1), ctx).at(-1)?.type).toBe('end')
  })

  test('an exception within the stream is classified', () => {
    const bytes = awsEventStreamMessage({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, '{"message":"slow"}')
    const events = runThrough(chain(awsEventStreamDecoder(), format.decodeStream(ctx)), [bytes])
    expect(events).toMatchObject([{ type: 'error', error: { code: 'upstream_rate_limited' } }])
  })

  test('redacted reasoning survives', () => {
    const events = streamed(
      [
        ['messageStart', {}],
        ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { redactedContent: 'AAA=' } } }],
        ['messageStop', { stopReason: 'end_turn' }],
      ],
      ctx,
    )
    expect(foldEvents(events).choices[0]?.content).toEqual([
      { type: 'reasoning', text: '', redacted: { format: 'bedrock-converse', value: 'AAA=' } },
    ])
  })

  test('stop reasons', () => {
    const finish = (stopReason: string, extra: object = {}): unknown =>
      format.decodeResponse({ output: { message: { content: [{ text: 'x' }] } }, stopReason, ...extra }, ctx).choices[0]?.finish
    expect(finish('end_turn')).toEqual({ reason: 'stop', raw: 'end_turn' })
    expect(finish('max_tokens')).toEqual({ reason: 'length', raw: 'max_tokens' })
    expect(finish('guardrail_intervened')).toMatchObject({ reason: 'content-filter' })
    expect(finish('stop_sequence', { additionalModelResponseFields: { stop_sequence: 'X' } })).toEqual({
      reason: 'stop-sequence',
      raw: 'stop_sequence',
      stopSequence: 'X',
    })
    expect(finish('new_reason')).toEqual({ reason: 'stop', raw: 'new_reason' })
  })

  test('garbage is an upstream failure, never ours', () => {
    const garbage: JsonValue[] = [
      null,
      1,
      'x',
      [],
      {},
      { output: null },
      { output: { message: { content: 'x' } } },
      { output: { message: { content: [null] } } },
      { output: { message: { content: [{ toolUse: {} }] } } },
    ]
    for (const wire of garbage) expect(() => format.decodeResponse(wire, ctx)).toThrow(GatewayError)
    for (const data of [null, 1, 'x', [], { contentBlockIndex: 'x' }, { contentBlockIndex: 0, delta: { toolUse: { input: 'x' } } }]) {
      expect(
        streamed(
          [
            ['messageStart', {}],
            ['contentBlockDelta', data],
          ],
          ctx,
        ).at(-1)?.type,
      ).toBe('error')
    }
  })
})

describe('refusals', () => {
  const code = (status: number, wire: JsonValue, type?: string): string =>
    format.decodeError(status, wire, { get: (name) => (name === 'x-amzn-errortype' ? (type ?? null) : null) }).code
  test('by name and by status', () => {
    expect(code(403, { message: 'arn:aws:iam::1:role/x is not authorized' }, 'AccessDeniedException:http://x')).toBe('upstream_auth')
    expect(
      code(400, { message: 'The security token included in the request is invalid', __type: 'com.amazon#UnrecognizedClientException' }),
    ).toBe('upstream_auth')
    expect(code(429, {})).toBe('upstream_rate_limited')
    expect(code(400, { message: 'x' }, 'ValidationException')).toBe('upstream_rejected')
    expect(code(400, { message: 'Input is too long for requested model.' }, 'ValidationException')).toBe('context_length_exceeded')
    expect(code(400, { message: 'The provided model identifier is invalid.' }, 'ValidationException')).toBe('upstream_not_found')
    expect(code(424, { message: 'x' }, 'ModelErrorException')).toBe('upstream_error')
    expect(code(500, 'not json')).toBe('upstream_error')
  })
  test('words about our account stay here', () => {
    expect(format.decodeError(403, { message: 'arn:aws:iam::123456789012:role/x' }, { get: () => null }).message).not.toContain(
      '123456789012',
    )
  })
})

test('clients cannot speak it', () => {
  expect(() => format.decodeRequest({} as never, () => {})).toThrow(GatewayError)
  expect(() => format.encodeStream(context({}))).toThrow(GatewayError)
})
