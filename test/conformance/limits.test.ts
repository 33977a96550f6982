// One contract for limits wherever they are counted: in one process, and by several on a real Redis or Valkey server. A
// plain log of everything that was ever taken is the model that both are compared with.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  type Ask,
  concurrencyRule,
  type LimitRule,
  type Limits,
  MemoryLimits,
  type QuotaRule,
  quotaRule,
  rateRule,
  SharedLimits,
  type Slot,
  type SpentNanos,
} from '../../src/limits/index.ts'
import type { Redis } from '../../src/store/index.ts'
import { connectNode, hasRedis, type RedisServer, startRedis } from '../kit/redis-server.ts'

/** A Thursday. */
const NOON = Date.UTC(2026, 10, 19, 12)
const MINUTE = 60_000
const SIXTIETH = 1_000

let subjects = 0
const fresh = (limit: number, scope: 'key' | 'project' | 'customer' = 'key') => ({ scope, subject: `it${++subjects}`, limit })

interface Engine {
  readonly name: string
  readonly skip: boolean
  open(spentNanos?: SpentNanos): Promise<Limits>
}

let server: RedisServer | undefined
const nodes: Redis[] = []
const opened: Limits[] = []

beforeAll(async () => {
  if (hasRedis) server = await startRedis()
})
afterAll(async () => {
  for (const limits of opened) await limits.close()
  for (const node of nodes) await node.close()
  await server?.stop()
})

const ENGINES: readonly Engine[] = [
  { name: 'memory', skip: false, open: async (spentNanos) => new MemoryLimits(spentNanos && { spentNanos }) },
  {
    name: 'redis',
    skip: !hasRedis,
    async open(spentNanos) {
      nodes.push(await connectNode(server as RedisServer, { deadlineMs: 2_000 }))
      // A lease lasts for ever, for the model's clock jumps by hours while nobody renews.
      const limits = new SharedLimits(nodes.at(-1) as Redis, { clock: 'caller', leaseMs: 1e9, ...(spentNanos && { spentNanos }) })
      opened.push(limits)
      return limits
    },
  },
]

async function slotOf(limits: Limits, ask: Ask): Promise<Slot> {
  const taken = await limits.take(ask)
  if (taken.refused) throw new Error(`refused by ${taken.rule.id}`)
  return taken
}

async function refusalOf(limits: Limits, ask: Ask) {
  const taken = await limits.take(ask)
  if (!taken.refused) throw new Error('taken')
  return taken
}

/** What was settled is on its way to the server; a question after it is answered after it. */
const left = async (limits: Limits, rule: LimitRule, nowMs: number): Promise<number> =>
  (await limits.standings([rule], nowMs))[0]?.remaining ?? Number.NaN

