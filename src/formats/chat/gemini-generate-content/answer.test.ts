import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { Block, ChatResponse } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, type JsonObject, parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { mergeChunks } from './response.ts'
import { context, events, format, frame, framesOf, grammarBreaks } from './test-kit.ts'

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const fixtureFrames = (name: string): Frame[] => framesOf(fixture(name))
const fixtureJson = (name: string): JsonObject => parseJson(fixture(name)) as JsonObject

const errorOf = (list: readonly ChatEvent[]): GatewayError | undefined => {
  const last = list.at(-1)
  return last?.type === 'error' ? last.error : undefined
}
const chunk = (parts: unknown[], more: object = {}): Frame =>
  frame({ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }] })
const partsOf = (wire: JsonObject, index = 0): JsonObject[] => {
  const candidate = asObject((wire['candidates'] as JsonObject[])[index])
  return asObject(candidate?.['content'])?.['parts'] as JsonObject[]
}

describe('decoding a stream', () => {
  test('thoughts, text, parallel calls and a late finish', () => {
    const list = events(fixtureFrames('tools.stream.sse'), context({}, 'gemini-3-flash-preview'))
    expect(grammarBreaks(list)).toEqual([])
    const response = foldEvents(list)
    expect(response.choices[0]?.content).toMatchObject([
      { type: 'reasoning', text: 'Hmm, weather.' },
      { type: 'text', text: 'I look.' },
      {
        type: 'tool-call',
        name: 'get_weather',
        arguments: '{"city":"Paris","ref":9007199254740993123}',
        signature: { format: 'gemini-generate-content', value: 'c2ln' },
      },
      { type: 'tool-call', name: 'now', arguments: '{}' },
    ])
    expect(response.choices[0]?.finish).toEqual({ reason: 'tool-calls', raw: 'STOP' })
    expect(response.usage).toMatchObject({ inputTokens: 23, cachedInputTokens: 8, outputTokens: 19, reasoningTokens: 7 })
    expect(response).toMatchObject({ id: 'r-1', model: 'gemini-3-flash-preview' })
  })

  test('streamed arguments end without a mark and cannot reach a prototype', () => {
    const list = events(fixtureFrames('partial-args.stream.sse'))
    expect(grammarBreaks(list)).toEqual([])
    const blocks = foldEvents(list).choices[0]?.content as Extract<Block, { type: 'tool-call' }>[]
    expect(blocks.map((block) => block.name)).toEqual(['book', 'now'])
    expect(blocks[0]?.arguments).toBe(
      '{"title":"Grand Hotel","guests":[{"age":4}],"__proto__":{"polluted":true},"constructor":{"x":null},"big":[]}',
    )
    expect(blocks[1]?.arguments).toBe('{"zone":"UTC"}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('every cut is an error, never an end', () => {
    const frames = fixtureFrames('tools.stream.sse')
    for (let kept = 0; kept < frames.length; kept++) {
      const list = events(frames.slice(0, kept))
      expect(grammarBreaks(list)).toEqual([])
      expect(errorOf(list)?.code).toBe(kept === 0 ? 'upstream_empty' : 'upstream_cut')
    }
  })

  test('unreadable, empty and failed streams', () => {
    const code = (...frames: Frame[]) => errorOf(events(frames))?.code
    expect(code({ data: '{"candidates":[' })).toBe('upstream_malformed')
    expect(code({ data: '5' })).toBe('upstream_malformed')
    expect(code(chunk(['x']))).toBe('upstream_malformed')
    expect(code({ data: '', comment: true })).toBe('upstream_empty')
    expect(code(frame({ usageMetadata: { promptTokenCount: 1 } }))).toBe('upstream_empty')
    expect(code(chunk([{ text: 'a' }]), frame({ error: { code: 503, status: 'UNAVAILABLE', message: 'busy' } }))).toBe(
      'upstream_overloaded',
    )
    expect(code(chunk([], { finishReason: 'MALFORMED_FUNCTION_CALL' }))).toBe('upstream_error')
    expect(code(chunk([{ functionCall: { args: {} } }]))).toBe('upstream_malformed')
  })

  test('finish reasons', () => {
    const finish = (reason: string, part: object = { text: 'a' }) =>
      foldEvents(events([chunk([part], { finishReason: reason })])).choices[0]?.finish
    expect(finish('STOP')).toEqual({ reason: 'stop', raw: 'STOP' })
    expect(finish('STOP', { functionCall: { name: 'f' } })).toMatchObject({ reason: 'tool-calls' })
    expect(finish('MAX_TOKENS', { functionCall: { name: 'f' } })).toMatchObject({ reason: 'length' })
    expect(finish('SAFETY')).toMatchObject({ reason: 'content-filter', raw: 'SAFETY' })
    expect(finish('MALFORMED_FUNCTION_CALL')).toEqual({ reason: 'stop', raw: 'MALFORMED_FUNCTION_CALL' })
    expect(finish('SOMETHING_NEW')).toMatchObject({ reason: 'stop', raw: 'SOMETHING_NEW' })
  })

  test('an exhausted budget is a length stop without content', () => {
    const response = foldEvents(events([chunk([], { finishReason: 'MAX_TOKENS' })]))
    expect(response.choices).toMatchObject([{ content: [], finish: { reason: 'length' } }])
  })

  test('a blocked prompt is a filtered choice', () => {
    const list = events([
      frame({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } }),
    ])
    expect(grammarBreaks(list)).toEqual([])
    expect(foldEvents(list).choices[0]?.finish).toMatchObject({
      reason: 'content-filter',
      raw: 'PROHIBITED_CONTENT',
      explanation: expect.stringContaining('blocked'),
    })
  })

  test('signed text is closed by its signature, in an empty part too', () => {
    const response = foldEvents(
      events([chunk([{ text: 'a' }]), chunk([{ text: '', thoughtSignature: 's1' }]), chunk([{ text: 'b' }], { finishReason: 'STOP' })]),
    )
    expect(response.choices[0]?.content).toEqual([
      { type: 'text', text: 'a', signature: { format: 'gemini-generate-content', value: 's1' } },
      { type: 'text', text: 'b' },
    ])
  })

  test('only the first call is kept when the client wants one, streamed ones too', () => {
    const ctx = context({ parallelToolCalls: false })
    const frames = [
      chunk([
        { functionCall: { name: 'a', args: {} } },
        { functionCall: { name: 'b', args: {} } },
        { functionCall: { name: 'c', willContinue: true } },
      ]),
      chunk([{ functionCall: { partialArgs: [{ jsonPath: '$.x', stringValue: 'y' }] } }], { finishReason: 'STOP' }),
    ]
    expect(foldEvents(events(frames, ctx)).choices[0]?.content).toMatchObject([{ type: 'tool-call', name: 'a' }])
    expect(ctx.warnings).toMatchObject([{ field: 'parallel_tool_calls' }])
  })

  test('ids are unique over the conversation; names and free text are restored', () => {
    const ctx = context({
      tools: [{ type: 'custom', name: 'apply patch' }],
      messages: [{ role: 'assistant', content: [{ type: 'tool-call', id: 'fc', name: 'apply patch', arguments: 'x', kind: 'custom' }] }],
    })
    const frames = [
      chunk(
        [
          { functionCall: { id: 'fc', name: 'apply_patch', args: { input: 'diff' } } },
          { functionCall: { id: 'new', name: 'default_api:apply_patch' } },
        ],
        { finishReason: 'STOP' },
      ),
    ]
    expect(foldEvents(events(frames, ctx)).choices[0]?.content).toMatchObject([
      { id: 'call_1', name: 'apply patch', arguments: 'diff', kind: 'custom' },
      { id: 'new', name: 'apply patch', extensions: { 'gemini-generate-content': { id: 'new' } } },
    ])
  })

  test('candidates interleave; media and opaque parts keep their place', () => {
    const list = events([
      frame({
        candidates: [
          { index: 1, content: { parts: [{ text: 'B' }] } },
          { index: 0, content: { parts: [{ text: 'A' }] } },
        ],
      }),
      frame({
        candidates: [
          {
            index: 0,
            content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { executableCode: { code: '1' } }] },
            finishReason: 'STOP',
          },
        ],
      }),
      frame({
        candidates: [
          {
            index: 1,
            content: {
              parts: [{ inlineData: { mimeType: 'audio/L16', data: 'AAAA' } }, { inlineData: { mimeType: 'audio/L16', data: 'BBBB' } }],
            },
            finishReason: 'STOP',
          },
        ],
      }),
    ])
    expect(grammarBreaks(list)).toEqual([])
    const { choices } = foldEvents(list)
    expect(choices[0]?.content).toMatchObject([
      { text: 'A' },
      { type: 'image' },
      { type: 'opaque', wire: { executableCode: { code: '1' } } },
    ])
    expect(choices[1]?.content).toMatchObject([{ text: 'B' }, { type: 'audio', source: { data: 'AAAABBBB' } }])
  })

  test('garbage in any place keeps the grammar', () => {
    const garbage = [null, 0, '', 'x', true, [], {}, [null], [[]], { a: 1 }]
    const members = ['candidates', 'promptFeedback', 'usageMetadata', 'modelVersion', 'responseId']
    const inside = ['content', 'finishReason', 'groundingMetadata', 'citationMetadata', 'logprobsResult', 'index', 'finishMessage']
    for (const value of garbage) {
      const frames = [
        ...members.map((name) => frame({ [name]: value })),
        ...inside.map((name) => frame({ candidates: [{ [name]: value }] })),
        ...['text', 'functionCall', 'inlineData', 'fileData', 'thoughtSignature', 'thought'].map((name) =>
          frame({ candidates: [{ content: { parts: [{ [name]: value }] } }] }),
        ),
        frame({ candidates: [{ groundingMetadata: { groundingChunks: value, groundingSupports: value, webSearchQueries: value } }] }),
        frame({ candidates: [{ groundingMetadata: { groundingChunks: [value], groundingSupports: [value] } }] }),
        frame({ candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: value, partialArgs: value, id: value } }] } }] }),
      ]
      for (const one of frames) {
        expect(grammarBreaks(events([one]))).toEqual([])
        expect(grammarBreaks(events([chunk([{ text: 'a' }]), one, chunk([], { finishReason: 'STOP' })]))).toEqual([])
      }
    }
  })
})

