// The embedded engine: one SQLite file in WAL mode. Opens it, brings its schema up to date, and groups
// writes of one turn of the event loop into one commit. Knows SQL, not what the rows mean.

import { Database } from 'bun:sqlite'
import { MIGRATIONS } from './migrations.ts'

export interface SqliteEngine {
  readonly database: Database
  /** Runs `work` inside the next group commit; resolves when it is durable. */
  write(work: () => void): Promise<void>
  close(): void
}

/** @param path a file, or `:memory:`. @throws when the file is of a newer version than this program. */
export function openSqlite(path: string): SqliteEngine {
  const database = new Database(path, { create: true, strict: true })
  database.run('PRAGMA busy_timeout=5000')
  database.run('PRAGMA journal_mode=WAL')
  database.run('PRAGMA synchronous=NORMAL')
  database.run('PRAGMA wal_autocheckpoint=4000')
  database.run('PRAGMA cache_size=-65536')
  migrate(database)
  // A blocking wait would freeze every stream of the process: busy is answered by trying again next turn.
  database.run('PRAGMA busy_timeout=0')
  return { database, write: groupCommit(database), close: () => database.close() }
}

function migrate(database: Database): void {
  const { user_version: version } = database.query<{ user_version: number }, []>('PRAGMA user_version').get() ?? { user_version: 0 }
  if (version > MIGRATIONS.length) throw new Error('the data directory was written by a newer version of Switchyard')
  for (let next = version; next < MIGRATIONS.length; next++) {
    database
      .transaction(() => {
        database.run(MIGRATIONS[next] as string)
        database.run(`PRAGMA user_version=${next + 1}`)
      })
      .immediate()
  }
}

interface Pending {
  readonly work: () => void
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

function groupCommit(database: Database): SqliteEngine['write'] {
  let queue: Pending[] = []
  let scheduled = false

  function flush(): void {
    const batch = queue
    queue = []
    scheduled = false
    try {
      database.run('BEGIN IMMEDIATE')
    } catch (cause) {
      if (!isBusy(cause)) return rejectAll(batch, cause)
      queue = batch.concat(queue)
      scheduled = true
      setTimeout(flush, 0)
      return
    }
    try {
      for (const { work } of batch) work()
      database.run('COMMIT')
    } catch (cause) {
      database.run('ROLLBACK')
      return rejectAll(batch, cause)
    }
    for (const { resolve } of batch) resolve()
  }

  return (work) =>
    new Promise((resolve, reject) => {
      queue.push({ work, resolve, reject })
      if (scheduled) return
      scheduled = true
      setImmediate(flush)
    })
}

const isBusy = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY')

function rejectAll(batch: readonly Pending[], cause: unknown): void {
  for (const { reject } of batch) reject(cause)
}