for (const engine of ENGINES) {
  describe.skipIf(engine.skip)(`limits on ${engine.name}`, () => {
    let limits: Limits
    beforeAll(async () => {
      limits = await engine.open()
    })

    test('no rule, no refusal', async () => {
      const slot = await slotOf(limits, { nowMs: NOON, rules: [], tokens: 1e15 })
      expect(slot.standings(NOON)).toEqual([])
      slot.settle({ nowMs: NOON, tokens: 3 })
      slot.release()
    })

    test('a window holds its limit and frees it a sixtieth after its length', async () => {
      const rules = [rateRule('requests', fresh(3))]
      for (let count = 0; count < 3; count++) await slotOf(limits, { nowMs: NOON + count, rules })
      const refusal = await refusalOf(limits, { nowMs: NOON + MINUTE, rules })
      expect(refusal.rule.kind).toBe('requests')
      expect(refusal.remaining).toBe(0)
      expect(refusal.retryAfterMs).toBe(SIXTIETH)
      await slotOf(limits, { nowMs: NOON + MINUTE + SIXTIETH, rules })
      expect(await left(limits, rules[0] as LimitRule, NOON + MINUTE + SIXTIETH)).toBe(2)
    })

    test('standings name what is left and when nothing counts any more', async () => {
      const rules = [rateRule('requests', fresh(10)), rateRule('tokens', fresh(1_000)), concurrencyRule(fresh(4))]
      const slot = await slotOf(limits, { nowMs: NOON, rules, tokens: 250 })
      expect(slot.standings(NOON).map(({ rule, remaining }) => [rule.kind, remaining])).toEqual([
        ['requests', 9],
        ['tokens', 750],
        ['concurrency', 3],
      ])
      expect(slot.standings(NOON)[0]?.resetMs).toBe(MINUTE + SIXTIETH)
      slot.release()
    })

    test('all rules or none', async () => {
      const wide = rateRule('requests', fresh(100))
      const money = quotaRule(fresh(1_000), 'day')
      const slots = concurrencyRule(fresh(5))
      const narrow = rateRule('tokens', fresh(10))
      const refusal = await refusalOf(limits, { nowMs: NOON, rules: [wide, money, slots, narrow], leastTokens: 11, nanos: 400 })
      expect(refusal.rule).toEqual(narrow)
      expect(refusal.retryAfterMs).toBeUndefined()
      expect(refusal.standings.map(({ remaining }) => remaining)).toEqual([100, 1_000, 5, 10])
      for (const [rule, remaining] of [
        [wide, 100],
        [money, 1_000],
        [slots, 5],
        [narrow, 10],
      ] as const) {
        expect(await left(limits, rule, NOON)).toBe(remaining)
      }
    })

    test('of several obstacles the one that lasts longest is named', async () => {
      const soon = concurrencyRule(fresh(1))
      const late = rateRule('requests', fresh(1))
      const rules = [soon, late]
      await slotOf(limits, { nowMs: NOON, rules })
      const refusal = await refusalOf(limits, { nowMs: NOON + 5_000, rules })
      expect(refusal.rule).toEqual(late)
      expect(refusal.retryAfterMs).toBe(MINUTE + SIXTIETH - 5_000)
    })

    test('tokens: what was not needed comes back, what went beyond is owed', async () => {
      const rule = rateRule('tokens', fresh(1_000))
      const rules = [rule]
      const frugal = await slotOf(limits, { nowMs: NOON, rules, tokens: 900 })
      expect(await left(limits, rule, NOON)).toBe(100)
      frugal.settle({ nowMs: NOON + 10_000, tokens: 100 })
      frugal.settle({ nowMs: NOON + 10_000, tokens: 0 })
      frugal.release()
      expect(await left(limits, rule, NOON + 10_000)).toBe(900)
      const greedy = await slotOf(limits, { nowMs: NOON + 10_000, rules, tokens: 10 })
      greedy.settle({ nowMs: NOON + 20_000, tokens: 1_500 })
      expect(await left(limits, rule, NOON + 20_000)).toBe(0)
      const refusal = await refusalOf(limits, { nowMs: NOON + 20_000, rules, tokens: 1 })
      // The excess of 1490 counts from when it was known; nothing fits before it is gone.
      expect(refusal.retryAfterMs).toBe(MINUTE + SIXTIETH)
    })

    test('an estimate beyond the limit takes the whole of it, a prompt beyond it never runs', async () => {
      const rules = [rateRule('tokens', fresh(100))]
      const slot = await slotOf(limits, { nowMs: NOON, rules, tokens: 128_000, leastTokens: 20 })
      expect(await left(limits, rules[0] as LimitRule, NOON)).toBe(0)
      slot.settle({ nowMs: NOON, tokens: 30 })
      expect(await left(limits, rules[0] as LimitRule, NOON)).toBe(70)
      expect((await refusalOf(limits, { nowMs: NOON, rules, tokens: 128_000, leastTokens: 101 })).retryAfterMs).toBeUndefined()
    })

    test('broken numbers of usage count as nothing', async () => {
      const rules = [rateRule('tokens', fresh(100)), quotaRule(fresh(100), 'day')]
      for (const broken of [Number.NaN, -5, Number.NEGATIVE_INFINITY]) {
        const slot = await slotOf(limits, { nowMs: NOON, rules, tokens: broken, nanos: broken })
        slot.settle({ nowMs: NOON, tokens: broken, nanos: broken })
      }
      for (const rule of rules) expect(await left(limits, rule, NOON)).toBe(100)
    })

    test('concurrency is held until the slot ends, once', async () => {
      const rule = concurrencyRule(fresh(2))
      const rules = [rule]
      const first = await slotOf(limits, { nowMs: NOON, rules })
      const second = await slotOf(limits, { nowMs: NOON, rules })
      expect((await refusalOf(limits, { nowMs: NOON + 3_600_000, rules })).rule).toEqual(rule)
      first.settle({ nowMs: NOON })
      first.settle({ nowMs: NOON })
      first.release()
      expect(await left(limits, rule, NOON)).toBe(1)
      second.release()
      expect(await left(limits, rule, NOON)).toBe(2)
    })

    test('release gives the request back, settle does not', async () => {
      const rule = rateRule('requests', fresh(5))
      ;(await slotOf(limits, { nowMs: NOON, rules: [rule] })).settle({ nowMs: NOON })
      expect(await left(limits, rule, NOON)).toBe(4)
      ;(await slotOf(limits, { nowMs: NOON, rules: [rule] })).release()
      expect(await left(limits, rule, NOON)).toBe(4)
    })

    test('a quota counts what is reserved, then what was spent, until its period ends', async () => {
      for (const [period, end] of [
        ['day', Date.UTC(2026, 10, 20)],
        ['week', Date.UTC(2026, 10, 23)],
        ['month', Date.UTC(2026, 11, 1)],
      ] as const) {
        const rule = quotaRule(fresh(10_000_000_000_000), period)
        const rules = [rule]
        const slot = await slotOf(limits, { nowMs: NOON, rules, nanos: 9_999_999_999_999 })
        expect(await left(limits, rule, NOON)).toBe(1)
        const refusal = await refusalOf(limits, { nowMs: NOON, rules, nanos: 2 })
        expect(refusal.retryAfterMs).toBe(end - NOON)
        // What costs nothing is not kept from running.
        ;(await slotOf(limits, { nowMs: NOON, rules, nanos: 0 })).settle({ nowMs: NOON, nanos: 0 })
        slot.settle({ nowMs: NOON, nanos: 4_000_000_000_001 })
        slot.settle({ nowMs: NOON, nanos: 1 })
        expect(await left(limits, rule, NOON)).toBe(5_999_999_999_999)
        expect(await left(limits, rule, end - 1)).toBe(5_999_999_999_999)
        expect(await left(limits, rule, end)).toBe(10_000_000_000_000)
      }
    })

    test('a quota without end has no time to wait for', async () => {
      const rule = quotaRule(fresh(10), 'total')
      ;(await slotOf(limits, { nowMs: NOON, rules: [rule], nanos: 10 })).settle({ nowMs: NOON, nanos: 10 })
      const refusal = await refusalOf(limits, { nowMs: NOON + 1e10, rules: [rule], nanos: 1 })
      expect(refusal.retryAfterMs).toBeUndefined()
      expect(refusal.standings[0]?.resetMs).toBe(Number.POSITIVE_INFINITY)
    })

    test('what was not expected to cost anything, and did, counts', async () => {
      const rule = quotaRule(fresh(100), 'day')
      const slot = await slotOf(limits, { nowMs: NOON, rules: [rule], nanos: 0 })
      limits.sweep(NOON)
      slot.settle({ nowMs: NOON, nanos: 40 })
      expect(await left(limits, rule, NOON)).toBe(60)
    })

    test('a quota begins where the ledger says', async () => {
      const asked: string[] = []
      const seeded = await engine.open(async (rule: QuotaRule, sinceMs) => {
        asked.push(`${rule.period} ${new Date(sinceMs).toISOString()}`)
        return 70
      })
      const rule = quotaRule(fresh(100), 'month')
      expect(await left(seeded, rule, NOON)).toBe(30)
      await slotOf(seeded, { nowMs: NOON, rules: [rule], nanos: 20 })
      expect((await refusalOf(seeded, { nowMs: NOON, rules: [rule], nanos: 11 })).remaining).toBe(10)
      expect(asked[0]).toBe('month 2026-11-01T00:00:00.000Z')
    })

    test('200 at once on a limit of 50: exactly 50', async () => {
      for (const rule of [
        rateRule('requests', fresh(50)),
        rateRule('tokens', fresh(50)),
        concurrencyRule(fresh(50)),
        quotaRule(fresh(50), 'month'),
      ]) {
        const ask = { nowMs: NOON, rules: [rule], tokens: 1, nanos: 1 }
        const taken = await Promise.all(Array.from({ length: 200 }, () => limits.take(ask)))
        expect(taken.filter(({ refused }) => !refused).length).toBe(50)
      }
    })

    test('any course of events agrees with a plain log of it', async () => {
      const step = fc.record({
        pauseMs: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 70_000 })),
        tokens: fc.integer({ min: 0, max: 60 }),
        nanos: fc.integer({ min: 0, max: 60 }),
        end: fc.constantFrom('settle', 'release', 'keep'),
        /** Which of the slots still open ends. */
        which: fc.nat({ max: 9 }),
        usedTokens: fc.integer({ min: 0, max: 90 }),
        usedNanos: fc.integer({ min: 0, max: 90 }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          const rules = [
            rateRule('requests', fresh(5)),
            rateRule('tokens', fresh(100)),
            concurrencyRule(fresh(4)),
            quotaRule(fresh(400), 'day'),
          ] as const
          const model = new Model()
          const open: { slot: Slot; takenMs: number; tokens: number; nanos: number }[] = []
          let nowMs = NOON
          for (const { pauseMs, tokens, nanos, end, which, usedTokens, usedNanos } of steps) {
            nowMs += pauseMs
            const expected = model.take(nowMs, tokens, nanos)
            const taken = await limits.take({ nowMs, rules, tokens, nanos })
            expect(!taken.refused).toBe(expected)
            if (!taken.refused) open.push({ slot: taken, takenMs: nowMs, tokens, nanos })
            const ending = end === 'keep' ? undefined : open[which % Math.max(1, open.length)]
            if (ending !== undefined) {
              open.splice(open.indexOf(ending), 1)
              if (end === 'settle') ending.slot.settle({ nowMs, tokens: usedTokens, nanos: usedNanos })
              else ending.slot.release()
              model.end(nowMs, ending, end === 'settle' ? { tokens: usedTokens, nanos: usedNanos } : undefined)
            }
            const standings = await limits.standings(rules, nowMs)
            expect(standings.map(({ remaining }) => remaining)).toEqual(model.left(nowMs))
          }
          for (const { slot } of open) slot.release()
        }),
        { numRuns: engine.name === 'memory' ? 500 : 60 },
      )
    }, 60_000)

    test('no interval as long as the window ever holds more than the limit, and the wait that is told is enough', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 20, maxLength: 80 }), async (pauses) => {
          const rules = [rateRule('requests', fresh(7))]
          const times: number[] = []
          let nowMs = NOON
          for (const pauseMs of pauses) {
            nowMs += pauseMs
            const taken = await limits.take({ nowMs, rules })
            if (!taken.refused) {
              times.push(nowMs)
              continue
            }
            // Not refused without cause: a window and a sixtieth back lies the whole limit.
            expect(times.filter((time) => time > nowMs - MINUTE - SIXTIETH).length).toBeGreaterThanOrEqual(7)
            nowMs += taken.retryAfterMs ?? Number.NaN
            await slotOf(limits, { nowMs, rules })
            times.push(nowMs)
          }
          for (const time of times) {
            expect(times.filter((other) => other >= time && other < time + MINUTE).length).toBeLessThanOrEqual(7)
          }
        }),
        { numRuns: engine.name === 'memory' ? 200 : 30 },
      )
    }, 60_000)
  })
}

