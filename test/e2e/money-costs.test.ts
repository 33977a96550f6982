// Every path of cost: what the header, `GET /v1/requests/{id}` and its bill say is what an arithmetic of the test's own says,
// to the nano-dollar, for every client format on every upstream format, streamed and whole.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { adminOf, done } from '../kit/admin.ts'
import { type Asked, DOORS, type Door, doorOf } from '../kit/doors.ts'
import { type Bank, dollars, inputOf, MODEL_OF, openBank, owed, priceLine, type Rates, type Spent } from '../kit/money.ts'

/** Rates without common factors, so that no two mistakes cancel. */
const CHARGE: Rates = {
  input_per_million: '3.000000007',
  output_per_million: '15.000000011',
  cached_input_per_million: '0.300000013',
  cache_write_per_million: '3.750000017',
  cache_write_1h_per_million: '6.000000019',
  reasoning_per_million: '17.000000023',
  audio_input_per_million: '40.000000029',
  audio_output_per_million: '80.000000031',
  per_request: '0.000000037',
  per_search: '0.010000041',
}
const COST: Rates = { ...CHARGE, input_per_million: '1.000000043', output_per_million: '5.000000047', per_request: '0' }
const TIER = { input_per_million: '7.000000053', output_per_million: '29.000000059', cached_input_per_million: '0.700000061' }

const USED = {
  chat: { fresh: 1001, cached: 307, written: 53, heard: 211, said: 401, thought: 103, spoken: 89 },
  messages: { fresh: 1009, cached: 311, written: 59, written1h: 61, said: 409, thought: 107 },
  gemini: { fresh: 1013, cached: 313, heard: 223, said: 419, thought: 109, spoken: 97 },
  responses: { fresh: 1019, cached: 317, written: 67, said: 421, thought: 113 },
} satisfies Record<Door, Spent>

let bank: Bank
beforeAll(async () => {
  bank = await openBank({
    channels: [
      '  - { name: first, provider: openai-compatible, credential: k, models: [m-two], priority: 0, base_url: "UPSTREAM/first/v1" }',
      '  - { name: second, provider: openai-compatible, credential: k, models: [m-two], priority: 1, base_url: "UPSTREAM/second/v1" }',
      '  - { name: cut, provider: openai-compatible, credential: k, models: [m-cut], priority: 0, base_url: "UPSTREAM/first/v1" }',
      '  - { name: whole, provider: openai-compatible, credential: k, models: [m-cut], priority: 1, base_url: "UPSTREAM/second/v1" }',
      '  - { name: tiered, provider: openai-compatible, credential: k, models: [m-tiered, m-free, m-unpriced, m-text], base_url: "UPSTREAM/v1" }',
      '  - { name: claude, provider: anthropic, credential: k, models: [claude-sonnet-4-5], base_url: "UPSTREAM" }',
    ],
    prices: [
      ...DOORS.map((wire) => priceLine(CHARGE, { model: MODEL_OF[wire] })),
      ...DOORS.map((wire) => priceLine(COST, { model: MODEL_OF[wire], channel: wire })),
      priceLine(CHARGE, { model: 'm-two' }),
      priceLine(COST, { model: 'm-two', channel: 'second' }),
      priceLine(CHARGE, { model: 'm-cut' }),
      priceLine(COST, { model: 'm-cut', channel: 'whole' }),
      priceLine(CHARGE, { model: 'claude-sonnet-4-5' }),
      `  - ${JSON.stringify({ model: 'm-tiered', ...CHARGE, tiers: [{ above_input_tokens: 200_000, ...TIER }] })}`,
      '  - { model: m-free, free: true }',
      '  - { model: m-text, input_per_million: 1, output_per_million: 2 }',
    ],
    config: ['search: [{ name: fixture, backend: fixture, price_per_search: 0.004999997 }]'],
  })
})
afterAll(() => bank.stop())

const ask = (door: Door, model: string, options: Asked = {}) => doorOf(bank.running)(door, model, options)

async function check(reply: Awaited<ReturnType<typeof ask>>, stream: boolean, due: { charge: bigint; cost: bigint }): Promise<void> {
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-switchyard-cost')).toBe(stream ? null : dollars(due.charge))
  const receipt = await bank.receipt(reply.headers.get('x-request-id'))
  expect({ cost: receipt.cost, upstream: receipt.upstream_cost }).toEqual({ cost: dollars(due.charge), upstream: dollars(due.cost) })
  expect({ charge: receipt.bill.charge, upstream: receipt.bill.upstream_cost, shortfall: receipt.bill.shortfall }).toEqual({
    charge: dollars(due.charge),
    upstream: dollars(due.cost),
    shortfall: '0',
  })
}

