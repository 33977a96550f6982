// How an exchange ends decides what it costs: streams that are cut or left go by the group's setting, what has no price does
// not begin, a balance that covers little makes answers short, and a dry run only says what would be.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type Door, doorOf, knock } from '../kit/doors.ts'
import { type Bank, dollars, MODEL_OF, openBank, owed, payer, priceLine, type Rates } from '../kit/money.ts'
import { until } from '../kit/service.ts'

const RATES: Rates = { input_per_million: '3', output_per_million: '15' }
const CREDIT = 1_000_000_000n

let bank: Bank
beforeAll(async () => {
  bank = await openBank({
    channels: [
      '  - { name: unpriced, provider: openai-compatible, credential: k, models: [m-unpriced], base_url: "UPSTREAM/v1" }',
      '  - { name: claude, provider: anthropic, credential: k, models: [claude-sonnet-4-5], base_url: "UPSTREAM" }',
    ],
    prices: [
      ...DOORS.map((wire) => priceLine(RATES, { model: MODEL_OF[wire] })),
      priceLine(RATES, { model: 'claude-sonnet-4-5' }),
      '  - { model: m-half, input_per_million: 1 }',
    ],
  })
})
afterAll(() => bank.stop())

const POLICIES = ['produced', 'nothing', 'finish'] as const
const SPOKEN = Array.from({ length: 40 }, (_, at) => `word${at} `)

// biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects.
async function receiptOnceThere(id: string | null, key: string): Promise<any> {
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  let receipt: any
  await until(async () => {
    receipt = await bank.receipt(id, key)
    return receipt.object === 'request'
  }, 'the exchange ends')
  return receipt
}

describe.each(POLICIES)('a group that pays %s of streams that end early', (policy) => {
  for (const wire of DOORS) {
    for (const door of new Set<Door>([wire, 'chat', 'messages'])) {
      test(`cut: ${wire} to ${door}`, async () => {
        const customer = await payer(bank.running, '1', { cut_streams: policy })
        bank.script(() => ({ spent: undefined, turn: [...SPOKEN, 'hang!'], cuts: true }))
        const reply = await doorOf({ ...bank.running, key: customer.key })(door, MODEL_OF[wire], { stream: true })
        const receipt = await bank.receipt(reply.headers.get('x-request-id'), customer.key)
        expect(receipt).toMatchObject({ outcome: 'error', error: 'upstream_cut' })
        const { input_tokens: input, output_tokens: output } = receipt.usage
        expect(receipt.usage.estimated).toBe(true)
        expect(output).toBeGreaterThanOrEqual(40)
        expect(output).toBeLessThanOrEqual(160)
        const made = owed(RATES, { fresh: input, said: output })
        const due = policy === 'nothing' ? 0n : made
        expect({ cost: receipt.cost, upstream: receipt.upstream_cost }).toEqual({ cost: dollars(due), upstream: dollars(made) })
        expect(await customer.balance()).toBe(CREDIT - due)
      })

      test(`left by its client: ${wire} to ${door}`, async () => {
        const customer = await payer(bank.running, '1', { cut_streams: policy })
        const spent = { fresh: 11, said: 3210 }
        bank.script(() => ({ spent, turn: [...SPOKEN, 400, ...SPOKEN] }))
        const leaving = new AbortController()
        const response = await knock(
          { ...bank.running, key: customer.key },
          { door, model: MODEL_OF[wire], options: { stream: true, signal: leaving.signal } },
        )
        const reader = response.body?.getReader()
        const decoder = new TextDecoder()
        for (let text = ''; !text.includes('word39'); ) text += decoder.decode((await reader?.read())?.value, { stream: true })
        leaving.abort()
        const receipt = await receiptOnceThere(response.headers.get('x-request-id'), customer.key)
        if (policy === 'finish') {
          expect(receipt).toMatchObject({ outcome: 'ok', cost: dollars(owed(RATES, spent)), upstream_cost: dollars(owed(RATES, spent)) })
        } else {
          expect(receipt).toMatchObject({ outcome: 'cancelled', error: 'client_closed' })
          const { input_tokens: input, output_tokens: output } = receipt.usage
          expect(output).toBeGreaterThanOrEqual(40)
          expect(output).toBeLessThanOrEqual(400)
          const made = owed(RATES, { fresh: input, said: output })
          const due = policy === 'nothing' ? 0n : made
          expect({ cost: receipt.cost, upstream: receipt.upstream_cost }).toEqual({ cost: dollars(due), upstream: dollars(made) })
        }
        await until(async () => dollars(CREDIT - (await customer.balance())) === receipt.cost, 'the hold is turned into the charge')
      })
    }
  }
})

