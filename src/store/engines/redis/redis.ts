// What processes share beyond the database: scripts on Redis or Valkey, messages between processes, and the list of those
// alive. Everything here may be lost: the database holds what must not be. One server, not Redis Cluster's redirections,
// though all keys carry one hash tag so that a proxy before a cluster can take them.

import type { MessageBus } from '../../../lib/message-bus.ts'
import type { Secret } from '../../../lib/secret.ts'
import { openBus } from './bus.ts'
import { openConnection, type RedisScript } from './connection.ts'
import { joinNodes, type NodeRegistry } from './nodes.ts'

export { RedisDown, type RedisScript, redisScript } from './connection.ts'

export interface RedisOptions {
  /** `redis://`, `rediss://` or `valkey://`, with credentials. */
  readonly url: Secret
  /** Distinct for each process that ever was: what it leaves behind is known by it. */
  readonly nodeId: string
  /** Of all keys; installations that share a server differ in it. */
  readonly prefix?: string
  /** Processes to assume until the first heartbeat. */
  readonly expectedNodes?: number
  readonly deadlineMs?: number
  readonly probeMs?: number
  readonly heartbeatMs?: number
  readonly echoMs?: number
  /** A subscriber's failure. */
  readonly onFailure?: (cause: unknown) => void
}

export interface Redis {
  readonly nodeId: string
  /** Begins every key and holds the hash tag. */
  readonly prefix: string
  readonly up: boolean
  readonly bus: MessageBus
  readonly nodes: NodeRegistry
  /** @throws RedisDown within the deadline when the server is away or silent. */
  run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>
  onChange(handler: (up: boolean) => void): void
  /** Resolves when the server has answered, or after `limitMs` without that: `up` tells which. */
  ready(limitMs: number): Promise<void>
  close(): Promise<void>
}

/** Begins to connect and returns at once. */
export function openRedis(options: RedisOptions): Redis {
  const { nodeId, deadlineMs = 50, probeMs = 100, heartbeatMs = 2_000, echoMs = 250, expectedNodes = 1, onFailure = () => {} } = options
  const url = options.url.reveal()
  const prefix = `{${options.prefix ?? 'switchyard'}}:`
  const connection = openConnection({ url, deadlineMs, probeMs })
  const nodes = joinNodes(connection, { prefix, nodeId, heartbeatMs, expected: expectedNodes })
  const bus = openBus(connection, { url, prefix, nodeId, echoMs, onFailure })
  return {
    nodeId,
    prefix,
    bus,
    nodes,
    get up() {
      return connection.up
    },
    run: connection.run,
    onChange: connection.onChange,
    async ready(limitMs) {
      if (connection.up) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs)
        connection.onChange((up) => {
          if (!up) return
          clearTimeout(timer)
          resolve()
        })
      })
    },
    async close() {
      await nodes.leave()
      bus.close()
      connection.close()
    },
  }
}
