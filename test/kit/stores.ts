// Every storage engine for tests that run on each of them: a database of its own, with as many connections to it as a test
// has nodes. Where PostgreSQL is not installed its tests are skipped, and skips are listed aloud.

import { afterAll } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../../src/store/engine.ts'
import { openPostgres, type PostgresEngine } from '../../src/store/engines/postgres/postgres.ts'
import { openSqlite, type SqliteEngine } from '../../src/store/engines/sqlite/sqlite.ts'
import { connectStore, openStore, type Store } from '../../src/store/index.ts'
import { type LedgerRepository, ledgerRepository } from '../../src/store/repositories/ledger.ts'
import { postgresLedger } from '../../src/store/repositories/ledger-postgres.ts'
import { freshDatabase, hasPostgres } from './postgres.ts'

export interface StoreKind {
  readonly name: Engine['dialect']
  readonly installed: boolean
  /** A new database. Each call of what it returns connects another node to it; all are closed when the test file ends. */
  fresh(): Promise<Connected>
}

export interface Connected {
  /** A path or an address: what another process needs. */
  readonly place: string
  engine(): Promise<Engine>
  ledger(): Promise<LedgerRepository>
  store(): Promise<Store>
}

const closing: (() => unknown)[] = []

/** Call it once in a test file that uses `STORES`. */
export function closeStores(): void {
  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
}

function closedLater<T extends { close(): unknown }>(opened: T): T {
  closing.push(() => opened.close())
  return opened
}

async function freshSqlite(): Promise<Connected> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-store-'))
  closing.push(() => rmSync(directory, { recursive: true, force: true }))
  const place = join(directory, 'switchyard.sqlite')
  const engine = async (): Promise<SqliteEngine> => closedLater(openSqlite(place))
  return { place, engine, ledger: async () => ledgerRepository(await engine()), store: async () => closedLater(openStore(place)) }
}

async function freshPostgres(): Promise<Connected> {
  const place = await freshDatabase()
  const engine = async (): Promise<PostgresEngine> => closedLater(await openPostgres(place, { connections: 4 }))
  return { place, engine, ledger: async () => postgresLedger(await engine()), store: async () => closedLater(await connectStore(place)) }
}

export const STORES: readonly StoreKind[] = [
  { name: 'sqlite', installed: true, fresh: freshSqlite },
  { name: 'postgres', installed: hasPostgres, fresh: freshPostgres },
]
