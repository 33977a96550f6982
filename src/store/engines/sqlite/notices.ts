// Notices between the processes on one file: rows of a table, looked for when another process has committed. Our own are
// heard right after their commit.

import type { Database } from 'bun:sqlite'
import type { Subscriber } from '../../engine.ts'

const POLL_MS = 100
/** Longer than any process may be away without a gap being seen. */
const KEEP_MS = 60_000

export interface Notices {
  /** Hands out what is new. Call it outside a transaction. */
  look(): void
  subscribe(channel: string, subscriber: Subscriber): () => void
  close(): void
}

interface Notice {
  readonly id: number
  readonly channel: string
  readonly payload: string
}

/** @param prune runs a statement in a commit of its own. */
export function sqliteNotices(database: Database, prune: (beforeMs: number) => void): Notices {
  const version = database.prepare<{ data_version: number }, []>('PRAGMA data_version')
  const newest = database.prepare<{ id: number | null }, []>("SELECT seq AS id FROM sqlite_sequence WHERE name = 'notice'")
  const since = database.prepare<Notice, [number]>('SELECT id, channel, payload FROM notice WHERE id > ? ORDER BY id')
  const subscribers = new Set<{ readonly channel: string; readonly subscriber: Subscriber }>()
  let seen = newest.get()?.id ?? 0
  let seenVersion = version.get()?.data_version
  let lastPruneMs = Date.now()
  let timer: ReturnType<typeof setInterval> | undefined

  function look(): void {
    const rows = since.all(seen)
    const first = rows[0]
    if (first === undefined) return
    const missed = first.id > seen + 1
    seen = rows.at(-1)?.id ?? seen
    for (const { channel, subscriber } of [...subscribers]) {
      if (missed) subscriber.gap()
      for (const row of rows) if (row.channel === channel) subscriber.notice(row.payload)
    }
    if (Date.now() - lastPruneMs < KEEP_MS) return
    lastPruneMs = Date.now()
    prune(lastPruneMs - KEEP_MS)
  }

  function poll(): void {
    try {
      const now = version.get()?.data_version
      if (now === seenVersion) return
      look()
      seenVersion = now
    } catch {
      // Locked for a repair: the next look finds the same.
    }
  }

  return {
    look,
    subscribe(channel, subscriber) {
      const entry = { channel, subscriber }
      subscribers.add(entry)
      timer ??= setInterval(poll, POLL_MS)
      timer.unref?.()
      subscriber.gap()
      return () => void subscribers.delete(entry)
    },
    close: () => clearInterval(timer),
  }
}
