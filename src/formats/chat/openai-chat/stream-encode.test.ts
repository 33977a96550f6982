import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { Stream } from 'openai/core/streaming'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import type { Block, ChatRequest, ChatResponse, Finish } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { sseText } from '../../../lib/framing/sse.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { openaiChat } from './index.ts'
import { contextOf, decoded } from './test-kit.ts'

const FIXTURES = new URL('./fixtures/', import.meta.url).pathname
const _names = readdirSync(FIXTURES).flatMap((file) => (file.endsWith('.stream.sse') ? [file.slice(0, -11)] : []))
const _read = (file: string): string => readFileSync(FIXTURES + file, 'utf8')

const request = (parts: object = {}): ChatRequest =>
  decoded({ stream: true, stream_options: { include_usage: true }, logprobs: true, ...parts })
const events = (frames: (string | object)[], asked = request()): ChatEvent[] =>
  runThrough(
    openaiChat.decodeStream(contextOf(asked)),
    frames.map((frame): Frame => ({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })),
  )
const chunk = (delta: object | null, rest: object = {}): object => ({
  id: 'chatcmpl-1',
  model: 'm',
  created: 5,
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
})
const _STOP = chunk({}, { finish_reason: 'stop' })
const _errorOf = (list: ChatEvent[]): GatewayError | undefined => {
  const last = list.at(-1)
  return last?.type === 'error' ? last.error : undefined
}
const answer = (frames: (string | object)[], asked = request()): ChatResponse => foldEvents(events(frames, asked))
const _blocks = (frames: (string | object)[], asked = request()): readonly Block[] => answer(frames, asked).choices[0]?.content ?? []

