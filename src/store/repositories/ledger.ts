// The ledger's rows. Every write is idempotent by its key, and a hold is one conditional debit, so that
// parallel requests cannot overspend. What an operation means in money is decided in `billing/`.

import type { Awaitable } from '../engine.ts'
import type { SqliteEngine } from '../engines/sqlite/sqlite.ts'
import { ledgerProblems } from './ledger-problems.ts'

export type AccountMode = 'prepaid' | 'unmetered'

export interface HoldRow {
  readonly id: string
  readonly account: string
  /** Nano-dollars. */
  readonly amount: number
  /** When a hold without outcome may be given back. */
  readonly leaseMs: number
}

export interface PartialHoldRow extends HoldRow {
  /** The least that is worth holding: between it and `amount`, what the balance has is taken. */
  readonly atLeast: number
}

export interface SettleRow {
  /** The hold's id. */
  readonly id: string
  /** What the exchange costs the customer, nano-dollars. */
  readonly charge: number
  /** What it cost us, all attempts together. */
  readonly upstreamCost: number
  /** JSON object: the same by channel or search backend. Their sum is `upstreamCost`. */
  readonly costs?: string
  readonly nowMs: number
  /** JSON: usage, price, attempts. */
  readonly detail: string
}

/** A charge without a hold before it, for accounts that are only metered afterwards. */
export interface ChargeRow extends SettleRow {
  readonly account: string
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

/** One transaction as it stands in the journal. */
export interface JournalRow {
  readonly key: string
  readonly kind: PostRow['kind'] | 'settle' | 'expire'
  readonly account: string
  readonly amount: number
  readonly shortfall: number
  readonly upstreamCost: number
  readonly createdMs: number
  readonly detail: string
}

export interface LedgerRepository {
  /** Whether what is asked now can be written, as far as is known: asked before work that writes only at its end. */
  reachable(): boolean
  /** Makes the account, or changes the mode of one there is. */
  open(account: string, mode: AccountMode): Promise<void>
  /** `false` when the balance does not cover it. The same id again changes nothing. */
  hold(row: HoldRow): Promise<boolean>
  /** What was held; `undefined` when the balance does not cover the least. The same id again changes nothing. */
  holdUpTo(row: PartialHoldRow): Promise<number | undefined>
  /** `false` when there is no such hold: settled, released or expired before. */
  settle(row: SettleRow): Promise<boolean>
  /** Resolves when it is durable. The same id again changes nothing. */
  charge(row: ChargeRow): Promise<void>
  release(id: string): Promise<boolean>
  /** Gives running holds more time. */
  renew(ids: readonly string[], leaseMs: number): Promise<void>
  /** `false` when the key was posted before. */
  post(row: PostRow): Promise<boolean>
  /** Gives back holds whose lease is over; their ceilings go to `unknown upstream cost`. Returns how many. */
  expire(nowMs: number): Promise<number>
  balance(account: string): Awaitable<number | undefined>
  entry(key: string): Awaitable<JournalRow | undefined>
  /** What is wrong: empty when every sum holds. */
  verify(): Awaitable<string[]>
}

const ENTRY = 'SELECT key, kind, account, amount, shortfall, upstream_cost AS upstreamCost, created_ms AS createdMs, detail FROM journal'

export function ledgerRepository({ database, commit }: SqliteEngine): LedgerRepository {
  const open = database.prepare<void, [string, string]>(
    'INSERT INTO account (id, mode) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET mode = excluded.mode',
  )
  const held = database.prepare<{ amount: number }, [string]>('SELECT amount FROM hold WHERE id = ?')
  const posted = database.prepare<{ key: string }, [string]>('SELECT key FROM journal WHERE key = ?')
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
  const owe = database.prepare<void, [string, number]>("INSERT INTO account (id, mode, balance) VALUES (?, 'unmetered', ?)")
  const insert = database.prepare<void, [string, string, string, number, number, number, string | null, number, string]>(
    'INSERT INTO journal (key, kind, account, amount, shortfall, upstream_cost, costs, created_ms, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING',
  )
  const due = database.prepare<{ id: string; account: string; amount: number }, [number]>(
    'SELECT id, account, amount FROM hold WHERE lease_ms <= ?',
  )
  const renew = database.prepare<void, [number, string]>('UPDATE hold SET lease_ms = ? WHERE id = ?')
  const accountOf = database.prepare<{ mode: AccountMode; balance: number }, [string]>('SELECT mode, balance FROM account WHERE id = ?')
  const entry = database.prepare<JournalRow, [string]>(`${ENTRY} WHERE key = ?`)

  function tryHold({ id, account, amount, leaseMs }: HoldRow): boolean {
    if (debit.run(amount, account).changes !== 1) return false
    insertHold.run(id, account, amount, leaseMs)
    return true
  }

  function runCharges(rows: readonly ChargeRow[]): void {
    const sums = new Map<string, number>()
    for (const { id, account, charge, upstreamCost, costs, nowMs, detail } of rows) {
      const { changes } = insert.run(id, 'settle', account, -charge, 0, upstreamCost, costs ?? null, nowMs, detail)
      if (changes === 1) sums.set(account, (sums.get(account) ?? 0) - charge)
    }
    // One update for each account and commit: many exchanges of one organisation end in the same turn.
    for (const [account, sum] of sums) if (credit.run(sum, account).changes === 0) owe.run(account, sum)
  }

  let waiting: { readonly rows: ChargeRow[]; readonly durable: Promise<void> } | undefined

  return {
    reachable: () => true,
    open: (account, mode) => commit(() => void open.run(account, mode)),
    hold: (row) => commit(() => held.get(row.id) !== null || posted.get(row.id) !== null || tryHold(row)),
    holdUpTo: (row) =>
      commit(() => {
        const known = held.get(row.id)?.amount ?? (posted.get(row.id) === null ? undefined : row.amount)
        if (known !== undefined) return known
        const account = accountOf.get(row.account)
        if (account === null) return undefined
        const amount = account.mode === 'unmetered' ? row.amount : Math.min(row.amount, account.balance)
        return amount >= row.atLeast && tryHold({ ...row, amount }) ? amount : undefined
      }),
    settle: (row) =>
      commit(() => {
        const hold = takeHold.get(row.id)
        if (hold === null) return false
        const unmetered = accountOf.get(hold.account)?.mode === 'unmetered'
        const charged = unmetered ? row.charge : Math.min(row.charge, hold.amount)
        credit.run(hold.amount - charged, hold.account)
        const { id, charge, upstreamCost, costs, nowMs, detail } = row
        insert.run(id, 'settle', hold.account, -charged, charge - charged, upstreamCost, costs ?? null, nowMs, detail)
        return true
      }),
    charge(row) {
      if (waiting === undefined) {
        const rows = [row]
        const durable = commit(() => {
          if (waiting?.rows === rows) waiting = undefined
          runCharges(rows)
        })
        waiting = { rows, durable }
      } else waiting.rows.push(row)
      return waiting.durable
    },
    release: (id) =>
      commit(() => {
        const hold = takeHold.get(id)
        if (hold === null) return false
        credit.run(hold.amount, hold.account)
        return true
      }),
    renew: (ids, leaseMs) =>
      commit(() => {
        for (const id of ids) renew.run(leaseMs, id)
      }),
    post: ({ key, kind, account, amount, nowMs, detail }) =>
      commit(() => {
        if (insert.run(key, kind, account, amount, 0, 0, null, nowMs, detail).changes !== 1) return false
        if (credit.run(amount, account).changes === 0) owe.run(account, amount)
        return true
      }),
    expire: (nowMs) =>
      commit(() => {
        const holds = due.all(nowMs)
        for (const { id, account, amount } of holds) {
          takeHold.get(id)
          credit.run(amount, account)
          insert.run(id, 'expire', account, 0, 0, amount, null, nowMs, '{}')
        }
        return holds.length
      }),
    balance: (account) => accountOf.get(account)?.balance,
    entry: (key) => entry.get(key) ?? undefined,
    verify: () => ledgerProblems(database),
  }
}
