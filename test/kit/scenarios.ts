// The scenario catalogue in neutral form: what every chat format must be able to say. Each format's own
// encoder turns them into wire texts, which the golden matrix carries through every pair.

import type { Block, ChatRequest, ChatResponse, Choice, Finish } from '../../src/core/chat.ts'
import type { JsonObject } from '../../src/lib/json.ts'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PDF = 'JVBERi0xLjQKJSVFT0YK'

const CITY: JsonObject = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const text = (value: string): Block => ({ type: 'text', text: value })
const request = (parts: Partial<ChatRequest>): ChatRequest => ({
  model: 'the-model',
  messages: [{ role: 'user', content: [text('Hello')] }],
  tools: [],
  stream: false,
  choices: 1,
  maxOutputTokens: 1000,
  extensions: {},
  ...parts,
})
const weather = { type: 'function' as const, name: 'get_weather', description: 'Weather of a city', parameters: CITY }
const time = {
  type: 'function' as const,
  name: 'get_time',
  description: 'Time in a zone',
  parameters: { type: 'object', properties: { zone: { type: 'string' } } },
}
const call = (id: string, name: string, args: string): Block => ({ type: 'tool-call', id, name, arguments: args, kind: 'function' })
const result = (callId: string, content: string, isError = false): Block => ({
  type: 'tool-result',
  callId,
  content: [{ type: 'text', text: content }],
  isError,
})

export const REQUESTS: Readonly<Record<string, ChatRequest>> = {
  plain: request({}),
  'multi-turn': request({
    messages: [
      { role: 'user', content: [text('One')] },
      { role: 'assistant', content: [text('Two')] },
      { role: 'user', content: [text('Three')] },
    ],
  }),
  system: request({
    messages: [
      { role: 'system', content: [text('Be brief.')] },
      { role: 'user', content: [text('Hello')] },
    ],
  }),
  sampling: request({ temperature: 0.5, stopSequences: ['END', 'STOP'], seed: 7 }),
  'image-base64': request({
    messages: [
      {
        role: 'user',
        content: [text('What is this?'), { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PIXEL } }],
      },
    ],
  }),
  'image-url': request({
    messages: [
      { role: 'user', content: [text('What is this?'), { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } }] },
    ],
  }),
  pdf: request({
    messages: [
      {
        role: 'user',
        content: [{ type: 'file', name: 'a.pdf', source: { kind: 'base64', mediaType: 'application/pdf', data: PDF } }, text('Summarise')],
      },
    ],
  }),
  tools: request({ tools: [weather], toolChoice: { type: 'auto' } }),
  'tool-required': request({ tools: [weather, time], toolChoice: { type: 'required' } }),
  'tool-named': request({ tools: [weather, time], toolChoice: { type: 'tool', name: 'get_time' } }),
  'tool-none': request({ tools: [weather], toolChoice: { type: 'none' } }),
  'one-tool-at-a-time': request({ tools: [weather, time], toolChoice: { type: 'auto' }, parallelToolCalls: false }),
  'tool-results': request({
    tools: [weather, time],
    messages: [
      { role: 'user', content: [text('Weather and time in Paris?')] },
      {
        role: 'assistant',
        content: [
          text('Let me look.'),
          call('call_a1', 'get_weather', '{"city":"Paris","id":12345678901234567890}'),
          call('call_b2', 'get_time', '{"zone":"CET"}'),
        ],
      },
      { role: 'user', content: [result('call_a1', '18 degrees'), result('call_b2', 'no such zone', true)] },
    ],
  }),
  'tool-result-image': request({
    tools: [weather],
    messages: [
      { role: 'user', content: [text('Screenshot?')] },
      { role: 'assistant', content: [call('call_a1', 'get_weather', '{"city":"Paris"}')] },
      {
        role: 'user',
        content: [
          {
            type: 'tool-result',
            callId: 'call_a1',
            isError: false,
            content: [
              { type: 'text', text: 'see' },
              { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PIXEL } },
            ],
          },
        ],
      },
    ],
  }),
  'json-schema': request({
    responseFormat: {
      type: 'json-schema',
      name: 'person',
      strict: true,
      schema: {
        type: 'object',
        properties: { name: { type: 'string' }, age: { type: 'integer' } },
        required: ['name', 'age'],
        additionalProperties: false,
      },
    },
  }),
  reasoning: request({ reasoning: { effort: 'medium' }, maxOutputTokens: 20_000 }),
}

const response = (content: readonly Block[], finish: Finish, extra: Partial<Choice> = {}): ChatResponse => ({
  id: 'resp-1',
  model: 'the-model',
  choices: [{ index: 0, content, finish, ...extra }],
  usage: { inputTokens: 20, cachedInputTokens: 4, outputTokens: 10, reasoningTokens: 3 },
})

export const RESPONSES: Readonly<Record<string, ChatResponse>> = {
  plain: response([text('Hello — 世界 😀')], { reason: 'stop' }),
  length: response([text('Half a sen')], { reason: 'length' }),
  'one-call': response([call('call_a1', 'get_weather', '{"city":"Paris"}')], { reason: 'tool-calls' }),
  'text-and-calls': response(
    [text('Looking.'), call('call_a1', 'get_weather', '{"city":"Paris"}'), call('call_b2', 'get_time', '{"zone":"CET"}')],
    { reason: 'tool-calls' },
  ),
  'call-without-arguments': response([call('call_a1', 'get_weather', '{}')], { reason: 'tool-calls' }),
  'large-integer': response([call('call_a1', 'get_weather', '{"id":12345678901234567890}')], { reason: 'tool-calls' }),
  reasoning: response([{ type: 'reasoning', text: 'Thinking.' }, text('Done.')], { reason: 'stop' }),
  filtered: response([text('I cannot')], { reason: 'content-filter' }),
}
