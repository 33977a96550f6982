// Where bills meet the ledger: keeps the leases of running holds alive, and says aloud when a hold was gone before its
// exchange ended.

import { type ChargeRow, type LedgerRepository, type SettleRow, StoreDownError } from '../store/index.ts'

/** A hold whose process died is given back after this; a running one is renewed long before. */
export const LEASE_MS = 120_000

export type Alarm = (message: string, fields: Readonly<Record<string, unknown>>) => void

export interface LedgerDesk {
  readonly alarm: Alarm
  /** @throws StoreDownError when the ledger is known to be away: what cannot be settled must not run. */
  check(): void
  /** What was held; `undefined` when the balance does not cover `atLeast`. */
  hold(row: { id: string; account: string; amount: number; atLeast: number }): Promise<number | undefined>
  settle(row: SettleRow): Promise<void>
  charge(row: ChargeRow): Promise<void>
  release(id: string): Promise<void>
  /** Renews our own holds and gives back those of the dead. Returns how many were given back. */
  sweep(nowMs: number): Promise<number>
}

export function ledgerDesk(ledger: LedgerRepository, nowMs: () => number, alarm: Alarm): LedgerDesk {
  const running = new Set<string>()
  return {
    alarm,
    check() {
      if (!ledger.reachable()) throw new StoreDownError()
    },
    async hold({ id, account, amount, atLeast }) {
      const row = { id, account, amount, leaseMs: nowMs() + LEASE_MS }
      const held = atLeast < amount ? await ledger.holdUpTo({ ...row, atLeast }) : (await ledger.hold(row)) ? amount : undefined
      if (held !== undefined) running.add(id)
      return held
    },
    async settle(row) {
      running.delete(row.id)
      if (!(await ledger.settle(row)))
        alarm('a hold was gone before its exchange ended; nothing was charged', { request: row.id, charge: row.charge })
    },
    charge: (row) => ledger.charge(row),
    async release(id) {
      running.delete(id)
      await ledger.release(id)
    },
    async sweep(now) {
      if (running.size > 0) await ledger.renew([...running], now + LEASE_MS)
      const given = await ledger.expire(now)
      if (given > 0) alarm('holds without an outcome were given back', { count: given })
      return given
    },
  }
}
