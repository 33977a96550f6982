import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../../core/errors.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { context, decode, encode, format, type request } from './test-kit.ts'

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
const user = (text: string) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] })
const hello = [{ role: 'user', parts: [{ text: 'Hi' }] }]

describe('encoding', () => {
  test('a request of the same format comes back with the same meaning', () => {
    const wire = fixtureJson('tools.request.json')
    const body = format.encodeRequest({ ...context({}, 'gemini-3-flash-preview'), request: decode(wire) }).body
    expect(body['contents']).toEqual(wire['contents'] as JsonObject[])
    expect(body['systemInstruction']).toEqual(wire['systemInstruction'] as JsonObject)
    expect(body['safetySettings']).toEqual(wire['safetySettings'] as JsonObject[])
    expect(body['generationConfig']).toEqual(wire['generationConfig'] as JsonObject)
    expect(JSON.stringify(body)).toContain('9007199254740993123')
    expect(body['toolConfig']).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] },
      includeServerSideToolInvocations: true,
    })
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
      {
        role: 'user',
        parts: [{ functionResponse: { name: 'one', response: { result: 'Z' } } }, { text: 'Result of an earlier tool call:\nG' }],
      },
    ] as never)
  })

  test('steps that only results part stay apart', () => {
    const body = encode({
      messages: [
        user('a'),
        { role: 'assistant', content: [call('x', 'f')] },
        { role: 'user', content: [result('x', 'X')] },
        { role: 'assistant', content: [call('y', 'f')] },
        { role: 'user', content: [result('y', 'Y')] },
      ],
    })
    expect((body['contents'] as JsonObject[]).map((content) => content['role'])).toEqual(['user', 'model', 'user', 'model', 'user'])
  })

  test('malformed and custom arguments', () => {
    const messages = [
      user('a'),
      {
        role: 'assistant' as const,
        content: [
          { ...call('x', 'f'), arguments: '{"a":' },
          { ...call('y', 'g'), arguments: 'free', kind: 'custom' as const },
        ],
      },
    ]
    expect((encode({ messages })['contents'] as JsonObject[])[1]).toMatchObject({
      parts: [{ functionCall: { args: { _raw_arguments: '{"a":' } } }, { functionCall: { args: { input: 'free' } } }],
    })
  })

  test('images in results: inside from Gemini 3 on, beside before', () => {
    const image = { type: 'image' as const, source: { kind: 'base64' as const, mediaType: 'image/jpg', data: 'AAAA' } }
    const messages = [
      user('a'),
      { role: 'assistant' as const, content: [call('x', 'f')] },
      { role: 'user' as const, content: [{ ...result('x', 'X'), content: [image] }] },
    ]
    const inline = { inlineData: { mimeType: 'image/jpeg', data: 'AAAA' } }
    const last = (model: string) => (encode({ messages }, model)['contents'] as JsonObject[])[2]
    expect(last('gemini-3-flash-preview')).toMatchObject({ parts: [{ functionResponse: { parts: [inline] } }] })
    expect(last('gemini-2.5-flash')).toEqual({
      role: 'user',
      parts: [{ functionResponse: { name: 'f', response: { result: '' } } }, { text: 'Media returned by f:' }, inline],
    } as never)
  })

  test('tool choices', () => {
    const tools = [fn('a'), fn('b')]
    const config = (members: Parameters<typeof encode>[0]) =>
      (encode({ tools, ...members })['toolConfig'] as JsonObject | undefined)?.['functionCallingConfig']
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
    expect(format.encodeRequest({ ...context(), request: own }).body['tools']).toEqual([
      { functionDeclarations: [{ name: 'googleSearch' }] },
    ])
  })

  test('before Gemini 3 own tools give way to functions, aloud', () => {
    const ctx = context({ tools: [fn('f'), { type: 'server', kind: 'web-search', format: 'anthropic-messages', wire: {} }] })
    expect(format.encodeRequest(ctx).body['tools']).toMatchObject([{ functionDeclarations: [{ name: 'f' }] }])
    expect(ctx.warnings).toMatchObject([{ kind: 'dropped', field: 'tools[1]' }])
  })

  test('reasoning by model', () => {
    const thinking = (reasoning: Parameters<typeof request>[0], model: string) =>
      (encode(reasoning, model)['generationConfig'] as JsonObject | undefined)?.['thinkingConfig']
    expect(thinking({ reasoning: { effort: 'high' } }, 'gemini-3-pro-preview')).toEqual({ includeThoughts: true, thinkingLevel: 'HIGH' })
    expect(thinking({ reasoning: { effort: 'none' } }, 'gemini-3-pro-preview')).toEqual({ thinkingLevel: 'LOW' })
    expect(thinking({ reasoning: { effort: 'none' } }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 0 })
    expect(thinking({ reasoning: { effort: 'none' } }, 'gemini-2.5-pro')).toEqual({ thinkingBudget: 128 })
    expect(thinking({ reasoning: { effort: 'medium', display: 'omitted' } }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 8192 })
    expect(thinking({ reasoning: { budgetTokens: 5000 } }, 'gemini-3-flash-preview')).toEqual({
      includeThoughts: true,
      thinkingLevel: 'MEDIUM',
    })
    expect(thinking({ reasoning: { effort: 'max' }, maxOutputTokens: 1000 }, 'gemini-2.5-flash')).toEqual({
      includeThoughts: true,
      thinkingBudget: 800,
    })
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
    expect((format.encodeRequest(ctx).body['contents'] as JsonObject[])[1]).toEqual({
      role: 'model',
      parts: [{ text: 'mine', thought: true, thoughtSignature: 's' }, { text: 'ok' }],
    } as never)
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
      responseFormat: {
        type: 'json-schema',
        schema: { type: 'object', properties: { a: { const: 'x' }, b: { type: 'string', pattern: '^a' } }, $schema: 'x' },
      },
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
        responseJsonSchema: {
          type: 'object',
          properties: { a: { enum: ['x'], type: 'string' }, b: { type: 'string', description: '(pattern: "^a")' } },
        },
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
      },
    })
    const six = context({ stopSequences: ['1', '2', '3', '4', '5', '6'] })
    expect(format.encodeRequest(six).cutAt).toEqual(['6'])
    expect(six.warnings.map(({ kind, field }) => `${kind} ${field}`)).toEqual(['emulated stop'])
  })

  test('what Gemini has no word for is told', () => {
    const ctx = context({ logitBias: {}, endUser: 'u', cacheKey: 'k', tools: [fn('f')], parallelToolCalls: false })
    format.encodeRequest(ctx)
    expect(ctx.warnings.map((warning) => warning.field)).toEqual(['logit_bias', 'user', 'prompt_cache_key', 'parallel_tool_calls'])
  })

  test("another vendor's file is a 400; only system messages become a user turn", () => {
    const file = { type: 'file' as const, source: { kind: 'file-id' as const, format: 'openai-chat', id: 'file-1' } }
    expect(errorOf(() => encode({ messages: [{ role: 'user', content: [file] }] })).code).toBe('unsupported_content')
    expect(encode({ messages: [{ role: 'system', content: [{ type: 'text', text: 'S' }] }] })).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: 'S' }] }],
    })
  })
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
