// What each vendor refuses, in its words; and that no garbage makes the sandbox itself fail.

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { asObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { sandboxHandler } from './index.ts'

const handler = sandboxHandler({ modelRules: true })

async function answer(path: string, body: JsonValue | string): Promise<{ status: number; error: JsonObject }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await handler(new Request(`http://sandbox.invalid${path}`, { method: 'POST', body: text }))
  const parsed = response.status === 200 ? undefined : asObject((await response.json()) as JsonValue)
  return { status: response.status, error: asObject(parsed?.error) ?? {} }
}

type Row = readonly [JsonObject, RegExp, string?]

describe('Chat Completions', () => {
  const user = { role: 'user', content: 'hi' }
  const call = { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] }
  const rows: Row[] = [
    [{ messages: [user] }, /Missing required parameter: 'model'/, 'model'],
    [{ model: 'gpt-4o' }, /Missing required parameter: 'messages'/, 'messages'],
    [{ messages: [] }, /empty array/, 'messages'],
    [{ messages: 'x' }, /expected an array of objects, but got a string/, 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, /Supported values are: 'system', 'assistant'/, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: null }] }, /expected a string, got null/, 'messages[0].content'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_text', text: 'x' }] }] },
      /Invalid value: 'input_text'/,
      'messages[0].content[0].type',
    ],
    [{ messages: [user, { role: 'tool', tool_call_id: 'c1', content: 'x' }] }, /must be a response to a preceeding message/],
    [{ messages: [user, call, user] }, /did not have response messages: c1/],
    [{ messages: [user, call] }, /did not have response messages: c1/],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,!!' } }] }] },
      /Invalid base64 image_url/,
    ],
    [{ x_unknown: 1 }, /^Unrecognized request argument supplied: x_unknown$/],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, /array too long/, 'stop'],
    [{ temperature: 3 }, /decimal above maximum value/, 'temperature'],
    [{ n: 0 }, /integer below minimum value/, 'n'],
    [{ stream_options: { include_usage: true } }, /only allowed when 'stream' is enabled/, 'stream_options'],
    [{ tool_choice: 'auto' }, /only allowed when 'tools' are specified/, 'tool_choice'],
    [{ tools: [{ type: 'function', function: { name: 'a b' } }] }, /does not match pattern/, 'tools[0].function.name'],
    [{ tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'OBJECT' } } }] }, /got 'type: "OBJECT"'/],
    [{ max_tokens: 5, max_completion_tokens: 5 }, /at the same time/],
    [{ model: 'gpt-5', max_tokens: 5 }, /Use 'max_completion_tokens' instead/, 'max_tokens'],
    [{ response_format: { type: 'json_object' } }, /must contain the word 'json'/],
    [
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', strict: true, schema: { type: 'object', properties: { a: {} } } },
        },
      },
      /additionalProperties/,
    ],
  ]
  for (const [change, message, param] of rows) {
    test(`${JSON.stringify(change).slice(0, 70)}`, async () => {
      const base: JsonObject =
        change.messages === undefined && Object.keys(change)[0] === 'model' && Object.keys(change).length === 1 ? {} : { messages: [user] }
      const { status, error } = await answer('/v1/chat/completions', {
        ...(change.messages !== undefined && change.model === undefined && message.source.includes('model') ? {} : { model: 'gpt-4o' }),
        ...base,
        ...change,
      })
      expect(status).toBe(400)
      expect(error.message).toMatch(message)
      expect(error.type).toBe('invalid_request_error')
      if (param !== undefined) expect(error.param).toBe(param)
    })
  }
})

describe('Responses', () => {
  const rows: Row[] = [
    [{ input: 7 }, /expected one of a string or array of objects, but got an integer/, 'input'],
    [{ foo: 1 }, /Unknown parameter: 'foo'/, 'foo'],
    [{ input: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }, /Supported values are: 'input_text'/],
    [{ input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] }, /Supported values are: 'output_text' and 'refusal'/],
    [
      { input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }] },
      /No tool call found for function call output with call_id c/,
    ],
    [{ input: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }] }, /No tool output found for function call c/],
    [{ input: [{ type: 'reasoning', encrypted_content: 'x' }] }, /Missing required parameter: 'input\[0\].summary'/],
    [{ input: [{ type: 'nonsense' }] }, /Invalid value: 'nonsense'/],
    [{ previous_response_id: 'resp_1' }, /Previous response with id 'resp_1' not found/, 'previous_response_id'],
    [{ max_output_tokens: 5 }, /Expected a value >= 16/, 'max_output_tokens'],
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, /Missing required parameter: 'tools\[0\].name'/],
  ]
  for (const [change, message, param] of rows) {
    test(JSON.stringify(change).slice(0, 70), async () => {
      const { status, error } = await answer('/v1/responses', { model: 'gpt-4o', input: 'hi', ...change })
      expect(status).toBe(400)
      expect(error.message).toMatch(message)
      if (param !== undefined) expect(error.param).toBe(param)
    })
  }
})

