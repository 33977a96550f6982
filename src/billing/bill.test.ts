import { describe, expect, test } from 'bun:test'
import type { GatewayError } from '../core/errors.ts'
import { textTokens } from './estimate.ts'
import type { End, Ending } from './settlement.ts'
import { ask, channelRow, counter, NOW, routeTo, snapshotOf } from './test-kit.ts'

// One dollar a million in, two out: a token in is 1000 nano-dollars, a token out 2000.
const PRICE = { model: 'm', input_per_million: 1, output_per_million: 2 }
const snapshot = snapshotOf([channelRow('openai-compatible')], [PRICE])
const route = routeTo(snapshot, 'm')
const USAGE = { inputTokens: 100, outputTokens: 50 }
const COST = 100 * 1000 + 50 * 2000

const ending = (end: End, more: Partial<Ending> = {}) => ({
  end,
  policy: 'produced' as const,
  usage: USAGE,
  produced: () => ({ outputTokens: () => 0, inputTokens: () => 100 }),
  route,
  nowMs: NOW,
  ...more,
})
const prepaid = (id: string) => ({ id, account: 'a', mode: 'prepaid' as const })
const unmetered = (id: string) => ({ id, account: 'u', mode: 'unmetered' as const })

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (thrown) {
    return (thrown as GatewayError).code
  }
  return 'none'
}

describe('a bill', () => {
  test('holds the ceiling, charges what was used, gives the rest back', async () => {
    const { billing, verify } = await counter(10_000_000)
    const bill = billing.open(ask(snapshot, 'm', { maxOutputTokens: 500 }), prepaid('r1'))
    await bill.hold()
    expect(await billing.balance('a')).toBe(10_000_000 - 1000 * 1000 - 500 * 2000)
    const settlement = bill.settle(ending('whole'))
    expect(settlement).toMatchObject({ chargeNanos: COST, costNanos: COST, shortfallNanos: 0 })
    await settlement.durable
    expect(await billing.balance('a')).toBe(10_000_000 - COST)
    expect(bill.settle(ending('failed'))).toBe(settlement)
    expect(await verify()).toEqual([])
  })

  test('an unmetered account waits for nothing before, and is charged all the same', async () => {
    const { billing, verify } = await counter(0)
    const bill = billing.open(ask(snapshot, 'm', { inputTokens: () => expect.unreachable('nobody needs the estimate') }), unmetered('r1'))
    expect(bill.hold()).toBeUndefined()
    await bill.settle(ending('whole')).durable
    expect(await billing.balance('u')).toBe(-COST)
    expect(await verify()).toEqual([])
  })

  test('what a balance cannot cover is refused; without a limit of its own it is lowered instead', async () => {
    const { billing, verify } = await counter(1000 * 1000 + 300 * 2000 + 1999)
    expect(await refusal(() => billing.open(ask(snapshot, 'm', { maxOutputTokens: 301 }), prepaid('r1')).hold())).toBe('insufficient_quota')
    const bill = billing.open(ask(snapshot, 'm'), prepaid('r2'))
    await bill.hold()
    expect(bill.outputLimit).toBe(300)
    expect(await refusal(() => billing.open(ask(snapshot, 'm'), prepaid('r3')).hold())).toBe('insufficient_quota')
    await bill.settle(ending('failed', { usage: undefined })).durable
    expect(await billing.balance('a')).toBe(1000 * 1000 + 300 * 2000 + 1999)
    expect(await verify()).toEqual([])
  })

  test('a limit below 256 is not worth beginning', async () => {
    const { billing } = await counter(1000 * 1000 + 255 * 2000)
    expect(await refusal(() => billing.open(ask(snapshot, 'm'), prepaid('r1')).hold())).toBe('insufficient_quota')
    expect(await refusal(() => billing.open(ask(snapshot, 'm', { maxOutputTokens: 255 }), prepaid('r2')).hold())).toBe('none')
  })

  test('a thousand at once on a balance for a hundred: exactly a hundred run', async () => {
    const ceiling = 1000 * 1000 + 10 * 2000
    const { billing, verify } = await counter(100 * ceiling + 5)
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        refusal(() => billing.open(ask(snapshot, 'm', { maxOutputTokens: 10 }), prepaid(`r${n}`)).hold()),
      ),
    )
    expect(answers.filter((code) => code === 'none').length).toBe(100)
    expect(await billing.balance('a')).toBe(5)
    expect(await verify()).toEqual([])
  })

  test('use beyond the hold is our loss', async () => {
    const { billing, verify } = await counter(10_000_000)
    const bill = billing.open(ask(snapshot, 'm', { maxOutputTokens: 10, inputTokens: () => 10 }), prepaid('r1'))
    await bill.hold()
    const settlement = bill.settle(ending('whole'))
    expect(settlement).toMatchObject({ chargeNanos: 30_000, shortfallNanos: COST - 30_000, costNanos: COST })
    await settlement.durable
    expect(await billing.balance('a')).toBe(10_000_000 - 30_000)
    expect(await verify()).toEqual([])
  })

  test('attempts, rounds and our own searches', async () => {
    const { billing, verify } = await counter(10_000_000)
    const bill = billing.open(ask(snapshot, 'm', { maxOutputTokens: 500, searchNanos: 7 }), prepaid('r1'))
    await bill.hold()
    bill.attempted(route, { inputTokens: 10, outputTokens: 0 })
    bill.round(route, { inputTokens: 20, outputTokens: 1 })
    bill.searched('searx', 7)
    const settlement = bill.settle(ending('whole'))
    expect(settlement).toMatchObject({ chargeNanos: COST + 20_000 + 2000 + 7, costNanos: COST + 10_000 + 22_000 + 7 })
    expect(settlement.usage).toEqual({ inputTokens: 120, outputTokens: 51 })
    await settlement.durable
    expect(await verify()).toEqual([])
  })

  test('nothing held and nothing used leaves nothing on the ledger', async () => {
    const { billing } = await counter(0)
    const bill = billing.open(ask(snapshot, 'm'), unmetered('r1'))
    expect(bill.settle(ending('failed', { usage: undefined })).durable).toBeUndefined()
    expect(await billing.receipt('r1')).toBeUndefined()
  })
})

