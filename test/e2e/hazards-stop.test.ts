// Stop sequences reach every upstream, or the answer is cut here and the upstream stopped (hazards H143, H144).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Door, type House, openHouse, payloads, wordsOf } from '../kit/doors.ts'
import { waitFor } from '../kit/switchyard.ts'
import { chat } from '../kit/wires.ts'

let house: House
beforeAll(async () => {
  house = await openHouse(['  - { name: x, provider: xai, base_url: "UPSTREAM/v1", credential: sk-x-1234567, models: [grok-4] }'])
})
afterAll(() => house.stop())

const named = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const ITEM = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'one STOP two' }],
}
const RESPONSE = { id: 'resp_1', object: 'response', model: 'up', status: 'completed', output: [ITEM] }
const said = (delta: string): string => named('response.output_text.delta', { output_index: 0, content_index: 0, item_id: 'msg_1', delta })
const begun = named('response.created', { response: { ...RESPONSE, status: 'in_progress', output: [] } })

const stops: readonly [Door, object][] = [
  ['chat', { stop: ['STOP'], stream_options: { include_usage: true } }],
  ['messages', { stop_sequences: ['STOP'] }],
  ['gemini', { generationConfig: { stopSequences: ['STOP'] } }],
]

describe('towards Responses, which has no stop', () => {
  for (const [door, extra] of stops) {
    test(`${door}: a whole answer is cut, with its real usage`, async () => {
      house.upstream.answer({ body: { ...RESPONSE, usage: { input_tokens: 3, output_tokens: 7, total_tokens: 10 } } })
      const reply = await house.ask(door, 'gpt-5.5', { body: extra })
      expect(wordsOf(door, reply)).toBe('one ')
      expect(reply.warnings).toContain('emulated stop')
      expect(JSON.stringify(reply.json.usage ?? reply.json.usageMetadata)).toContain('7')
      if (door === 'messages') expect(reply.json).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'STOP' })
    })

    test(`${door}: a stream is cut across its pieces, ends tidily with usage, and the upstream is stopped`, async () => {
      const before = house.upstream.aborted()
      house.upstream.answer({ pieces: [begun, said('one S'), 20, said('TOP tw'), 20, said('o'), 'hang'] })
      const reply = await house.ask(door, 'gpt-5.5', { body: extra, stream: true })
      expect(wordsOf(door, reply)).toBe('one ')
      const last = payloads(reply.text)
      expect(JSON.stringify(last)).not.toContain('"error"')
      if (door === 'chat') {
        expect(reply.text).toEndWith('data: [DONE]\n\n')
        expect(last.at(-1)?.usage.completion_tokens).toBeGreaterThan(0)
      }
      if (door === 'messages') expect(last.at(-2)?.delta).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'STOP' })
      if (door === 'gemini') expect(last.at(-1)?.candidates[0].finishReason).toBe('STOP')
      await waitFor(() => (house.upstream.aborted() > before ? true : undefined))
    })
  }

  test('every choice of a fanned-out request is cut', async () => {
    house.upstream.answer({ body: RESPONSE })
    const { json } = await house.ask('chat', 'gpt-5.5', { body: { stop: 'STOP', n: 2 } })
    expect(json.choices.map((choice: { message: { content: string } }) => choice.message.content)).toEqual(['one ', 'one '])
  })
})

test('a model that refuses stop sequences is not told, and its answer is cut', async () => {
  house.upstream.answer({ pieces: [chat.role, chat.text('one STOP'), chat.text(' two'), chat.finish('stop'), chat.done] })
  const reply = await house.ask('messages', 'grok-4', { body: { stop_sequences: ['STOP'] }, stream: true })
  expect(wordsOf('messages', reply)).toBe('one ')
  expect(house.upstream.received.at(-1)?.json.stop).toBeUndefined()
})

test('white space alone, which Messages refuses, and more than the upstream takes', async () => {
  house.upstream.answer({
    body: { content: [{ type: 'text', text: 'a\n\nb' }], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } },
  })
  const reply = await house.ask('chat', 'a', { body: { stop: ['\n\n', 'Q'] } })
  expect(wordsOf('chat', reply)).toBe('a')
  expect(house.upstream.received.at(-1)?.json.stop_sequences).toEqual(['Q'])
  house.upstream.answer({ body: chat.body('1 6 7') })
  const many = await house.ask('messages', 'c', { body: { stop_sequences: ['a', 'b', 'c', 'd', '6'] } })
  expect(house.upstream.received.at(-1)?.json.stop).toEqual(['a', 'b', 'c', 'd'])
  expect(many.json).toMatchObject({ content: [{ text: '1 ' }], stop_reason: 'stop_sequence', stop_sequence: '6' })
})
