// The ledger's rows. Every write is idempotent by its key, and a hold is one conditional debit, so that
// parallel requests cannot overspend. What an operation means in money is decided in `billing/`.

import type { SqliteEngine } from '../engines/sqlite/sqlite.ts'

export interface HoldRow {
  readonly id: string
  readonly account: string
  /** Nano-dollars. */
  readonly amount: number
  /** When a hold without outcome may be given back. */
  readonly leaseMs: number
}

export interface SettleRow {
  /** The hold's id. */
  readonly id: string
  /** What the exchange costs the customer, nano-dollars. */
  readonly charge: number
  /** What it cost us, all attempts together. */
  readonly upstreamCost: number
  readonly nowMs: number
  /** JSON: usage, price, attempts. */
  readonly detail: string
}

export interface PostRow {
  readonly key: string
  readonly kind: 'top-up' | 'adjust' | 'refund'
  readonly account: string
  /** Change of the balance: positive adds. */
  readonly amount: number
  readonly nowMs: number
  readonly detail: string
}

export interface LedgerRepository {
  open(account: string, mode: 'prepaid' | 'unmetered'): Promise<void>
  /** `false` when the balance does not cover it. The same id again changes nothing. */
  hold(row: HoldRow): Promise<boolean>
  /** `false` when there is no such hold: settled, released or expired before. */
  settle(row: SettleRow): Promise<boolean>
  release(id: string): Promise<boolean>
  /** `false` when the key was posted before. */
  post(row: PostRow): Promise<boolean>
  /** Gives back holds whose lease is over; their ceilings go to `unknown upstream cost`. Returns how many. */
  expire(nowMs: number): Promise<number>
  balance(account: string): number | undefined
  /** What is wrong: empty when every sum holds. */
  verify(): string[]
}

export function ledgerRepository({ database, write }: SqliteEngine): LedgerRepository {
  const open = database.prepare<void, [string, string]>('INSERT OR IGNORE INTO account (id, mode) VALUES (?, ?)')
  const known = database.prepare<{ id: string }, [string]>(
    'SELECT id FROM hold WHERE id = ? UNION ALL SELECT key FROM journal WHERE key = ?1',
  )
  const debit = database.prepare<void, [number, string]>(
    "UPDATE account SET balance = balance - ?1 WHERE id = ?2 AND (mode = 'unmetered' OR balance >= ?1)",
  )
  const insertHold = database.prepare<void, [string, string, number, number]>(
    'INSERT INTO hold (id, account, amount, lease_ms) VALUES (?, ?, ?, ?)',
  )
  const takeHold = database.prepare<{ account: string; amount: number }, [string]>(
    'DELETE FROM hold WHERE id = ? RETURNING account, amount',
  )
  const credit = database.prepare<void, [number, string]>('UPDATE account SET balance = balance + ? WHERE id = ?')
  const insert = database.prepare<void, [string, string, string, number, number, number, number, string]>(
    'INSERT OR IGNORE INTO journal (key, kind, account, amount, shortfall, upstream_cost, created_ms, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const due = database.prepare<{ id: string; account: string; amount: number }, [number]>(
    'SELECT id, account, amount FROM hold WHERE lease_ms <= ?',
  )
  const balanceOf = database.prepare<{ balance: number }, [string]>('SELECT balance FROM account WHERE id = ?')
  const mode = database.prepare<{ mode: string }, [string]>('SELECT mode FROM account WHERE id = ?')

  /** Runs `work` in the next commit and resolves with what it returned. */
  async function inCommit<T>(work: () => T): Promise<T> {
    let value: T | undefined
    await write(() => {
      value = work()
    })
    return value as T
  }

  return {
    open: (account, kind) => write(() => void open.run(account, kind)),
    hold: (row) =>
      inCommit(() => {
        if (known.get(row.id) !== null) return true
        if (debit.run(row.amount, row.account).changes !== 1) return false
        insertHold.run(row.id, row.account, row.amount, row.leaseMs)
        return true
      }),
    settle: (row) =>
      inCommit(() => {
        const hold = takeHold.get(row.id)
        if (hold === null) return false
        const limit = mode.get(hold.account)?.mode === 'unmetered' ? row.charge : hold.amount
        const charged = Math.min(row.charge, limit)
        credit.run(hold.amount - charged, hold.account)
        insert.run(row.id, 'settle', hold.account, -charged, row.charge - charged, row.upstreamCost, row.nowMs, row.detail)
        return true
      }),
    release: (id) =>
      inCommit(() => {
        const hold = takeHold.get(id)
        if (hold === null) return false
        credit.run(hold.amount, hold.account)
        return true
      }),
    post: (row) =>
      inCommit(() => {
        if (insert.run(row.key, row.kind, row.account, row.amount, 0, 0, row.nowMs, row.detail).changes !== 1) return false
        credit.run(row.amount, row.account)
        return true
      }),
    expire: (nowMs) =>
      inCommit(() => {
        const holds = due.all(nowMs)
        for (const { id, account, amount } of holds) {
          takeHold.get(id)
          credit.run(amount, account)
          insert.run(id, 'expire', account, 0, 0, amount, nowMs, '{}')
        }
        return holds.length
      }),
    balance: (account) => balanceOf.get(account)?.balance,
    verify: () => problems(database),
  }
}

function problems(database: SqliteEngine['database']): string[] {
  const found: string[] = []
  const unbalanced = database
    .query<{ key: string; sum: number }, []>('SELECT key, sum(amount) AS sum FROM posting GROUP BY key HAVING sum(amount) <> 0 LIMIT 20')
    .all()
  for (const { key, sum } of unbalanced) found.push(`the postings of ${key} sum to ${sum} nano-dollars, not to zero`)
  const drifted = database
    .query<{ id: string; balance: number; sum: number }, []>(
      'SELECT id, balance, coalesce((SELECT sum(amount) FROM posting WHERE account = id), 0) AS sum FROM account WHERE balance <> sum LIMIT 20',
    )
    .all()
  for (const { id, balance, sum } of drifted) found.push(`account ${id} shows ${balance} nano-dollars, its postings sum to ${sum}`)
  const negative = database.query<{ id: string }, []>("SELECT id FROM account WHERE mode = 'prepaid' AND balance < 0 LIMIT 20").all()
  for (const { id } of negative) found.push(`account ${id} is below zero`)
  return found
}
