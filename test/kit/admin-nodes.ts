// Two nodes on one store for tests of administration: on one SQLite file, and on PostgreSQL with Redis where the machine
// has both.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshDatabase, hasPostgres } from './postgres.ts'
import { hasRedis, startRedis } from './redis.ts'
import { type Running, startSwitchyard } from './switchyard.ts'

export type NodeEngine = 'SQLite' | 'PostgreSQL'

/** What the machine has; the tests of another engine skip aloud. */
export const NODE_ENGINES: readonly { readonly engine: NodeEngine; readonly present: boolean }[] = [
  { engine: 'SQLite', present: true },
  { engine: 'PostgreSQL', present: hasPostgres && hasRedis },
]

export interface Nodes {
  readonly one: Running
  readonly two: Running
  /** Whether the text stands anywhere in what is stored. */
  stores(text: string): Promise<boolean>
  stop(): Promise<void>
}

export const MASTER_KEY = `k1:${Buffer.alloc(32, 1).toString('base64')}`

export async function startNodes(engine: NodeEngine): Promise<Nodes> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-'))
  const redis = engine === 'PostgreSQL' ? await startRedis() : undefined
  const database = engine === 'PostgreSQL' ? await freshDatabase() : undefined
  const environment = {
    SWITCHYARD_SECRET: MASTER_KEY,
    ...(database !== undefined && { DATABASE_URL: database }),
    ...(redis && { REDIS_URL: redis.url }),
  }
  const one = await startSwitchyard({ dataDirectory: directory, environment })
  const two = await startSwitchyard({ dataDirectory: directory, environment })
  return {
    one,
    two,
    stores: (text) => (database === undefined ? Promise.resolve(inFiles(join(directory, 'data'), text)) : inTables(database, text)),
    async stop() {
      await one.stop()
      await two.stop()
      await redis?.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const inFiles = (directory: string, text: string): boolean =>
  readdirSync(directory).some((file) => readFileSync(join(directory, file)).includes(text))

async function inTables(database: string, text: string): Promise<boolean> {
  const sql = new Bun.SQL(database, { max: 1 })
  try {
    const tables: { name: string }[] = await sql.unsafe(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    )
    for (const { name } of tables) {
      const [row] = await sql.unsafe(`SELECT 1 FROM "${name}" t WHERE t::text LIKE '%' || $1 || '%' LIMIT 1`, [text])
      if (row !== undefined) return true
    }
    return false
  } finally {
    await sql.close()
  }
}
