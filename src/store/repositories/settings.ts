// Single values of the installation, and the revision of what is published.

import type { Bound, Engine } from '../engine.ts'

export interface SettingRepository {
  get(name: string): Promise<string | undefined>
  put(name: string, value: string, nowMs: number): Bound
  /** Takes the value away, provided that it still is this one. */
  take(name: string, value: string): Bound
  revision(): Promise<number>
  /** Raises the revision of the snapshot, provided that it is still this one. */
  raiseRevision(from: number): Bound
}

export function settingRepository(engine: Engine): SettingRepository {
  const get = engine.prepare<{ value: string }>('SELECT value FROM setting WHERE name = ?1')
  const put = engine.prepare(`
    INSERT INTO setting (name, value, updated_ms) VALUES (?1, ?2, ?3)
    ON CONFLICT (name) DO UPDATE SET value = ?2, updated_ms = ?3`)
  const take = engine.prepare('DELETE FROM setting WHERE name = ?1 AND value = ?2')
  const revision = engine.prepare<{ value: number }>(`SELECT value FROM revision WHERE name = 'snapshot'`)
  const raise = engine.prepare(`UPDATE revision SET value = value + 1 WHERE name = 'snapshot' AND value = ?1`)
  return {
    get: async (name) => (await get.get(name))?.value,
    put: (name, value, nowMs) => put.bind(name, value, nowMs),
    take: (name, value) => ({ ...take.bind(name, value), expect: 1 }),
    revision: async () => (await revision.get())?.value ?? 1,
    raiseRevision: (from) => ({ ...raise.bind(from), expect: 1 }),
  }
}
