// Bodies and answers spoiled at random places, through every pair: a client's mistake is its 400, an upstream's is a 502
// or an error in the stream, nothing is ever ours, and nothing hangs.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type Door, type House, type Loose, openHouse, payloads, type Reply, WIRES } from '../kit/doors.ts'
import { seeded, spoiled } from '../kit/mutations.ts'
import { REQUEST_MEMBERS } from '../kit/request-members/index.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

let house: House
const CHAT_HOSTS = ['mistral', 'groq', 'deepseek', 'xai', 'cohere', 'perplexity', 'zhipu', 'qwen', 'openrouter'] as const
beforeAll(async () => {
  house = await openHouse(
    CHAT_HOSTS.map(
      (name) =>
        `  - { name: ${name}, provider: ${name}, base_url: "UPSTREAM/v1", credential: sk-y-1234567, models: [${name}-m], formats: [openai-chat] }`,
    ),
  )
})
afterAll(() => house.stop())

const FORMATS: Readonly<Record<Door, string>> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  messages: 'anthropic-messages',
  gemini: 'gemini-generate-content',
}
const named = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  output: [{ type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text: 'ok', annotations: [] }] }],
}

function healthy(path: string, stream: boolean): Parameters<House['upstream']['answer']>[0] {
  if (path.includes('/messages'))
    return stream ? { pieces: [messages.start, messages.textStart, messages.text('ok'), messages.stop()] } : { body: messages.body('ok') }
  if (path.includes('/responses')) return stream ? { pieces: [named('response.completed', { response: RESPONSE })] } : { body: RESPONSE }
  if (path.includes('/models/')) return stream ? { pieces: [gemini.text('ok'), gemini.finish()] } : { body: gemini.body('ok') }
  return stream ? { pieces: [chat.role, chat.text('ok'), chat.finish('stop'), chat.done] } : { body: chat.body('ok') }
}

describe('clients that send rubbish', () => {
  for (const [position, door] of DOORS.entries()) {
    test(`${door}: a 400 in its own shape, or an answer`, async () => {
      house.upstream.answer(({ path, json }) => healthy(path, json.stream === true || path.includes('stream')) as never)
      const random = seeded(position + 1)
      const samples = REQUEST_MEMBERS[FORMATS[door]] ?? []
      const models = [...Object.values(WIRES), ...CHAT_HOSTS.map((name) => `${name}-m`)]
      const asked = Array.from({ length: 500 }, () => ({
        body: spoiled(samples[Math.floor(random() * samples.length)]?.body ?? {}, random),
        model: models[Math.floor(random() * models.length)] as string,
        stream: random() < 0.3,
      }))
      const replies = await inTurns(asked, async (one) => ({ one, reply: await house.ask(door, one.model, one) }))
      for (const { one, reply } of replies) {
        const fine =
          reply.status === 200 ? !reply.text.includes('"error":{') : reply.status < 500 && typeof reply.json.error?.message === 'string'
        if (!fine)
          throw new Error(`${door} → ${one.model} ${JSON.stringify(one.body).slice(0, 400)}: ${reply.status} ${reply.text.slice(-300)}`)
      }
    }, 30_000)
  }
})

// ── Upstreams ─────────────────────────────────────────────────────────────────────────────────────

const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
const chunk = (delta: object, more: object = {}): object => ({
  id: 'c',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
const SIGNED = [
  { type: 'thinking', thinking: 'hm', signature: 's' },
  { type: 'text', text: 'ok' },
  { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
]
const START = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}
const parts = [{ text: 'hm', thought: true }, { text: 'ok' }, { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 's' }]
const USED = { promptTokenCount: 1, candidatesTokenCount: 2, thoughtsTokenCount: 1, totalTokenCount: 4 }
const ITEMS = [
  { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'e' },
  { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'ok', annotations: [] }] },
  { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
]

/** A whole answer and the frames of a stream, of each wire. */
const ANSWERS: Readonly<Record<keyof typeof WIRES, { readonly whole: object; readonly frames: readonly Loose[]; readonly tail: string }>> =
  {
    chat: {
      whole: {
        id: 'c',
        created: 1,
        model: 'm',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'ok', reasoning_content: 'hm', tool_calls: [call] },
            finish_reason: 'tool_calls',
          },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      },
      frames: [
        chunk({ role: 'assistant', content: '' }),
        chunk({ reasoning_content: 'hm' }),
        chunk({ content: 'ok' }),
        chunk({ tool_calls: [{ index: 0, ...call }] }),
        chunk({}, { finish_reason: 'tool_calls' }),
      ],
      tail: chat.done,
    },
    messages: {
      whole: { ...START, content: SIGNED, stop_reason: 'tool_use' },
      frames: [
        { type: 'message_start', message: START },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ok' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} } },
        { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
        { type: 'content_block_stop', index: 1 },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 2 } },
        { type: 'message_stop' },
      ],
      tail: '',
    },
    gemini: {
      whole: { candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }], usageMetadata: USED },
      frames: [
        ...parts.map((part) => ({ candidates: [{ index: 0, content: { role: 'model', parts: [part] } }] })),
        { candidates: [{ index: 0, content: { parts: [] }, finishReason: 'STOP' }], usageMetadata: USED },
      ],
      tail: '',
    },
    responses: {
      whole: { ...RESPONSE, output: ITEMS },
      frames: [
        { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [] } },
        ...ITEMS.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
        { type: 'response.completed', response: { ...RESPONSE, output: ITEMS } },
      ],
      tail: '',
    },
  }

const ENDS: Readonly<Record<Door, RegExp>> = {
  chat: /\[DONE\]\n\n$|"error":\s*\{/,
  messages: /message_stop|event: error/,
  responses: /response\.(completed|incomplete|failed)"|event: error/,
  gemini: /finishReason|blockReason|"error":\s*\{/,
}

describe('upstreams that answer rubbish', () => {
  for (const [position, [wire, { whole, frames, tail }]] of Object.entries(ANSWERS).entries()) {
    test(`${wire}: a 502 in the client's own shape, or a stream with one end`, async () => {
      const random = seeded(position + 11)
      const framed = (frame: unknown): string => {
        const type = (frame as Loose | null)?.type
        return `${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${JSON.stringify(frame)}\n\n`
      }
      for (let turn = 0; turn < 60; turn++) {
        const stream = turn % 2 === 0
        house.upstream.answer(
          stream
            ? {
                pieces: [
                  spoiled([...frames], random)
                    .map(framed)
                    .join('') + tail,
                ],
              }
            : { body: JSON.stringify(spoiled(whole, random)), headers: { 'content-type': 'application/json' } },
        )
        const replies = await Promise.all(
          DOORS.map(async (door) => ({ door, reply: await house.ask(door, WIRES[wire as keyof typeof WIRES], { stream }) })),
        )
        for (const { door, reply } of replies) judge(door, reply, stream)
      }
    }, 60_000)
  }
})

function judge(door: Door, reply: Reply, stream: boolean): void {
  const { status, text } = reply
  if (status !== 200) {
    expect([400, 404, 429, 502, 503, 504, 529]).toContain(status)
    expect(typeof reply.json.error?.message).toBe('string')
  } else if (stream) {
    expect(payloads(text).length).toBeGreaterThan(0)
    expect(text).toMatch(ENDS[door])
  } else expect(text).toStartWith('{')
}

/** Sixteen at a time. */
async function inTurns<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < list.length; at = next++) results[at] = await work(list[at] as T)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  return results
}
