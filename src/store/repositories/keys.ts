// API keys by hash. The key itself is never stored.

import type { Awaitable, Engine } from '../engine.ts'
import type { KeyRow } from '../schema.ts'

export interface KeyRepository {
  insert(row: KeyRow): Promise<void>
  /** The live key with this hash; `undefined` when unknown or revoked. */
  byHash(hash: string): Awaitable<KeyRow | undefined>
  count(): Promise<number>
  revoke(id: string, nowMs: number): Promise<void>
}

export function keyRepository(engine: Engine): KeyRepository {
  const insert = engine.prepare('INSERT INTO "key" (id, name, hash, hint, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)')
  const find = engine.prepare<KeyRow>(`
    SELECT id, name, hash, hint, created_ms AS "createdMs", revoked_ms AS "revokedMs" FROM "key" WHERE hash = ?1 AND revoked_ms IS NULL`)
  const count = engine.prepare<{ count: number }>('SELECT count(*) AS count FROM "key" WHERE revoked_ms IS NULL')
  const revoke = engine.prepare('UPDATE "key" SET revoked_ms = ?1 WHERE id = ?2 AND revoked_ms IS NULL')
  return {
    insert: async (row) => void (await engine.write([insert.bind(row.id, row.name, row.hash, row.hint, row.createdMs)])),
    byHash: (hash) => find.get(hash),
    count: async () => (await count.get())?.count ?? 0,
    revoke: async (id, nowMs) => void (await engine.write([revoke.bind(nowMs, id)])),
  }
}