describe('grounding', () => {
  test('byte offsets become UTF-16 spans and go back to bytes', () => {
    const response = format.decodeResponse(fixtureJson('search.response.json'), context())
    const text = response.choices[0]?.content[0] as Extract<Block, { type: 'text' }>
    expect(text.citations?.map((citation) => [citation.url, text.text.slice(citation.span?.start, citation.span?.end)])).toEqual([
      ['https://example.org/a', 'Spain won.'],
      ['https://example.com/b', 'Spain won.'],
    ])
    expect(response.choices[0]?.content.slice(1)).toMatchObject([
      { type: 'server-tool-call', name: 'web_search', input: { query: 'euro 2024 winner' } },
      { type: 'server-tool-result', results: [{ url: 'https://example.org/a' }, { url: 'https://example.com/b' }] },
    ])
    expect(response.choices[0]?.finish.reason).toBe('stop')
    expect(response.usage?.webSearches).toBe(1)

    const foreign: ChatResponse = { ...response, choices: response.choices.map(({ extensions: _, ...choice }) => choice) }
    const wire = format.encodeResponse(foreign, context())
    expect((wire['candidates'] as JsonObject[])[0]?.['groundingMetadata']).toEqual({
      webSearchQueries: ['euro 2024 winner'],
      groundingChunks: [
        { web: { uri: 'https://example.org/a', title: 'example.org', domain: 'example.org' } },
        { web: { uri: 'https://example.com/b', title: 'example.com', domain: 'example.com' } },
      ],
      groundingSupports: [{ segment: { startIndex: 22, endIndex: 32, text: 'Spain won.' }, groundingChunkIndices: [0, 1] }],
    } as never)
  })

  test('the last grounding that says something counts, wherever it came', () => {
    const metadata = { groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }] }
    const list = events([
      chunk([{ text: 'Hi' }], { groundingMetadata: metadata }),
      chunk([], { finishReason: 'STOP', groundingMetadata: {} }),
    ])
    expect(foldEvents(list).choices[0]?.content).toMatchObject([{ text: 'Hi', citations: [{ url: 'https://a.test' }] }])
  })
})

