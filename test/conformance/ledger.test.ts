// The ledger's promises on every storage engine, with several nodes on one database: nothing is overspent, everything is
// idempotent by its key, and every sum holds after any interleaving.

import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import type { LedgerRepository } from '../../src/store/index.ts'
import { closeStores, STORES, type StoreKind } from '../kit/stores.ts'

closeStores()

const IDS = ['h1', 'h2', 'h3', 'h4']
const START = 100

type Step =
  | { readonly op: 'hold' | 'settle' | 'charge' | 'refund'; readonly id: string; readonly amount: number; readonly node: number }
  | { readonly op: 'upTo'; readonly id: string; readonly amount: number; readonly least: number; readonly node: number }
  | { readonly op: 'release'; readonly id: string; readonly node: number }
  | { readonly op: 'expire'; readonly nowMs: number; readonly node: number }

const node = fc.nat(1)
const id = fc.constantFrom(...IDS)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    op: fc.constantFrom('hold' as const, 'settle' as const, 'charge' as const, 'refund' as const),
    id,
    amount: fc.nat(60),
    node,
  }),
  fc.record({ op: fc.constant('upTo' as const), id, amount: fc.nat(60), least: fc.nat(30), node }),
  fc.record({ op: fc.constant('release' as const), id, node }),
  fc.record({ op: fc.constant('expire' as const), nowMs: fc.nat(60), node }),
)

/** What each step answers, in the plainest way. */
class Model {
  balance = START
  readonly holds = new Map<string, number>()
  private readonly leases = new Map<string, number>()
  readonly journal = new Set<string>(['first'])

  run(each: Step, account: string): unknown {
    switch (each.op) {
      case 'hold':
        return this.hold(each.id, { amount: each.amount, least: each.amount, leaseMs: each.amount }) !== undefined
      case 'upTo':
        return this.hold(each.id, { amount: each.amount, least: Math.min(each.least, each.amount), leaseMs: 1_000 })
      case 'settle':
        return this.end(each.id, (held) => {
          this.journal.add(each.id)
          return held - Math.min(each.amount, held)
        })
      case 'release':
        return this.end(each.id, (held) => held)
      case 'charge':
        // It is metered on an account of its own: a charge without a hold may take any balance below zero.
        return undefined
      case 'refund':
        return this.post(`refund-${each.id}`, each.amount)
      case 'expire': {
        const due = [...this.holds].filter(([key]) => (this.leases.get(key) ?? 0) <= each.nowMs)
        for (const [key] of due)
          this.end(key, (held) => {
            this.journal.add(key)
            return held
          })
        return due.length
      }
      default:
        throw new Error(`no such step on ${account}`)
    }
  }

  private hold(key: string, { amount, least, leaseMs }: { amount: number; least: number; leaseMs: number }): number | undefined {
    const known = this.holds.get(key) ?? (this.journal.has(key) ? amount : undefined)
    if (known !== undefined) return known
    const taken = Math.min(amount, this.balance)
    if (taken < least) return undefined
    this.holds.set(key, taken)
    this.leases.set(key, leaseMs)
    this.balance -= taken
    return taken
  }

  private end(key: string, back: (held: number) => number): boolean {
    const held = this.holds.get(key)
    if (held === undefined) return false
    this.holds.delete(key)
    this.balance += back(held)
    return true
  }

  private post(key: string, amount: number): boolean {
    if (this.journal.has(key)) return false
    this.journal.add(key)
    this.balance += amount
    return true
  }
}

function runStep(ledger: LedgerRepository, account: string, each: Step): Promise<unknown> {
  const key = 'id' in each ? `${account}-${each.id}` : ''
  const rest = { nowMs: 0, detail: '{}' }
  switch (each.op) {
    case 'hold':
      return ledger.hold({ id: key, account, amount: each.amount, leaseMs: each.amount })
    case 'upTo':
      return ledger.holdUpTo({ id: key, account, amount: each.amount, atLeast: Math.min(each.least, each.amount), leaseMs: 1_000 })
    case 'settle':
      return ledger.settle({ id: key, charge: each.amount, upstreamCost: 3, costs: '{"a":1,"b":2}', ...rest })
    case 'release':
      return ledger.release(key)
    case 'charge':
      return ledger.charge({ id: `charge-${key}`, account: `${account}-metered`, charge: each.amount, upstreamCost: 0, ...rest })
    case 'refund':
      return ledger.post({ key: `refund-${key}`, kind: 'refund', account, amount: each.amount, ...rest })
    case 'expire':
      return ledger.expire(each.nowMs)
  }
}

interface Nodes {
  readonly nodes: readonly [LedgerRepository, LedgerRepository]
  /** Opens another account with `START` on it. */
  account(): Promise<string>
}

async function nodesOf(kind: StoreKind): Promise<Nodes> {
  const database = await kind.fresh()
  const nodes = [await database.ledger(), await database.ledger()] as const
  let count = 0
  return {
    nodes,
    async account() {
      const name = `account-${count++}`
      await nodes[0].open(name, 'prepaid')
      await nodes[0].post({ key: `top-up-${name}`, kind: 'top-up', account: name, amount: START, nowMs: 0, detail: '{}' })
      return name
    },
  }
}

