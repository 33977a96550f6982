// The official SDKs, unmodified, straight against the sandbox on a port.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import OpenAI, { AuthenticationError, BadRequestError, RateLimitError } from 'openai'
import { type ServedSandbox, serveSandbox } from './index.ts'

let served: ServedSandbox
beforeAll(() => {
  served = serveSandbox({ port: 0 })
})
afterAll(() => served.stop())

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const PERSON = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}

/** A plain promise of a call that should fail: the SDKs’ own start only when awaited. */
const failing = async (call: PromiseLike<unknown>): Promise<unknown> => await call

describe('openai', () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${served.url}/v1`, apiKey: 'sk-any', maxRetries: 0 })
  const ask = (model: string, content = 'Say hello') => ({ model, messages: [{ role: 'user' as const, content }] })
  const WEATHER = { type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }

  test('the streamed completion is the plain one', async () => {
    for (const model of ['gpt-4o-mini', 'test/echo', 'test/reasoning', 'test/refusal', 'test/length', 'test/json']) {
      const plain = await client().chat.completions.create(ask(model))
      const streamed = await client()
        .chat.completions.stream({ ...ask(model), stream_options: { include_usage: true } })
        .finalChatCompletion()
      expect(streamed.choices[0]?.message.content ?? '').toBe(plain.choices[0]?.message.content ?? '')
      expect(streamed.choices[0]?.message.refusal ?? null).toBe(plain.choices[0]?.message.refusal ?? null)
      expect(streamed.choices[0]?.finish_reason).toBe(plain.choices[0]?.finish_reason as 'stop')
      expect(streamed.usage).toEqual(plain.usage as OpenAI.CompletionUsage)
      expect(plain.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    }
  })

  test('parallel tools, streamed, and their results', async () => {
    const other = { type: 'function' as const, function: { name: 'get_time', parameters: { ...SCHEMA } } }
    const first = await client()
      .chat.completions.stream({ ...ask('test/parallel-tools', 'go on'), tools: [WEATHER, other] })
      .finalChatCompletion()
    const message = first.choices[0]?.message as OpenAI.ChatCompletionMessage
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    expect(message.tool_calls?.map((call) => call.type === 'function' && call.function.name)).toEqual(['get_weather', 'get_time'])
    const results = (message.tool_calls ?? []).map((call, i) => ({ role: 'tool' as const, tool_call_id: call.id, content: `result ${i}` }))
    const second = await client().chat.completions.create({
      model: 'test/parallel-tools',
      messages: [{ role: 'user', content: 'go on' }, message, ...results],
      tools: [WEATHER, other],
    })
    expect(second.choices[0]?.message.content).toContain('result 0')
    expect(second.choices[0]?.message.content).toContain('result 1')
  })

  test('choices, log probabilities, legacy functions, custom tools', async () => {
    const many = await client().chat.completions.create({ ...ask('gpt-4o'), n: 3, logprobs: true, top_logprobs: 2 })
    expect(many.choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(new Set(many.choices.map(({ message }) => message.content)).size).toBe(3)
    const probabilities = many.choices[0]?.logprobs?.content ?? []
    expect(probabilities.map(({ token }) => token).join('')).toBe(many.choices[0]?.message.content as string)
    expect(probabilities[0]?.top_logprobs.length).toBe(2)
    const streamed = await client()
      .chat.completions.stream({ ...ask('gpt-4o'), n: 3 })
      .finalChatCompletion()
    expect(streamed.choices.map(({ message }) => message.content)).toEqual(many.choices.map(({ message }) => message.content))
    const legacy = await client().chat.completions.create({
      ...ask('gpt-4o'),
      functions: [{ name: 'get_weather', parameters: SCHEMA }],
      function_call: { name: 'get_weather' },
    })
    expect(legacy.choices[0]?.finish_reason).toBe('function_call')
    expect(JSON.parse(legacy.choices[0]?.message.function_call?.arguments ?? '')).toEqual({ city: 'Paris' })
    const custom = await client().chat.completions.create({
      ...ask('gpt-4o'),
      tools: [{ type: 'custom', custom: { name: 'code' } }],
      tool_choice: 'required',
    })
    expect(custom.choices[0]?.message.tool_calls?.[0]).toMatchObject({ type: 'custom', custom: { name: 'code', input: 'echo hello' } })
  })

  test('structured output', async () => {
    const answer = await client().chat.completions.create({
      ...ask('gpt-5-mini'),
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: PERSON } },
    })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ name: 'sandbox name', age: 1 })
  })

  test('Responses: the stream keeps the SDK’s grammar and rebuilds the plain answer', async () => {
    const tools = [{ type: 'function' as const, name: 'get_weather', parameters: SCHEMA, strict: true }, { type: 'web_search' as const }]
    const bodies: OpenAI.Responses.ResponseCreateParamsNonStreaming[] = [
      { model: 'gpt-5.5', input: 'Say hello' },
      { model: 'test/reasoning', input: 'Say hello', reasoning: { effort: 'low', summary: 'auto' } },
      { model: 'test/parallel-tools', input: 'Say hello', tools },
      { model: 'test/search', input: 'What is new in TypeScript 5.5?', tools: [{ type: 'web_search' }] },
      { model: 'test/refusal', input: 'Say hello' },
      { model: 'gpt-5', input: 'x', max_output_tokens: 16, text: { format: { type: 'json_schema', name: 'p', schema: PERSON } } },
      { model: 'gpt-4o', input: 'Say hello to everyone who is here today', max_output_tokens: 16 },
      { model: 'gpt-4o', input: 'x', tools: [{ type: 'custom', name: 'code' }], tool_choice: 'required' },
    ]
    for (const body of bodies) {
      const plain = await client().responses.create(body)
      const streamed = await client()
        .responses.stream({ ...body, stream: true })
        .finalResponse()
      expect(streamed.output.map(({ type }) => type)).toEqual(plain.output.map(({ type }) => type))
      expect(streamed.output_text).toBe(plain.output_text)
      expect(streamed.usage).toEqual(plain.usage)
      expect(streamed.status).toBe(plain.status as 'completed')
    }
    const long = await client().responses.create({ model: 'test/long', input: '100', max_output_tokens: 20 })
    expect(long.incomplete_details).toEqual({ reason: 'max_output_tokens' })
    expect(long.output_text).toEndWith('word20')
  })

  test('Responses: a tool round trip with reasoning sent back', async () => {
    const tools = [
      {
        type: 'function' as const,
        name: 'shell',
        parameters: { type: 'object', properties: { command: { type: 'array', items: { type: 'string' } } } },
        strict: false,
      },
    ]
    const first = await client().responses.create({ model: 'test/tool-call', input: 'Say hello', tools, reasoning: { effort: 'low' } })
    expect(first.output.map(({ type }) => type)).toEqual(['reasoning', 'function_call'])
    const call = first.output[1] as OpenAI.Responses.ResponseFunctionToolCall
    expect(JSON.parse(call.arguments)).toEqual({ command: ['echo', 'hello'] })
    const input = [
      { role: 'user', content: 'Say hello' },
      ...first.output,
      { type: 'function_call_output', call_id: call.call_id, output: 'hello' },
    ]
    const second = await client().responses.create({ model: 'test/tool-call', input: input as OpenAI.Responses.ResponseInput, tools })
    expect(second.output_text).toContain('hello')
  })

  test('citations span their link', async () => {
    const answer = await client().responses.create({
      model: 'gpt-5.5',
      input: 'latest TypeScript',
      tools: [{ type: 'web_search' }],
      include: ['web_search_call.action.sources'],
    })
    const message = answer.output.at(-1) as OpenAI.Responses.ResponseOutputMessage
    const part = message.content[0] as OpenAI.Responses.ResponseOutputText
    expect(part.annotations.length).toBeGreaterThan(0)
    for (const note of part.annotations) {
      if (note.type !== 'url_citation') throw new Error('not a citation')
      expect(part.text.slice(note.start_index, note.end_index)).toContain(`](${note.url})`)
    }
    const chat = await client().chat.completions.create({ ...ask('gpt-4o-search-preview', 'TypeScript 5.5'), web_search_options: {} })
    expect(chat.choices[0]?.message.annotations?.[0]?.type).toBe('url_citation')
  })

  test('failures have their classes', async () => {
    const failure = (model: string) => client().chat.completions.create(ask(model))
    await expect(failing(failure('test/429-retry-after'))).rejects.toBeInstanceOf(RateLimitError)
    await expect(failing(failure('test/401'))).rejects.toBeInstanceOf(AuthenticationError)
    await expect(failing(failure('test/400'))).rejects.toBeInstanceOf(BadRequestError)
    await expect(failing(failure('test/529'))).rejects.toMatchObject({ status: 503 })
    await expect(failing(failure('no-such'))).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    const retrying = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: 'k', maxRetries: 1 })
    expect((await retrying.chat.completions.create(ask('test/500-then-ok'))).object).toBe('chat.completion')
    for (const model of ['test/error-mid-stream', 'test/cut-at-5', 'test/malformed']) {
      await expect(failing(client().chat.completions.stream(ask(model)).finalChatCompletion())).rejects.toThrow()
      await expect(failing(client().responses.stream({ model, input: 'x' }).finalResponse())).rejects.toThrow()
    }
    await expect(failing(failure('test/cut-at-5'))).rejects.toThrow()
    const models = await client().models.list()
    expect(models.data.some(({ id }) => id === 'test/echo')).toBe(true)
    expect((await client().models.retrieve('gpt-4o')).id).toBe('gpt-4o')
  })
})

describe('anthropic', () => {
  const client = (): Anthropic => new Anthropic({ baseURL: served.url, apiKey: 'sk-any', maxRetries: 0 })
  const ask = (model: string, content = 'Say hello') => ({ model, max_tokens: 4000, messages: [{ role: 'user' as const, content }] })
  const WEATHER = { name: 'get_weather', input_schema: SCHEMA as Anthropic.Tool.InputSchema }
  const SEARCH: Anthropic.WebSearchTool20250305 = { type: 'web_search_20250305', name: 'web_search', max_uses: 5 }

  test('the stream rebuilds the plain message', async () => {
    const bodies: Anthropic.MessageCreateParamsNonStreaming[] = [
      ask('claude-sonnet-4-5'),
      { ...ask('claude-sonnet-4-5'), thinking: { type: 'enabled', budget_tokens: 1024 } },
      { ...ask('claude-opus-5-5'), thinking: { type: 'adaptive', display: 'omitted' } },
      { ...ask('test/parallel-tools'), tools: [WEATHER, { ...WEATHER, name: 'get_time' }] },
      { ...ask('claude-3-7-sonnet-20250219', 'How do I update a web app to TypeScript 5.5?'), tools: [SEARCH] },
      ask('test/refusal'),
      { ...ask('test/long'), max_tokens: 7 },
      { ...ask('test/echo', 'one two STOP three'), stop_sequences: ['STOP'] },
    ]
    for (const body of bodies) {
      const plain = await client().messages.create(body)
      const streamed = await client().messages.stream(body).finalMessage()
      expect(streamed.content as Anthropic.ContentBlock[]).toEqual(plain.content)
      expect(streamed.stop_reason).toBe(plain.stop_reason)
      expect(streamed.stop_sequence).toBe(plain.stop_sequence)
      expect(streamed.usage).toEqual(plain.usage)
    }
  })

  test('the documented web search answers with call, result and citations', async () => {
    const message = await client().messages.create({
      ...ask('claude-3-7-sonnet-20250219', 'How do I update a web app to TypeScript 5.5?'),
      tools: [SEARCH],
    })
    const [, call, result] = message.content
    if (call?.type !== 'server_tool_use' || result?.type !== 'web_search_tool_result') throw new Error('no search')
    expect(result.tool_use_id).toBe(call.id)
    expect(call.id).toMatch(/^srvtoolu_[a-zA-Z0-9_]+$/)
    if (!Array.isArray(result.content)) throw new Error('an error result')
    expect(result.content[0]?.title).toContain('TypeScript 5.5')
    const cited = message.content.flatMap((block) => (block.type === 'text' ? (block.citations ?? []) : []))
    expect(cited.length).toBeGreaterThan(0)
    for (const { cited_text, type } of cited) {
      expect(type).toBe('web_search_result_location')
      expect(cited_text.length).toBeLessThanOrEqual(153)
    }
    expect(message.usage.server_tool_use).toEqual({ web_search_requests: 1, web_fetch_requests: 0 })
    expect(message.stop_reason).toBe('end_turn')
    const again = await client().messages.create({
      model: 'claude-sonnet-4-5',
      max_tokens: 100,
      tools: [SEARCH],
      messages: [
        { role: 'user', content: 'How?' },
        { role: 'assistant', content: message.content as Anthropic.ContentBlockParam[] },
        { role: 'user', content: 'Thanks' },
      ],
    })
    expect(again.type).toBe('message')
  })

  test('signed thinking and a tool round trip', async () => {
    const body = { ...ask('test/tool-call'), thinking: { type: 'enabled' as const, budget_tokens: 1024 }, tools: [WEATHER] }
    const first = await client().messages.create(body)
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'tool_use'])
    const [thinking, call] = first.content as [Anthropic.ThinkingBlock, Anthropic.ToolUseBlock]
    const messages: Anthropic.MessageParam[] = [
      ...body.messages,
      { role: 'assistant', content: first.content as Anthropic.ContentBlockParam[] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '18 degrees' }] },
    ]
    const second = await client().messages.create({ ...body, messages })
    expect(second.content.some((block) => block.type === 'text' && block.text.includes('18 degrees'))).toBe(true)
    const tampered = [{ ...thinking, thinking: `${thinking.thinking} and more` }, call] as Anthropic.ContentBlockParam[]
    const broken = client().messages.create({ ...body, messages: messages.with(1, { role: 'assistant', content: tampered }) })
    await expect(failing(broken)).rejects.toMatchObject({ status: 400, message: expect.stringContaining('signature') })
  })

  test('counts, lists, failures', async () => {
    const { max_tokens: _max, ...count } = ask('claude-haiku-4-5')
    expect((await client().messages.countTokens(count)).input_tokens).toBe(
      (await client().messages.create(ask('claude-haiku-4-5'))).usage.input_tokens,
    )
    const ids: string[] = []
    for await (const { id } of client().models.list()) ids.push(id)
    expect(ids).toContain('claude-3-7-sonnet-20250219')
    expect(new Set(ids).size).toBe(ids.length)
    await expect(failing(client().messages.create(ask('test/529')))).rejects.toMatchObject({ status: 529 })
    for (const model of ['test/error-mid-stream', 'test/cut-at-5', 'test/malformed'])
      await expect(failing(client().messages.stream(ask(model)).finalMessage())).rejects.toThrow()
  })
})

describe('google', () => {
  const client = (): GoogleGenAI => new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: served.url } })

  test('the streamed text is the plain one', async () => {
    for (const model of ['gemini-2.5-flash', 'test/echo', 'test/json']) {
      const plain = await client().models.generateContent({ model, contents: 'Say hello' })
      let text = ''
      let last: { totalTokenCount?: number } | undefined
      for await (const chunk of await client().models.generateContentStream({ model, contents: 'Say hello' })) {
        text += chunk.text ?? ''
        last = chunk.usageMetadata
      }
      expect(text).toBe(plain.text as string)
      expect(last).toEqual(plain.usageMetadata as object)
    }
  })

  test('thoughts, structured output, grounding, choices', async () => {
    const thinking = await client().models.generateContent({
      model: 'gemini-2.5-pro',
      contents: 'x',
      config: { thinkingConfig: { includeThoughts: true } },
    })
    expect(thinking.candidates?.[0]?.content?.parts?.[0]?.thought).toBe(true)
    expect(thinking.usageMetadata?.thoughtsTokenCount).toBeGreaterThan(0)
    const typed = await client().models.generateContent({
      model: 'gemini-2.5-pro',
      contents: 'x',
      config: { responseMimeType: 'application/json', responseJsonSchema: PERSON },
    })
    expect(JSON.parse(typed.text ?? '')).toEqual({ name: 'sandbox name', age: 1 })
    const grounded = await client().models.generateContent({
      model: 'gemini-2.5-pro',
      contents: 'TypeScript 5.5?',
      config: { tools: [{ googleSearch: {} }] },
    })
    const bytes = new TextEncoder().encode(grounded.text)
    for (const { segment } of grounded.candidates?.[0]?.groundingMetadata?.groundingSupports ?? []) {
      expect(new TextDecoder().decode(bytes.slice(segment?.startIndex ?? 0, segment?.endIndex))).toBe(segment?.text as string)
    }
    expect(grounded.candidates?.[0]?.groundingMetadata?.groundingChunks?.length).toBeGreaterThan(0)
    const two = await client().models.generateContent({ model: 'gemini-2.5-pro', contents: 'x', config: { candidateCount: 2 } })
    expect(two.candidates?.map(({ index }) => index)).toEqual([0, 1])
  })

  test('a tool round trip', async () => {
    const config = {
      tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: SCHEMA }] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
    }
    const contents = [{ role: 'user', parts: [{ text: 'weather in Berlin?' }] }]
    const first = await client().models.generateContent({ model: 'gemini-3-pro', contents, config })
    expect(first.functionCalls?.[0]).toMatchObject({ name: 'get_weather', args: { city: 'Berlin' } })
    const call = first.candidates?.[0]?.content
    if (call === undefined) throw new Error('no content')
    const answered = [
      ...contents,
      call,
      { role: 'user', parts: [{ functionResponse: { name: 'get_weather', response: { output: '9 degrees' } } }] },
    ]
    const second = await client().models.generateContent({ model: 'gemini-3-pro', contents: answered, config })
    expect(second.text).toContain('9 degrees')
    const unsigned = { role: 'model', parts: [{ functionCall: { name: 'get_weather', args: {} } }] }
    await expect(
      failing(client().models.generateContent({ model: 'gemini-3-pro', contents: answered.with(1, unsigned), config })),
    ).rejects.toMatchObject({
      status: 400,
    })
  })

  test('counts, lists, failures', async () => {
    expect((await client().models.countTokens({ model: 'gemini-2.5-flash', contents: 'Say hello' })).totalTokens).toBeGreaterThan(0)
    const names: string[] = []
    for await (const { name } of await client().models.list()) names.push(name ?? '')
    expect(names).toContain('models/gemini-2.5-flash')
    await expect(failing(client().models.generateContent({ model: 'test/429', contents: 'x' }))).rejects.toMatchObject({ status: 429 })
    for (const model of ['test/error-mid-stream', 'test/cut-at-5', 'test/malformed']) {
      const consume = async () => {
        for await (const _chunk of await client().models.generateContentStream({ model, contents: 'x' }));
      }
      await expect(failing(consume())).rejects.toThrow()
    }
  })
})

test('without a key the door stays shut, in each dialect', async () => {
  const post = async (path: string) => (await fetch(served.url + path, { method: 'POST', body: '{}' })).status
  for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1beta/models/x:generateContent'])
    expect(await post(path)).toBe(401)
})
