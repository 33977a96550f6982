// A PostgreSQL server that crashes, stops and hangs under load: what was admitted is settled, what was not admitted costs
// nothing, nobody waits longer than said, and all heals by itself.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { StoreDownError } from '../../src/store/engine.ts'
import { openPostgres, type PostgresEngine } from '../../src/store/engines/postgres/postgres.ts'
import type { LedgerRepository } from '../../src/store/index.ts'
import { postgresLedger } from '../../src/store/repositories/ledger-postgres.ts'
import { requestRepository } from '../../src/store/repositories/requests.ts'
import { failureOf } from '../kit/failure.ts'
import { hasPostgres, type RunningPostgres, startPostgres } from '../kit/postgres.ts'
import { until } from '../kit/service.ts'

interface Load {
  readonly settled: string[]
  readonly refused: string[]
  readonly failures: unknown[]
  stop(): Promise<void>
}

/** So many clients that hold 10 and settle 7, one exchange after the other. */
function load(ledger: LedgerRepository, clients: number): Load {
  const settled: string[] = []
  const refused: string[] = []
  const failures: unknown[] = []
  let running = true
  async function client(name: number): Promise<void> {
    for (let at = 0; running; at++) {
      const id = `x${name}-${at}`
      // Batches would otherwise march all clients in step.
      await Bun.sleep(Math.random() * 4)
      try {
        if (!(await ledger.hold({ id, account: 'a', amount: 10, leaseMs: 1_000_000 }))) throw new Error('the balance covers it')
      } catch (cause) {
        if (!(cause instanceof StoreDownError)) failures.push(cause)
        refused.push(id)
        await Bun.sleep(5)
        continue
      }
      try {
        if (!(await ledger.settle({ id, charge: 7, upstreamCost: 5, nowMs: 1, detail: '{}' }))) throw new Error(`${id} was not held`)
        settled.push(id)
      } catch (cause) {
        failures.push(cause)
      }
    }
  }
  const clientsDone = Promise.all(Array.from({ length: clients }, (_, name) => client(name)))
  return {
    settled,
    refused,
    failures,
    async stop() {
      running = false
      await clientsDone
    },
  }
}

describe.skipIf(!hasPostgres)('PostgreSQL goes away', () => {
  let server: RunningPostgres
  let engine: PostgresEngine
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    await engine?.close()
    await server?.close()
  })

  async function ledgerWith(balance: number): Promise<LedgerRepository> {
    await engine?.close()
    engine = await openPostgres(await server.freshDatabase(), { statementTimeoutMs: 1_000 })
    const ledger = postgresLedger(engine)
    await ledger.open('a', 'prepaid')
    await ledger.post({ key: 'first', kind: 'top-up', account: 'a', amount: balance, nowMs: 0, detail: '{}' })
    return ledger
  }

  test('crashed and stopped under load, every admitted exchange is settled once and every refused one is free', async () => {
    const ledger = await ledgerWith(1e9)
    const { settled, refused, failures, stop } = load(ledger, 32)
    for (const mode of ['immediate', 'fast', 'immediate'] as const) {
      await Bun.sleep(300)
      await server.stop(mode)
      await Bun.sleep(300)
      await server.start()
    }
    await Bun.sleep(300)
    await stop()
    expect(failures).toEqual([])
    expect(settled.length).toBeGreaterThan(100)
    expect(refused.length).toBeGreaterThan(0)
    const [row] = await engine.call<{ count: number }>(
      "SELECT count(*) AS count FROM journal WHERE kind = 'settle' AND key = ANY ($1::text[])",
      [settled],
    )
    expect(row?.count).toBe(settled.length)
    // A hold that was written though its caller heard a failure is chased and released.
    await until(async () => (await ledger.balance('a')) === 1e9 - 7 * settled.length, 'stray holds are released')
    expect(await ledger.verify()).toEqual([])
  }, 40_000)

  test('hung, it is given up after its time, then at once, until it answers again', async () => {
    const ledger = await ledgerWith(1_000)
    expect(await ledger.hold({ id: 'before', account: 'a', amount: 1, leaseMs: 1 })).toBe(true)
    server.pause()
    try {
      const startMs = performance.now()
      const holds = Array.from({ length: 20 }, (_, at) => failureOf(ledger.hold({ id: `h${at}`, account: 'a', amount: 1, leaseMs: 1 })))
      for (const failure of await Promise.all(holds)) expect(failure).toBeInstanceOf(StoreDownError)
      expect(performance.now() - startMs).toBeLessThan(3_000)
      const againMs = performance.now()
      expect(await failureOf(Promise.resolve(ledger.balance('a')))).toBeInstanceOf(StoreDownError)
      expect(performance.now() - againMs).toBeLessThan(50)
      const settling = ledger.settle({ id: 'before', charge: 1, upstreamCost: 0, nowMs: 0, detail: '{}' })
      await Bun.sleep(500)
      server.resume()
      expect(await settling).toBe(true)
    } finally {
      server.resume()
    }
    await until(async () => (await ledger.balance('a')) === 999, 'stray holds are released')
    expect(await ledger.verify()).toEqual([])
  }, 40_000)

  test('rows of the log wait until it is back, and can be read meanwhile', async () => {
    await ledgerWith(0)
    const requests = requestRepository(engine)
    await server.stop('fast')
    const row = (id: string) => ({ id, keyId: 'k', startedMs: 1, outcome: 'ok', detail: '{"a":"\\u0000"}' })
    requests.append(row('req_1'))
    await Bun.sleep(400)
    requests.append(row('req_2'))
    expect(await requests.byId('req_1')).toEqual(row('req_1'))
    expect(await failureOf(Promise.resolve(requests.byId('req_unknown')))).toBeInstanceOf(StoreDownError)
    await server.start()
    const stored = engine.prepare<{ count: number }>('SELECT count(*) AS count FROM request')
    await until(async () => (await stored.get())?.count === 2, 'the rows are written')
  }, 40_000)

  test('listeners hear of the gap and of what comes after it', async () => {
    await ledgerWith(0)
    const heard: string[] = []
    engine.subscribe('x', { notice: (payload) => void heard.push(payload), gap: () => void heard.push('gap') })
    await until(() => heard.length === 1, 'it listens')
    await server.stop('immediate')
    await server.start()
    await until(() => heard.length === 2, 'it listens again')
    await engine.write([engine.notice('x', 'after')])
    await until(() => heard.length === 3, 'it hears')
    expect(heard).toEqual(['gap', 'gap', 'after'])
  }, 40_000)
})
