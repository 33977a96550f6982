// Holds over the life of processes: what dead ones held goes back at the start, running holds are renewed, and those whose
// process died meanwhile are given back when their lease is over.

import type { Billing } from './billing/index.ts'
import type { BootConfig } from './config/index.ts'
import type { Log } from './lib/log.ts'
import { sqliteFile } from './state.ts'
import { enterFile } from './store/index.ts'

const SWEEP_MS = 30_000

interface Parts {
  readonly config: BootConfig
  readonly billing: Billing
  readonly log: Log
  nowMs(): number
}

/** Gives back what dead processes held: all of it when nobody else is on the database. Returns the way to leave. */
export async function recoverHolds({ config, billing, log, nowMs }: Parts): Promise<() => void> {
  const presence = config.databaseUrl === undefined ? enterFile(sqliteFile(config)) : undefined
  // A node of PostgreSQL without Redis has claimed the database for itself.
  const alone = presence?.alone ?? config.redisUrl === undefined
  const given = await billing.recover(nowMs(), alone)
  if (given > 0) log('warn', 'holds without an outcome were given back', { count: given })
  presence?.settle()
  return () => presence?.leave()
}

/** Until the process ends: an exchange that is drained needs its hold too. */
export function sweepHolds({ billing, log, nowMs }: Omit<Parts, 'config'>): void {
  setInterval(() => {
    billing.sweep(nowMs()).catch((cause: unknown) => log('error', 'holds could not be renewed', { cause }))
  }, SWEEP_MS)
}
