// The engine for many nodes: PostgreSQL through Bun's own client. Pools connections, runs units as transactions, tries again
// what the server undid, and says plainly when it is down. Knows SQL, not what the rows mean.

import { SQL } from 'bun'
import { type Bound, ConflictError, type Engine, type Statement, type Value, type Written } from '../../engine.ts'
import { isAgain, isDown, translated } from './failures.ts'
import { createHealth } from './health.ts'
import { migratePostgres, onConnection } from './migrate.ts'
import { MIGRATIONS } from './migrations.ts'
import { postgresNotices } from './notices.ts'
import { type Ask, cleanText, PostgresStatement, rowsOf } from './statement.ts'

export interface PostgresEngine extends Engine {
  readonly dialect: 'postgres'
  /** Runs PostgreSQL's own SQL (`$1`) once, outside any unit. An array is bound as `text[]` or `bigint[]`. */
  call<Row>(sql: string, params: readonly (Value | readonly string[] | readonly number[])[]): Promise<Row[]>
  /** Reads on a connection of its own and without a time limit: for proofs and reports, never for a request. */
  unhurried<Row>(sql: string): Promise<Row[]>
  /** Whether the server answered when it was last asked. */
  up(): boolean
  close(): Promise<void>
}

export interface PostgresOptions {
  /** Connections of this process. */
  readonly connections?: number
  /** After so long a statement is ended by the server. The client gives up a little later. */
  readonly statementTimeoutMs?: number
}

const AGAIN_ATTEMPTS = 6
const AGAIN_PAUSE_MS = 15

/** @throws NewerDatabaseError, StoreDownError, and what a migration fails with. */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<PostgresEngine> {
  const { connections = 10, statementTimeoutMs = 5_000 } = options
  await migratePostgres(url, MIGRATIONS).catch((cause) => Promise.reject(translated(cause)))
  const sql = new SQL(url, {
    max: connections,
    connectionTimeout: 5,
    connection: {
      application_name: 'switchyard',
      statement_timeout: statementTimeoutMs,
      lock_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs * 2,
    },
  })
  const health = createHealth({ deadlineMs: statementTimeoutMs + 1_000, probe: () => sql.unsafe('SELECT 1'), isDown })
  const reaching = <T>(work: () => Promise<T>): Promise<T> => health.within(work).catch((cause) => Promise.reject(translated(cause)))

  const once: Ask = (text, params) => sql.unsafe(text, [...params])
  // A read changes nothing: one that lost its connection, as to a server that was started again, is asked once more.
  const ask: Ask = (text, params) =>
    reaching(() => once(text, params).catch((cause) => (isDown(cause) || isAgain(cause) ? once(text, params) : Promise.reject(cause))))
  const notices = postgresNotices(sql)
  const notify = new PostgresStatement(ask, 'SELECT pg_notify(?1, ?2)')

  return {
    dialect: 'postgres',
    prepare: <Row = unknown>(text: string): Statement<Row> => new PostgresStatement<Row>(ask, text),
    write: (statements) => (statements.length === 0 ? Promise.resolve([]) : reaching(() => again(() => runUnit(sql, statements)))),
    notice: (channel, payload) => notify.bind(channel, payload),
    subscribe: notices.subscribe,
    up: health.up,
    async call<Row>(text: string, params: readonly (Value | readonly string[] | readonly number[])[]): Promise<Row[]> {
      const bound = params.map((param) => boundOf(sql, param))
      return reaching(() => again(async () => rowsOf<Row>(await once(text, bound))))
    },
    unhurried: <Row>(text: string): Promise<Row[]> =>
      onConnection(url, async (own) => rowsOf<Row>(await own.unsafe(text))).catch((cause) => Promise.reject(translated(cause))),
    async close() {
      health.close()
      notices.close()
      await sql.close({ timeout: 2 })
    },
  }
}

function boundOf(sql: SQL, param: Value | readonly string[] | readonly number[]): unknown {
  if (typeof param === 'string') return cleanText(param)
  if (!Array.isArray(param)) return param
  return typeof param[0] === 'number' ? sql.array([...param], 'BIGINT') : sql.array(param.map(cleanText), 'TEXT')
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (cause) {
      if (attempt === AGAIN_ATTEMPTS || !isAgain(cause)) throw cause
      await new Promise((resolve) => setTimeout(resolve, Math.random() * AGAIN_PAUSE_MS * attempt))
    }
  }
}

async function runUnit(sql: SQL, statements: readonly Bound[]): Promise<Written[]> {
  const [only, ...others] = statements
  // One statement is a transaction by itself, in one round trip.
  if (only !== undefined && others.length === 0 && only.expect === undefined) return [await run(sql, only)]
  return sql.begin(async (transaction) => {
    // Sent one behind the other without waiting; the server runs them in order, and after a failure none of the rest.
    const written = await Promise.all(statements.map((bound) => run(transaction, bound)))
    if (statements.some(({ expect }, at) => expect !== undefined && written[at]?.changes !== expect)) throw new ConflictError()
    return written
  })
}

async function run(sql: Pick<SQL, 'unsafe'>, { statement, params }: Bound): Promise<Written> {
  if (!(statement instanceof PostgresStatement)) throw new TypeError('the statement was prepared by another engine')
  const result = await sql.unsafe(statement.sql, [...params])
  return { changes: result.affectedRows, rows: rowsOf(result) }
}
