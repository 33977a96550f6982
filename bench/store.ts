// `npm run bench:store`: how long the console's questions take on a database as large as years of use leave behind, on SQLite
// and, where it is installed, on PostgreSQL. Options: `--rows 10000000` of usage (default two million), `--engine <name>`.
// Ends with 1 when a question takes longer than a person should wait.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { onConnection } from '../src/store/engines/postgres/migrate.ts'
import { openSqlite } from '../src/store/engines/sqlite/sqlite.ts'
import { connectStore, openStore, type Store } from '../src/store/index.ts'
import { hasPostgres, startPostgres } from '../test/kit/postgres.ts'

const LIMIT_MS = 200
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const FIRST_DAY = 20_000
const { values: options } = parseArgs({ options: { rows: { type: 'string', default: '2000000' }, engine: { type: 'string' } } })
const rows = Number(options.rows)
/** Keys times models, each with a row for every hour it was used. */
const KEYS = 500
const MODELS = 4
const hours = Math.ceil(rows / (KEYS * MODELS))
const days = Math.ceil(hours / 24)
const endMs = FIRST_DAY * DAY_MS + hours * HOUR_MS

const COLUMNS = `unit, start_ms, key_id, customer, model, channel, project_id, organisation_id, user_id,
  requests, errors, cancelled, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, web_searches, charge, cost, duration_ms`
const rollup = (unit: 'hour' | 'day', series: (name: string, count: number) => string): string => {
  const step = unit === 'hour' ? HOUR_MS : DAY_MS
  return `INSERT INTO usage_rollup (${COLUMNS})
    SELECT '${unit}', ${FIRST_DAY * DAY_MS} + CAST(t.i AS BIGINT) * ${step}, 'key_' || k.i, '', 'model-' || m.i, 'ch_1', 'prj_' || (k.i % 50),
      'org_' || (k.i % 10), '', 5, 0, 0, 1000, 100, 300, 0, 0, 12345, 10000, 900
    FROM ${series('t', unit === 'hour' ? hours : days)}, ${series('k', KEYS)}, ${series('m', MODELS)}`
}
const LOG_ROWS = Math.min(rows, 2_000_000)
const log = (series: (name: string, count: number) => string): string =>
  `INSERT INTO request (id, key_id, started_ms, outcome, detail)
   SELECT 'req_' || (1000000000 + n.i), 'key_' || (n.i % ${KEYS}), ${FIRST_DAY * DAY_MS} + CAST(n.i AS BIGINT) * 40, 'ok', '{"usage":{"input_tokens":10}}' FROM ${series('n', LOG_ROWS)} ORDER BY n.i`

interface Subject {
  readonly name: string
  fill(): Promise<string>
  open(): Promise<Store>
  close(): Promise<void>
}

function sqliteSubject(): Subject {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-bench-store-'))
  const path = join(directory, 'switchyard.sqlite')
  const series = (name: string, count: number): string => `(SELECT value AS i FROM generate_series(0, ${count - 1})) AS ${name}`
  const recursive = (name: string, count: number): string =>
    `(WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < ${count - 1}) SELECT i FROM s) AS ${name}`
  return {
    name: 'SQLite',
    async fill() {
      const engine = openSqlite(path)
      const hasSeries = engine.database.query("SELECT 1 FROM pragma_module_list WHERE name = 'generate_series'").get() !== null
      for (const sql of [rollup('hour', hasSeries ? series : recursive), rollup('day', recursive), log(recursive)]) engine.database.run(sql)
      engine.close()
      return `${(statSync(path).size / 1e6).toFixed(0)} MB`
    },
    open: async () => openStore(path),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  }
}

async function postgresSubject(): Promise<Subject> {
  const server = await startPostgres()
  const url = await server.freshDatabase()
  const series = (name: string, count: number): string => `generate_series(0, ${count - 1}) AS ${name} (i)`
  return {
    name: 'PostgreSQL',
    async fill() {
      await (await connectStore(url)).close()
      return onConnection(url, async (sql) => {
        for (const text of [rollup('hour', series), rollup('day', series), log(series), 'VACUUM ANALYZE']) await sql.unsafe(text)
        const [size] = await sql.unsafe('SELECT pg_size_pretty(pg_database_size(current_database())) AS size')
        return String(size?.size)
      })
    },
    open: () => connectStore(url),
    close: () => server.close(),
  }
}

const lastDays = (count: number) => ({ unit: 'day' as const, fromMs: endMs - count * DAY_MS, toMs: endMs + DAY_MS, limit: 1_000 })
const QUESTIONS: readonly [string, (store: Store) => Promise<unknown>][] = [
  ['30 days by day, whole installation', ({ operator }) => operator.usage.report({ ...lastDays(30), by: ['start'], where: {} })],
  ['30 days by model', ({ operator }) => operator.usage.report({ ...lastDays(30), by: ['model'], where: {} })],
  [
    '30 days by day, one organisation',
    ({ operator }) => operator.usage.report({ ...lastDays(30), by: ['start'], where: { organisation: ['org_3'] } }),
  ],
  [
    '30 days by day and model, one key',
    ({ operator }) => operator.usage.report({ ...lastDays(30), by: ['start', 'model'], where: { key: ['key_7'] } }),
  ],
  [
    '48 hours by hour, whole installation',
    ({ operator }) =>
      operator.usage.report({ unit: 'hour', fromMs: endMs - 48 * HOUR_MS, toMs: endMs, by: ['start'], where: {}, limit: 1_000 }),
  ],
  ['a month’s charge of one key', ({ operator }) => operator.usage.charged({ key: ['key_7'] }, endMs - 30 * DAY_MS)],
  ['the newest page of the log', ({ operator }) => operator.log.requests({ limit: 50 })],
  ['the newest page of one key’s log', ({ operator }) => operator.log.requests({ keyIds: ['key_7'], limit: 50 })],
  ['one request', async ({ requests }) => requests.byId('req_1000000042')],
]

let slow = 0
const subjects = [
  ...(options.engine !== 'postgres' ? [sqliteSubject()] : []),
  ...(options.engine !== 'sqlite' && hasPostgres ? [await postgresSubject()] : []),
]
for (const subject of subjects) {
  const fillMs = performance.now()
  const size = await subject.fill()
  console.log(
    `\n${subject.name}: ${hours * KEYS * MODELS} hourly, ${days * KEYS * MODELS} daily, ${LOG_ROWS} logged rows, ${size}, filled in ${((performance.now() - fillMs) / 1000).toFixed(0)} s`,
  )
  const store = await subject.open()
  for (const [name, ask] of QUESTIONS) {
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const startMs = performance.now()
      await ask(store)
      times.push(performance.now() - startMs)
    }
    const worst = Math.max(...times)
    if (worst > LIMIT_MS) slow++
    console.log(
      `  ${name.padEnd(40)} ${Math.min(...times)
        .toFixed(1)
        .padStart(8)} to ${worst.toFixed(1)} ms${worst > LIMIT_MS ? '   TOO SLOW' : ''}`,
    )
  }
  await store.close()
  await subject.close()
}
console.log(slow === 0 ? `\nEvery question is answered within ${LIMIT_MS} ms.` : `\n${slow} questions take longer than ${LIMIT_MS} ms.`)
process.exit(slow === 0 ? 0 : 1)
