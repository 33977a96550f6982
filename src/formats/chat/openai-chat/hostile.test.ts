import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonObject, JsonValue } from '../../../lib/json.ts'
import { splice } from '../../../lib/json-splice.ts'
import { openaiChat } from './index.ts'
import { contextOf, decoded, http } from './test-kit.ts'

const BODY: JsonObject = {
  ...{
    model: 'm',
    stream: true,
    stream_options: { include_usage: true },
    n: 2,
    stop: ['a'],
    logprobs: true,
    top_logprobs: 2,
    max_tokens: 5,
  },
  ...{ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] } } },
  ...{
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    reasoning: { effort: 'low' },
    audio: { voice: 'v', format: 'wav' },
  },
  ...{
    web_search_options: { user_location: { approximate: {} } },
    metadata: { a: 'b' },
    user: 'u',
    modalities: ['text'],
    thinking: { type: 'enabled' },
  },
  tools: [
    { type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } },
    { type: 'custom', custom: { name: 'c', format: { type: 'grammar', grammar: { syntax: 'lark', definition: '' } } } },
  ],
  functions: [{ name: 'g' }],
  messages: [
    { role: 'developer', content: [{ type: 'text', text: 'x' }] },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://e.com/a.png', detail: 'low' } },
        { type: 'input_audio', input_audio: { data: 'QQ==', format: 'mp3' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,QQ==', filename: 'a' } },
        { type: 'video_url', video_url: { url: 'https://e.com/v.mp4' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'refusal', refusal: 'x' },
        { type: 'thinking', thinking: [{ text: 'x' }] },
      ],
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: { thought_signature: 'x' } } },
      ],
      reasoning_details: [{ type: 'reasoning.text', text: 'x', signature: 'swy1.' }],
      function_call: { name: 'g', arguments: '' },
      images: [{ image_url: { url: 'https://e.com/x.png' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: 'x' },
    { role: 'function', name: 'g', content: null },
  ],
}
const CHUNK: JsonObject = {
  ...{
    id: 'c',
    model: 'm',
    created: 1,
    usage: { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } },
    x_groq: { usage: {} },
  },
  choices: [
    {
      index: 0,
      delta: {
        ...{
          role: 'assistant',
          content: 'x',
          refusal: 'x',
          reasoning_content: 'x',
          reasoning_details: [{ type: 'reasoning.text', signature: 's' }],
        },
        tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
        ...{
          function_call: { name: 'f', arguments: '' },
          audio: { id: 'a', data: 'QQ==' },
          images: [{ image_url: { url: 'https://e.com' } }],
        },
        annotations: [{ type: 'url_citation', url_citation: { url: 'https://e.com', start_index: 0, end_index: 1 } }],
      },
      logprobs: { content: [{ token: 'x', logprob: 0, bytes: [1], top_logprobs: [{ token: 'x', logprob: 0 }] }], refusal: null },
      finish_reason: 'stop',
    },
  ],
}

/** Every place in a value. */
function pathsOf(value: JsonValue | undefined, path: (string | number)[] = []): (string | number)[][] {
  const inner = Array.isArray(value) ? [...value.entries()] : value !== null && typeof value === 'object' ? Object.entries(value) : []
  return [path, ...inner.flatMap(([key, member]) => pathsOf(member, [...path, key]))]
}
function withAt(value: unknown, [key, ...rest]: readonly (string | number)[], junk: unknown): unknown {
  if (key === undefined) return junk
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[key] = withAt(copy[key], rest, junk)
  return copy
}
const JUNK = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  'x',
  '\ud800',
  [],
  [null],
  {},
  { a: 1 },
  '__proto__',
  'constructor',
  'a.constructor',
  'data:,',
  'data:image/png;base64,',
]

const onlyOurs = (run: () => unknown): void => {
  try {
    run()
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    expect(thrown.status).toBeGreaterThanOrEqual(400)
    expect(thrown.code).not.toBe('internal')
  }
}

test('junk anywhere in a request is understood or refused, never a crash', () => {
  for (const path of pathsOf(BODY).slice(1)) {
    for (const junk of JUNK) {
      const request = http(withAt(BODY, path, junk) as JsonObject)
      onlyOurs(() => openaiChat.encodeRequest(contextOf(openaiChat.decodeRequest(request, () => {}))))
      onlyOurs(() => {
        const peeked = openaiChat.peek(request)
        JSON.parse(splice(request.text, openaiChat.passthroughEdits(peeked, 'up', request.body)))
      })
    }
  }
})

test('junk anywhere in an answer ends in an answer or one error', () => {
  const ctx = contextOf(decoded({ logprobs: true, tools: [{ type: 'custom', name: 'f' }] }))
  const whole = {
    ...CHUNK,
    choices: (CHUNK['choices'] as JsonObject[]).map(({ delta, ...rest }) => ({ ...rest, message: delta })),
  } as JsonObject
  for (const path of pathsOf(CHUNK)) {
    for (const junk of JUNK) {
      const wire = withAt(CHUNK, path, junk) as JsonValue
      const seen: string[] = []
      const decoder = openaiChat.decodeStream(ctx)
      const encoder = openaiChat.encodeStream(ctx)
      const take = (frame: { data: string }): void => void seen.push(frame.data)
      decoder.push({ data: JSON.stringify(wire) }, (event) => encoder.push(event, take))
      decoder.push({ data: JSON.stringify(CHUNK) }, (event) => encoder.push(event, take))
      decoder.push({ data: '[DONE]' }, (event) => encoder.push(event, take))
      decoder.end((event) => encoder.push(event, take))
      const last = seen.at(-1) as string
      expect(last === '[DONE]' || 'error' in JSON.parse(last)).toBe(true)
      openaiChat.watch.frame({ data: JSON.stringify(wire) })
      openaiChat.watch.response(wire)
    }
  }
  for (const path of pathsOf(whole)) {
    for (const junk of JUNK) {
      onlyOurs(() => JSON.stringify(openaiChat.encodeResponse(openaiChat.decodeResponse(withAt(whole, path, junk) as JsonValue, ctx), ctx)))
    }
  }
})

test('junk in error bodies is classified', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.jsonValue({ maxDepth: 3 }), (status, wire) => {
      const error = openaiChat.decodeError(status, wire as JsonValue, new Headers({ 'retry-after': 'x' }))
      const { body, status: shown } = openaiChat.encodeError(error, '')
      expect(shown).toBeGreaterThanOrEqual(400)
      expect(typeof (body['error'] as JsonObject)['message']).toBe('string')
    }),
    { numRuns: 500 },
  )
})
