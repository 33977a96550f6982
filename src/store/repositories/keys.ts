// API keys by hash. The key itself is never stored.

import type { SqliteEngine } from '../engines/sqlite/sqlite.ts'
import type { KeyRow } from '../schema.ts'

export interface KeyRepository {
  insert(row: KeyRow): Promise<void>
  /** The live key with this hash; `undefined` when unknown or revoked. */
  byHash(hash: string): KeyRow | undefined
  count(): number
  revoke(id: string, nowMs: number): Promise<void>
}

interface StoredKey {
  id: string
  name: string
  hash: string
  hint: string
  created_ms: number
  revoked_ms: number | null
}

export function keyRepository({ database, write }: SqliteEngine): KeyRepository {
  const insert = database.prepare<void, [string, string, string, string, number]>(
    'INSERT INTO key (id, name, hash, hint, created_ms) VALUES (?, ?, ?, ?, ?)',
  )
  const find = database.prepare<StoredKey, [string]>('SELECT * FROM key WHERE hash = ? AND revoked_ms IS NULL')
  const count = database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM key WHERE revoked_ms IS NULL')
  const revoke = database.prepare<void, [number, string]>('UPDATE key SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL')
  return {
    insert: (row) => write(() => void insert.run(row.id, row.name, row.hash, row.hint, row.createdMs)),
    byHash(hash) {
      const stored = find.get(hash)
      return stored === null
        ? undefined
        : {
            id: stored.id,
            name: stored.name,
            hash: stored.hash,
            hint: stored.hint,
            createdMs: stored.created_ms,
            revokedMs: stored.revoked_ms,
          }
    },
    count: () => count.get()?.count ?? 0,
    revoke: (id, nowMs) => write(() => void revoke.run(nowMs, id)),
  }
}