describe('what has no price', () => {
  const asked = async (door: Door, model: string, options: object = {}) => {
    const before = bank.upstream.received.length
    const reply = await doorOf(bank.running)(door, model, options)
    return { reply, sent: bank.upstream.received.length - before }
  }
  test.each(DOORS)('is refused to a client of %s in its own words, and nothing is sent', async (door) => {
    for (const stream of [false, true]) {
      const { reply, sent } = await asked(door, 'm-unpriced', { stream })
      expect(reply.status).toBe(400)
      expect(reply.json.error.message).toContain('`m-unpriced` has no price')
      const shape = { chat: 'code', responses: 'type', messages: 'type', gemini: 'status' }[door]
      expect(typeof reply.json.error[shape]).toBe('string')
      expect(sent).toBe(0)
    }
  })
  test.each<[string, Door, object]>([
    [
      'audio that is heard',
      'chat',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }] },
    ],
    ['audio that is heard', 'gemini', { contents: [{ parts: [{ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } }] }] }],
    ['audio that is spoken', 'chat', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }],
    ['audio that is spoken', 'gemini', { generationConfig: { responseModalities: ['AUDIO'] } }],
    ['images that are made', 'gemini', { generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }],
  ])('%s, in %s', async (what, door, body) => {
    const { reply, sent } = await asked(door, MODEL_OF[door], { body })
    expect(reply.status).toBe(400)
    expect(reply.json.error.message).toMatch(
      what.startsWith('images') ? /image_output/ : what.endsWith('heard') ? /audio_input/ : /audio_output/,
    )
    expect(sent).toBe(0)
  })
  test('searches that the upstream would run', async () => {
    const { reply, sent } = await asked('messages', 'claude-sonnet-4-5', {
      body: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    })
    expect(reply.status).toBe(400)
    expect(reply.json.error.message).toContain('search')
    expect(sent).toBe(0)
  })
  test('words about audio are words', async () => {
    bank.says({ fresh: 1, said: 1 })
    const { reply } = await asked('chat', MODEL_OF.chat, {
      body: { messages: [{ role: 'user', content: 'what is "input_audio" and "audio/wav"?' }] },
    })
    expect(reply.status).toBe(200)
  })
})

describe('a balance that covers little', () => {
  test('makes the answer short where the client set no limit, and says so', async () => {
    const customer = await payer(bank.running, '0.03')
    bank.says({ fresh: 10, said: 20 })
    const ask = doorOf({ ...bank.running, key: customer.key })
    const reply = await ask('chat', MODEL_OF.chat)
    expect(reply.status).toBe(200)
    expect(reply.warnings).toContain('changed max_tokens')
    const { max_tokens: sent } = bank.upstream.received.at(-1)?.json ?? {}
    // Three cents are 2,000 tokens of output, less what the question may cost.
    expect(sent).toBeGreaterThan(1900)
    expect(sent).toBeLessThan(2000)
    expect(await customer.balance()).toBe(30_000_000n - owed(RATES, { fresh: 10, said: 20 }))
  })

  const STATUS = { chat: 402, responses: 429, messages: 429, gemini: 402 } as const
  test.each(DOORS)('and not even a short one: a client of %s is told to stop', async (door) => {
    const customer = await payer(bank.running, '0.001')
    const before = bank.upstream.received.length
    const reply = await doorOf({ ...bank.running, key: customer.key })(door, MODEL_OF[door])
    expect(reply.status).toBe(STATUS[door])
    expect(reply.json.error.message).toContain('balance does not cover')
    expect(bank.upstream.received.length).toBe(before)
    expect(await customer.balance()).toBe(1_000_000n)
  })

  test('what is used beyond the hold is our loss, and the balance stays at zero or above', async () => {
    const customer = await payer(bank.running, '0.01')
    bank.says({ fresh: 1_000_000, said: 1_000_000 })
    const ask = doorOf({ ...bank.running, key: customer.key })
    const reply = await ask('chat', MODEL_OF.chat, { body: { max_tokens: 600 } })
    const receipt = await bank.receipt(reply.headers.get('x-request-id'), customer.key)
    const held = 10_000_000n - (await customer.balance())
    expect(receipt.cost).toBe(dollars(held))
    expect(receipt.bill.shortfall).toBe(dollars(18_000_000_000n - held))
    expect(held).toBeGreaterThanOrEqual(9_000_000n)
  })
})

describe('a dry run', () => {
  const DRY = { 'x-switchyard-dry-run': 'true' }
  test.each(DOORS)('of a client of %s: the plan and the quote; nothing is sent, charged or kept', async (door) => {
    const customer = await payer(bank.running, '1')
    const before = bank.upstream.received.length
    const ask = doorOf({ ...bank.running, key: customer.key })
    for (const stream of [false, true]) {
      const reply = await ask(door, MODEL_OF.messages, { stream, headers: DRY })
      expect(reply.status).toBe(200)
      expect(reply.json).toMatchObject({
        object: 'dry_run',
        model: MODEL_OF.messages,
        stream,
        plan: [
          { channel: 'messages', format: 'anthropic-messages', mode: door === 'messages' ? 'passthrough' : 'translate', priced: true },
        ],
        quote: {
          multiplier: '1',
          routes: [{ channel: 'messages', charge: { price: { input_per_million: '3', output_per_million: '15' } } }],
        },
        billing: 'prepaid',
        balance: '1',
      })
      expect(Number(reply.json.quote.ceiling)).toBeGreaterThan(0)
      expect((await bank.receipt(reply.json.request_id, customer.key)).error.message).toBe('There is no such request.')
    }
    expect(bank.upstream.received.length).toBe(before)
    expect(await customer.balance()).toBe(CREDIT)
  })
  test('is refused as the request would be', async () => {
    const poor = await payer(bank.running, '0.001')
    expect((await doorOf({ ...bank.running, key: poor.key })('chat', MODEL_OF.chat, { headers: DRY })).status).toBe(402)
    expect((await doorOf(bank.running)('chat', 'm-unpriced', { headers: DRY })).status).toBe(400)
    expect((await doorOf(bank.running)('chat', 'no-such-model', { headers: DRY })).status).toBe(404)
  })
})