describe('encoding an answer', () => {
  // Base64, because typed clients read the field as bytes.
  const PACKED = btoa('swy1.anthropic-messages.sig')
  const full: ChatResponse = {
    id: 'msg_1',
    model: 'claude',
    choices: [
      {
        index: 0,
        content: [
          { type: 'reasoning', text: 'hm', signature: { format: 'anthropic-messages', value: 'sig' } },
          { type: 'text', text: 'Hello' },
          { type: 'tool-call', id: 't1', name: 'f', arguments: '{"id":9007199254740993123}', kind: 'function' },
          { type: 'tool-call', id: 't2', name: 'g', arguments: '{"cut', kind: 'function' },
        ],
        finish: { reason: 'tool-calls' },
      },
    ],
    usage: { inputTokens: 10, cachedInputTokens: 4, outputTokens: 9, reasoningTokens: 3 },
  }

  test('calls whole, thoughts on demand, usage arithmetic, requested model', () => {
    const wire = format.encodeResponse(full, context({ reasoning: { display: 'summarized' } }))
    expect(JSON.stringify(partsOf(wire))).toBe(
      `[{"text":"hm","thought":true,"thoughtSignature":"${PACKED}"},{"text":"Hello"},` +
        '{"functionCall":{"id":"t1","name":"f","args":{"id":9007199254740993123}}},' +
        '{"functionCall":{"id":"t2","name":"g","args":{"_raw_arguments":"{\\"cut"}}}]',
    )
    expect(wire).toMatchObject({
      candidates: [{ finishReason: 'STOP', index: 0 }],
      usageMetadata: {
        promptTokenCount: 10,
        cachedContentTokenCount: 4,
        candidatesTokenCount: 6,
        thoughtsTokenCount: 3,
        totalTokenCount: 19,
      },
      modelVersion: 'fast',
      responseId: 'msg_1',
    })
  })

  test('hidden thoughts leave their signature on the next part', () => {
    const wire = format.encodeResponse(full, context())
    expect(partsOf(wire)[0]).toEqual({ text: 'Hello', thoughtSignature: PACKED })
    expect(JSON.stringify(wire)).not.toContain('"hm"')
  })

  test('a stream folds to the unary answer, and only has data', () => {
    const frames = runThrough(format.encodeStream(context()), unfoldResponse(full))
    expect(frames.every((one) => one.event === undefined)).toBe(true)
    const chunks = frames.map((one) => JSON.parse(one.data) as JsonObject)
    expect(mergeChunks(chunks)).toEqual(JSON.parse(JSON.stringify(format.encodeResponse(full, context()))) as JsonObject)
    // The SDK drops a streamed turn from its history when a frame has no part.
    for (const one of chunks) expect(partsOf(one).length).toBeGreaterThan(0)
    expect(chunks.filter((one) => (one['candidates'] as JsonObject[])[0]?.['finishReason'] !== undefined)).toHaveLength(1)
    expect(chunks.at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }], usageMetadata: { totalTokenCount: 19 } })
  })

  test('an answer survives this format: decode of encode is the answer', () => {
    for (const display of ['summarized', undefined] as const) {
      const ctx = context(display === undefined ? {} : { reasoning: { display } })
      const frames = runThrough(format.encodeStream(ctx), unfoldResponse(full))
      const streamed = foldEvents(events(frames))
      const unary = format.decodeResponse(format.encodeResponse(full, ctx), context())
      expect(unary.choices).toEqual(streamed.choices)
      expect(unary.usage).toEqual(streamed.usage as never)
      expect(unary.choices[0]?.content).toMatchObject([
        { type: 'reasoning', text: display === undefined ? '' : 'hm', signature: { format: 'anthropic-messages', value: 'sig' } },
        { type: 'text', text: 'Hello' },
        { type: 'tool-call', id: 't1', arguments: '{"id":9007199254740993123}' },
        { type: 'tool-call', id: 't2', arguments: '{"cut' },
      ])
    }
  })

  test('reasons, empty answers, several choices', () => {
    const of = (choices: ChatResponse['choices']) => format.encodeResponse({ id: '', model: 'm', choices }, context())
    expect(of([{ index: 0, content: [], finish: { reason: 'context' } }])).toMatchObject({
      candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'MAX_TOKENS' }],
    })
    expect(
      of([{ index: 0, content: [{ type: 'refusal', text: 'No.' }], finish: { reason: 'refusal', explanation: 'policy' } }]),
    ).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'No.' }] }, finishReason: 'SAFETY', finishMessage: 'policy' }],
    })
    const two = of([
      { index: 0, content: [{ type: 'text', text: 'a' }], finish: { reason: 'stop', raw: 'end_turn' } },
      { index: 1, content: [{ type: 'text', text: 'b' }], finish: { reason: 'length' } },
    ])
    expect([partsOf(two, 0), partsOf(two, 1)]).toEqual([[{ text: 'a' }], [{ text: 'b' }]])
  })

  test('a blocked prompt of Gemini is told in its own shape', () => {
    const wire = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } }
    const encoded = format.encodeResponse(format.decodeResponse(wire, context()), context())
    expect(encoded).toMatchObject({ promptFeedback: { blockReason: 'SAFETY' } })
    expect(encoded).not.toHaveProperty('candidates')
  })

  test('logprobs both ways', () => {
    const result = {
      chosenCandidates: [{ token: 'a', logProbability: -0.5 }],
      topCandidates: [{ candidates: [{ token: 'a', logProbability: -0.5 }] }],
    }
    const response = format.decodeResponse(
      { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP', logprobsResult: result }] },
      context(),
    )
    expect(response.choices[0]?.logprobs).toEqual([
      { token: 'a', logprob: -0.5, bytes: [97], top: [{ token: 'a', logprob: -0.5, bytes: [97] }] },
    ])
    expect((format.encodeResponse(response, context())['candidates'] as JsonObject[])[0]).toMatchObject({
      avgLogprobs: -0.5,
      logprobsResult: result,
    })
  })

  test('an error is a frame with a numeric code', () => {
    const frames = runThrough(format.encodeStream(context()), [{ type: 'error', error: new GatewayError('upstream_cut') }])
    expect(JSON.parse(frames[0]?.data ?? '')).toMatchObject({ error: { code: 502, status: 'UNAVAILABLE' } })
  })
})

describe('watching', () => {
  test('usage, end, content and errors', () => {
    const seen = fixtureFrames('tools.stream.sse').map((one) => format.watch.frame(one))
    expect(seen[0]).toMatchObject({ content: true, usage: { inputTokens: 20, outputTokens: 5 } })
    expect(seen.at(-1)).toMatchObject({ end: true, usage: { inputTokens: 23, outputTokens: 19 } })
    expect(seen.at(-1)).not.toHaveProperty('content')
    expect(format.watch.frame(frame({ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow' } })).error?.code).toBe(
      'upstream_rate_limited',
    )
    expect(format.watch.frame({ data: '{' }).error?.code).toBe('upstream_malformed')
    expect(format.watch.frame({ data: '', comment: true })).toEqual({})
  })
})