describe.each(DOORS)('the upstream speaks %s', (wire) => {
  for (const door of DOORS) {
    for (const stream of [false, true]) {
      test(`to a client of ${door}, ${stream ? 'streamed' : 'whole'}`, async () => {
        const spent = USED[wire]
        bank.says(spent)
        const reply = await ask(door, MODEL_OF[wire], { stream })
        await check(reply, stream, { charge: owed(CHARGE, spent), cost: owed(COST, spent) })
        const { bill, usage } = await bank.receipt(reply.headers.get('x-request-id'))
        expect(usage.input_tokens).toBe(inputOf(spent))
        expect(usage.estimated).toBeUndefined()
        expect(bill.estimated).toBe(false)
        // Every part stands on the bill once, with its rate.
        const lines = Object.fromEntries(bill.lines.map((line: { dimension: string; quantity: number }) => [line.dimension, line.quantity]))
        expect(lines).toEqual({
          input: spent.fresh,
          cached_input: spent.cached,
          output: spent.said,
          reasoning: spent.thought,
          request: 1,
          ...('written' in spent && { cache_write: spent.written }),
          ...('written1h' in spent && { cache_write_1h: spent.written1h }),
          ...('heard' in spent && { audio_input: spent.heard }),
          ...('spoken' in spent && { audio_output: spent.spoken }),
        })
      })
    }
  }
})

test('a long input is priced by its tier, all of it', async () => {
  for (const fresh of [199_000, 200_001]) {
    const spent = { fresh, cached: 1000, said: 7 }
    bank.says(spent)
    const rates = fresh > 199_000 ? { ...CHARGE, ...TIER } : CHARGE
    const due = owed(rates, spent)
    await check(await ask('chat', 'm-tiered'), false, { charge: due, cost: due })
  }
})

test('a group pays its multiple, exactly and rounded once', async () => {
  const admin = adminOf(bank.running)
  const { id: group } = await done(admin('POST', '/admin/groups', { name: 'dear', multiplier: '1.337' }))
  const { data: projects } = await done(admin('GET', '/admin/projects'))
  const { key } = await done(admin('POST', '/admin/keys', { name: 'dear', project_id: projects[0].id, group_id: group }))
  const spent = USED.chat
  bank.says(spent)
  const reply = await doorOf({ ...bank.running, key })('chat', MODEL_OF.chat)
  expect(reply.headers.get('x-switchyard-cost')).toBe(dollars(owed(CHARGE, spent, [1337n, 1000n])))
  const receipt = await bank.receipt(reply.headers.get('x-request-id'), key)
  expect(receipt.upstream_cost).toBe(dollars(owed(COST, spent)))
  expect(receipt.bill.multiplier).toBe('1.337')
})

test('what is tiny is written without an exponent', async () => {
  bank.says({ fresh: 1 })
  const reply = await ask('chat', 'm-text')
  expect(reply.headers.get('x-switchyard-cost')).toBe('0.000001')
})

