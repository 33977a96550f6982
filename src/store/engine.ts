// What a repository asks of its database. SQL is written once, in what SQLite and PostgreSQL share, and every engine
// runs it. No transaction is held open between turns of the event loop: a write is a list of statements, decided before.
//
// The common subset: parameters `?1`, `?2` (a number may stand twice); `INSERT … ON CONFLICT (…) DO NOTHING | DO UPDATE`,
// `RETURNING`, `coalesce`, `CASE`, CTEs that read, window functions. Not: `INSERT OR …`, `rowid`, `LIKE` (its case differs), two-argument
// `min`, `json_*`, functions of time. Columns hold text (JSON too), integers (a flag is 0 or 1) and bytes. `user`, `key`
// and `group` are quoted. Where the dialects must differ, branch on `dialect` once, when the statement is prepared.

import { GatewayError } from '../core/errors.ts'

/** What a column can hold. An integer is a safe one; anything else is refused when it is bound. */
export type Value = string | number | null | Uint8Array

export type Awaitable<T> = T | Promise<T>

/** A prepared statement. On SQLite reads answer at once, on PostgreSQL with a promise: `await` serves both. */
export interface Statement<Row = unknown> {
  readonly sql: string
  all(...params: readonly Value[]): Awaitable<Row[]>
  /** The first row; `undefined` when there is none. */
  get(...params: readonly Value[]): Awaitable<Row | undefined>
  /** The statement with its parameters, to be run by `Engine.write`. */
  bind(...params: readonly Value[]): Bound
}

export interface Bound {
  readonly statement: Statement
  readonly params: readonly Value[]
  /** How many rows must change; with any other number nothing of the unit happens. This is compare-and-swap. */
  readonly expect?: number
}

/** What one statement of a unit did. */
export interface Written {
  /** Rows inserted, changed or deleted; what a trigger or a cascade did is not counted. */
  readonly changes: number
  /** What `RETURNING` gave. */
  readonly rows: readonly unknown[]
}

/** Calls of `Engine.subscribe`. Neither may throw. */
export interface Subscriber {
  notice(payload: string): void
  /** Notices may have been missed (the connection was lost): read the state anew. Also called once at the beginning. */
  gap(): void
}

export interface Engine {
  readonly dialect: 'sqlite' | 'postgres'
  /** Integer columns arrive as numbers, `sum` and `count` too. Prepare once, when the repository is made. */
  prepare<Row = unknown>(sql: string): Statement<Row>
  /**
   * Runs the statements as one atomic unit, in order; durable when it resolves. A statement sees what those before it did.
   * @throws ConflictError when an `expect` is not met, a unique value exists already, or a row that is pointed at is missing;
   * then nothing was written.
   * @throws StoreDownError when the database cannot be reached. The unit may still have been written, so whatever must not
   * happen twice carries its own idempotency key.
   */
  write(statements: readonly Bound[]): Promise<readonly Written[]>
  /** A statement that tells every process on this database something, at the moment its unit is committed. */
  notice(channel: string, payload: string): Bound
  /** Hears the notices of all processes, its own too. Returns the way to stop. */
  subscribe(channel: string, subscriber: Subscriber): () => void
  close(): Awaitable<void>
}

/** The same, provided that it changes exactly so many rows. */
export const expecting = (bound: Bound, rows: number): Bound => ({ ...bound, expect: rows })

/** The state is not the one that the write was decided on. A 409 when it reaches a client. */
export class ConflictError extends GatewayError {
  constructor(cause?: unknown) {
    super('conflict', {}, cause)
  }
}

const RETRY_AFTER_MS = 1_000

/** The database cannot be reached, or does not answer. A 503 when it reaches a client. */
export class StoreDownError extends GatewayError {
  constructor(cause?: unknown) {
    super('storage_unavailable', { retryAfterMs: RETRY_AFTER_MS }, cause)
  }
}
