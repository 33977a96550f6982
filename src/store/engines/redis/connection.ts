// One connection to Redis or Valkey that never keeps a caller waiting: a command that is not answered within the deadline
// opens the circuit, everything under way and everything after fails at once, and a probe closes it again. Here too:
// scripts by their hash. What the scripts do is their rooms' own business.

import { createHash } from 'node:crypto'

/** The server could not be asked, or did not answer in time: whether the command ran is then unknown. */
export class RedisDown extends Error {
  override readonly name = 'RedisDown'
}

/** A Lua script with the hash that EVALSHA calls it by. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

export const redisScript = (text: string): RedisScript => ({ text, sha: createHash('sha1').update(text).digest('hex') })

export interface ConnectionOptions {
  readonly url: string
  /** Longest wait for one answer. */
  readonly deadlineMs: number
  /** Pause between two probes while the circuit is open. */
  readonly probeMs: number
}

export interface Connection {
  readonly up: boolean
  /** @throws RedisDown within the deadline; the server's own error as it came. */
  send(command: string, args: string[]): Promise<unknown>
  /** Runs a script, which the server may have forgotten. @throws as `send`. */
  run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /** Called after every change of `up`. */
  onChange(handler: (up: boolean) => void): void
  close(): void
}

/** A timer that comes later than this says that the event loop stood still. */
const OWN_DELAY_MS = 10
const GRACE_MS = 20
/** A client reconnects by itself, but not for ever: one that was refused stays dead. */
const PROBES_PER_CLIENT = 10
const DOWN = 'Redis is not available'

/** Without an offline queue commands fail at once, and the client goes on reconnecting for good. */
export const CLIENT_OPTIONS = { enableOfflineQueue: false, connectionTimeout: 300, maxRetries: 1e9 } as const

export function openConnection({ url, deadlineMs, probeMs }: ConnectionOptions): Connection {
  const handlers: ((up: boolean) => void)[] = []
  const underWay = new Set<(cause: Error) => void>()
  let up = false
  let closed = false
  let probe: ReturnType<typeof setTimeout> | undefined
  let probes = 0
  let client = connect()

  function connect(): Bun.RedisClient {
    const fresh = new Bun.RedisClient(url, CLIENT_OPTIONS)
    fresh.onconnect = () => {
      if (!up) lookAgain()
    }
    // Rejects when closed, or when the server refuses: then this client is dead, and a probe makes another.
    fresh.connect().catch(() => {})
    return fresh
  }

  function change(next: boolean): void {
    if (up === next) return
    up = next
    for (const handler of handlers) handler(next)
  }

  function trip(): void {
    change(false)
    const waiting = [...underWay]
    underWay.clear()
    for (const reject of waiting) reject(new RedisDown(DOWN))
    if (!closed) probe ??= setTimeout(lookAgain, probeMs)
  }

  /** One answer with its deadline, whatever the circuit says. */
  function ask(command: string, args: string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const askedMs = performance.now()
      const expire = (): void => {
        // When it was this process that stood still, the answer lies unread in the socket, or the question unsent.
        if (performance.now() - askedMs > deadlineMs + OWN_DELAY_MS) late = setTimeout(trip, GRACE_MS)
        else trip()
      }
      let late = setTimeout(expire, deadlineMs)
      // What comes after the circuit has opened for it says nothing about the server of now.
      const inTime = (): boolean => {
        clearTimeout(late)
        return underWay.delete(reject)
      }
      underWay.add(reject)
      client.send(command, args).then(
        (value) => {
          if (inTime()) resolve(value)
        },
        (cause: unknown) => {
          if (!inTime()) return
          const own = isServerError(cause)
          reject(own ? cause : new RedisDown(DOWN, { cause }))
          if (!own) trip()
        },
      )
    })
  }

  function lookAgain(): void {
    clearTimeout(probe)
    probe = undefined
    if (closed) return
    if (!client.connected && ++probes % PROBES_PER_CLIENT === 0) {
      client.close()
      client = connect()
    }
    ask('PING', []).then(
      () => change(true),
      (cause: unknown) => {
        // A server that is still loading its data answers too, but not what it is asked.
        if (!(cause instanceof RedisDown) && !closed) probe ??= setTimeout(lookAgain, probeMs)
      },
    )
  }

  const send: Connection['send'] = (command, args) => (up ? ask(command, args) : Promise.reject(new RedisDown(DOWN)))

  probe = setTimeout(lookAgain, probeMs)

  return {
    get up() {
      return up
    },
    send,
    async run(script, keys, args) {
      const rest = [String(keys.length), ...keys, ...args]
      try {
        return await send('EVALSHA', [script.sha, ...rest])
      } catch (cause) {
        if (!(cause instanceof Error && cause.message.startsWith('NOSCRIPT'))) throw cause
        return await send('EVAL', [script.text, ...rest])
      }
    },
    onChange: (handler) => void handlers.push(handler),
    close() {
      closed = true
      clearTimeout(probe)
      trip()
      client.close()
    },
  }
}

/** An answer of the server, though a refusing one. A server that is going away or coming up is as good as none. */
function isServerError(cause: unknown): boolean {
  if (!(cause instanceof Error) || (cause as { code?: unknown }).code !== 'ERR_REDIS_SERVER_ERROR') return false
  return !/^(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|BUSY)/.test(cause.message)
}
