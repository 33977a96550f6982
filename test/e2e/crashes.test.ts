// Whatever dies under load: an answer that a client received whole is on the ledger, no hold is left over, every sum is zero.

import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectStore, openStore, type Store } from '../../src/store/index.ts'
import { MASTER_KEY } from '../kit/admin-nodes.ts'
import { hasPostgres, startPostgres } from '../kit/postgres.ts'
import { completion, MODEL, oneCentConfig, PRICE_NANOS, prepaidCustomer } from '../kit/prepaid.ts'
import { hasRedis, startRedis } from '../kit/redis.ts'
import { freePort, until } from '../kit/service.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

const CLIENTS = 12
const CREDIT = 100_000

const delta = (content: object, finish: string | null): string =>
  `data: ${JSON.stringify({ ...completion, object: 'chat.completion.chunk', usage: undefined, choices: [{ index: 0, delta: content, finish_reason: finish }] })}\n\n`
const FRAMES = `${delta({ role: 'assistant', content: 'coun' }, null)}${delta({ content: 'ted' }, 'stop')}data: [DONE]\n\n`

function countingUpstream(): { readonly url: string; stop(): void } {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { stream } = (await request.json()) as { stream?: boolean }
      await Bun.sleep(Math.random() * 10)
      return stream ? new Response(FRAMES, { headers: { 'content-type': 'text/event-stream' } }) : Response.json(completion)
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) }
}

const post = (url: string, key: string, stream: boolean): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, max_tokens: 16, stream, messages: [{ role: 'user', content: 'count me' }] }),
  })

interface Load {
  /** Ids of exchanges whose answer arrived whole. */
  readonly whole: string[]
  readonly statuses: Map<number, number>
  /** Answers that began and did not arrive whole. */
  cut(): number
  stop(): Promise<void>
}

/** Clients that ask one thing after the other, every second one streamed, whoever of the nodes is there. */
function load(urls: readonly string[], key: string): Load {
  const whole: string[] = []
  const statuses = new Map<number, number>()
  let cut = 0
  let running = true
  async function one(url: string, stream: boolean): Promise<void> {
    const response = await post(url, key, stream)
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    const text = await response.text().catch(() => '')
    if (response.status !== 200) return
    const complete = stream ? text.trimEnd().endsWith('data: [DONE]') && !text.includes('"error"') : text.trimEnd().endsWith('}')
    if (complete) whole.push(response.headers.get('x-request-id') ?? '')
    else cut++
  }
  async function client(name: number): Promise<void> {
    for (let at = 0; running; at++) await one(urls[(name + at) % urls.length] as string, at % 2 === 1).catch(() => Bun.sleep(10))
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)))
  return {
    whole,
    statuses,
    cut: () => cut,
    async stop() {
      running = false
      await clients
    },
  }
}

/** What is on the books. */
interface Books {
  readonly settled: ReadonlySet<string>
  readonly holds: number
}

async function prove(store: Store, account: string, whole: readonly string[], books: Books): Promise<void> {
  expect(whole.filter((id) => !books.settled.has(id))).toEqual([])
  expect(books.holds).toBe(0)
  expect(await store.ledger.balance(account)).toBe(CREDIT * PRICE_NANOS - books.settled.size * PRICE_NANOS)
  expect(await store.ledger.verify()).toEqual([])
}

test('killed ten times under load, the ledger has every answer that arrived', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-crashes-'))
  const upstream = countingUpstream()
  const options = {
    dataDirectory: directory,
    config: oneCentConfig(upstream.url),
    environment: { SWITCHYARD_PORT: String(freePort()) },
  }
  let running = await startSwitchyard(options)
  const customer = await prepaidCustomer(running, CREDIT)
  const { whole, stop } = load([running.url], customer.key)
  for (let round = 0; round < 10; round++) {
    const before = whole.length
    await until(() => whole.length > before + 100, 'answers arrive')
    await running.stop('SIGKILL')
    running = await startSwitchyard(options)
  }
  await stop()
  expect(await running.stop()).toBe(0)
  upstream.stop()
  const file = join(directory, 'data/switchyard.sqlite')
  const store = openStore(file)
  const database = new Database(file, { readonly: true })
  const settled = database.query<{ key: string }, []>("SELECT key FROM journal WHERE kind = 'settle'").all()
  const holds = database.query<{ count: number }, []>('SELECT count(*) AS count FROM hold').get()?.count ?? -1
  database.close()
  await prove(store, customer.organisation, whole, { settled: new Set(settled.map(({ key }) => key)), holds })
  await store.close()
  rmSync(directory, { recursive: true })
}, 90_000)

