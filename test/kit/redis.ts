// A Redis or Valkey server for tests, from the binary of the machine, on a free port, nothing kept.

import { join } from 'node:path'
import { canGuard, freePort, serviceDirectory, signalTree, until } from './service.ts'

export interface RunningRedis {
  readonly url: string
  /** Ends the server; all that it held is gone. */
  stop(): Promise<void>
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>
  /** It stays connected and answers nothing. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

const binary = Bun.which('valkey-server') ?? Bun.which('redis-server') ?? undefined
export const hasRedis = binary !== undefined && canGuard

export async function startRedis(): Promise<RunningRedis> {
  if (binary === undefined) throw new Error('neither Valkey nor Redis is installed')
  const directory = serviceDirectory('redis', { pidFile: 'pid', signal: 'TERM' })
  const port = freePort()
  const url = `redis://127.0.0.1:${port}`
  const command = [
    binary,
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--pidfile',
    join(directory.path, 'pid'),
    '--dir',
    directory.path,
  ]
  let child: Bun.Subprocess | undefined

  async function answers(): Promise<boolean> {
    const client = new Bun.RedisClient(url, { connectionTimeout: 500, maxRetries: 0, autoReconnect: false, enableOfflineQueue: true })
    try {
      return (await client.send('PING', [])) === 'PONG'
    } catch {
      return false
    } finally {
      client.close()
    }
  }

  const running: RunningRedis = {
    url,
    async start() {
      child = Bun.spawn(command, { cwd: directory.path, stdout: 'ignore', stderr: 'ignore' })
      await until(answers, 'Redis starts')
    },
    async stop() {
      child?.kill('SIGKILL')
      await child?.exited
      child = undefined
    },
    pause: () => child && signalTree(child.pid, 'SIGSTOP'),
    resume: () => child && signalTree(child.pid, 'SIGCONT'),
    async close() {
      await running.stop()
      directory.remove()
    },
  }
  await running.start()
  return running
}

let shared: Promise<RunningRedis> | undefined

/** The one server of this test process, shared: use keys of your own. */
export function sharedRedis(): Promise<RunningRedis> {
  shared ??= startRedis()
  return shared
}
