// Several processes on one Redis or Valkey server: exact together, each its share while the server is away, together again
// when it is back; and what travels between them. Each test has nodes of its own on a real server that it may kill or freeze.

import { afterEach, describe, expect, test } from 'bun:test'
import {
  concurrencyRule,
  type LimitRule,
  type Limits,
  quotaRule,
  rateRule,
  SharedLimits,
  type SharedOptions,
  sharedCooldowns,
  type Taken,
} from '../../src/limits/index.ts'
import { cooldowns } from '../../src/routing/index.ts'
import { type Redis, RedisDown, type RedisOptions } from '../../src/store/index.ts'
import { connectNode, hasRedis, type RedisServer, startRedis, until } from '../kit/redis-server.ts'

const whose = (limit: number) => ({ scope: 'key', subject: 'it', limit }) as const

let server: RedisServer
const closing: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Node {
  readonly redis: Redis
  readonly limits: SharedLimits
}

async function start(count: number, options: SharedOptions = {}, own: Partial<RedisOptions> = {}): Promise<Node[]> {
  server = await startRedis()
  closing.push(() => server.stop())
  const nodes: Node[] = []
  for (let at = 0; at < count; at++) nodes.push(await join(options, own))
  await until(() => nodes.every(({ redis }) => redis.nodes.count === count), 'every node knows of the others')
  return nodes
}

async function join(options: SharedOptions = {}, own: Partial<RedisOptions> = {}): Promise<Node> {
  const redis = await connectNode(server, own)
  const limits = new SharedLimits(redis, { leaseMs: 900, ...options })
  closing.push(async () => {
    await limits.close()
    await redis.close()
  })
  return { redis, limits }
}

const take = (limits: Limits, rules: LimitRule[], amounts: { tokens?: number; nanos?: number } = {}) =>
  limits.take({ nowMs: Date.now(), rules, ...amounts })

async function takeMany(nodes: readonly Node[], rule: LimitRule, count: number): Promise<Taken[]> {
  const asked = Array.from({ length: count }, (_, index) =>
    take((nodes[index % nodes.length] as Node).limits, [rule], { tokens: 1, nanos: 1 }),
  )
  return await Promise.all(asked)
}

const admitted = (taken: readonly Taken[]): number => taken.filter(({ refused }) => !refused).length
const remaining = async ({ limits }: Node, rule: LimitRule) => (await limits.standings([rule], Date.now()))[0]?.remaining

async function outage(nodes: readonly Node[]): Promise<void> {
  await server.kill()
  await until(() => nodes.every(({ redis }) => !redis.up), 'every node has noticed')
}

async function recovery(nodes: readonly Node[]): Promise<void> {
  await server.start()
  await until(() => nodes.every(({ redis }) => redis.up), 'every node is back')
}

