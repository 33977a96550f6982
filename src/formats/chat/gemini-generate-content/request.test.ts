import { describe, expect, test } from 'bun:test'

import { GatewayError } from '../../../core/errors.ts'
import { noNote } from '../../../core/warning.ts'
import { isObject, type JsonObject } from '../../../lib/json.ts'
import { countTokensRequest, encodeCountTokens } from './index.ts'
import { context, decode, encode, fixtureJson, format, http, request } from './testing.ts'

const errorOf = (run: () => unknown): GatewayError => {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
const user = (text: string) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] })
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
    expect(format.peek(http(body))).toMatchObject({ maxOutputTokens: 7, choices: 2, hasTools: true, serverTools: ['web-search', 'code-execution'] })
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
    expect(first).toMatchObject({ callId: 'fc-1', isError: false, content: [{ type: 'text', text: 'rain' }], structured: { result: 'rain' } })
    expect(second).toMatchObject({ callId: 'fc-2', isError: true, content: [{ type: 'text', text: 'station is down' }, { type: 'image' }] })
    expect(decoded.tools[0]).toMatchObject({ parameters: { type: 'object', properties: { city: { type: ['string', 'null'] } }, required: ['city'] } })
    expect(decoded.tools[1]).toMatchObject({ type: 'server', kind: 'web-search', wire: { googleSearch: {} } })
    expect(decoded.toolChoice).toEqual({ type: 'tool', name: 'get_weather' })
    expect(decoded.reasoning).toEqual({ effort: 'low', display: 'summarized' })
    expect(decoded.extensions).toMatchObject({ 'gemini-generate-content': { safetySettings: [{ threshold: 'BLOCK_NONE' }] } })
  })

  test('snake_case is read at every level', () => {
    const decoded = decode({
      system_instruction: 'Be brief.',
      contents: [{ role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }, { file_data: { file_uri: 'https://x.test/a.pdf' } }] }],
      generation_config: { max_output_tokens: 5, response_mime_type: 'application/json', response_json_schema: { type: 'object' }, thinking_config: { thinking_budget: 0 } },
      tool_config: { function_calling_config: { mode: 'NONE' } },
      tools: [{ function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] }],
    })
    expect(decoded.messages[0]).toMatchObject({ role: 'system' })
    expect(decoded.messages[1]?.content).toMatchObject([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'file', source: { kind: 'url', url: 'https://x.test/a.pdf' } },
    ])
    expect(decoded).toMatchObject({ maxOutputTokens: 5, responseFormat: { type: 'json-schema' }, reasoning: { effort: 'none' }, toolChoice: { type: 'none' } })
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
    const answers = decoded.messages.flatMap((message) => message.content.flatMap((block) => (block.type === 'tool-result' ? [block.callId] : [])))
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
    expect(messages[1]?.content).toMatchObject([{ type: 'reasoning', redacted: { format: 'anthropic-messages', value: 'xyz' } }, { type: 'tool-call' }])
    expect(messages[1]?.content[1]).not.toHaveProperty('signature')
  })

  test('files of Google stay with Google; unknown parts are carried', () => {
    const { messages } = decode({
      contents: [{ parts: [{ fileData: { fileUri: 'https://youtu.be/x' }, videoMetadata: { fps: 1 } }, { executableCode: { code: 'x' } }, { newThing: { a: 1 } }] }],
    })
    expect(messages[0]?.content).toMatchObject([
      { source: { kind: 'file-id', format: 'gemini-generate-content' }, extensions: { 'gemini-generate-content': { videoMetadata: { fps: 1 } } } },
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
      [{ contents: hello, generationConfig: { thinkingConfig: { thinkingLevel: 'HUGE' } } }, 'generationConfig.thinkingConfig.thinkingLevel'],
      [{ contents: hello, generationConfig: { responseSchema: 'x' } }, 'generationConfig.responseSchema'],
      [{ contents: hello, systemInstruction: 5 }, 'systemInstruction'],
      [{ contents: hello, serviceTier: 5 }, 'serviceTier'],
    ]
    for (const [body, field] of cases) {
      const error = errorOf(() => decode(body))
      expect([field, error.status, error.details.field]).toEqual([field, 400, field])
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
      if (Array.isArray(node)) for (const [i, item] of node.entries()) mutate(item, (value) => rebuild(node.map((old, at) => (at === i ? value : old))))
      else if (isObject(node)) for (const [key, item] of Object.entries(node)) mutate(item, (value) => rebuild({ ...node, [key]: value as JsonObject }))
    }
    mutate(seed, (value) => (isObject(value) ? value : {}))
    expect(tried).toBeGreaterThan(500)
  })
})

