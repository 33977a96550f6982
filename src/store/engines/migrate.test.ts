import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshDatabase, hasPostgres } from '../../../test/kit/postgres.ts'
import { ledgerRepository } from '../repositories/ledger.ts'
import { postgresLedger } from '../repositories/ledger-postgres.ts'
import { NewerDatabaseError, numberOf, pendingOf } from './migration.ts'
import { migratePostgres, onConnection, planPostgres } from './postgres/migrate.ts'
import { MIGRATIONS as POSTGRES } from './postgres/migrations.ts'
import { openPostgres } from './postgres/postgres.ts'
import { planOf, statementsOf } from './preflight.ts'
import { migrateSqlite, planSqlite } from './sqlite/migrate.ts'
import { MIGRATIONS as SQLITE } from './sqlite/migrations.ts'
import { openSqlite } from './sqlite/sqlite.ts'

const ROWS = 3_000
const numbers = `(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS}) SELECT i FROM n) AS n`
const FILL = [
  `INSERT INTO "key" (id, name, hash, hint, created_ms) SELECT 'key_' || i, 'k', 'hash' || i, 'h', i FROM ${numbers}`,
  `INSERT INTO request (id, key_id, started_ms, outcome, detail) SELECT 'req_' || i, 'key_' || i, i, 'ok', '{}' FROM ${numbers}`,
  `INSERT INTO account (id, mode, balance) SELECT 'a' || i, 'prepaid', 5 FROM ${numbers}`,
  `INSERT INTO journal (key, kind, account, amount, created_ms, detail) SELECT 'j' || i, 'top-up', 'a' || i, 5, i, '{}' FROM ${numbers}`,
]
const early = <T extends { name: string }>(known: readonly T[]): T[] => known.filter((migration) => numberOf(migration) <= 2)

test('both engines list each migration once, by the names of their files', () => {
  for (const known of [SQLITE, POSTGRES]) {
    const listed = known.map(numberOf)
    expect(listed).toEqual([...new Set(listed)].sort((a, b) => a - b))
    for (const { name, sql } of known) {
      expect(name).toMatch(/^\d{4}-[a-z-]+$/)
      expect(statementsOf(sql).length).toBeGreaterThan(0)
    }
  }
})

test('what is pending is known by number, late ones too, and a newer database is refused', () => {
  const known = [1, 2, 4, 3].map((n) => ({ name: `000${n}-x`, sql: '' }))
  expect(pendingOf(known, [1, 3]).map(numberOf)).toEqual([2, 4])
  expect(() => pendingOf(known, [1, 9])).toThrow(NewerDatabaseError)
})

test('a plan names the tables that are there already, what waits, and for how long', async () => {
  const sql = `CREATE TABLE fresh (id TEXT); -- UPDATE request;
    CREATE INDEX i ON fresh (id); CREATE INDEX j ON request (started_ms);
    ALTER TABLE "key" ADD COLUMN x TEXT DEFAULT 'a;b'; UPDATE "key" SET x = 'y';
    CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM request; $$;`
  const [plan] = await planOf([{ name: '0009-x', sql }], async () => 1_000_000)
  expect(plan?.steps.map(({ what, rows, lock }) => [what, rows, lock])).toEqual([
    ['adds an index to request', 1_000_000, 'writers wait'],
    ['adds a column to key', 1_000_000, 'readers and writers wait'],
    ['updates rows of key', 1_000_000, 'writers of the same rows wait'],
  ])
  expect(plan?.milliseconds).toBeGreaterThan(10_000)
})

describe('a filled SQLite file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-migrate-'))

  test('of before the table of migrations keeps its rows and gets the rest', async () => {
    const path = join(directory, 'old.sqlite')
    const old = new Database(path, { create: true, strict: true })
    for (const { sql } of early(SQLITE)) old.run(sql)
    old.run('PRAGMA user_version=2')
    for (const sql of FILL) old.run(sql)
    old.close()
    const plans = await planSqlite(path, SQLITE)
    expect(plans.map(({ name }) => name)).toEqual(SQLITE.filter((each) => numberOf(each) > 2).map(({ name }) => name))
    expect(plans.flatMap(({ steps }) => steps).find(({ what }) => what === 'adds a column to key')?.rows).toBe(ROWS)
    const engine = openSqlite(path)
    expect(await engine.prepare('SELECT count(*) AS n, min(role) AS role FROM "key"').get()).toEqual({ n: ROWS, role: 'owner' })
    expect(await ledgerRepository(engine).verify()).toEqual([])
    expect(await planSqlite(path, SQLITE)).toEqual([])
    engine.close()
    openSqlite(path).close()
    rmSync(directory, { recursive: true })
  })

  test('a migration that fails leaves the file as it was', () => {
    const database = new Database(':memory:', { strict: true })
    const bad = { name: '0002-bad', sql: 'CREATE TABLE b (id TEXT); SELECT no_such_function();' }
    const good = { name: '0001-good', sql: 'CREATE TABLE a (id TEXT);' }
    expect(() => migrateSqlite(database, [good, bad])).toThrow()
    expect(database.query("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b')").all()).toEqual([{ name: 'a' }])
    migrateSqlite(database, [good, { ...bad, sql: 'CREATE TABLE b (id TEXT);' }])
    expect(() => migrateSqlite(database, [good])).toThrow(NewerDatabaseError)
  })
})

describe.skipIf(!hasPostgres)('a filled PostgreSQL database', () => {
  test('keeps its rows and gets the rest, once, whoever starts at the same time', async () => {
    const url = await freshDatabase()
    await migratePostgres(url, early(POSTGRES))
    await onConnection(url, async (sql) => {
      for (const each of FILL) await sql.unsafe(each)
    })
    const plans = await planPostgres(url, POSTGRES)
    expect(plans.map(({ name }) => name)).toEqual(POSTGRES.filter((each) => numberOf(each) > 2).map(({ name }) => name))
    expect(plans.flatMap(({ steps }) => steps).find(({ what }) => what === 'adds a column to key')?.rows).toBe(ROWS)
    const [engine, other] = await Promise.all([openPostgres(url), openPostgres(url)])
    expect(await engine.prepare('SELECT count(*) AS n, min(role) AS role FROM "key"').get()).toEqual({ n: ROWS, role: 'owner' })
    expect(await postgresLedger(other).verify()).toEqual([])
    expect(await planPostgres(url, POSTGRES)).toEqual([])
    await Promise.all([engine.close(), other.close()])
  })

  test('a migration that fails leaves the database as it was', async () => {
    const url = await freshDatabase()
    const bad = { name: '0002-bad', sql: 'CREATE TABLE b (id TEXT); SELECT no_such_function();' }
    const good = { name: '0001-good', sql: 'CREATE TABLE a (id TEXT);' }
    expect(await migratePostgres(url, [good, bad]).catch((cause: unknown) => cause)).toMatchObject({ errno: '42883' })
    const there = await onConnection(url, (sql) =>
      sql.unsafe("SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') IS NOT NULL AS b"),
    )
    expect(there[0]).toEqual({ a: true, b: false })
    await migratePostgres(url, [good, { ...bad, sql: 'CREATE TABLE b (id TEXT);' }])
    expect(await migratePostgres(url, [good]).catch((cause: unknown) => cause)).toBeInstanceOf(NewerDatabaseError)
  })
})