describe.skipIf(!hasRedis)('limits of several processes', () => {
  for (const rule of [
    rateRule('requests', whose(50)),
    rateRule('tokens', whose(50)),
    concurrencyRule(whose(50)),
    quotaRule(whose(50), 'month'),
  ]) {
    test(`${rule.kind}: 200 at once by four connections on a limit of 50, exactly 50`, async () => {
      const nodes = await start(4)
      expect(admitted(await takeMany(nodes, rule, 200))).toBe(50)
    })

    test(`${rule.kind}: without the server the shares add up to the limit`, async () => {
      const nodes = await start(3)
      await outage(nodes)
      expect(admitted(await takeMany(nodes, rule, 300))).toBe(50)
    })
  }

  test('the server’s clock counts, whatever the processes’ own say', async () => {
    const [early, late] = (await start(2)) as [Node, Node]
    const rule = rateRule('requests', whose(2))
    const at = (limits: Limits, aheadMs: number) => limits.take({ nowMs: Date.now() + aheadMs, rules: [rule] })
    expect((await at(early.limits, -7_200_000)).refused).toBeFalse()
    expect((await at(late.limits, 7_200_000)).refused).toBeFalse()
    expect((await at(early.limits, 0)).refused).toBeTrue()
    expect((await at(late.limits, 0)).refused).toBeTrue()
  })

  test('a server that has forgotten the scripts is taught them again', async () => {
    const [node] = (await start(1)) as [Node]
    const rule = rateRule('requests', whose(2))
    expect((await take(node.limits, [rule])).refused).toBeFalse()
    await server.ask('SCRIPT', 'FLUSH')
    expect((await take(node.limits, [rule])).refused).toBeFalse()
    expect((await take(node.limits, [rule])).refused).toBeTrue()
    expect(node.redis.up).toBeTrue()
  })

  test('all keys carry one hash tag and expire', async () => {
    const [node] = (await start(1)) as [Node]
    const rules = [rateRule('requests', whose(5)), concurrencyRule(whose(5)), quotaRule(whose(50), 'day'), quotaRule(whose(50), 'total')]
    const taken = await take(node.limits, rules, { nanos: 5 })
    if (!taken.refused) taken.settle({ nowMs: Date.now(), nanos: 3 })
    await take(node.limits, rules, { nanos: 5 })
    const keys = (await server.ask('KEYS', '*')) as string[]
    expect(keys.length).toBeGreaterThan(5)
    for (const key of keys) {
      expect(key).toStartWith('{switchyard}:')
      expect(await server.ask('PTTL', key)).toBeGreaterThan(0)
    }
  })

  test('what a dead process held comes back, what a living one holds does not', async () => {
    const [dead, living] = (await start(2)) as [Node, Node]
    const rule = concurrencyRule(whose(2))
    const own = await take(living.limits, [rule])
    await take(dead.limits, [rule])
    expect((await take(living.limits, [rule])).refused).toBeTrue()
    // It dies without a word: no renewal, no release.
    Object.defineProperty(dead.redis, 'run', { value: () => Promise.reject(new RedisDown('dead')) })
    await until(async () => (await remaining(living, rule)) === 1, 'the lease has run out')
    await Bun.sleep(1_000)
    expect(await remaining(living, rule)).toBe(1)
    if (!own.refused) own.release()
    await until(async () => (await remaining(living, rule)) === 2, 'the living one has ended its own')
  })

  test('killed and started under load: at most the limit before, its shares after, nobody waits', async () => {
    const nodes = await start(2)
    const rule = rateRule('requests', whose(40))
    expect(admitted(await takeMany(nodes, rule, 20))).toBe(20)
    const underWay = takeMany(nodes, rule, 200)
    await server.kill()
    const startedMs = performance.now()
    const more = admitted(await underWay)
    expect(performance.now() - startedMs).toBeLessThan(500)
    // Ten of each node's share of twenty were used before.
    expect(more).toBeLessThanOrEqual(40)
    expect(admitted(await takeMany(nodes, rule, 100)) + more).toBeLessThanOrEqual(40)
    await recovery(nodes)
    expect(admitted(await takeMany(nodes, rule, 200))).toBe(40)
  })

  test('a server that falls silent costs one deadline, then nothing', async () => {
    const [node] = (await start(1, {}, { deadlineMs: 50 })) as [Node]
    const rule = rateRule('requests', whose(1_000))
    await take(node.limits, [rule])
    server.freeze()
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: 20 }, () => take(node.limits, [rule])))
    expect(performance.now() - startedMs).toBeWithin(45, 250)
    expect(node.redis.up).toBeFalse()
    // Counted here: not even a promise.
    expect(take(node.limits, [rule])).not.toBeInstanceOf(Promise)
    server.thaw()
    await until(() => node.redis.up, 'it is back')
    expect(await remaining(node, rule)).toBeLessThan(1_000)
  })

  test('slots that outlive an outage are known again, and end', async () => {
    const [first, second] = (await start(2)) as [Node, Node]
    const rule = concurrencyRule(whose(4))
    const kept = await take(first.limits, [rule])
    const ended = await take(first.limits, [rule])
    await outage([first, second])
    if (!ended.refused) ended.release()
    await recovery([first, second])
    await until(async () => (await remaining(second, rule)) === 3, 'the slot that is kept counts again')
    if (!kept.refused) kept.release()
    await until(async () => (await remaining(second, rule)) === 4, 'it has ended')
  })

  test('money that is spent without the server is told to it once it is back', async () => {
    const nodes = await start(2, { spentNanos: () => 100 })
    const [first, second] = nodes as [Node, Node]
    const rule = quotaRule(whose(1_000), 'day')
    const before = await take(first.limits, [rule], { nanos: 200 })
    server.freeze()
    const during = await take(first.limits, [rule], { nanos: 300 })
    // Half of what was left when the first node last asked.
    expect((await take(first.limits, [rule], { nanos: 51 })).refused).toBeTrue()
    for (const taken of [before, during]) if (!taken.refused) taken.settle({ nowMs: Date.now(), nanos: 250 })
    server.thaw()
    await until(async () => (await remaining(second, rule)) === 400, 'both are told')
    await Bun.sleep(500)
    expect(await remaining(second, rule)).toBe(400)
  })

  test('a quota that the server has lost begins again where the ledger says', async () => {
    let spent = 100
    const [node] = (await start(1, { spentNanos: async () => spent })) as [Node]
    const rule = quotaRule(whose(1_000), 'day')
    expect(await remaining(node, rule)).toBe(900)
    spent = 600
    await outage([node])
    await recovery([node])
    expect(await remaining(node, rule)).toBe(400)
  })

  test('a server that refuses to write is no server', async () => {
    const failures: unknown[] = []
    const [node] = (await start(1, { onFailure: (cause) => failures.push(cause) })) as [Node]
    await server.ask('CONFIG', 'SET', 'maxmemory', '1')
    const rule = rateRule('requests', whose(2))
    expect(admitted(await Promise.all([1, 2, 3].map(() => take(node.limits, [rule]))))).toBe(2)
    expect(String(failures[0])).toContain('OOM')
  })

  test('credentials that are refused for a while are tried again', async () => {
    const [node] = (await start(1)) as [Node]
    await server.ask('CONFIG', 'SET', 'requirepass', 'sesame')
    const insider = new Bun.RedisClient(server.url.replace('//', '//:sesame@'))
    await insider.connect()
    await insider.send('CLIENT', ['KILL', 'TYPE', 'pubsub'])
    await insider.send('CLIENT', ['KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await until(() => !node.redis.up, 'it is refused')
    await Bun.sleep(300)
    await insider.send('CONFIG', ['SET', 'requirepass', ''])
    await until(() => node.redis.up && node.redis.bus.live, 'it is back, messages too')
    insider.close()
  })

  test('the registry counts the living', async () => {
    const [first] = (await start(2)) as [Node]
    const third = await join()
    await until(() => first.redis.nodes.count === 3, 'the third is known')
    await third.redis.close()
    await until(() => first.redis.nodes.count === 2, 'it is gone')
  })
})

