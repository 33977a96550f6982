// The embedded engine: one SQLite file in WAL mode, shared by the processes of one machine. Opens it, brings its schema
// up to date, and groups writes into commits. Knows SQL, not what the rows mean.

import { Database } from 'bun:sqlite'
import type { Engine, Statement } from '../../engine.ts'
import { type Commit, groupCommit } from './group-commit.ts'
import { migrateSqlite } from './migrate.ts'
import { MIGRATIONS } from './migrations.ts'
import { sqliteNotices } from './notices.ts'
import { runUnit, SqliteStatement } from './statement.ts'

export interface SqliteEngine extends Engine {
  readonly dialect: 'sqlite'
  /** For the repositories that cannot afford the common subset: the hot path, and full-text search. */
  readonly database: Database
  /** Runs `work` inside the next group commit; resolves with what it returned, when that is durable. */
  readonly commit: Commit
  close(): void
}

export interface SqliteOptions {
  /** `full` survives the loss of power, `normal` the death of the process. */
  readonly durability?: 'normal' | 'full'
}

/** @param path a file, or `:memory:`. @throws NewerDatabaseError when the file is of a newer version than this program. */
export function openSqlite(path: string, { durability = 'normal' }: SqliteOptions = {}): SqliteEngine {
  const database = new Database(path, { create: true, strict: true })
  database.run('PRAGMA busy_timeout=5000')
  database.run('PRAGMA journal_mode=WAL')
  database.run(`PRAGMA synchronous=${durability === 'full' ? 'FULL' : 'NORMAL'}`)
  database.run('PRAGMA wal_autocheckpoint=4000')
  database.run('PRAGMA cache_size=-65536')
  migrateSqlite(database, MIGRATIONS)
  // A blocking wait would freeze every stream of the process: busy is answered by trying again next turn.
  database.run('PRAGMA busy_timeout=0')

  const commit = groupCommit(database)
  const prepare = <Row>(sql: string): SqliteStatement<Row> => new SqliteStatement<Row>(database, sql)
  const insertNotice = prepare('INSERT INTO notice (channel, payload, created_ms) VALUES (?1, ?2, ?3)')
  const pruneNotices = prepare('DELETE FROM notice WHERE created_ms < ?1')
  const notices = sqliteNotices(database, (beforeMs) => void commit(() => pruneNotices.run([beforeMs])).catch(() => {}))

  return {
    dialect: 'sqlite',
    database,
    commit,
    prepare: <Row = unknown>(sql: string): Statement<Row> => prepare<Row>(sql),
    async write(statements) {
      const written = await commit(() => runUnit(statements))
      if (statements.some(({ statement }) => statement === insertNotice)) notices.look()
      return written
    },
    notice: (channel, payload) => insertNotice.bind(channel, payload, Date.now()),
    subscribe: notices.subscribe,
    close() {
      notices.close()
      commit.flush()
      database.close()
    },
  }
}
