import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../../core/errors.ts'
import { noNote } from '../../../core/warning.ts'
import { isObject, type JsonObject, parseJson } from '../../../lib/json.ts'
import { countTokensRequest, encodeCountTokens } from './index.ts'
import { decode, format, http } from './test-kit.ts'

const fixtureJson = (name: string): JsonObject =>
  parseJson(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')) as JsonObject
const errorOf = (run: () => unknown): GatewayError => {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
const hello = [{ role: 'user', parts: [{ text: 'Hi' }] }]

describe('path', () => {
  test('model and method are split at the last colon, prefixes go', () => {
    for (const [path, model] of [
      ['/v1beta/models/gemini-2.5-flash:generateContent', 'gemini-2.5-flash'],
      ['/v1/models/ollama/llama3:8b:generateContent', 'ollama/llama3:8b'],
      ['/v1alpha/models/models/x%3AgenerateContent', 'x'],
      ['/v1beta/tunedModels/mine:generateContent', 'mine'],
      ['/v1/projects/p/locations/eu/publishers/google/models/g:generateContent', 'g'],
    ] as const) {
      expect(format.peek(http({}, path)).model).toBe(model)
    }
  })
  test('framing follows alt', () => {
    const path = '/v1beta/models/x:streamGenerateContent'
    expect(format.peek(http({}, path, 'alt=sse'))).toMatchObject({ stream: true, framing: 'sse' })
    expect(format.peek(http({}, path))).toMatchObject({ stream: true, framing: 'json-array' })
  })
  test('an unknown method is a 404', () => {
    expect(errorOf(() => format.peek(http({}, '/v1beta/models/x:predict'))).code).toBe('not_found')
    expect(errorOf(() => format.peek(http({}, '/v1beta/models/x'))).code).toBe('not_found')
  })
  test('limits, choices and server tools are seen in both spellings', () => {
    const body = { generation_config: { max_output_tokens: 7, candidateCount: 2 }, tools: [{ google_search: {} }, { codeExecution: {} }] }
    expect(format.peek(http(body))).toMatchObject({
      maxOutputTokens: 7,
      choices: 2,
      hasTools: true,
      serverTools: ['web-search', 'code-execution'],
    })
  })
  test('as upstream the model is one encoded segment', () => {
    expect(format.path('models/gemini-2.5-pro', false)).toBe('/models/gemini-2.5-pro:generateContent')
    expect(format.path('../a:b', true)).toBe('/models/..%2Fa%3Ab:streamGenerateContent?alt=sse')
    expect(format.path('tunedModels/t', false)).toBe('/tunedModels/t:generateContent')
  })
})

describe('decoding', () => {
  test('calls, results, tools and settings', () => {
    const decoded = decode(fixtureJson('tools.request.json'))
    expect(decoded.messages.map((message) => message.role)).toEqual(['system', 'user', 'assistant', 'user'])
    expect(decoded.messages[2]?.content[0]).toMatchObject({
      type: 'tool-call',
      id: 'fc-1',
      arguments: '{"city":"Paris","ref":9007199254740993123}',
      signature: { format: 'gemini-generate-content', value: 'c2ln' },
    })
    const [first, second] = decoded.messages[3]?.content ?? []
    expect(first).toMatchObject({
      callId: 'fc-1',
      isError: false,
      content: [{ type: 'text', text: 'rain' }],
      structured: { result: 'rain' },
    })
    expect(second).toMatchObject({ callId: 'fc-2', isError: true, content: [{ type: 'text', text: 'station is down' }, { type: 'image' }] })
    expect(decoded.tools[0]).toMatchObject({
      parameters: { type: 'object', properties: { city: { type: ['string', 'null'] } }, required: ['city'] },
    })
    expect(decoded.tools[1]).toMatchObject({ type: 'server', kind: 'web-search', wire: { googleSearch: {} } })
    expect(decoded.toolChoice).toEqual({ type: 'tool', name: 'get_weather' })
    expect(decoded.reasoning).toEqual({ effort: 'low', display: 'summarized' })
    expect(decoded.extensions).toMatchObject({ 'gemini-generate-content': { safetySettings: [{ threshold: 'BLOCK_NONE' }] } })
  })

  test('snake_case is read at every level', () => {
    const decoded = decode({
      system_instruction: 'Be brief.',
      contents: [
        {
          role: 'user',
          parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }, { file_data: { file_uri: 'https://x.test/a.pdf' } }],
        },
      ],
      generation_config: {
        max_output_tokens: 5,
        response_mime_type: 'application/json',
        response_json_schema: { type: 'object' },
        thinking_config: { thinking_budget: 0 },
      },
      tool_config: { function_calling_config: { mode: 'NONE' } },
      tools: [{ function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] }],
    })
    expect(decoded.messages[0]).toMatchObject({ role: 'system' })
    expect(decoded.messages[1]?.content).toMatchObject([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'file', source: { kind: 'url', url: 'https://x.test/a.pdf' } },
    ])
    expect(decoded).toMatchObject({
      maxOutputTokens: 5,
      responseFormat: { type: 'json-schema' },
      reasoning: { effort: 'none' },
      toolChoice: { type: 'none' },
    })
  })

  test('ids that are missing or repeated are unique, stable and paired by name and order', () => {
    const call = (name: string, id?: string) => ({ functionCall: { ...(id && { id }), name, args: {} } })
    const answer = (name: string, id?: string) => ({ functionResponse: { ...(id && { id }), name, response: { result: name } } })
    const body = {
      contents: [
        { role: 'user', parts: [{ text: 'go' }] },
        { role: 'model', parts: [call('a'), call('b'), call('a')] },
        { role: 'function', parts: [answer('b'), answer('a'), answer('a')] },
        { role: 'model', parts: [call('a', 'call_0')] },
        { role: 'user', parts: [answer('a', 'call_0')] },
        { role: 'model', parts: [call('a', 'call_0')] },
        { role: 'user', parts: [answer('a', 'call_0')] },
      ],
    }
    const decoded = decode(body)
    const ids = decoded.messages.flatMap((message) => message.content.flatMap((block) => (block.type === 'tool-call' ? [block.id] : [])))
    const answers = decoded.messages.flatMap((message) =>
      message.content.flatMap((block) => (block.type === 'tool-result' ? [block.callId] : [])),
    )
    expect(new Set(ids).size).toBe(5)
    expect(answers).toEqual([ids[1], ids[0], ids[2], ids[3], ids[4]] as string[])
    expect(decode(body)).toEqual(decoded)
  })

  test('a streamed history of many model contents is one turn', () => {
    const decoded = decode({
      contents: [
        { parts: [{ text: 'Hi' }] },
        { role: 'model', parts: [{ text: 'think', thought: true }] },
        { role: 'model', parts: [{ text: '', thought: true, thoughtSignature: 'swy1.anthropic-messages.abc' }] },
        { role: 'model', parts: [{ text: 'Hel' }] },
        { role: 'model', parts: [{ text: 'lo' }] },
        { role: 'model', parts: [{ text: '' }] },
        { role: 'user', parts: [{ text: 'more' }] },
      ],
    })
    expect(decoded.messages[1]).toEqual({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'think', signature: { format: 'anthropic-messages', value: 'abc' } },
        { type: 'text', text: 'Hello' },
      ],
    })
  })

  test("another format's signature on a call is hidden reasoning before it", () => {
    const part = { functionCall: { name: 'f', args: {} }, thoughtSignature: 'swy1.anthropic-messages.redacted.xyz' }
    const { messages } = decode({ contents: [...hello, { role: 'model', parts: [part] }] })
    expect(messages[1]?.content).toMatchObject([
      { type: 'reasoning', redacted: { format: 'anthropic-messages', value: 'xyz' } },
      { type: 'tool-call' },
    ])
    expect(messages[1]?.content[1]).not.toHaveProperty('signature')
  })

  test('files of Google stay with Google; unknown parts are carried', () => {
    const { messages } = decode({
      contents: [
        {
          parts: [
            { fileData: { fileUri: 'https://youtu.be/x' }, videoMetadata: { fps: 1 } },
            { executableCode: { code: 'x' } },
            { newThing: { a: 1 } },
          ],
        },
      ],
    })
    expect(messages[0]?.content).toMatchObject([
      {
        source: { kind: 'file-id', format: 'gemini-generate-content' },
        extensions: { 'gemini-generate-content': { videoMetadata: { fps: 1 } } },
      },
      { type: 'opaque', wire: { executableCode: { code: 'x' } } },
      { type: 'opaque', wire: { newThing: { a: 1 } } },
    ])
  })

  test('wrong types are a 400 that names the field', () => {
    const cases: [JsonObject, string][] = [
      [{}, 'contents'],
      [{ contents: [] }, 'contents'],
      [{ contents: 5 }, 'contents'],
      [{ contents: [null] }, 'contents[0]'],
      [{ contents: [{ role: 'wizard', parts: [{ text: 'x' }] }] }, 'contents[0].role'],
      [{ contents: [{ role: 'user', parts: [] }] }, 'contents[0].parts'],
      [{ contents: [{ parts: [{}] }] }, 'contents[0].parts[0]'],
      [{ contents: [{ parts: [{ text: 1 }] }] }, 'contents[0].parts[0].text'],
      [{ contents: [{ parts: [{ text: 'a', inlineData: {} }] }] }, 'contents[0].parts[0]'],
      [{ contents: [{ parts: [{ inlineData: { mimeType: 'image/png' } }] }] }, 'contents[0].parts[0].inlineData.data'],
      [{ contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: '!!' } }] }] }, 'contents[0].parts[0].inlineData.data'],
      [{ contents: [{ role: 'model', parts: [{ functionCall: { name: 'f', args: 'x' } }] }] }, 'contents[0].parts[0].functionCall.args'],
      [{ contents: [{ role: 'user', parts: [{ functionCall: { name: 'f' } }] }] }, 'contents[0].parts'],
      [{ contents: [{ parts: [{ functionResponse: { name: 'f', response: [] } }] }] }, 'contents[0].parts[0].functionResponse.response'],
      [{ contents: hello, tools: 'x' }, 'tools'],
      [{ contents: hello, tools: [{ functionDeclarations: [{ description: 'x' }] }] }, 'tools[0].functionDeclarations[0].name'],
      [{ contents: hello, toolConfig: { functionCallingConfig: { mode: 'MAYBE' } } }, 'toolConfig.functionCallingConfig.mode'],
      [{ contents: hello, generationConfig: [] }, 'generationConfig'],
      [{ contents: hello, generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
      [{ contents: hello, generationConfig: { maxOutputTokens: 0.5 } }, 'generationConfig.maxOutputTokens'],
      [{ contents: hello, generationConfig: { candidateCount: 9 } }, 'generationConfig.candidateCount'],
      [{ contents: hello, generationConfig: { stopSequences: [1] } }, 'generationConfig.stopSequences[0]'],
      [
        { contents: hello, generationConfig: { thinkingConfig: { thinkingLevel: 'HUGE' } } },
        'generationConfig.thinkingConfig.thinkingLevel',
      ],
      [{ contents: hello, generationConfig: { responseSchema: 'x' } }, 'generationConfig.responseSchema'],
      [{ contents: hello, systemInstruction: 5 }, 'systemInstruction'],
      [{ contents: hello, serviceTier: 5 }, 'serviceTier'],
    ]
    for (const [body, field] of cases) {
      const error = errorOf(() => decode(body))
      expect([field, error.status, error.details.field]).toEqual([field, 400, field])
    }
  })

  test('nesting without end is a 400', () => {
    const deep = `${'{"items":'.repeat(50_000)}{}${'}'.repeat(50_000)}`
    for (const members of [
      `"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":${deep}}}]}]`,
      `"contents":"x","tools":[{"functionDeclarations":[{"name":"f","parameters":${deep}}]}]`,
    ]) {
      const error = errorOf(() => format.decodeRequest({ ...http({}), body: parseJson(`{${members}}`) as JsonObject }, noNote))
      expect(error.status).toBe(400)
    }
  })

  test('garbage anywhere is a 400 at worst', () => {
    const seed = fixtureJson('tools.request.json')
    const garbage = [null, 0, -1, '', 'x', true, [], {}, [null], { a: { b: [] } }, Number.MAX_VALUE]
    let tried = 0
    const mutate = (node: unknown, rebuild: (value: unknown) => JsonObject): void => {
      for (const value of garbage) {
        tried++
        try {
          format.decodeRequest(http(rebuild(value)), noNote)
        } catch (thrown) {
          if (!(thrown instanceof GatewayError) || thrown.status !== 400) throw thrown
        }
      }
      if (Array.isArray(node))
        for (const [i, item] of node.entries()) mutate(item, (value) => rebuild(node.map((old, at) => (at === i ? value : old))))
      else if (isObject(node))
        for (const [key, item] of Object.entries(node)) mutate(item, (value) => rebuild({ ...node, [key]: value as JsonObject }))
    }
    mutate(seed, (value) => (isObject(value) ? value : {}))
    expect(tried).toBeGreaterThan(500)
  })
})

test('countTokens takes both bodies', () => {
  const wrapped = countTokensRequest(
    http({ generate_content_request: { model: 'models/x', contents: hello } }, '/v1beta/models/x:countTokens'),
  )
  expect(format.decodeRequest(wrapped, noNote).messages).toHaveLength(1)
  expect(format.decodeRequest(countTokensRequest(http({ contents: hello }, '/v1beta/models/x:countTokens')), noNote).messages).toHaveLength(
    1,
  )
  expect(encodeCountTokens(12)).toMatchObject({ totalTokens: 12 })
})

test('a model in the body is taken out on passthrough', () => {
  const peek = format.peek(http({}))
  expect(format.passthroughEdits(peek, 'x', { model: 'models/y' })).toEqual([{ op: 'remove', path: ['model'] }])
  expect(format.passthroughEdits(peek, 'x', {})).toEqual([])
})
