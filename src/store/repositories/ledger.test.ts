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

  test('a hold takes what the balance has, if that is worth it', async () => {
    const repository = await ledger(100)
    const row = { account: 'a', amount: 80, atLeast: 30, leaseMs: 1 }
    expect(await repository.holdUpTo({ ...row, id: 'h1' })).toBe(80)
    expect(await repository.holdUpTo({ ...row, id: 'h1' })).toBe(80)
    expect(await repository.holdUpTo({ ...row, id: 'h2' })).toBeUndefined()
    expect(await repository.holdUpTo({ ...row, id: 'h3', atLeast: 20 })).toBe(20)
    expect(await repository.holdUpTo({ ...row, id: 'h4', account: 'nobody' })).toBeUndefined()
    expect(repository.balance('a')).toBe(0)
    expect(repository.verify()).toEqual([])
  })

  test('charges of one turn are one update of each account, and each is posted once', async () => {
    const repository = await ledger(0)
    await repository.open('u', 'unmetered')
    const row = { charge: 5, upstreamCost: 3, costs: '{"ch_1":1,"ch_2":2}', nowMs: 0, detail: '{}' }
    const ids = ['e1', 'e2', 'e1', 'e3', 'e3']
    await Promise.all(ids.map((id) => repository.charge({ ...row, id, account: id === 'e3' ? 'unknown' : 'u' })))
    await repository.charge({ ...row, id: 'e1', account: 'u' })
    expect([repository.balance('u'), repository.balance('unknown')]).toEqual([-10, -5])
    expect(await repository.entry('e2')).toMatchObject({ kind: 'settle', account: 'u', amount: -5, upstreamCost: 3 })
    expect(repository.verify()).toEqual([])
  })

  test('a running hold that is renewed is not given back', async () => {
    const repository = await ledger(100)
    await repository.hold({ id: 'h', account: 'a', amount: 60, leaseMs: 1000 })
    await repository.renew(['h', 'gone'], 2000)
    expect(await repository.expire(1999)).toBe(0)
    expect(await repository.expire(2000)).toBe(1)
  })

  test('costs that do not add up, a balance that drifted and an orphan are found', async () => {
    const engine = openSqlite(':memory:')
    const repository = ledgerRepository(engine)
    await repository.open('a', 'prepaid')
    await repository.post({ key: 'first', kind: 'top-up', account: 'a', amount: 100, nowMs: 0, detail: '{}' })
    await repository.hold({ id: 'h', account: 'a', amount: 60, leaseMs: 1 })
    await repository.settle({ id: 'h', charge: 10, upstreamCost: 7, costs: '{"ch_1":6}', nowMs: 0, detail: '{}' })
    engine.database.run("UPDATE account SET balance = balance + 1 WHERE id = 'a'")
    engine.database.run("INSERT INTO hold VALUES ('first', 'nobody', 5, 1)")
    expect(repository.verify()).toEqual([
      'the postings of h sum to -1 nano-dollars, not to zero',
      'account a shows 91 nano-dollars, its postings sum to 90',
      'the hold first belongs to no account',
      'first is settled and still held',
    ])
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
      fc.record({ op: fc.constant('hold-up-to' as const), id, amount }),
      fc.record({ op: fc.constant('charge' as const), id, amount }),
      fc.record({ op: fc.constant('renew' as const), id, amount }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, together) => {
        const repository = await ledger(100)
        const run = ({ op, id, amount }: (typeof steps)[number]): Promise<unknown> => {
          if (op === 'hold') return repository.hold({ id, account: 'a', amount, leaseMs: amount })
          if (op === 'hold-up-to') return repository.holdUpTo({ id, account: 'a', amount, atLeast: amount / 2, leaseMs: amount })
          if (op === 'charge')
            return repository.charge({ id: `c-${id}`, account: 'u', charge: amount, upstreamCost: 0, nowMs: 0, detail: '{}' })
          if (op === 'renew') return repository.renew([id], amount)
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
