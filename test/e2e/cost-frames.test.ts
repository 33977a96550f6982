// The frame that tells a streaming client its usage tells the price too, where we write the frame and its format has room:
// to the nano-dollar what the ledger says. Frames that go by untouched stay as they are.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Door, doorOf, type Loose, payloads } from '../kit/doors.ts'
import { type Bank, MODEL_OF, openBank, payer, priceLine } from '../kit/money.ts'

const RATES = { input_per_million: '3.333333', output_per_million: '15.7', cached_input_per_million: '0.3' }
const SPENT = { fresh: 1234, cached: 77, said: 321 }
const WIRES = ['chat', 'messages', 'gemini', 'responses'] as const

let bank: Bank
let key: string
beforeAll(async () => {
  bank = await openBank({ prices: WIRES.map((wire) => priceLine(RATES, { model: MODEL_OF[wire] })) })
  key = (await payer(bank.running, '5', { multiplier: '1.37' })).key
})
afterAll(() => bank.stop())

const ASKED: Partial<Record<Door, object>> = { chat: { stream_options: { include_usage: true } }, responses: {} }

/** The usage of the last frame that has one. */
const usageIn = (frames: readonly Loose[]): Loose | undefined =>
  frames
    .map((frame): Loose | undefined => frame.usage ?? frame.response?.usage ?? frame.usageMetadata)
    .filter((usage) => typeof usage === 'object' && usage !== null)
    .at(-1)

for (const door of ['chat', 'responses'] as const) {
  for (const wire of WIRES) {
    if (door === wire) continue
    test(`${wire} to ${door}`, async () => {
      bank.says(SPENT)
      const reply = await doorOf({ ...bank.running, key })(door, MODEL_OF[wire], { stream: true, body: ASKED[door] ?? {} })
      const receipt = await bank.receipt(reply.headers.get('x-request-id'), key)
      expect(Number(receipt.cost)).toBeGreaterThan(0)
      expect(usageIn(payloads(reply.text))?.cost).toBe(receipt.cost)
      expect(reply.text.match(/"cost":/g)).toHaveLength(1)
    })
  }
}

test('who did not ask for the usage gets no frame for its price', async () => {
  bank.says(SPENT)
  const reply = await doorOf({ ...bank.running, key })('chat', MODEL_OF.messages, { stream: true })
  expect(reply.text).not.toContain('cost')
  expect(reply.text).not.toContain('prompt_tokens')
})

test('words that look like usage, frames of other formats and frames that go by are left alone', async () => {
  bank.says(SPENT, ['{"usage":{"a":1}}', ' more'])
  for (const [door, wire] of [
    ['chat', 'chat'],
    ['responses', 'responses'],
    ['messages', 'chat'],
    ['gemini', 'chat'],
  ] as const) {
    const reply = await doorOf({ ...bank.running, key })(door, MODEL_OF[wire], { stream: true, body: ASKED[door] ?? {} })
    expect(reply.status).toBe(200)
    expect(reply.text).not.toContain('cost')
  }
  const reply = await doorOf({ ...bank.running, key })('chat', MODEL_OF.messages, { stream: true, body: ASKED.chat ?? {} })
  expect(reply.text.match(/cost/g)).toHaveLength(1)
  expect(reply.text).toContain('{\\"usage\\":{\\"a\\":1}}')
})

test('what nobody reported has no price in a frame', async () => {
  bank.says(undefined)
  const reply = await doorOf({ ...bank.running, key })('chat', MODEL_OF.messages, { stream: true, body: ASKED.chat ?? {} })
  expect(reply.text).toContain('[DONE]')
  expect(reply.text).not.toContain('cost')
})
