// Prepared statements of SQLite behind the contract of every engine. Reads answer at once.

import type { Database, Statement as Native, SQLQueryBindings } from 'bun:sqlite'
import { type Bound, ConflictError, type Statement, StoreDownError, type Value, type Written } from '../../engine.ts'
import { checkParams } from '../values.ts'
import { codeOf, isBusy } from './group-commit.ts'

/** How long a read waits when another process repairs the file after a crash: the only time that readers wait. */
const RECOVERY_WAIT_MS = 2_000

type Params = SQLQueryBindings[]

export class SqliteStatement<Row> implements Statement<Row> {
  readonly #database: Database
  readonly #native: Native<Row, Params>
  readonly #returns: boolean
  readonly #count: number
  readonly sql: string

  constructor(database: Database, sql: string) {
    this.#database = database
    this.#native = database.prepare<Row, Params>(sql)
    this.#count = this.#native.paramsCount
    this.#returns = /\breturning\b/i.test(sql)
    this.sql = sql
  }

  all(...params: readonly Value[]): Row[] {
    checkParams(params, this.#count)
    return this.#reading(() => this.#native.all(...(params as Params)))
  }

  get(...params: readonly Value[]): Row | undefined {
    checkParams(params, this.#count)
    return this.#reading(() => this.#native.get(...(params as Params))) ?? undefined
  }

  bind(...params: readonly Value[]): Bound {
    checkParams(params, this.#count)
    return { statement: this, params }
  }

  /** Runs it inside the transaction that is open. */
  run(params: readonly Value[]): Written {
    if (!this.#returns) return { changes: this.#native.run(...(params as Params)).changes, rows: [] }
    const rows = this.#native.all(...(params as Params))
    return { changes: rows.length, rows }
  }

  #reading<T>(read: () => T): T {
    try {
      return read()
    } catch (cause) {
      if (!isBusy(cause)) throw cause
    }
    try {
      this.#database.run(`PRAGMA busy_timeout=${RECOVERY_WAIT_MS}`)
      return read()
    } catch (cause) {
      throw new StoreDownError(cause)
    } finally {
      this.#database.run('PRAGMA busy_timeout=0')
    }
  }
}

/** Runs the statements in the transaction that is open. @throws ConflictError */
export function runUnit(statements: readonly Bound[]): Written[] {
  return statements.map(({ statement, params, expect }) => {
    if (!(statement instanceof SqliteStatement)) throw new TypeError('the statement was prepared by another engine')
    const written = attempted(() => statement.run(params))
    if (expect !== undefined && written.changes !== expect) throw new ConflictError()
    return written
  })
}

const CONFLICTS = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_FOREIGNKEY'])

function attempted(run: () => Written): Written {
  try {
    return run()
  } catch (cause) {
    throw CONFLICTS.has(codeOf(cause)) ? new ConflictError(cause) : cause
  }
}
