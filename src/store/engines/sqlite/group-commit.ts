// Groups the writes of one turn of the event loop into one commit: the commit costs more than the rows. A transaction
// never spans turns. Knows nothing of the statements.

import type { Database, Statement } from 'bun:sqlite'
import { StoreDownError } from '../../engine.ts'

/** How long the file may be locked by other processes before a write is given up. */
const BUSY_LIMIT_MS = 10_000

interface Pending {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (cause: unknown) => void
}

/** Runs `work` in the next commit; resolves with what it returned once that is durable. It may run twice, and undone. */
export type Commit = <T>(work: () => T) => Promise<T>

/** Prepared once: every commit runs them, and compiling them costs as much as a row. */
interface Frame {
  readonly database: Database
  readonly begin: Statement
  readonly commit: Statement
}

export function groupCommit(database: Database): Commit & { flush(): void } {
  const frame: Frame = { database, begin: database.prepare('BEGIN IMMEDIATE'), commit: database.prepare('COMMIT') }
  let queue: Pending[] = []
  let scheduled = false
  let busySinceMs: number | undefined

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    // A blocking wait would freeze every stream of the process: a busy file is tried again in a later turn.
    if (busySinceMs === undefined) setImmediate(flush)
    else setTimeout(flush, 0)
  }

  function flush(): void {
    scheduled = false
    const batch = queue
    queue = []
    if (batch.length === 0) return
    try {
      frame.begin.run()
    } catch (cause) {
      return notBegun(batch, cause)
    }
    busySinceMs = undefined
    settle(batch, runBatch(frame, batch))
  }

  function notBegun(batch: Pending[], cause: unknown): void {
    busySinceMs ??= performance.now()
    if (isBusy(cause) && performance.now() - busySinceMs < BUSY_LIMIT_MS) {
      queue = batch.concat(queue)
      return schedule()
    }
    busySinceMs = undefined
    for (const { reject } of batch) reject(new StoreDownError(cause))
  }

  const commit = <T>(work: () => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      queue.push({ work, resolve: resolve as Pending['resolve'], reject })
      schedule()
    })
  return Object.assign(commit, { flush })
}

type Outcome = { readonly value: unknown } | { readonly cause: unknown }

function settle(batch: readonly Pending[], outcomes: readonly Outcome[]): void {
  batch.forEach(({ resolve, reject }, at) => {
    const outcome = outcomes[at] as Outcome
    if ('cause' in outcome) reject(outcome.cause)
    else resolve(outcome.value)
  })
}

/** Runs all in the transaction that was begun, and ends it. */
function runBatch({ database, begin, commit }: Frame, batch: readonly Pending[]): Outcome[] {
  try {
    const outcomes = batch.map(({ work }) => ({ value: work() }))
    commit.run()
    return outcomes
  } catch {
    undo(database)
  }
  // One of them failed, and it must not take the others with it: a savepoint for each, which the usual case does without.
  try {
    begin.run()
    const outcomes = batch.map(({ work }) => runAlone(database, work))
    commit.run()
    return outcomes
  } catch (cause) {
    undo(database)
    return batch.map(() => ({ cause: new StoreDownError(cause) }))
  }
}

function runAlone(database: Database, work: () => unknown): Outcome {
  database.run('SAVEPOINT unit')
  try {
    const value = work()
    database.run('RELEASE unit')
    return { value }
  } catch (cause) {
    database.run('ROLLBACK TO unit')
    database.run('RELEASE unit')
    return { cause }
  }
}

function undo(database: Database): void {
  // Some failures (a full disk) have ended the transaction already.
  if (database.inTransaction) database.run('ROLLBACK')
}

export const isBusy = (cause: unknown): boolean => codeOf(cause).startsWith('SQLITE_BUSY')

export const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : '')
