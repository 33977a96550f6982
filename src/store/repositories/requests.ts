// The log of finished exchanges, written in batches: one row each, read back by request id.

import type { SqliteEngine } from '../engines/sqlite/sqlite.ts'
import type { RequestRow } from '../schema.ts'

export interface RequestRepository {
  /** Queues the row; it is durable within `FLUSH_MS`. */
  append(row: RequestRow): void
  byId(id: string): RequestRow | undefined
  /** Writes what is queued. */
  flush(): Promise<void>
  /** Forgets rows older than this. */
  prune(beforeMs: number): Promise<void>
}

const FLUSH_MS = 200

interface StoredRequest {
  id: string
  key_id: string
  started_ms: number
  outcome: string
  detail: string
}

export function requestRepository({ database, write }: SqliteEngine): RequestRepository {
  const insert = database.prepare<void, [string, string, number, string, string]>(
    'INSERT OR REPLACE INTO request (id, key_id, started_ms, outcome, detail) VALUES (?, ?, ?, ?, ?)',
  )
  const find = database.prepare<StoredRequest, [string]>('SELECT * FROM request WHERE id = ?')
  // Ids are time-ordered, so age is a range of the primary key.
  const prune = database.prepare<void, [number]>('DELETE FROM request WHERE started_ms < ?')
  let queue = new Map<string, RequestRow>()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (queue.size === 0) return
    const rows = queue
    queue = new Map()
    await write(() => {
      for (const row of rows.values()) insert.run(row.id, row.keyId, row.startedMs, row.outcome, row.detail)
    })
  }

  return {
    append(row) {
      queue.set(row.id, row)
      timer ??= setTimeout(() => void flush().catch(() => {}), FLUSH_MS)
    },
    byId(id) {
      const queued = queue.get(id)
      if (queued !== undefined) return queued
      const stored = find.get(id)
      return stored === null
        ? undefined
        : { id: stored.id, keyId: stored.key_id, startedMs: stored.started_ms, outcome: stored.outcome, detail: stored.detail }
    },
    flush,
    prune: (beforeMs) => write(() => void prune.run(beforeMs)),
  }
}