describe('what clients see', () => {
  const usage = { inputTokens: 20, cachedInputTokens: 4, outputTokens: 10 }
  const response = (content: Block[], finish: Finish = { reason: 'stop' }): ChatResponse => ({
    id: 'up',
    model: 'up-model',
    choices: [{ index: 0, content, finish }],
    usage,
  })
  const frames = (given: ChatResponse, asked = request(), model = 'm'): Frame[] =>
    runThrough(openaiChat.encodeStream(contextOf(asked, { upstreamModel: model })), unfoldResponse(given))
  const chunks = (given: ChatResponse, asked = request(), model = 'm'): never[] =>
    frames(given, asked, model).flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data) as never]))
  const deltas = (given: ChatResponse, asked = request(), model = 'm'): object[] =>
    chunks(given, asked, model).flatMap(({ choices }: { choices: { delta: object }[] }) => choices.map(({ delta }) => delta))
  const throughSdk = async (list: Frame[]) => {
    const stream = Stream.fromSSEResponse(new Response(list.map(sseText).join('')), new AbortController())
    return ChatCompletionStream.fromReadableStream(stream.toReadableStream()).finalChatCompletion()
  }
  const CALL: Block = { type: 'tool-call', id: 'c1', name: 'f', arguments: '{"a":1}', kind: 'function' }

  test('the exact grammar of chunks', () => {
    const list = chunks(response([{ type: 'text', text: 'Hi' }]))
    expect(list.map(({ choices, usage: u }: never) => [choices, u])).toEqual([
      [[{ index: 0, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null }], null],
      [[{ index: 0, delta: { content: 'Hi' }, logprobs: null, finish_reason: null }], null],
      [[{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], null],
      [[], { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30, prompt_tokens_details: { cached_tokens: 4 } }],
    ] as never)
    expect(new Set(list.map(({ id, created, model, object }: never) => `${id} ${created} ${model} ${object}`)).size).toBe(1)
    expect(list[0]).toMatchObject({ id: 'chatcmpl-1', model: 'the-model', created: 1_700_000_000, object: 'chat.completion.chunk' })
    expect(frames(response([])).at(-1)?.data).toBe('[DONE]')
  })
  test('no usage for a client that did not ask', () => {
    const list = chunks(response([{ type: 'text', text: 'Hi' }]), request({ stream_options: undefined }))
    for (const item of list) expect(item).not.toHaveProperty('usage')
  })
  test('calls: one opening fragment each, counted from 0, empty arguments as {}', () => {
    const given = response([{ type: 'text', text: 'x' }, CALL, { ...CALL, id: 'c2', arguments: '' }], { reason: 'tool-calls' })
    expect(deltas(given).slice(2)).toEqual([
      { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      { tool_calls: [{ index: 1, id: 'c2', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
    ])
    expect(deltas(response([CALL]))[0]).toEqual({ role: 'assistant', content: null, refusal: null })
  })
  test('the legacy shape for who asked in it', () => {
    const asked = request({ functions: [{ name: 'f' }] })
    const list = chunks(response([CALL], { reason: 'tool-calls' }), asked)
    expect(list.map(({ choices }: never) => (choices as never[])[0]).slice(1, 4)).toMatchObject([
      { delta: { function_call: { name: 'f', arguments: '' } } },
      { delta: { function_call: { arguments: '{"a":1}' } } },
      { finish_reason: 'function_call' },
    ] as never)
    expect(openaiChat.encodeResponse(response([CALL], { reason: 'tool-calls' }), contextOf(asked))['choices']).toMatchObject([
      { message: { content: null, function_call: { name: 'f', arguments: '{"a":1}' } }, finish_reason: 'function_call' },
    ])
  })
  test('signatures travel and return intact', () => {
    const anthropic = { format: 'anthropic-messages', value: 'sig' }
    const gemini = { format: 'gemini-generate-content', value: 'thought' }
    const content: Block[] = [
      { type: 'reasoning', text: 'one' },
      { type: 'reasoning', text: 'two', signature: anthropic },
      { type: 'reasoning', text: '', redacted: anthropic },
      { type: 'text', text: 'x' },
      { ...CALL, signature: gemini },
    ]
    const { message } = (openaiChat.encodeResponse(response(content), contextOf(request()))['choices'] as { message: object }[])[0]!
    const returned = decoded({ messages: [message] }).messages[0]?.content
    expect(returned).toEqual(content)
    // A client that merges stream entries by index, as the Python SDK does, returns the same.
    const merged: Record<string, unknown> = { role: 'assistant', content: 'x' }
    for (const delta of deltas(response(content), request(), 'gemini-2.5') as Record<string, never>[]) {
      if (delta['reasoning_content']) merged['reasoning_content'] = `${merged['reasoning_content'] ?? ''}${delta['reasoning_content']}`
      for (const key of ['reasoning_details', 'tool_calls'])
        if (delta[key]) merged[key] = [...((merged[key] as never[]) ?? []), ...(delta[key] as never[])]
    }
    expect(decoded({ messages: [merged] }).messages[0]?.content).toEqual(content)
    const opening = deltas(response(content), request(), 'gemini-2.5').find((delta) => 'tool_calls' in delta)
    expect(opening).toMatchObject({
      tool_calls: [
        {
          id: 'c1',
          function: { name: 'f', arguments: '{"a":1}' },
          extra_content: { google: { thought_signature: 'swy1.gemini-generate-content.thought' } },
        },
      ],
    })
  })
  test('refusals, filters, explanations', () => {
    const choice = (given: ChatResponse) => (openaiChat.encodeResponse(given, contextOf(request()))['choices'] as object[])[0]
    expect(choice(response([{ type: 'refusal', text: 'No.' }], { reason: 'refusal', raw: 'stop' }))).toMatchObject({
      message: { content: null, refusal: 'No.' },
      finish_reason: 'stop',
    })
    expect(choice(response([], { reason: 'refusal', raw: 'refusal', explanation: 'Policy.' }))).toMatchObject({
      message: { refusal: 'Policy.' },
      finish_reason: 'content_filter',
      native_finish_reason: 'refusal',
    })
    expect(deltas(response([], { reason: 'refusal', explanation: 'Policy.' }))).toContainEqual({ refusal: 'Policy.' })
    expect(choice(response([{ type: 'text', text: '' }], { reason: 'context' }))).toMatchObject({
      message: { content: '', refusal: null, annotations: [] },
      finish_reason: 'length',
      logprobs: null,
    })
  })
  test('citations over several text blocks count from the start of all text', () => {
    const cited = response([
      { type: 'text', text: '12345' },
      {
        type: 'text',
        text: 'abc',
        citations: [
          { kind: 'url', url: 'https://e.com', title: 't', span: { start: 0, end: 2 } },
          { kind: 'document', citedText: 'x' },
        ],
      },
    ])
    const annotations = [{ type: 'url_citation', url_citation: { start_index: 5, end_index: 7, title: 't', url: 'https://e.com' } }]
    expect(openaiChat.encodeResponse(cited, contextOf(request()))['choices']).toMatchObject([
      { message: { content: '12345abc', annotations } },
    ])
    expect(deltas(cited).filter((delta) => 'annotations' in delta)).toEqual([{ annotations }])
  })
  test('an error is the last frame, without a terminator; so is a source that just stops', () => {
    const cut = runThrough(openaiChat.encodeStream(contextOf(request())), [
      { type: 'response-start', id: '', model: '' },
      { type: 'text-start', choice: 0, block: 0 },
    ])
    expect(JSON.parse(cut.at(-1)?.data ?? '')).toMatchObject({ error: { code: 'upstream_cut', type: 'server_error', param: null } })
    const failed = runThrough(openaiChat.encodeStream(contextOf(request())), [
      { type: 'error', error: new GatewayError('upstream_overloaded') },
      { type: 'end' },
    ])
    expect(failed).toHaveLength(1)
  })
  test("OpenAI's own stream helper reads it as the unary answer", async () => {
    const asked = request({
      tools: [
        { type: 'function', function: { name: 'f' } },
        { type: 'custom', custom: { name: 'p' } },
      ],
    })
    const content: Block[] = [
      { type: 'text', text: 'Hé 😀' },
      CALL,
      { type: 'tool-call', id: 'c2', name: 'p', arguments: 'free', kind: 'custom' },
    ]
    const two: ChatResponse = { ...response(content, { reason: 'tool-calls' }) }
    const both: ChatResponse = {
      ...two,
      choices: [...two.choices, { index: 1, content: [{ type: 'refusal', text: 'No.' }], finish: { reason: 'refusal', raw: 'stop' } }],
    }
    const final = await throughSdk(frames(both, asked))
    const unary = openaiChat.encodeResponse(both, contextOf(asked)) as {
      choices: { message: Record<string, unknown>; finish_reason: string }[]
      usage: object
    }
    for (const [index, choice] of unary.choices.entries()) {
      expect(final.choices[index]?.finish_reason as string).toBe(choice.finish_reason)
      expect(final.choices[index]?.message.content ?? null).toBe((choice.message['content'] ?? null) as string | null)
      expect(final.choices[index]?.message.refusal ?? null).toBe(choice.message['refusal'] as string | null)
      expect(JSON.parse(JSON.stringify(final.choices[index]?.message.tool_calls ?? []))).toMatchObject(
        (choice.message['tool_calls'] ?? []) as never,
      )
    }
    expect(final.usage).toEqual(unary.usage as never)
  })
  test('a stream that broke throws in the helper', () => {
    const broken = runThrough(openaiChat.encodeStream(contextOf(request())), [{ type: 'error', error: new GatewayError('upstream_error') }])
    expect(throughSdk(broken)).rejects.toThrow()
  })
})
