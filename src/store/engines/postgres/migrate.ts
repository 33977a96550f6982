// Brings a PostgreSQL database up to date, each migration in a transaction of its own, on one connection without time
// limits. An advisory lock keeps a second node waiting until the first is done; it then finds nothing to do.

import { SQL } from 'bun'
import { type Migration, numberOf, pendingOf } from '../migration.ts'
import { type Plan, planOf } from '../preflight.ts'

/** Any number, the same in every version. */
const LOCK = 7_394_021
/** DDL waits behind long readers, and everything behind DDL: rather give up and say so. */
const LOCK_TIMEOUT = '30s'

type Connection = Pick<SQL, 'unsafe'>

/** @throws NewerDatabaseError, and whatever a migration fails with; then the database is as it was before that one. */
export async function migratePostgres(url: string, known: readonly Migration[]): Promise<void> {
  await onConnection(url, async (sql) => {
    if ((await pendingIn(sql, known)).length === 0) return
    await sql.unsafe('SELECT pg_advisory_lock($1)', [LOCK])
    await sql.unsafe('CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms BIGINT NOT NULL)')
    for (const { name, sql: text } of await pendingIn(sql, known)) {
      // Several statements in one message are one transaction.
      const note = `INSERT INTO migration (number, name, applied_ms) VALUES (${numberOf({ name })}, '${name}', ${Date.now()})`
      await sql.unsafe(`BEGIN; SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'; ${text}\n; ${note}; COMMIT`).simple()
    }
  })
}

/** One connection that closes with the work, and its locks with it. */
export async function onConnection<T>(url: string, work: (sql: SQL) => Promise<T>): Promise<T> {
  const sql = new SQL(url, { max: 1, connectionTimeout: 10, connection: { application_name: 'switchyard-migrate', statement_timeout: 0 } })
  try {
    return await work(sql)
  } finally {
    await sql.close({ timeout: 1 })
  }
}

/** What the pending ones will do. Reads only; sizes are the server's own estimates. */
export const planPostgres = (url: string, known: readonly Migration[]): Promise<Plan[]> =>
  onConnection(url, async (sql) => planOf(await pendingIn(sql, known), (table) => rowsOf(sql, table)))

async function rowsOf(sql: Connection, table: string): Promise<number | undefined> {
  const [row] = await sql.unsafe('SELECT reltuples::float8 AS rows FROM pg_class WHERE oid = to_regclass($1)', [`"${table}"`])
  if (row === undefined) return undefined
  if (row.rows >= 0) return row.rows
  // Never analysed: new, or small.
  const [counted] = await sql.unsafe(`SELECT count(*)::float8 AS rows FROM "${table}"`)
  return counted?.rows
}

async function pendingIn(sql: Connection, known: readonly Migration[]): Promise<Migration[]> {
  const [found] = await sql.unsafe("SELECT to_regclass('migration') IS NOT NULL AS found")
  const rows: { number: number }[] = found?.found ? await sql.unsafe('SELECT number FROM migration') : []
  return pendingOf(
    known,
    rows.map(({ number }) => number),
  )
}