describe('how an exchange ends', () => {
  const text = 'The quick brown fox jumps over the lazy dog, again and again, until the stream is cut.'
  const settled = async (end: End, more: Partial<Ending>) => {
    const { billing } = await counter(0)
    return billing.open(ask(snapshot, 'm'), unmetered('r1')).settle(ending(end, more))
  }

  test('failed and empty answers are free, whatever they cost us', async () => {
    expect(await settled('empty', {})).toMatchObject({ chargeNanos: 0, costNanos: COST })
    expect(await settled('failed', { usage: undefined })).toMatchObject({ chargeNanos: 0, costNanos: 0 })
  })

  test('a stream that was cut or left pays what it produced, or nothing', async () => {
    const produced = () => ({ outputTokens: () => textTokens(text), inputTokens: () => 100 })
    const early = { usage: { inputTokens: 90, outputTokens: 1 }, produced }
    for (const end of ['cut', 'left'] as const) {
      const { chargeNanos, usage } = await settled(end, early)
      expect(usage).toMatchObject({ inputTokens: 90, estimated: true })
      expect(usage?.outputTokens).toBeGreaterThan(10)
      expect(chargeNanos).toBe(90 * 1000 + (usage?.outputTokens ?? 0) * 2000)
      expect(await settled(end, { ...early, policy: 'nothing' })).toMatchObject({ chargeNanos: 0, costNanos: chargeNanos })
    }
    expect(await settled('left', { produced })).toMatchObject({ chargeNanos: COST, usage: USAGE })
  })

  test('a whole answer without a report is counted and marked', async () => {
    const { usage, chargeNanos } = await settled('whole', {
      usage: undefined,
      produced: () => ({ outputTokens: () => textTokens(text), inputTokens: () => 33 }),
    })
    expect(usage).toMatchObject({ inputTokens: 33, estimated: true })
    expect(chargeNanos).toBeGreaterThan(33 * 1000)
  })
})

