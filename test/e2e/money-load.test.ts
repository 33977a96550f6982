// A load of all formats, streamed and whole, passed on and translated, with failures among them: what the ledger holds in the
// end is what the upstream counted, to the nano-dollar. On SQLite alone and with two workers, on PostgreSQL with two nodes.

import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MASTER_KEY } from '../kit/admin-nodes.ts'
import { DOORS, type Door, doorOf } from '../kit/doors.ts'
import { type Bank, MODEL_OF, openBank, owed, type Payer, payer, priceLine, type Rates, type Spent } from '../kit/money.ts'
import { freshDatabase, hasPostgres } from '../kit/postgres.ts'
import { hasRedis, sharedRedis } from '../kit/redis.ts'
import { until } from '../kit/service.ts'

const RATES: Rates = {
  input_per_million: '2.500000003',
  output_per_million: '10.000000009',
  cached_input_per_million: '1.250000007',
  cache_write_per_million: '3.125000001',
  cache_write_1h_per_million: '5.000000011',
  reasoning_per_million: '12.000000013',
}
const MULTIPLE = [117n, 100n] as const
const CLIENTS = 16
const REQUESTS = 800
const CREDIT = '100'
const ROOT = join(import.meta.dir, '../..')

const upTo = (limit: number): number => Math.floor(Math.random() * limit)

/** What an answer takes: some of everything that the wire can tell. */
function anySpent(wire: Door): Spent {
  return {
    fresh: upTo(3000),
    cached: upTo(500),
    said: 1 + upTo(800),
    thought: upTo(200),
    ...(wire !== 'gemini' && { written: upTo(300) }),
    ...(wire === 'messages' && { written1h: upTo(300) }),
  }
}

interface Counted {
  charge: bigint
  cost: bigint
  answers: number
}

/** The upstream keeps its own books of what it answered. */
function counting(bank: Bank): Counted {
  const counted = { charge: 0n, cost: 0n, answers: 0 }
  bank.script(({ path }) => {
    if (Math.random() < 0.05) return { spent: undefined, turn: { pieces: [], status: 400 } }
    const wire = (
      path.includes('enerateContent') ? 'gemini' : path.includes('/chat/') ? 'chat' : path.endsWith('/messages') ? 'messages' : 'responses'
    ) satisfies Door
    const spent = anySpent(wire)
    counted.charge += owed(RATES, spent, MULTIPLE)
    counted.cost += owed(RATES, spent)
    counted.answers++
    return { spent, turn: ['some ', 'words ', 'to say'] }
  })
  return counted
}

/** @param urls of all nodes. @returns how many answers arrived whole. */
async function load(urls: readonly string[], customer: Payer): Promise<number> {
  let asked = 0
  let whole = 0
  const client = async (): Promise<void> => {
    while (asked < REQUESTS) {
      const at = asked++
      const ask = doorOf({ url: urls[at % urls.length] as string, key: customer.key })
      const door = DOORS[at % 4] as Door
      const model = MODEL_OF[DOORS[(at >> 2) % 4] as Door]
      const { status } = await ask(door, model, { stream: (at >> 4) % 2 === 1 })
      if (status === 200) whole++
      else expect(status).toBe(400)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return whole
}

async function agrees(bank: Bank, urls: readonly string[]): Promise<Payer & { counted: Counted }> {
  const customer = await payer(bank.running, CREDIT, { multiplier: '1.17' })
  const counted = counting(bank)
  expect(await load(urls, customer)).toBe(counted.answers)
  expect(counted.answers).toBeGreaterThan(REQUESTS * 0.8)
  expect(100_000_000_000n - (await customer.balance())).toBe(counted.charge)
  return { ...customer, counted }
}

async function verified(environment: Record<string, string>): Promise<void> {
  const child = Bun.spawn([process.execPath, '--no-env-file', join(ROOT, 'scripts/ledger-verify.ts')], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdout: 'pipe',
  })
  expect(await new Response(child.stdout).text()).toBe('ledger: every sum holds\n')
  expect(await child.exited).toBe(0)
}

const prices = DOORS.map((wire) => priceLine(RATES, { model: MODEL_OF[wire] }))
const SUMS = "SELECT sum(-amount) AS charge, sum(upstream_cost) AS cost, count(*) AS rows FROM journal WHERE kind = 'settle' AND account = "

describe('the upstream counts what the ledger holds', () => {
  for (const workers of [1, 2]) {
    test.skipIf(workers > 1 && !hasRedis)(`on SQLite with ${workers} ${workers === 1 ? 'process' : 'workers'}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'switchyard-money-'))
      const shared = workers === 1 ? {} : { SWITCHYARD_WORKERS: String(workers), REDIS_URL: (await sharedRedis()).url }
      const bank = await openBank({ prices, dataDirectory: directory, environment: shared, config: ['log: { level: warn }'] })
      try {
        const { organisation, counted } = await agrees(bank, [bank.running.url])
        const database = new Database(join(directory, 'data/switchyard.sqlite'), { readonly: true })
        const sums = database.query(`${SUMS}?`).get(organisation)
        expect(sums).toEqual({ charge: Number(counted.charge), cost: Number(counted.cost), rows: counted.answers })
        expect(database.query('SELECT count(*) AS holds FROM hold').get()).toEqual({ holds: 0 })
        database.close()
        await verified({ SWITCHYARD_DATA: join(directory, 'data') })
      } finally {
        await bank.stop()
        rmSync(directory, { recursive: true, force: true })
      }
    })
  }

  test.skipIf(!hasPostgres || !hasRedis)('on PostgreSQL with two nodes', async () => {
    const url = await freshDatabase()
    const environment = { DATABASE_URL: url, REDIS_URL: (await sharedRedis()).url, SWITCHYARD_SECRET: MASTER_KEY }
    const bank = await openBank({ prices, environment, config: ['log: { level: warn }'] })
    const other = await bank.another()
    try {
      const { organisation, counted } = await agrees(bank, [bank.running.url, other.url])
      const sql = new Bun.SQL(url, { max: 1 })
      const [sums] = await sql.unsafe(`${SUMS}$1`, [organisation])
      expect([sums.charge, sums.cost, sums.rows].map(BigInt)).toEqual([counted.charge, counted.cost, BigInt(counted.answers)])
      await until(async () => (await sql.unsafe('SELECT 1 FROM hold')).length === 0, 'no hold is left')
      await sql.close()
      await verified({ DATABASE_URL: url })
    } finally {
      await other.stop()
      await bank.stop()
    }
  })
})