/** Everything that was ever taken, looked through from the start each time. */
class Model {
  readonly #requests: { ms: number; amount: number }[] = []
  readonly #tokens: { ms: number; amount: number }[] = []
  readonly #money: { ms: number; amount: number }[] = []
  #held = 0

  left(nowMs: number): number[] {
    const counts = ({ ms }: { ms: number }): boolean => Math.floor(nowMs / SIXTIETH) - Math.floor(ms / SIXTIETH) <= 60
    const day = Math.floor(nowMs / 86_400_000)
    const sum = (entries: readonly { amount: number }[]): number => entries.reduce((total, { amount }) => total + amount, 0)
    return [
      5 - sum(this.#requests.filter(counts)),
      100 - sum(this.#tokens.filter(counts)),
      4 - this.#held,
      400 - sum(this.#money.filter(({ ms }) => Math.floor(ms / 86_400_000) === day)),
    ].map((left) => Math.max(0, left))
  }

  take(nowMs: number, tokens: number, nanos: number): boolean {
    const [requests = 0, tokensLeft = 0, slots = 0, money = 0] = this.left(nowMs)
    if (requests < 1 || slots < 1 || (tokens > 0 && tokensLeft < tokens) || (nanos > 0 && money < nanos)) return false
    this.#requests.push({ ms: nowMs, amount: 1 })
    this.#tokens.push({ ms: nowMs, amount: tokens })
    this.#money.push({ ms: nowMs, amount: nanos })
    this.#held += 1
    return true
  }

  end(nowMs: number, slot: { takenMs: number; tokens: number; nanos: number }, used?: { tokens: number; nanos: number }): void {
    this.#held -= 1
    const { takenMs } = slot
    this.#money.push({ ms: takenMs, amount: (used?.nanos ?? 0) - slot.nanos })
    if (used === undefined) this.#requests.push({ ms: takenMs, amount: -1 })
    const more = (used?.tokens ?? 0) - slot.tokens
    this.#tokens.push({ ms: more > 0 ? nowMs : takenMs, amount: more })
  }
}