describe('failover', () => {
  test('a refused try costs nothing, the one that answers is charged once', async () => {
    const spent = { fresh: 10, said: 3 }
    bank.script(({ path }) => (path.startsWith('/first') ? { spent, turn: { pieces: [], status: 500 } } : { spent }))
    const reply = await ask('chat', 'm-two')
    expect(reply.headers.get('x-switchyard-channel')).toBe('second')
    await check(reply, false, { charge: owed(CHARGE, spent), cost: owed(COST, spent) })
  })

  test('what a try reported before it failed is our cost, and no part of the charge', async () => {
    const lost = { fresh: 1000, said: 0 }
    const spent = { fresh: 10, said: 3 }
    const begun = (usage: object, choices: object[]): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices, usage })}\n\n`
    for (const door of ['chat', 'messages'] as const) {
      bank.upstream.answer((received) =>
        received.path.startsWith('/first')
          ? { pieces: [begun({ prompt_tokens: 1000, completion_tokens: 0 }, []), 20, 'cut'] }
          : {
              pieces: [
                begun({}, [{ index: 0, delta: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }]),
                begun({ prompt_tokens: 10, completion_tokens: 3 }, []),
                'data: [DONE]\n\n',
              ],
            },
      )
      const reply = await ask(door, 'm-cut', { stream: true })
      const receipt = await bank.receipt(reply.headers.get('x-request-id'))
      expect(receipt.cost).toBe(dollars(owed(CHARGE, spent)))
      // The first channel has no cost of its own: it takes the model's price.
      expect(receipt.upstream_cost).toBe(dollars(owed(CHARGE, lost) + owed(COST, spent)))
      expect(receipt.attempts.map(({ error }: { error: string | null }) => error)).toEqual(['upstream_cut', null])
    }
  })
})

describe('free for the customer', () => {
  test('a failed answer', async () => {
    bank.says(undefined, { pieces: [], status: 400 })
    const reply = await ask('chat', MODEL_OF.chat)
    expect(reply.status).toBe(400)
    expect(reply.headers.get('x-switchyard-cost')).toBe('0')
    expect(await bank.receipt(reply.headers.get('x-request-id'))).toMatchObject({
      cost: '0',
      upstream_cost: '0',
      outcome: 'error',
      bill: null,
    })
  })

  test.each(DOORS)('an empty answer of %s, whose cost is ours', async (wire) => {
    for (const stream of [false, true]) {
      const spent = { fresh: 1000, said: 1 }
      bank.says(spent, [])
      const reply = await ask(wire, MODEL_OF[wire], { stream })
      const receipt = await bank.receipt(reply.headers.get('x-request-id'))
      expect(receipt.cost).toBe('0')
      if (reply.status === 200) expect(receipt.upstream_cost).toBe(dollars(owed(COST, spent)))
    }
  })

  test('a free model; its usage is kept', async () => {
    bank.says({ fresh: 10, said: 3 })
    const reply = await ask('chat', 'm-free')
    expect(reply.headers.get('x-switchyard-cost')).toBe('0')
    expect(await bank.receipt(reply.headers.get('x-request-id'))).toMatchObject({
      cost: '0',
      usage: { input_tokens: 10, output_tokens: 3 },
    })
  })
})

describe.each(DOORS)('without a report of %s', (wire) => {
  for (const [door, stream] of DOORS.flatMap((each) => [false, true].map((streamed) => [each, streamed] as const))) {
    test(`the usage is counted and marked, for a client of ${door}, ${stream ? 'streamed' : 'whole'}`, async () => {
      const words = 'Twelve quick foxes jump over twelve lazy dogs and rest.'
      bank.says(undefined, [words])
      const reply = await ask(door, MODEL_OF[wire], { stream })
      const { cost, usage, bill } = await bank.receipt(reply.headers.get('x-request-id'))
      expect(usage.estimated).toBe(true)
      expect(bill.estimated).toBe(true)
      expect(usage.input_tokens).toBeGreaterThan(0)
      expect(usage.output_tokens).toBeGreaterThanOrEqual(9)
      expect(usage.output_tokens).toBeLessThanOrEqual(30)
      expect(cost).toBe(dollars(owed(CHARGE, { fresh: usage.input_tokens, said: usage.output_tokens })))
    })
  }
})

test('several choices are one answer: what the upstream reports, once; or each call, where it gives one a call', async () => {
  const spent = { fresh: 10, said: 3 }
  bank.says(spent)
  await check(await ask('chat', MODEL_OF.chat, { body: { n: 3 } }), false, { charge: owed(CHARGE, spent), cost: owed(COST, spent) })
  bank.upstream.received.length = 0
  const three = { fresh: 30, said: 9 }
  for (const stream of [false, true]) {
    const reply = await ask('chat', MODEL_OF.messages, { stream, body: { n: 3 } })
    await check(reply, stream, { charge: owed(CHARGE, three), cost: owed(COST, three) })
  }
  expect(bank.upstream.received).toHaveLength(6)
})

describe('web search', () => {
  const SEARCH = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }
  test.each([false, true])('that we run: every round and every search, stream %p', async (stream) => {
    const rounds: Spent[] = [
      { fresh: 100, cached: 11, said: 20 },
      { fresh: 300, said: 21 },
      { fresh: 500, cached: 13, said: 22, thought: 5 },
    ]
    bank.script((_, round) => ({ spent: rounds[round], turn: round < 2 ? [{ search: `question ${round} ${stream}` }] : ['Found.'] }))
    const reply = await ask('messages', MODEL_OF.chat, { stream, body: { tools: [SEARCH] } })
    const searches = 2n * 4_999_997n
    // A price for the request is paid once, whatever the rounds.
    const { per_request: _, ...between } = CHARGE
    const charge = owed(between, rounds[0] as Spent) + owed(between, rounds[1] as Spent) + owed(CHARGE, rounds[2] as Spent) + searches
    const cost = rounds.reduce((sum, spent) => sum + owed(COST, spent), searches)
    await check(reply, stream, { charge, cost })
    const receipt = await bank.receipt(reply.headers.get('x-request-id'))
    expect(receipt.searches.map((each: { cost: string }) => each.cost)).toEqual(['0.004999997', '0.004999997'])
  })

  test('that the upstream runs: its price for a search', async () => {
    const spent = { fresh: 10, said: 3, searches: 2 }
    bank.says(spent)
    const reply = await ask('messages', 'claude-sonnet-4-5', { body: { tools: [SEARCH] } })
    // Ours is the list price: 3 and 15 dollars a million, a cent a search.
    await check(reply, false, { charge: owed(CHARGE, spent), cost: 20_075_000n })
  })

  test('by itself: on the ledger as any other exchange', async () => {
    const response = await fetch(`${bank.running.url}/v1/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bank.running.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'something that nobody asked before' }),
    })
    expect(response.headers.get('x-switchyard-cost')).toBe('0.004999997')
    const receipt = await bank.receipt(response.headers.get('x-request-id'))
    expect(receipt).toMatchObject({ cost: '0.004999997', upstream_cost: '0.004999997', bill: { charge: '0.004999997' } })
  })
})
