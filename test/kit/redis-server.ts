// A real Redis or Valkey server of the machine, on a free port, that a test may stop, freeze and start again. Machines
// without one skip aloud.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../../src/lib/secret.ts'
import { openRedis, type Redis, type RedisOptions } from '../../src/store/index.ts'

const PROGRAM = Bun.which('valkey-server') ?? Bun.which('redis-server')

export const hasRedis = PROGRAM !== null

export interface RedisServer {
  readonly url: string
  /** Ends it as `kill -9` does: what it knew is gone. */
  kill(): Promise<void>
  start(): Promise<void>
  freeze(): void
  thaw(): void
  /** One command by a connection of the test's own. */
  ask(command: string, ...args: string[]): Promise<unknown>
  stop(): Promise<void>
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

export async function startRedis(): Promise<RedisServer> {
  if (PROGRAM === null) throw new Error('no redis-server or valkey-server on this machine')
  const port = freePort()
  const url = `redis://127.0.0.1:${port}`
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  let child: Bun.Subprocess | undefined

  async function start(): Promise<void> {
    child = Bun.spawn(
      [PROGRAM as string, '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--loglevel', 'warning'],
      { stdout: 'ignore', stderr: 'ignore', cwd: folder },
    )
    for (let tries = 0; tries < 200; tries++) {
      if (await answers()) return
      await Bun.sleep(10)
    }
    throw new Error('the Redis server does not answer')
  }

  async function answers(): Promise<boolean> {
    try {
      return (await ask('PING')) === 'PONG'
    } catch {
      return false
    }
  }

  async function ask(command: string, ...args: string[]): Promise<unknown> {
    const client = new Bun.RedisClient(url, { connectionTimeout: 500, maxRetries: 0 })
    try {
      await client.connect()
      return await client.send(command, args)
    } finally {
      client.close()
    }
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL')
    await child?.exited
    child = undefined
  }

  await start()
  return {
    url,
    start,
    kill,
    ask,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

let nodes = 0

/** A process of the installation, as far as Redis can tell; ready. */
export async function connectNode(server: RedisServer, options: Partial<RedisOptions> = {}): Promise<Redis> {
  const redis = openRedis({
    url: new Secret(server.url),
    nodeId: `node${++nodes}`,
    heartbeatMs: 200,
    echoMs: 100,
    deadlineMs: 500,
    ...options,
  })
  await redis.ready(2_000)
  if (!redis.up) throw new Error('Redis did not come up')
  return redis
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, limitMs = 5_000): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`still not: ${what}`)
    await Bun.sleep(10)
  }
}