describe('encoding', () => {
  test('a request of the same format comes back with the same meaning', () => {
    const wire = fixtureJson('tools.request.json')
    const body = format.encodeRequest({ ...context({}, 'gemini-3-flash-preview'), request: decode(wire) }).body
    expect(body['contents']).toEqual(wire['contents'] as JsonObject[])
    expect(body['systemInstruction']).toEqual(wire['systemInstruction'] as JsonObject)
    expect(body['safetySettings']).toEqual(wire['safetySettings'] as JsonObject[])
    expect(body['generationConfig']).toEqual(wire['generationConfig'] as JsonObject)
    expect(JSON.stringify(body)).toContain('9007199254740993123')
    expect(body['toolConfig']).toEqual({ functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] }, includeServerSideToolInvocations: true })
  })

  test('roles, merging, results in call order, names from the history, foreign ids left out', () => {
    const body = encode(
      {
        messages: [
          { role: 'system', content: [{ type: 'text', text: 'S' }] },
          user('a'),
          user('b'),
          { role: 'assistant', content: [call('x', 'one'), call('y', 'two.2/3')] },
          { role: 'system', content: [{ type: 'text', text: 'late' }] },
          { role: 'user', content: [result('y', 'Y'), { ...result('x', 'X'), isError: true }] },
          { role: 'assistant', content: [call('z', 'one')] },
          { role: 'user', content: [result('z', 'Z'), result('ghost', 'G')] },
        ],
      },
      'gemini-3-pro-preview',
    )
    expect(body['systemInstruction']).toEqual({ parts: [{ text: 'S' }] })
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'one', args: { n: 1 } }, thoughtSignature: 'skip_thought_signature_validator' },
          { functionCall: { name: 'two.2_3', args: { n: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'one', response: { error: 'X' } } },
          { functionResponse: { name: 'two.2_3', response: { result: 'Y' } } },
          { text: '<system_instruction>' },
          { text: 'late' },
          { text: '</system_instruction>' },
        ],
      },
      { role: 'model', parts: [{ functionCall: { name: 'one', args: { n: 1 } }, thoughtSignature: 'skip_thought_signature_validator' }] },
      { role: 'user', parts: [{ functionResponse: { name: 'one', response: { result: 'Z' } } }, { text: 'Result of an earlier tool call:\nG' }] },
    ] as never)
  })

  test('steps that only results part stay apart', () => {
    const body = encode({ messages: [user('a'), { role: 'assistant', content: [call('x', 'f')] }, { role: 'user', content: [result('x', 'X')] }, { role: 'assistant', content: [call('y', 'f')] }, { role: 'user', content: [result('y', 'Y')] }] })
    expect((body['contents'] as JsonObject[]).map((content) => content['role'])).toEqual(['user', 'model', 'user', 'model', 'user'])
  })

  test('malformed and custom arguments', () => {
    const messages = [
      user('a'),
      { role: 'assistant' as const, content: [{ ...call('x', 'f'), arguments: '{"a":' }, { ...call('y', 'g'), arguments: 'free', kind: 'custom' as const }] },
    ]
    expect((encode({ messages })['contents'] as JsonObject[])[1]).toMatchObject({
      parts: [{ functionCall: { args: { _raw_arguments: '{"a":' } } }, { functionCall: { args: { input: 'free' } } }],
    })
  })

  test('images in results: inside from Gemini 3 on, beside before', () => {
    const image = { type: 'image' as const, source: { kind: 'base64' as const, mediaType: 'image/jpg', data: 'AAAA' } }
    const messages = [user('a'), { role: 'assistant' as const, content: [call('x', 'f')] }, { role: 'user' as const, content: [{ ...result('x', 'X'), content: [image] }] }]
    const inline = { inlineData: { mimeType: 'image/jpeg', data: 'AAAA' } }
    const last = (model: string) => (encode({ messages }, model)['contents'] as JsonObject[])[2]
    expect(last('gemini-3-flash-preview')).toMatchObject({ parts: [{ functionResponse: { parts: [inline] } }] })
    expect(last('gemini-2.5-flash')).toEqual({ role: 'user', parts: [{ functionResponse: { name: 'f', response: { result: '' } } }, { text: 'Media returned by f:' }, inline] } as never)
  })

  test('tool choices', () => {
    const tools = [fn('a'), fn('b')]
    const config = (members: Parameters<typeof encode>[0]) => (encode({ tools, ...members })['toolConfig'] as JsonObject | undefined)?.['functionCallingConfig']
    expect(config({})).toBeUndefined()
    expect(config({ toolChoice: { type: 'auto' } })).toEqual({ mode: 'AUTO' })
    expect(config({ toolChoice: { type: 'auto' }, tools: [{ ...fn('a'), strict: true }] })).toEqual({ mode: 'VALIDATED' })
    expect(config({ toolChoice: { type: 'required' }, tools: [{ ...fn('a'), strict: true }] })).toEqual({ mode: 'ANY' })
    expect(config({ toolChoice: { type: 'none' } })).toEqual({ mode: 'NONE' })
    expect(config({ toolChoice: { type: 'tool', name: 'b' } })).toEqual({ mode: 'ANY', allowedFunctionNames: ['b'] })
    expect(config({ toolChoice: { type: 'allowed', names: ['b'], required: true } })).toEqual({ mode: 'ANY', allowedFunctionNames: ['b'] })
    const filtered = encode({ tools, toolChoice: { type: 'allowed', names: ['b'], required: false } })
    expect(filtered['tools']).toMatchObject([{ functionDeclarations: [{ name: 'b' }] }])
    expect(encode({ tools: [], toolChoice: { type: 'required' } })).not.toHaveProperty('toolConfig')
  })

  test("functions that bear native names are Gemini's own", () => {
    expect(encode({ tools: [fn('googleSearch'), fn('codeExecution')] })['tools']).toEqual([{ googleSearch: {} }, { codeExecution: {} }])
    const own = decode({ contents: hello, tools: [{ functionDeclarations: [{ name: 'googleSearch' }] }] })
    expect(format.encodeRequest({ ...context(), request: own }).body['tools']).toEqual([{ functionDeclarations: [{ name: 'googleSearch' }] }])
  })

  test('before Gemini 3 own tools give way to functions, aloud', () => {
    const ctx = context({ tools: [fn('f'), { type: 'server', kind: 'web-search', format: 'anthropic-messages', wire: {} }] })
    expect(format.encodeRequest(ctx).body['tools']).toMatchObject([{ functionDeclarations: [{ name: 'f' }] }])
    expect(ctx.warnings).toMatchObject([{ kind: 'dropped', field: 'tools[1]' }])
  })

  test('reasoning by model', () => {
    const thinking = (reasoning: Parameters<typeof request>[0], model: string) => (encode(reasoning, model)['generationConfig'] as JsonObject | undefined)?.['thinkingConfig']
    expect(thinking({ reasoning: { effort: 'high' } }, 'gemini-3-pro-preview')).toEqual({ includeThoughts: true, thinkingLevel: 'HIGH' })
    expect(thinking({ reasoning: { effort: 'none' } }, 'gemini-3-pro-preview')).toEqual({ thinkingLevel: 'LOW' })
    expect(thinking({ reasoning: { effort: 'none' } }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 0 })
    expect(thinking({ reasoning: { effort: 'none' } }, 'gemini-2.5-pro')).toEqual({ thinkingBudget: 128 })
    expect(thinking({ reasoning: { effort: 'medium', display: 'omitted' } }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 8192 })
    expect(thinking({ reasoning: { budgetTokens: 5000 } }, 'gemini-3-flash-preview')).toEqual({ includeThoughts: true, thinkingLevel: 'MEDIUM' })
    expect(thinking({ reasoning: { effort: 'max' }, maxOutputTokens: 1000 }, 'gemini-2.5-flash')).toEqual({ includeThoughts: true, thinkingBudget: 800 })
    expect(thinking({ maxOutputTokens: 500 }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 0 })
    expect(thinking({ maxOutputTokens: 500 }, 'gemini-3-pro-preview')).toEqual({ thinkingLevel: 'LOW' })
    expect(thinking({ reasoning: { effort: 'high' } }, 'gemini-2.0-flash')).toBeUndefined()
    expect(thinking({}, 'gemini-2.5-flash')).toBeUndefined()
  })

  test('foreign reasoning is dropped aloud, our own goes back signed', () => {
    const ctx = context({
      messages: [
        user('a'),
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'mine', signature: { format: 'gemini-generate-content', value: 's' } },
            { type: 'reasoning', text: 'theirs', signature: { format: 'anthropic-messages', value: 's' } },
            { type: 'text', text: 'ok' },
          ],
        },
        user('b'),
      ],
    })
    expect((format.encodeRequest(ctx).body['contents'] as JsonObject[])[1]).toEqual({ role: 'model', parts: [{ text: 'mine', thought: true, thoughtSignature: 's' }, { text: 'ok' }] } as never)
    expect(ctx.warnings).toMatchObject([{ kind: 'dropped', field: 'messages[1].content[1]' }])
  })

  test('settings', () => {
    const body = encode({
      choices: 2,
      temperature: 0,
      topK: 3,
      seed: 7,
      stopSequences: ['a', ''],
      logprobs: { top: 2 },
      responseFormat: { type: 'json-schema', schema: { type: 'object', properties: { a: { const: 'x' }, b: { type: 'string', pattern: '^a' } }, $schema: 'x' } },
      modalities: ['text', 'audio'],
      audioOutput: { voice: 'alloy' },
      serviceTier: 'default',
    })
    expect(body).toMatchObject({
      serviceTier: 'standard',
      generationConfig: {
        candidateCount: 2,
        temperature: 0,
        topK: 3,
        seed: 7,
        stopSequences: ['a'],
        responseLogprobs: true,
        logprobs: 2,
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { a: { enum: ['x'], type: 'string' }, b: { type: 'string', description: '(pattern: "^a")' } } },
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
      },
    })
    expect(errorOf(() => encode({ stopSequences: ['1', '2', '3', '4', '5', '6'] })).status).toBe(400)
  })

  test('what Gemini has no word for is told', () => {
    const ctx = context({ logitBias: {}, endUser: 'u', cacheKey: 'k', tools: [fn('f')], parallelToolCalls: false })
    format.encodeRequest(ctx)
    expect(ctx.warnings.map((warning) => warning.field)).toEqual(['logit_bias', 'user', 'prompt_cache_key', 'parallel_tool_calls'])
  })

  test("another vendor's file is a 400; only system messages become a user turn", () => {
    const file = { type: 'file' as const, source: { kind: 'file-id' as const, format: 'openai-chat', id: 'file-1' } }
    expect(errorOf(() => encode({ messages: [{ role: 'user', content: [file] }] })).code).toBe('unsupported_content')
    expect(encode({ messages: [{ role: 'system', content: [{ type: 'text', text: 'S' }] }] })).toMatchObject({ contents: [{ role: 'user', parts: [{ text: 'S' }] }] })
  })
})

test('countTokens takes both bodies', () => {
  const wrapped = countTokensRequest(http({ generate_content_request: { model: 'models/x', contents: hello } }, '/v1beta/models/x:countTokens'))
  expect(format.decodeRequest(wrapped, noNote).messages).toHaveLength(1)
  expect(format.decodeRequest(countTokensRequest(http({ contents: hello }, '/v1beta/models/x:countTokens')), noNote).messages).toHaveLength(1)
  expect(encodeCountTokens(12)).toMatchObject({ totalTokens: 12 })
})

test('a model in the body is taken out on passthrough', () => {
  const peek = format.peek(http({}))
  expect(format.passthroughEdits(peek, 'x', { model: 'models/y' })).toEqual([{ op: 'remove', path: ['model'] }])
  expect(format.passthroughEdits(peek, 'x', {})).toEqual([])
})

function call(id: string, name: string) {
  return { type: 'tool-call' as const, id, name, arguments: '{"n":1}', kind: 'function' as const }
}
function result(callId: string, text: string) {
  return { type: 'tool-result' as const, callId, content: [{ type: 'text' as const, text }], isError: false }
}
function fn(name: string) {
  return { type: 'function' as const, name, parameters: { type: 'object', properties: {} } }
}
