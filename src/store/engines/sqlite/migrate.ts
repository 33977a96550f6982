// Brings a SQLite file up to date, each migration in a transaction of its own. Two processes that open the file at
// once run each of them once: the second waits for the writer's lock and then finds it done.

import { Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'
import { type Migration, numberOf, pendingOf } from '../migration.ts'
import { type Plan, planOf } from '../preflight.ts'

/** @throws NewerDatabaseError, and whatever a migration fails with; then the file is as it was before that one. */
export function migrateSqlite(database: Database, known: readonly Migration[]): void {
  for (;;) {
    if (pendingOf(known, applied(database)).length === 0) return
    database.transaction(() => runNext(database, known)).immediate()
  }
}

/** What the pending ones will do. Reads only; a file that is not there is not made. */
export async function planSqlite(path: string, known: readonly Migration[]): Promise<Plan[]> {
  if (!existsSync(path)) return planOf(known, async () => undefined)
  const database = new Database(path, { readonly: true, strict: true })
  try {
    database.run('PRAGMA busy_timeout=5000')
    const tables = database.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    const names = new Set(tables.map(({ name }) => name))
    const rowsOf = (table: string): number | undefined =>
      names.has(table) ? database.query<{ rows: number }, []>(`SELECT count(*) AS rows FROM "${table}"`).get()?.rows : undefined
    return await planOf(pendingOf(known, applied(database)), async (table) => rowsOf(table))
  } finally {
    database.close()
  }
}

function runNext(database: Database, known: readonly Migration[]): void {
  // Before the table is there, which an older file's count stands in for.
  const before = applied(database)
  database.run('CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT')
  const [next] = pendingOf(known, before)
  if (next === undefined) return
  const insert = database.query<void, [number, string, number]>(
    'INSERT OR IGNORE INTO migration (number, name, applied_ms) VALUES (?, ?, ?)',
  )
  // Files from before this table existed counted their migrations in `user_version`.
  for (const number of before) insert.run(number, known.find((one) => numberOf(one) === number)?.name ?? '', 0)
  database.run(next.sql)
  insert.run(numberOf(next), next.name, Date.now())
  // Versions that still count there must not open a newer file.
  database.run(`PRAGMA user_version=${Math.max(numberOf(next), ...before)}`)
}

function applied(database: Database): number[] {
  const table = database.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'").get()
  if (table !== null)
    return database
      .query<{ number: number }, []>('SELECT number FROM migration')
      .all()
      .map(({ number }) => number)
  const version = database.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version ?? 0
  return Array.from({ length: version }, (_, at) => at + 1)
}