for (const kind of STORES) {
  describe.skipIf(!kind.installed)(`ledger on ${kind.name}`, () => {
    test('step by step it does what the plain model does, whichever node is asked', async () => {
      const { nodes, account } = await nodesOf(kind)
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const name = await account()
          const model = new Model()
          const answers: unknown[] = []
          for (const each of steps) answers.push(await runStep(nodes[each.node] as LedgerRepository, name, each))
          const expected = steps.map((each) => model.run(each, name))
          expect(answers).toEqual(expected)
          expect(await nodes[0].balance(name)).toBe(model.balance)
          // Holds that are left must not answer to the next run's `expire`.
          for (const key of model.holds.keys()) await nodes[0].release(`${name}-${key}`)
        }),
        { numRuns: 60 },
      )
      expect(await nodes[0].verify()).toEqual([])
    })

    test('together, in any interleaving, every sum holds and nothing falls below zero', async () => {
      const { nodes, account } = await nodesOf(kind)
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const name = await account()
          await Promise.all(steps.map((each) => runStep(nodes[each.node] as LedgerRepository, name, each)))
          expect(await nodes[1].verify()).toEqual([])
          expect(await nodes[0].balance(name)).toBeGreaterThanOrEqual(0)
        }),
        { numRuns: 40 },
      )
    })

    test('1,000 parallel holds of two nodes on a balance for 100: exactly 100 stand', async () => {
      const { nodes } = await nodesOf(kind)
      await nodes[0].open('a', 'prepaid')
      await nodes[0].post({ key: 'first', kind: 'top-up', account: 'a', amount: 100 * 7, nowMs: 0, detail: '{}' })
      const hold = (at: number) => (nodes[at % 2] as LedgerRepository).hold({ id: `h${at}`, account: 'a', amount: 7, leaseMs: 1 })
      const answers = await Promise.all(Array.from({ length: 1000 }, (_, at) => hold(at)))
      expect(answers.filter(Boolean)).toHaveLength(100)
      expect(await nodes[1].balance('a')).toBe(0)
      expect(await nodes[1].expire(1)).toBe(100)
      expect(await nodes[0].balance('a')).toBe(700)
      expect(await nodes[0].verify()).toEqual([])
    })

    test('two processes share one balance, and one that is killed leaves holds that end with their lease', async () => {
      const database = await kind.fresh()
      const ledger = await database.ledger()
      await ledger.open('a', 'prepaid')
      await ledger.post({ key: 'first', kind: 'top-up', account: 'a', amount: 100, nowMs: 0, detail: '{}' })
      const spend = (name: string, holds: number) =>
        Bun.spawn(
          [
            process.execPath,
            '--no-env-file',
            join(import.meta.dir, '../kit/ledger-process.ts'),
            kind.name,
            database.place,
            name,
            `${holds}`,
          ],
          {
            stdout: 'pipe',
            stderr: 'inherit',
          },
        )
      const children = [spend('p', 200), spend('q', 200)]
      const held = await Promise.all(children.map(async ({ stdout }) => Number(await firstLine(stdout))))
      expect(held.reduce((sum, each) => sum + each, 0)).toBe(100)
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(children.map(({ exited }) => exited))
      expect(await ledger.balance('a')).toBe(0)
      expect(await ledger.expire(1_000)).toBe(100)
      expect(await ledger.balance('a')).toBe(100)
      expect(await ledger.verify()).toEqual([])
    })

    test('an unknown account holds nothing, and what was charged anyway is on the books', async () => {
      const { nodes } = await nodesOf(kind)
      expect(await nodes[0].hold({ id: 'h', account: 'nobody', amount: 0, leaseMs: 1 })).toBe(false)
      await nodes[0].charge({ id: 'c', account: 'nobody', charge: 5, upstreamCost: 2, costs: '{"ch_a":2}', nowMs: 7, detail: '{"x":1}' })
      await nodes[1].charge({ id: 'c', account: 'nobody', charge: 5, upstreamCost: 2, nowMs: 7, detail: '{}' })
      expect(await nodes[0].balance('nobody')).toBe(-5)
      expect(await nodes[1].entry('c')).toEqual({
        key: 'c',
        kind: 'settle',
        account: 'nobody',
        amount: -5,
        shortfall: 0,
        upstreamCost: 2,
        createdMs: 7,
        detail: '{"x":1}',
      })
      expect(await nodes[1].entry('d')).toBeUndefined()
      expect(await nodes[1].verify()).toEqual([])
    })

    test('a hold that is renewed outlives its first lease', async () => {
      const { nodes, account } = await nodesOf(kind)
      const name = await account()
      await nodes[0].hold({ id: 'h', account: name, amount: 60, leaseMs: 10 })
      await nodes[1].renew(['h', 'unknown'], 100)
      await nodes[1].renew([], 100)
      expect(await nodes[0].expire(99)).toBe(0)
      expect(await nodes[0].expire(100)).toBe(1)
      expect(await nodes[0].settle({ id: 'h', charge: 1, upstreamCost: 0, nowMs: 0, detail: '{}' })).toBe(false)
      expect(await nodes[0].verify()).toEqual([])
    })
  })
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes('\n')) break
  }
  return text
}
