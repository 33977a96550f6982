// What only counting in memory has: no promise, bounded memory, a clock that may be set. The contract is in test/conformance.

import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { memoryBus } from '../lib/message-bus.ts'
import { FREE_SLOT, type Taken } from './limits.ts'
import { MemoryLimits } from './memory.ts'
import { concurrencyRule, periodAround, quotaRule, rateRule } from './rule.ts'
import { shareOf } from './share.ts'
import { sharedCooldowns } from './shared-cooldowns.ts'

const NOON = Date.UTC(2026, 10, 19, 12)
const whose = (limit: number, subject = 'it') => ({ scope: 'customer', subject, limit }) as const

test('the answer is there at once, and without rules it is always the same', () => {
  const limits = new MemoryLimits({ spentNanos: () => 5 })
  expect(limits.take({ nowMs: NOON, rules: [] })).toBe(FREE_SLOT)
  expect(limits.take({ nowMs: NOON, rules: [quotaRule(whose(5), 'day')], nanos: 1 })).toMatchObject({ refused: true, remaining: 0 })
})

test('a ledger that answers later makes the answer later, one that fails refuses to go on', async () => {
  const rules = [quotaRule(whose(5), 'day')]
  const late = new MemoryLimits({ spentNanos: async () => 4 })
  expect(await late.take({ nowMs: NOON, rules, nanos: 2 })).toMatchObject({ refused: true, remaining: 1 })
  const broken = new MemoryLimits({ spentNanos: () => Promise.reject(new Error('away')) })
  expect(broken.take({ nowMs: NOON, rules, nanos: 2 })).rejects.toThrow('away')
})

test('counters that no longer count are forgotten as fast as new ones come', () => {
  const limits = new MemoryLimits()
  let most = 0
  for (let count = 0; count < 100_000; count++) {
    const taken = limits.take({
      nowMs: NOON + count * 60,
      rules: [rateRule('requests', whose(5, `c${count}`)), concurrencyRule(whose(5, `c${count}`))],
    }) as Taken
    if (!taken.refused) taken.settle({ nowMs: NOON + count * 60 })
    most = Math.max(most, limits.size)
  }
  // About a thousand customers are within the window at any time.
  expect(most).toBeLessThan(4_000)
  limits.sweep(NOON + 100_000 * 60 + 61_000)
  expect(limits.size).toBe(0)
})

test('what is held or reserved is not forgotten', () => {
  const limits = new MemoryLimits()
  const rules = [concurrencyRule(whose(1)), quotaRule(whose(10), 'month')]
  const taken = limits.take({ nowMs: NOON, rules, nanos: 4 }) as Taken
  limits.sweep(NOON + 86_400_000)
  expect(limits.standingsNow(rules, NOON + 86_400_000).map(({ remaining }) => remaining)).toEqual([0, 6])
  if (!taken.refused) taken.release()
  limits.sweep(NOON + 86_400_000)
  expect(limits.size).toBe(0)
})

test('a clock that was set back neither frees nor blocks for long', () => {
  const limits = new MemoryLimits()
  const rules = [rateRule('requests', whose(2))]
  const refused = (nowMs: number): boolean => (limits.take({ nowMs, rules }) as Taken).refused
  expect([refused(NOON), refused(NOON - 30_000), refused(NOON - 30_000)]).toEqual([false, false, true])
  expect(refused(NOON - 7_200_000)).toBeFalse()
})

test('what cannot be a limit is refused when the rule is made', () => {
  for (const limit of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5' as unknown as number]) {
    expect(() => rateRule('requests', whose(limit))).toThrow(RangeError)
  }
  expect(() => concurrencyRule(whose(1, ''))).toThrow(RangeError)
  for (const windowMs of [0, 999, 1e12, 1_000.5, Number.NaN]) expect(() => rateRule('tokens', whose(1), windowMs)).toThrow(RangeError)
})

test('names as long as clients please make counters no larger, and different ones stay different', () => {
  const [one, other] = [concurrencyRule(whose(1, 'x'.repeat(10_000))), concurrencyRule(whose(1, `${'x'.repeat(10_000)}y`))]
  expect(one.id.length).toBeLessThan(120)
  expect(one.id).not.toBe(other.id)
})

test('periods tile time by UTC', () => {
  fc.assert(
    fc.property(fc.constantFrom('day', 'week', 'month'), fc.integer({ min: 0, max: 4e12 }), (period, nowMs) => {
      const { startMs, endMs } = periodAround(period, nowMs)
      expect(nowMs).toBeWithin(startMs, endMs)
      expect(periodAround(period, endMs).startMs).toBe(endMs)
      expect(periodAround(period, startMs)).toEqual({ startMs, endMs })
      const start = new Date(startMs)
      expect(start.toISOString()).toEndWith('T00:00:00.000Z')
      if (period === 'week') expect(start.getUTCDay()).toBe(1)
      if (period === 'month') expect(start.getUTCDate()).toBe(1)
    }),
  )
})

test('shares add up to the limit', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000 }), fc.integer({ min: 1, max: 40 }), (limit, count) => {
      const shares = Array.from({ length: count }, (_, rank) => shareOf(limit, { count, rank }))
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }),
  )
})

test('cooldowns: told when they begin and end, not for each failure; garbage is not believed', () => {
  const bus = memoryBus()
  const told: unknown[] = []
  bus.subscribe('cooldown', (message) => told.push(JSON.parse(message)))
  const calls: unknown[][] = []
  let active = false
  const own = {
    fail: (...args: unknown[]) => {
      calls.push(['fail', ...args])
      active = true
    },
    succeed: (...args: unknown[]) => {
      calls.push(['succeed', ...args])
      active = false
    },
    active: () => active,
  }
  const shared = sharedCooldowns(own, bus, () => NOON)
  shared.succeed('ch_1')
  shared.fail('ch_1', NOON, 500)
  shared.fail('ch_1', NOON)
  shared.succeed('ch_1')
  shared.succeed('ch_1')
  expect(told).toEqual([
    { channelId: 'ch_1', failed: true, retryAfterMs: 500 },
    { channelId: 'ch_1', failed: false },
  ])
  calls.length = 0
  for (const garbage of ['null', '7', '{}', '{"channelId":1,"failed":true}']) void bus.publish('cooldown', garbage)
  void bus.publish('cooldown', '{"channelId":"ch_2","failed":true,"retryAfterMs":-1}')
  expect(calls).toEqual([['fail', 'ch_2', NOON, undefined]])
  shared.close()
  void bus.publish('cooldown', '{"channelId":"ch_2","failed":false}')
  expect(calls.length).toBe(1)
})