describe('Messages', () => {
  const user = { role: 'user', content: 'hi' }
  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: {} }] }
  const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'x' })
  const WEB = { type: 'web_search_20250305', name: 'web_search' }
  const rows: Row[] = [
    [{ max_tokens: undefined }, /^max_tokens: Field required$/],
    [{ messages: undefined }, /^messages: Field required$/],
    [{ model: undefined }, /^model: Field required$/],
    [{ messages: [] }, /at least one message/],
    [{ messages: [{ role: 'user', content: '' }] }, /user messages must have non-empty content/],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, /must be non-empty/],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: ' \n' }] }] }, /non-whitespace/],
    [{ messages: [{ role: 'assistant', content: 'x' }] }, /first message must use the "user" role/],
    [{ messages: [{ role: 'tool', content: 'x' }] }, /Unexpected role "tool"/],
    [{ messages: [user, use, user] }, /`tool_use` ids were found without `tool_result` blocks immediately after: t1/],
    [{ messages: [user, use, { role: 'user', content: [{ type: 'text', text: 'x' }, result('t1')] }] }, /without `tool_result` blocks/],
    [{ messages: [{ role: 'user', content: [result('t9')] }] }, /unexpected `tool_use_id` found in `tool_result` blocks: t9/],
    [{ messages: [user, use, { role: 'user', content: [result('t1'), result('t1')] }] }, /multiple `tool_result` blocks/],
    [{ messages: [user, { role: 'assistant', content: [{ type: 'tool_use', id: 'a.b', name: 'f', input: {} }] }] }, /should match pattern/],
    [{ messages: [user, { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: '{}' }] }] }, /valid dictionary/],
    [{ messages: [user, { role: 'assistant', content: 'ends ' }] }, /trailing whitespace/],
    [
      { model: 'claude-opus-4-6', messages: [user, { role: 'assistant', content: 'prefill' }] },
      /does not support assistant message prefill/,
    ],
    [
      {
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'no base64!' } }] }],
      },
      /Invalid base64 data/,
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/tiff', data: 'AAAA' } }] }] },
      /media_type: Input should be/,
    ],
    [{ foo: 1 }, /^foo: Extra inputs are not permitted$/],
    [{ temperature: 1.5 }, /less than or equal to 1/],
    [{ model: 'claude-opus-5-5', temperature: 0.5 }, /not supported for this model/],
    [{ thinking: { type: 'enabled', budget_tokens: 100 } }, /greater than or equal to 1024/],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, /`max_tokens` must be greater/],
    [{ tools: [{ name: 'f', input_schema: {} }] }, /input_schema.type: Field required/],
    [{ tools: [{ name: 'f' }] }, /input_schema: Field required/],
    [{ tools: [WEB, { name: 'web_search', input_schema: { type: 'object' } }] }, /Tool names must be unique/],
    [{ tools: [{ ...WEB, name: 'search' }] }, /Input should be 'web_search'/],
    [{ tools: [{ ...WEB, allowed_domains: ['a.com'], blocked_domains: ['b.com'] }] }, /Cannot specify both/],
    [{ tools: [{ ...WEB, allowed_domains: ['*.example.com'] }] }, /Invalid domain/],
    [{ tools: [{ ...WEB, user_location: { type: 'approximate' } }] }, /at least one of/],
    [{ tools: [WEB], output_config: { format: { type: 'json_schema', schema: {} } } }, /citations/],
    [{ tool_choice: { type: 'tool', name: 'zzz' }, tools: [{ name: 'f', input_schema: { type: 'object' } }] }, /'zzz' not found/],
    [{ stop_sequences: [' '] }, /non-whitespace/],
  ]
  for (const [change, message] of rows) {
    test(JSON.stringify(change).slice(0, 70), async () => {
      const { status, error } = await answer('/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 500, messages: [user], ...change })
      expect(status).toBe(400)
      expect(error.message).toMatch(message)
      expect(error.type).toBe('invalid_request_error')
    })
  }

  test('search results come back sealed as they left', async () => {
    const first = await handler(
      new Request('http://sandbox.invalid/v1/messages', {
        method: 'POST',
        body: JSON.stringify({ model: 'test/search', max_tokens: 500, messages: [{ role: 'user', content: 'TypeScript' }], tools: [WEB] }),
      }),
    )
    const { content } = (await first.json()) as { content: JsonObject[] }
    const send = (blocks: JsonValue) =>
      answer('/v1/messages', {
        model: 'claude-sonnet-4-5',
        max_tokens: 500,
        tools: [WEB],
        messages: [user, { role: 'assistant', content: blocks }, user],
      })
    expect((await send(content)).status).toBe(200)
    const swapped = structuredClone(content)
    const results = swapped.find(({ type }) => type === 'web_search_tool_result')?.content as JsonObject[]
    ;(results[0] as JsonObject).url = 'https://elsewhere.example/'
    const { status, error } = await send(swapped)
    expect(status).toBe(400)
    expect(error.message).toMatch(/^messages\.1\.content\.2\..*content\.0\.encrypted_content/)
  })
})

