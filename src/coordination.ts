// What processes share beyond the database: limits and cooldowns. In memory for one process, on Redis for several.

import type { BootConfig } from './config/index.ts'
import { prefixedId } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import { type CooldownList, type Limits, MemoryLimits, SharedLimits, type SpentNanos, sharedCooldowns } from './limits/index.ts'
import { cooldowns } from './routing/index.ts'
import { openRedis } from './store/index.ts'

const READY_MS = 1_000
const SWEEP_MS = 60_000

export interface Coordination {
  readonly limits: Limits
  readonly cooldowns: CooldownList
  close(): Promise<void>
}

/** @param parts `spentNanos`: where a quota's lost counter begins again. */
export async function coordination(
  { redisUrl, workers }: BootConfig,
  { spentNanos, log, nowMs }: { spentNanos: SpentNanos; log: Log; nowMs(): number },
): Promise<Coordination> {
  const own = cooldowns()
  if (redisUrl === undefined) return swept(new MemoryLimits({ spentNanos }), own, { nowMs, close: async () => {} })
  const onFailure = (cause: unknown): void => log('error', 'a message between processes failed', { cause })
  const redis = openRedis({ url: redisUrl, nodeId: prefixedId('node', nowMs()), expectedNodes: workers, onFailure })
  redis.onChange((up) =>
    log(up ? 'info' : 'warn', up ? 'Redis answers again' : 'Redis is away: each process enforces its share of the limits'),
  )
  await redis.ready(READY_MS)
  if (!redis.up) log('warn', 'Redis cannot be reached or refuses the credentials; going on with a share of the limits')
  const shared = sharedCooldowns(own, redis.bus, nowMs)
  return swept(new SharedLimits(redis, { spentNanos, onFailure }), shared, {
    nowMs,
    async close() {
      shared.close()
      await redis.close()
    },
  })
}

function swept(limits: Limits, list: CooldownList, { nowMs, close }: { nowMs(): number; close(): Promise<void> }): Coordination {
  const timer = setInterval(() => limits.sweep(nowMs()), SWEEP_MS)
  return {
    limits,
    cooldowns: list,
    async close() {
      clearInterval(timer)
      await limits.close()
      await close()
    },
  }
}
