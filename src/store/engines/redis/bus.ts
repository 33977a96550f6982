// The message bus over Redis publish/subscribe. A subscription can die without a word, so the bus sends itself an echo all
// the time: without it the bus is not live, the connection is made anew, and subscribers are told of the gap.

import { type MessageBus, subscribers } from '../../../lib/message-bus.ts'
import { CLIENT_OPTIONS, type Connection } from './connection.ts'

export interface BusOptions {
  readonly url: string
  readonly prefix: string
  /** Of this process: its own messages come back and are known by it. */
  readonly nodeId: string
  /** Pause between two echoes; after three without an answer the bus is not live. */
  readonly echoMs: number
  readonly onFailure: (cause: unknown) => void
}

export interface RedisBus extends MessageBus {
  close(): void
}

export function openBus(connection: Connection, { url, prefix, nodeId, echoMs, onFailure }: BusOptions): RedisBus {
  const own = subscribers(onFailure)
  const gapHandlers = new Set<() => void>()
  const shared = `${prefix}bus`
  const echo = `${prefix}bus:${nodeId}`
  let live = false
  let first = true
  let missed = 0
  let client = connect()

  function receive(text: string): void {
    const message = parsed(text)
    if (message !== undefined && message[0] !== nodeId) own.deliver(message[1], message[2])
  }

  function heard(): void {
    missed = 0
    if (live) return
    live = true
    const gap = !first
    first = false
    if (!gap) return
    for (const handler of gapHandlers) {
      try {
        handler()
      } catch (cause) {
        onFailure(cause)
      }
    }
  }

  function connect(): Bun.RedisClient {
    const fresh = new Bun.RedisClient(url, CLIENT_OPTIONS)
    let before = false
    fresh.onconnect = () => {
      live = false
      // A subscription made before the handler has returned is lost; one of the connection before would deliver twice.
      setTimeout(async () => {
        try {
          if (before) await Promise.all([fresh.unsubscribe(shared, receive), fresh.unsubscribe(echo, heard)])
          before = true
          await fresh.subscribe(shared, receive)
          await fresh.subscribe(echo, heard)
          beat()
        } catch {
          // The echo stays away, and the connection is made anew.
        }
      }, 0)
    }
    fresh.connect().catch(() => {})
    return fresh
  }

  const beat = (): void => void connection.send('PUBLISH', [echo, '']).catch(() => {})

  const timer = setInterval(() => {
    missed += 1
    if (missed > 3) {
      live = false
      // Not while the server is away: the client reconnects by itself, and only a deaf one needs replacing.
      if (connection.up && missed % 4 === 0) {
        client.close()
        client = connect()
      }
    }
    beat()
  }, echoMs)

  connection.onChange((up) => {
    if (!up) live = false
  })

  return {
    get live() {
      return live && connection.up
    },
    async publish(topic, message) {
      own.deliver(topic, message)
      try {
        await connection.send('PUBLISH', [shared, JSON.stringify([nodeId, topic, message])])
        return true
      } catch {
        return false
      }
    },
    subscribe: (topic, handler) => own.add(topic, handler),
    onGap(handler) {
      const entry = (): void => handler()
      gapHandlers.add(entry)
      return () => void gapHandlers.delete(entry)
    },
    close() {
      clearInterval(timer)
      live = false
      client.close()
    },
  }
}

/** Whatever else shares the server may write here too. */
function parsed(text: string): [origin: string, topic: string, message: string] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value) || value.length !== 3) return undefined
    const [origin, topic, message] = value as unknown[]
    return typeof origin === 'string' && typeof topic === 'string' && typeof message === 'string' ? [origin, topic, message] : undefined
  } catch {
    return undefined
  }
}
