// 1,000 requests at once on a balance that covers 100: exactly 100 run. The upstream holds its answers until all 1,000
// are decided. On SQLite with two workers, on PostgreSQL with two nodes.

import { describe, expect, test } from 'bun:test'
import { MASTER_KEY } from '../kit/admin-nodes.ts'
import { freshDatabase, hasPostgres } from '../kit/postgres.ts'
import { ask, type Customer, completion, oneCentConfig, prepaidCustomer } from '../kit/prepaid.ts'
import { hasRedis, sharedRedis } from '../kit/redis.ts'
import { until } from '../kit/service.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

const COVERED = 100
const REQUESTS = 1_000

interface HoldingUpstream {
  readonly url: string
  asked(): number
  /** Lets every answer go, those to come too. */
  release(): void
  stop(): void
}

function holdingUpstream(): HoldingUpstream {
  let asked = 0
  const released = Promise.withResolvers<void>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      await request.text()
      asked++
      await released.promise
      return Response.json(completion)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked: () => asked,
    release: () => released.resolve(),
    stop: () => void server.stop(true),
  }
}

async function spend(nodes: readonly Running[], customer: Customer, upstream: HoldingUpstream): Promise<void> {
  const statuses: number[] = []
  const requests = Array.from({ length: REQUESTS }, async (_, at) => {
    const node = nodes[at % nodes.length] as Running
    const response = await ask(node.url, customer.key)
    statuses.push(response.status)
    return response.json()
  })
  await until(() => upstream.asked() + statuses.length === REQUESTS, 'all are decided', 40_000)
  expect(upstream.asked()).toBe(COVERED)
  expect(statuses).toEqual(Array(REQUESTS - COVERED).fill(402))
  expect(await customer.balance()).toBe(0)
  upstream.release()
  await Promise.all(requests)
  expect(statuses.filter((status) => status === 200)).toHaveLength(COVERED)
  expect(upstream.asked()).toBe(COVERED)
  expect(await customer.balance()).toBe(0)
}

describe('a balance for 100', () => {
  test.skipIf(!hasRedis)('two workers on one SQLite file', async () => {
    const upstream = holdingUpstream()
    const environment = { SWITCHYARD_WORKERS: '2', REDIS_URL: (await sharedRedis()).url }
    const running = await startSwitchyard({ config: oneCentConfig(upstream.url), environment })
    try {
      await spend([running], await prepaidCustomer(running, COVERED), upstream)
    } finally {
      upstream.stop()
      await running.stop()
    }
  })

  test.skipIf(!hasPostgres || !hasRedis)('two nodes on PostgreSQL', async () => {
    const upstream = holdingUpstream()
    const environment = { DATABASE_URL: await freshDatabase(), REDIS_URL: (await sharedRedis()).url, SWITCHYARD_SECRET: MASTER_KEY }
    const options = { config: oneCentConfig(upstream.url), environment }
    const nodes = [await startSwitchyard(options), await startSwitchyard(options)]
    try {
      await spend(nodes, await prepaidCustomer(nodes[0] as Running, COVERED), upstream)
    } finally {
      upstream.stop()
      for (const node of nodes) await node.stop()
    }
  })
})