describe('Gemini', () => {
  const call = { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }
  const response = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }
  const user = { role: 'user', parts: [{ text: 'hi' }] }
  const tool = (parameters: JsonObject): JsonObject => ({ tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] })
  const rows: Row[] = [
    [{ contents: [] }, /contents is not specified/],
    [{ foo: 1 }, /Unknown name "foo": Cannot find field/],
    [{ generationConfig: { max_tokens: 5 } }, /Unknown name "max_tokens" at 'generation_config'/],
    [{ contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] }, /Please use a valid role: user, model/],
    [{ contents: [{ role: 'user', parts: [] }] }, /must not be empty/],
    [{ contents: [{ role: 'user', parts: [{}] }] }, /required oneof field 'data'/],
    [{ contents: [user, response] }, /immediately after a function call turn/],
    [{ contents: [user, call, user] }, /number of function response parts/],
    [{ contents: [user, { ...call, parts: [...call.parts, ...call.parts] }, response] }, /number of function response parts/],
    [{ contents: [user, call, { role: 'user', parts: [{ functionResponse: { name: 'f', response: 'text' } }] }] }, /protobuf.Struct/],
    [{ contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: '***' } }] }] }, /Base64 decoding failed/],
    [tool({ type: 'object', properties: {} }), /should be non-empty for OBJECT type/],
    [tool({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }), /Unknown name "additionalProperties"/],
    [tool({ type: 'object', properties: { a: { type: ['string', 'null'] } } }), /TYPE_STRING/],
    [tool({ type: 'object', properties: { a: { type: 'integer', enum: ['1'] } } }), /only allowed for STRING type/],
    [{ generationConfig: { responseSchema: { type: 'STRING' } } }, /only supported with response mime type/],
    [{ generationConfig: { thinkingConfig: { thinkingBudget: 5, thinkingLevel: 'LOW' } } }, /only one of thinking budget/],
    [{ generationConfig: { maxOutputTokens: 0 } }, /must be in the range/],
  ]
  for (const [change, message] of rows) {
    test(JSON.stringify(change).slice(0, 70), async () => {
      const { status, error } = await answer('/v1beta/models/gemini-2.5-flash:generateContent', { contents: [user], ...change })
      expect(status).toBe(400)
      expect(error.message).toMatch(message)
      expect(error.status).toBe('INVALID_ARGUMENT')
    })
  }

  test('snake case is understood', async () => {
    const body = { contents: [user], generation_config: { max_output_tokens: 2 }, system_instruction: { parts: [{ text: 'x' }] } }
    expect((await answer('/v1beta/models/gemini-2.5-flash:generateContent', body)).status).toBe(200)
  })
})

const PATHS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1beta/models/gemini-2.5-flash:generateContent',
  '/v1beta/models/test/echo:streamGenerateContent',
]

test('a lenient sandbox reads over unknown members', async () => {
  const lenient = sandboxHandler({ strict: false })
  const bodies: [string, JsonObject][] = [
    ['/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }] }],
    ['/v1/responses', { model: 'gpt-4o', input: 'x' }],
    ['/v1/messages', { model: 'claude-haiku-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }],
    ['/v1beta/models/gemini-2.5-pro:generateContent', { contents: [{ parts: [{ text: 'x', y: 1 }] }], generationConfig: { z: 1 } }],
  ]
  for (const [path, body] of bodies) {
    const response = await lenient(
      new Request(`http://sandbox.invalid${path}`, { method: 'POST', body: JSON.stringify({ ...body, x_unknown: { a: 1 } }) }),
    )
    expect([path, response.status]).toEqual([path, 200])
  }
})

test('garbage is refused, never an exception', async () => {
  const members =
    'model messages input contents tools role content type text tool_choice parts functionCall name input_schema parameters function stream max_tokens system thinking generationConfig tool_calls id'.split(
      ' ',
    )
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 0, -1, 1.5, '', 'x', 'user', 'function', 'gpt-4o', 'test/echo'),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...members), tie('any'), { maxKeys: 5 }),
    ),
  })).any
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), value, async (path, body) => {
      const { status } = await answer(path, {
        model: 'gpt-4o',
        max_tokens: 5,
        messages: [{ role: 'user', content: 'x' }],
        ...(typeof body === 'object' ? (body as JsonObject) : {}),
      })
      expect([200, 400, 404]).toContain(status)
    }),
    { numRuns: 1500 },
  )
  for (const path of PATHS) for (const text of ['', '{', '[]', 'null', '"x"', '7']) expect((await answer(path, text)).status).toBe(400)
})
