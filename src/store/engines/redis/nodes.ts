// Which processes are alive: each renews its entry, and entries that nobody renews expire by the server's clock. While
// Redis is away the last known list stands, because a share of a limit is counted by it.

import { type Connection, redisScript } from './connection.ts'

export interface NodeRegistry {
  /** Processes at the last heartbeat, this one included. At least 1. */
  readonly count: number
  /** Place of this process among them, from 0: who gets what division leaves over. */
  readonly rank: number
}

export interface NodeOptions {
  readonly prefix: string
  readonly nodeId: string
  readonly heartbeatMs: number
  /** What is assumed before the first heartbeat. */
  readonly expected: number
}

const HEARTBEAT = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
local nodes = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(nodes)
local rank = 0
for index, node in ipairs(nodes) do if node == ARGV[1] then rank = index - 1 end end
return { #nodes, rank }`)

export function joinNodes(
  connection: Connection,
  { prefix, nodeId, heartbeatMs, expected }: NodeOptions,
): NodeRegistry & { leave(): Promise<void> } {
  const key = `${prefix}nodes`
  let count = Math.max(1, expected)
  let rank = 0

  async function beat(): Promise<void> {
    try {
      // Three heartbeats may fail before others count this process as gone.
      const answer = await connection.run(HEARTBEAT, [key], [nodeId, String(heartbeatMs * 3)])
      if (!Array.isArray(answer)) return
      count = Math.max(1, Number(answer[0]))
      rank = Number(answer[1])
    } catch {
      // The last known list stands.
    }
  }

  const timer = setInterval(beat, heartbeatMs)
  connection.onChange((up) => void (up && beat()))

  return {
    get count() {
      return count
    },
    get rank() {
      return rank
    },
    async leave() {
      clearInterval(timer)
      await connection.send('ZREM', [key, nodeId]).catch(() => {})
    },
  }
}
