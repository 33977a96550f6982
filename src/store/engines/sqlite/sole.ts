// Tells whether a process is the only one on a SQLite file. Every process keeps a shared lock on a small file beside it for
// as long as it lives; whoever gets the exclusive one is alone. Such locks end with their process, whatever its end.

import { Database } from 'bun:sqlite'

export interface Presence {
  /** Nobody else is here, and nobody comes until `settle` is called. */
  readonly alone: boolean
  /** Lets others in. */
  settle(): void
  leave(): void
}

/** @param path of the database; the lock stands beside it. */
export function enter(path: string): Presence {
  const lock = new Database(path === ':memory:' ? path : `${path}.presence`, { create: true })
  lock.run('PRAGMA busy_timeout=5000')
  lock.run('PRAGMA journal_mode=DELETE')
  lock.run('CREATE TABLE IF NOT EXISTS presence (process INTEGER)')
  const alone = attempt(() => {
    lock.run('PRAGMA busy_timeout=0')
    lock.run('BEGIN EXCLUSIVE')
  })
  const stay = (): void => {
    lock.run('PRAGMA busy_timeout=5000')
    // A transaction that reads keeps the shared lock until it ends.
    lock.run('BEGIN')
    lock.query('SELECT * FROM presence').all()
  }
  if (!alone) attempt(stay)
  return {
    alone,
    settle() {
      if (!alone || !lock.inTransaction) return
      lock.run('COMMIT')
      attempt(stay)
    },
    leave: () => lock.close(),
  }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
