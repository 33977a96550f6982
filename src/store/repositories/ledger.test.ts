import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openSqlite } from '../engines/sqlite/sqlite.ts'
import { ledgerRepository } from './ledger.ts'

const ledger = async (balance: number) => {
  const repository = ledgerRepository(openSqlite(':memory:'))
  await repository.open('a', 'prepaid')
  await repository.post({ key: 'first', kind: 'top-up', account: 'a', amount: balance, nowMs: 0, detail: '{}' })
  return repository
}

describe('ledger', () => {
  test('1,000 parallel holds on a balance for 100: exactly 100 stand', async () => {
    const repository = await ledger(100 * 7)
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => repository.hold({ id: `h${n}`, account: 'a', amount: 7, leaseMs: 1 })),
    )
    expect(answers.filter(Boolean).length).toBe(100)
    expect(repository.balance('a')).toBe(0)
    expect(repository.verify()).toEqual([])
  })

  test('usage beyond the hold is ours, not the customer’s', async () => {
    const repository = await ledger(100)
    await repository.hold({ id: 'h', account: 'a', amount: 60, leaseMs: 1 })
    expect(await repository.settle({ id: 'h', charge: 75, upstreamCost: 50, nowMs: 0, detail: '{}' })).toBe(true)
    expect(repository.balance('a')).toBe(40)
    expect(repository.verify()).toEqual([])
  })

  test('a hold whose process died is given back, and its ceiling is shown', async () => {
    const repository = await ledger(100)
    await repository.hold({ id: 'h', account: 'a', amount: 60, leaseMs: 1000 })
    expect(await repository.expire(999)).toBe(0)
    expect(await repository.expire(1000)).toBe(1)
    expect(repository.balance('a')).toBe(100)
    expect(await repository.settle({ id: 'h', charge: 10, upstreamCost: 0, nowMs: 0, detail: '{}' })).toBe(false)
    expect(repository.verify()).toEqual([])
  })

  test('any interleaving keeps every sum, and repeating an operation changes nothing', async () => {
    const id = fc.constantFrom('h1', 'h2', 'h3', 'h4')
    const amount = fc.nat(50)
    const step = fc.oneof(
      fc.record({ op: fc.constant('hold' as const), id, amount }),
      fc.record({ op: fc.constant('settle' as const), id, amount }),
      fc.record({ op: fc.constant('release' as const), id, amount }),
      fc.record({ op: fc.constant('refund' as const), id, amount }),
      fc.record({ op: fc.constant('expire' as const), id, amount }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, together) => {
        const repository = await ledger(100)
        const run = ({ op, id, amount }: (typeof steps)[number]): Promise<unknown> => {
          if (op === 'hold') return repository.hold({ id, account: 'a', amount, leaseMs: amount })
          if (op === 'settle') return repository.settle({ id, charge: amount, upstreamCost: amount, nowMs: 0, detail: '{}' })
          if (op === 'release') return repository.release(id)
          if (op === 'expire') return repository.expire(amount)
          return repository.post({ key: `refund-${id}`, kind: 'refund', account: 'a', amount, nowMs: 0, detail: '{}' })
        }
        if (together) await Promise.all(steps.map(run))
        else for (const each of steps) await run(each)
        expect(repository.verify()).toEqual([])
        expect(repository.balance('a')).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 60 },
    )
  })
})
