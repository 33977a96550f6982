// Persistence: repositories over an engine. Everything above asks for rows, never for SQL.

import type { Engine } from './engine.ts'
import { type Claim, claimDatabase } from './engines/postgres/claim.ts'
import { planPostgres } from './engines/postgres/migrate.ts'
import { MIGRATIONS as POSTGRES_MIGRATIONS } from './engines/postgres/migrations.ts'
import { openPostgres } from './engines/postgres/postgres.ts'
import type { Plan } from './engines/preflight.ts'
import { planSqlite } from './engines/sqlite/migrate.ts'
import { MIGRATIONS as SQLITE_MIGRATIONS } from './engines/sqlite/migrations.ts'
import { openSqlite, type SqliteOptions } from './engines/sqlite/sqlite.ts'
import { type AnswerRepository, answerRepository } from './repositories/answers.ts'
import { type DocumentRepository, documentRepository, type KnownDocument, type StoredDocument } from './repositories/documents.ts'
import { postgresDocuments } from './repositories/documents-postgres.ts'
import { type KeyRepository, keyRepository } from './repositories/keys.ts'
import { type LedgerRepository, ledgerRepository } from './repositories/ledger.ts'
import { postgresLedger } from './repositories/ledger-postgres.ts'
import { type OperatorStore, operatorStore } from './repositories/operator.ts'
import { type RequestRepository, requestRepository } from './repositories/requests.ts'

export type { Awaitable, Bound } from './engine.ts'
export { ConflictError, StoreDownError } from './engine.ts'
export { NewerDatabaseError } from './engines/migration.ts'
export { ClaimError } from './engines/postgres/claim.ts'
export type { Plan } from './engines/preflight.ts'
export { openRedis, type Redis, RedisDown, type RedisOptions, type RedisScript, redisScript } from './engines/redis/redis.ts'
export { enter as enterFile } from './engines/sqlite/sole.ts'
export type * from './operator-rows.ts'
export type { AuditFilter, AuditRow } from './repositories/audit.ts'
export type { CallerBudgetRow, CallerRepository, CallerRow } from './repositories/callers.ts'
export type {
  AccountMode,
  ChargeRow,
  HoldRow,
  JournalRow,
  LedgerRepository,
  PartialHoldRow,
  PostRow,
  SettleRow,
} from './repositories/ledger.ts'
export type { OperatorPosting } from './repositories/log-queries.ts'
export { DEFAULT_PROJECT, OPERATOR_ORGANISATION, type OperatorStore } from './repositories/operator.ts'
export type { SessionRow } from './repositories/sessions.ts'
export type { Filter, Table } from './repositories/table.ts'
export type { UsageEntry, UsageGrouping, UsageQuestion, UsageRepository, UsageRow, UsageUnit } from './repositories/usage.ts'
export type { CollectionRow, DocumentRow, KeyRow, RequestRow } from './schema.ts'
export type { AnswerRepository, DocumentRepository, KeyRepository, KnownDocument, RequestRepository, StoredDocument }

export interface Store {
  readonly keys: KeyRepository
  readonly requests: RequestRepository
  readonly answers: AnswerRepository
  readonly documents: DocumentRepository
  readonly operator: OperatorStore
  readonly ledger: LedgerRepository
  close(): Promise<void>
}

/** Opens the embedded store. @param path a file, or `:memory:`. @throws NewerDatabaseError */
export function openStore(path: string, options: SqliteOptions = {}): Store {
  const engine = openSqlite(path, options)
  return assemble(engine, { documents: documentRepository(engine), ledger: ledgerRepository(engine) })
}

export interface ConnectOptions {
  /** Whether this node may be one of several: `alone` refuses another node, `shared` only one that is alone. Absent: neither. */
  readonly claim?: Claim
}

/**
 * Connects to the database that several nodes share. @param url `postgres://…`
 * @throws NewerDatabaseError, StoreDownError, ClaimError
 */
export async function connectStore(url: string, { claim }: ConnectOptions = {}): Promise<Store> {
  const engine = await openPostgres(url)
  try {
    const release = claim === undefined ? undefined : await claimDatabase(url, claim)
    const store = assemble(engine, { documents: await postgresDocuments(engine), ledger: postgresLedger(engine) })
    return {
      ...store,
      async close() {
        await store.close()
        await release?.()
      },
    }
  } catch (cause) {
    await engine.close()
    throw cause
  }
}

/** Where the state is: a SQLite file, or PostgreSQL's address. */
export type Place = { readonly path: string } | { readonly url: string }

/** What the pending migrations will do to the database; nothing is changed. @throws NewerDatabaseError, StoreDownError */
export const planMigrations = (place: Place): Promise<Plan[]> =>
  'url' in place ? planPostgres(place.url, POSTGRES_MIGRATIONS) : planSqlite(place.path, SQLITE_MIGRATIONS)

function assemble(engine: Engine, own: Pick<Store, 'documents' | 'ledger'>): Store {
  const requests = requestRepository(engine)
  const operator = operatorStore(engine)
  return {
    ...own,
    keys: keyRepository(engine),
    requests,
    answers: answerRepository(engine),
    operator,
    async close() {
      await requests.flush().catch(() => {})
      await operator.usage.flush().catch(() => {})
      await engine.close()
    },
  }
}