describe('fail closed', () => {
  test('a model or a dimension without a price does not run', async () => {
    const { billing } = await counter(0)
    const half = snapshotOf([channelRow('openai-compatible')], [PRICE, { model: 'half', input_per_million: 1 }])
    expect(await refusal(() => billing.open(ask(half, 'unknown'), unmetered('r1')))).toBe('no_price')
    expect(await refusal(() => billing.open(ask(half, 'half'), unmetered('r1')))).toBe('no_price')
    expect(await refusal(() => billing.open(ask(half, 'm', { audioInput: true }), unmetered('r1')))).toBe('no_price')
    expect(await refusal(() => billing.open(ask(half, 'm', { searches: 1 }), unmetered('r1')))).toBe('no_price')
    expect(() => billing.open(ask(half, 'unknown'), unmetered('r1'))).toThrow('`prices:`')
  })

  test('a route without a price is left out, the others run', async () => {
    const both = snapshotOf([channelRow('openai-compatible'), channelRow('openai')])
    const quote = (await counter(0)).billing.quote(ask(both, 'gpt-4o-mini'))
    expect(quote.offers.map((offer) => offer !== undefined)).toEqual([false, true])
  })

  test('usage in a dimension without a price is charged at the ceiling, aloud', async () => {
    const { billing, alarms, verify } = await counter(10_000_000)
    const bill = billing.open(ask(snapshot, 'm', { maxOutputTokens: 500 }), prepaid('r1'))
    await bill.hold()
    const settlement = bill.settle(ending('whole', { usage: { ...USAGE, webSearches: 2 } }))
    expect(settlement.chargeNanos).toBe(1000 * 1000 + 500 * 2000)
    expect(alarms.length).toBe(1)
    await settlement.durable
    expect(await verify()).toEqual([])
  })
})

describe('the counter', () => {
  test('a refund gives a charge back, once and never more', async () => {
    const { billing, verify } = await counter(10_000_000)
    const bill = billing.open(ask(snapshot, 'm', { maxOutputTokens: 500 }), prepaid('r1'))
    await bill.hold()
    await bill.settle(ending('whole')).durable
    const refund = { key: 'k1', account: 'a', exchange: 'r1', nowMs: NOW, note: { reason: 'test' } }
    expect(await refusal(() => billing.refund({ ...refund, amount: COST + 1 }))).toBe('invalid_request')
    expect(await refusal(() => billing.refund({ ...refund, amount: 1, account: 'u' }))).toBe('invalid_request')
    expect(await refusal(() => billing.refund({ ...refund, amount: 1, exchange: 'r2' }))).toBe('not_found')
    expect(await billing.refund({ ...refund, amount: COST })).toBe(true)
    expect(await billing.refund({ ...refund, key: 'k2', amount: COST })).toBe(false)
    expect(await billing.balance('a')).toBe(10_000_000)
    expect(await verify()).toEqual([])
  })

  test('after a restart the dead process’s holds go back to the customer', async () => {
    const { billing, verify } = await counter(10_000_000)
    await billing.open(ask(snapshot, 'm', { maxOutputTokens: 500 }), prepaid('r1')).hold()
    expect(await billing.recover(NOW, false)).toBe(0)
    expect(await billing.recover(NOW, true)).toBe(1)
    expect(await billing.balance('a')).toBe(10_000_000)
    expect(await verify()).toEqual([])
  })

  test('a running hold outlives its lease, and one that was given back is not charged, aloud', async () => {
    const { billing, alarms, verify } = await counter(10_000_000)
    const bill = billing.open(ask(snapshot, 'm', { maxOutputTokens: 500 }), prepaid('r1'))
    await bill.hold()
    expect(await billing.sweep(NOW + 119_000)).toBe(0)
    expect(await billing.sweep(NOW + 200_000)).toBe(0)
    await billing.recover(NOW, true)
    await bill.settle(ending('whole')).durable
    expect(alarms.length).toBe(1)
    expect(await billing.balance('a')).toBe(10_000_000)
    expect(await verify()).toEqual([])
  })

  test('the receipt says what was used at which rate', async () => {
    const { billing } = await counter(0)
    const offer = ask(snapshot, 'm', { multiplier: { numerator: 175, denominator: 100 } })
    await billing.open(offer, unmetered('r1')).settle(ending('whole')).durable
    expect(await billing.receipt('r1')).toEqual({
      charge: '0.00035',
      upstream_cost: '0.0002',
      shortfall: '0',
      estimated: false,
      price_source: { name: 'operator', date: '' },
      multiplier: '1.75',
      lines: [
        { dimension: 'input', quantity: 100, rate: '1', per: 1_000_000 },
        { dimension: 'output', quantity: 50, rate: '2', per: 1_000_000 },
      ],
    })
  })
})