test.skipIf(!hasPostgres)(
  'while PostgreSQL stays away, what cannot be billed ends in an error after ten seconds, streamed or not',
  async () => {
    const server = await startPostgres()
    const released = Promise.withResolvers<void>()
    let asked = 0
    const upstream = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      async fetch(request) {
        const { stream } = (await request.json()) as { stream?: boolean }
        asked++
        await released.promise
        return stream ? new Response(FRAMES, { headers: { 'content-type': 'text/event-stream' } }) : Response.json(completion)
      },
    })
    const environment = { DATABASE_URL: await server.freshDatabase(), SWITCHYARD_SECRET: MASTER_KEY }
    const running = await startSwitchyard({ config: oneCentConfig(`http://127.0.0.1:${upstream.port}`), environment })
    const customer = await prepaidCustomer(running, 10)
    const asking = [false, true].map(async (stream) => {
      const response = await post(running.url, customer.key, stream)
      return { status: response.status, text: await response.text() }
    })
    await until(() => asked === 2, 'both are under way')
    await server.stop('fast')
    const startMs = performance.now()
    released.resolve()
    const [unary, streamed] = await Promise.all(asking)
    expect(performance.now() - startMs).toBeGreaterThan(9_000)
    expect(performance.now() - startMs).toBeLessThan(15_000)
    expect(unary).toMatchObject({ status: 503, text: expect.stringContaining('cannot reach its storage') })
    expect(streamed?.text).toContain('cannot reach its storage')
    expect(streamed?.text).not.toContain('[DONE]')
    await server.start()
    expect(await running.stop()).toBe(0)
    upstream.stop(true)
    await server.close()
  },
  60_000,
)

describe.skipIf(!hasPostgres || !hasRedis)('two nodes', () => {
  test('PostgreSQL and Redis stopped and started under load: nothing is lost, and nothing is answered unbilled', async () => {
    const upstream = countingUpstream()
    const server = await startPostgres()
    const redis = await startRedis()
    const database = await server.freshDatabase()
    const environment = { DATABASE_URL: database, REDIS_URL: redis.url, SWITCHYARD_SECRET: MASTER_KEY }
    const options = { config: oneCentConfig(upstream.url), environment }
    const nodes: Running[] = [await startSwitchyard(options), await startSwitchyard(options)]
    const customer = await prepaidCustomer(nodes[0] as Running, CREDIT)
    const running = load(
      nodes.map(({ url }) => url),
      customer.key,
    )
    const { whole, statuses } = running
    const more = async (count: number): Promise<void> => {
      const before = whole.length
      await until(() => whole.length > before + count, 'answers arrive')
    }
    await more(100)
    await server.stop('immediate')
    await Bun.sleep(400)
    await server.start()
    await more(100)
    await redis.stop()
    await more(100)
    await server.stop('fast')
    await Bun.sleep(400)
    await server.start()
    await redis.start()
    await more(100)
    await running.stop()
    expect([...statuses.keys()].sort()).toEqual([200, 503])
    expect(running.cut()).toBe(0)

    const store = await connectStore(database)
    const sql = new Bun.SQL(database, { max: 1 })
    const holds = async (): Promise<number> => Number((await sql.unsafe('SELECT count(*) AS count FROM hold'))[0]?.count)
    // Those of requests that were refused while the server died are chased and released.
    await until(async () => (await holds()) === 0, 'no hold is left')
    const settled: { key: string }[] = await sql.unsafe("SELECT key FROM journal WHERE kind = 'settle'")
    await prove(store, customer.organisation, whole, { settled: new Set(settled.map(({ key }) => key)), holds: await holds() })
    await sql.close()
    await store.close()
    for (const node of nodes) expect(await node.stop()).toBe(0)
    upstream.stop()
    await redis.close()
    await server.close()
  }, 90_000)
})