describe.skipIf(!hasRedis)('messages between processes', () => {
  test('each subscriber hears each message once, the sender’s own at once', async () => {
    const [first, second] = (await start(2)) as [Node, Node]
    const heard: string[] = []
    first.redis.bus.subscribe('revoked', (message) => heard.push(`first ${message}`))
    const end = second.redis.bus.subscribe('revoked', (message) => heard.push(`second ${message}`))
    second.redis.bus.subscribe('other', () => heard.push('other'))
    await until(() => first.redis.bus.live && second.redis.bus.live, 'both listen')
    const sending = first.redis.bus.publish('revoked', 'κλειδί "1"')
    expect(heard).toEqual(['first κλειδί "1"'])
    expect(await sending).toBeTrue()
    await until(() => heard.length === 2, 'the other hears it', 1_000)
    end()
    await first.redis.bus.publish('revoked', '2')
    await Bun.sleep(50)
    expect(heard).toEqual(['first κλειδί "1"', 'second κλειδί "1"', 'first 2'])
  })

  test('garbage on the channel and a subscriber that throws disturb nobody', async () => {
    const failures: unknown[] = []
    const [node] = (await start(1, {}, { onFailure: (cause) => failures.push(cause) })) as [Node]
    await until(() => node.redis.bus.live, 'it listens')
    const heard: string[] = []
    node.redis.bus.subscribe('a', () => {
      throw new Error('mine')
    })
    node.redis.bus.subscribe('a', (message) => heard.push(message))
    for (const garbage of ['', 'null', '[]', '[1,2,3]', '{"a":1}', '["x","a"]']) await server.ask('PUBLISH', '{switchyard}:bus', garbage)
    await server.ask('PUBLISH', '{switchyard}:bus', '["another","a","hello"]')
    await until(() => heard.length === 1, 'the good one is heard')
    expect(heard).toEqual(['hello'])
    expect(failures.map(String)).toEqual(['Error: mine'])
  })

  for (const [name, harm, mend] of [
    ['killed and started', () => server.kill(), () => server.start()],
    ['frozen and thawed', async () => server.freeze(), async () => server.thaw()],
  ] as const) {
    test(`server ${name}: not live, then a gap is told and messages come again, once`, async () => {
      const [first, second] = (await start(2)) as [Node, Node]
      await until(() => first.redis.bus.live && second.redis.bus.live, 'both listen')
      const heard: string[] = []
      let gaps = 0
      second.redis.bus.subscribe('a', (message) => heard.push(message))
      second.redis.bus.onGap(() => gaps++)
      await harm()
      await until(() => !first.redis.bus.live && !second.redis.bus.live, 'both have noticed', 1_000)
      expect(await first.redis.bus.publish('a', 'lost')).toBeFalse()
      await mend()
      await until(() => first.redis.bus.live && second.redis.bus.live, 'both listen again')
      await until(() => gaps > 0, 'the gap is told')
      heard.length = 0
      expect(await first.redis.bus.publish('a', 'again')).toBeTrue()
      await until(() => heard.length > 0, 'it is heard')
      await Bun.sleep(50)
      expect(heard).toEqual(['again'])
    })
  }

  test('a listening connection that is cut by itself is noticed', async () => {
    const [first, second] = (await start(2)) as [Node, Node]
    await until(() => first.redis.bus.live && second.redis.bus.live, 'both listen')
    const heard: string[] = []
    second.redis.bus.subscribe('a', (message) => heard.push(message))
    await server.ask('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until(async () => {
      await first.redis.bus.publish('a', 'x')
      return heard.length > 0
    }, 'messages come again')
    await Bun.sleep(50)
    heard.length = 0
    await first.redis.bus.publish('a', 'once')
    await Bun.sleep(100)
    expect(heard).toEqual(['once'])
  })

  test('a channel that fails in one process rests in all, and is back in all', async () => {
    const nodes = await start(2)
    await until(() => nodes.every(({ redis }) => redis.bus.live), 'both listen')
    const [first, second] = nodes.map(({ redis }) => sharedCooldowns(cooldowns(), redis.bus, Date.now))
    first?.fail('ch_1', Date.now(), 30_000)
    await until(() => second?.active('ch_1', Date.now() + 20_000) === true, 'the other knows', 1_000)
    expect(first?.active('ch_1', Date.now() + 20_000)).toBeTrue()
    second?.succeed('ch_1')
    await until(() => first?.active('ch_1', Date.now()) === false, 'it is back', 1_000)
    first?.close()
    second?.close()
  })
})
