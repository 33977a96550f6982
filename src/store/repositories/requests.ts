// The log of finished exchanges, written in batches: one row each, read back by request id.

import { type Awaitable, type Engine, StoreDownError } from '../engine.ts'
import type { RequestRow } from '../schema.ts'

export interface RequestRepository {
  /** Queues the row; it is durable within `FLUSH_MS`, or as soon as the database answers again. */
  append(row: RequestRow): void
  byId(id: string): Awaitable<RequestRow | undefined>
  /** Writes what is queued. */
  flush(): Promise<void>
  /** Forgets rows older than this. */
  prune(beforeMs: number): Promise<void>
}

const FLUSH_MS = 200
const FLUSH_SLACK_MS = 100
/** Rows of one unit. */
const MOST = 500
/** Rows that wait for a database that is down; beyond it the oldest are lost. */
const MOST_WAITING = 50_000

export function requestRepository(engine: Engine): RequestRepository {
  const insert = engine.prepare(`
    INSERT INTO request (id, key_id, started_ms, outcome, detail) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, detail = excluded.detail`)
  const find = engine.prepare<RequestRow>(
    'SELECT id, key_id AS "keyId", started_ms AS "startedMs", outcome, detail FROM request WHERE id = ?1',
  )
  // Ids begin with their time, so age is a range of the primary key; some at a time, so that nobody waits for long.
  const prune = engine.prepare(
    `DELETE FROM request WHERE id IN (SELECT id FROM request WHERE id >= ?1 AND id < ?2 AND started_ms < ?3 LIMIT ${MOST})`,
  )
  /** Rows that are not durable yet, those being written among them. */
  const queue = new Map<string, RequestRow>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let writing: Promise<void> | undefined

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      void flush().catch(() => {})
    }, FLUSH_MS)
  }

  async function writeAll(): Promise<void> {
    while (queue.size > 0) {
      const rows = [...queue.values().take(MOST)]
      try {
        await engine.write(rows.map((row) => insert.bind(row.id, row.keyId, row.startedMs, row.outcome, row.detail)))
      } catch (cause) {
        // A row that the database refuses must not keep the others waiting for ever.
        if (cause instanceof StoreDownError) {
          for (const id of [...queue.keys()].slice(0, queue.size - MOST_WAITING)) queue.delete(id)
          schedule()
        } else forget(rows)
        throw cause
      }
      forget(rows)
    }
  }

  /** A row that was queued again meanwhile stays. */
  function forget(rows: readonly RequestRow[]): void {
    for (const row of rows) if (queue.get(row.id) === row) queue.delete(row.id)
  }

  /** A row of another process is not there for a moment after its exchange. */
  async function lookTwice(id: string, first: Awaitable<RequestRow | undefined>): Promise<RequestRow | undefined> {
    const found = await first
    if (found !== undefined || !isRecent(id)) return found
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS + FLUSH_SLACK_MS))
    return queue.get(id) ?? find.get(id)
  }

  function flush(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = undefined
    })
    return writing
  }

  return {
    append(row) {
      queue.set(row.id, row)
      schedule()
    },
    byId(id) {
      const found = queue.get(id) ?? find.get(id)
      if (found !== undefined && !(found instanceof Promise)) return found
      return found === undefined && !isRecent(id) ? undefined : lookTwice(id, found)
    },
    async flush() {
      clearTimeout(timer)
      timer = undefined
      await writing?.catch(() => {})
      await flush()
    },
    async prune(beforeMs) {
      for (const prefix of PREFIXES) {
        for (let changes = MOST; changes === MOST; ) {
          const [written] = await engine.write([prune.bind(prefix, prefix + timeOf(beforeMs), beforeMs)])
          changes = written?.changes ?? 0
        }
      }
    },
  }
}

const PREFIXES = ['req_', 'search_']

/** The beginning of the first UUID of version 7 at this time. */
export function timeOf(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Ids are UUIDs of version 7: they begin with their time. */
function isRecent(id: string): boolean {
  const [, high = '', low = ''] = /^req_([0-9a-f]{8})-([0-9a-f]{4})-/.exec(id) ?? []
  return Math.abs(Date.now() - Number.parseInt(high + low, 16)) < 1_000
}
