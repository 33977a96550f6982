// Limits on channels and models under parallel load, counted by the upstream itself: never more at once than the limit says,
// for whole answers and for streams, through one process and through two that share Redis.

import { describe, expect, test } from 'bun:test'
import { type CountingUpstream, countingUpstream } from '../kit/counting.ts'
import { doorOf, knock, type Reply } from '../kit/doors.ts'
import { hasRedis, sharedRedis } from '../kit/redis.ts'
import { until } from '../kit/service.ts'
import { type Running, type StartOptions, startSwitchyard } from '../kit/switchyard.ts'

const channel = (name: string, upstream: CountingUpstream, rest: string): string =>
  `  - { name: ${name}, provider: openai-compatible, credential: k, models: [m], base_url: "${upstream.url}/v1", ${rest} }`
const fileOf = (...channels: string[]): string =>
  ['local_servers: false', 'sandbox: off', 'prices: [{ model: m, free: true }]', 'log: { level: warn }', 'channels:', ...channels].join(
    '\n',
  )

async function withProgram(options: StartOptions, upstreams: readonly CountingUpstream[], work: (running: Running) => Promise<void>) {
  const running = await startSwitchyard(options)
  try {
    await work(running)
  } finally {
    for (const upstream of upstreams) upstream.stop()
    await running.stop()
  }
}

const atOnce = (running: Running, count: number, stream = false): Promise<Reply>[] =>
  Array.from({ length: count }, () => doorOf(running)('chat', 'm', { stream }))
const countOf = (replies: readonly Reply[], status: number): number => replies.filter((reply) => reply.status === status).length

/** Asks again while it is told to wait, as SDKs do. */
async function patiently(running: Running, stream: boolean): Promise<Reply> {
  for (;;) {
    const reply = await doorOf(running)('chat', 'm', { stream })
    if (reply.status !== 429) return reply
    expect(reply.headers.get('retry-after')).toBe('1')
    await Bun.sleep(20 + Math.random() * 30)
  }
}

describe.each([false, true])('streamed: %p', (stream) => {
  test('50 at once on a channel for 5: all are served, never more than 5 together', async () => {
    const upstream = countingUpstream(15)
    await withProgram({ config: fileOf(channel('five', upstream, 'limits: { concurrency: 5 }')) }, [upstream], async (running) => {
      const replies = await Promise.all(Array.from({ length: 50 }, () => patiently(running, stream)))
      expect(countOf(replies, 200)).toBe(50)
      expect(replies.every(({ text }) => text.includes('counted'))).toBeTrue()
      expect(upstream.asked()).toBe(50)
      expect(upstream.most()).toBe(5)
    })
  }, 30_000)

  test('two channels share the load, each up to its own limit, and the rest is told to wait', async () => {
    const [five, three] = [countingUpstream(), countingUpstream()]
    const config = fileOf(channel('five', five, 'limits: { concurrency: 5 }'), channel('three', three, 'limits: { concurrency: 3 }'))
    await withProgram({ config }, [five, three], async (running) => {
      const asked = atOnce(running, 50, stream)
      let refused = 0
      for (const each of asked) void each.then(({ status }) => void (refused += status === 429 ? 1 : 0))
      await until(() => refused === 42, 'all are decided')
      expect([five.running(), three.running()]).toEqual([5, 3])
      five.release()
      three.release()
      const replies = await Promise.all(asked)
      expect(countOf(replies, 200)).toBe(8)
      expect([five.asked(), three.asked()]).toEqual([5, 3])
      // Nobody cools down because it was full, and every place is free again.
      expect(countOf(await Promise.all(atOnce(running, 8, stream)), 200)).toBe(8)
      expect([five.asked(), three.asked()]).toEqual([10, 6])
    })
  }, 30_000)
})

test('a client that leaves gives its place back', async () => {
  const upstream = countingUpstream()
  await withProgram({ config: fileOf(channel('one', upstream, 'limits: { concurrency: 1 }')) }, [upstream], async (running) => {
    for (const stream of [true, false]) {
      const leaving = new AbortController()
      const asked = knock(running, { door: 'chat', model: 'm', options: { stream, signal: leaving.signal } }).catch(() => undefined)
      await until(() => upstream.running() === 1, 'it runs')
      expect((await doorOf(running)('chat', 'm')).status).toBe(429)
      leaving.abort()
      await asked
      await until(() => upstream.running() === 0, 'the upstream is stopped')
    }
    upstream.release()
    expect((await doorOf(running)('chat', 'm')).status).toBe(200)
  })
})

test('clients that leave at any moment leave no place taken', async () => {
  const upstream = countingUpstream(5)
  await withProgram({ config: fileOf(channel('four', upstream, 'limits: { concurrency: 4 }')) }, [upstream], async (running) => {
    for (let round = 0; round < 15; round++) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, at) => {
          const leaving = new AbortController()
          setTimeout(() => leaving.abort(), (round + at) % 14)
          const options = { stream: at % 2 === 0, signal: leaving.signal }
          await knock(running, { door: 'chat', model: 'm', options })
            .then((response) => response.text())
            .catch(() => '')
        }),
      )
    }
    await Bun.sleep(100)
    expect(countOf(await Promise.all(atOnce(running, 4)), 200)).toBe(4)
  })
}, 30_000)

test('a limit on a model counts all its channels and all names it covers', async () => {
  const [one, two] = [countingUpstream(), countingUpstream()]
  const names = (upstream: CountingUpstream, name: string): string => channel(name, upstream, '').replace('[m]', '[m, m-2]')
  const config = `${fileOf(names(one, 'one'), names(two, 'two'))}
model_limits: [{ model: "m*", concurrency: 4 }, { model: m-2, concurrency: 1 }]`.replace(
    'free: true }]',
    'free: true }, { model: m-2, free: true }]',
  )
  await withProgram({ config }, [one, two], async (running) => {
    const asked = [...atOnce(running, 1), ...Array.from({ length: 3 }, () => doorOf(running)('messages', 'm-2'))]
    let refused = 0
    for (const each of asked) void each.then(({ status }) => void (refused += status === 429 ? 1 : 0))
    await until(() => refused === 2 && one.running() + two.running() === 2, 'the second name has one place')
    const more = atOnce(running, 20)
    for (const each of more) void each.then(({ status }) => void (refused += status === 429 ? 1 : 0))
    await until(() => refused === 20, 'the rest is decided')
    expect(one.running() + two.running()).toBe(4)
    one.release()
    two.release()
    const replies = await Promise.all([...asked, ...more])
    expect(countOf(replies, 200)).toBe(4)
    expect(replies.find(({ status }) => status === 429)?.text).toContain('this model')
  })
}, 30_000)

test.skipIf(!hasRedis)(
  'two workers that share Redis keep one limit together',
  async () => {
    const upstream = countingUpstream()
    const environment = { SWITCHYARD_WORKERS: '2', REDIS_URL: (await sharedRedis()).url }
    const config = fileOf(channel('five', upstream, 'limits: { concurrency: 5 }'))
    await withProgram({ config, environment }, [upstream], async (running) => {
      const asked = atOnce(running, 50)
      let refused = 0
      for (const each of asked) void each.then(({ status }) => void (refused += status === 429 ? 1 : 0))
      await until(() => refused === 45, 'all are decided')
      expect(upstream.running()).toBe(5)
      upstream.release()
      expect(countOf(await Promise.all(asked), 200)).toBe(5)
      expect(upstream.most()).toBe(5)
    })
  },
  60_000,
)
