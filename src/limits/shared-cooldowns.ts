// Cooldowns that all processes know of: a channel that failed here rests everywhere, and one that answered here again is
// back everywhere. The channel's own list stays as it is; this only tells and is told.

import type { MessageBus } from '../lib/message-bus.ts'

/** What a list of cooldowns offers. */
export interface CooldownList {
  fail(channelId: string, nowMs: number, retryAfterMs?: number): void
  succeed(channelId: string): void
  active(channelId: string, nowMs: number): boolean
}

const TOPIC = 'cooldown'
/** Longest wait that another process may ask for. */
const LONGEST_MS = 86_400_000

/** @param nowMs the clock that waits told by others count from. */
export function sharedCooldowns(own: CooldownList, bus: MessageBus, nowMs: () => number): CooldownList & { close(): void } {
  /** Channels that failed and have not answered since, here or elsewhere. */
  const failing = new Set<string>()
  let telling = false

  const close = bus.subscribe(TOPIC, (message) => {
    // The bus hands our own messages to ourselves too.
    if (telling) return
    const told = parsed(message)
    if (told === undefined) return
    if (told.failed) {
      failing.add(told.channelId)
      own.fail(told.channelId, nowMs(), told.retryAfterMs)
    } else {
      failing.delete(told.channelId)
      own.succeed(told.channelId)
    }
  })

  function tell(message: object): void {
    telling = true
    void bus.publish(TOPIC, JSON.stringify(message))
    telling = false
  }

  return {
    fail(channelId, atMs, retryAfterMs) {
      // A sole channel is tried, and fails, while it rests: others know already.
      const known = own.active(channelId, atMs)
      own.fail(channelId, atMs, retryAfterMs)
      failing.add(channelId)
      if (!known) tell({ channelId, failed: true, ...(retryAfterMs !== undefined && { retryAfterMs }) })
    },
    succeed(channelId) {
      own.succeed(channelId)
      if (failing.size > 0 && failing.delete(channelId)) tell({ channelId, failed: false })
    },
    active: (channelId, atMs) => own.active(channelId, atMs),
    close,
  }
}

function parsed(message: string): { channelId: string; failed: boolean; retryAfterMs?: number } | undefined {
  try {
    const value: unknown = JSON.parse(message)
    if (typeof value !== 'object' || value === null) return undefined
    const { channelId, failed, retryAfterMs } = value as Record<string, unknown>
    if (typeof channelId !== 'string' || typeof failed !== 'boolean') return undefined
    const believed = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs <= LONGEST_MS
    return { channelId, failed, ...(believed && { retryAfterMs }) }
  } catch {
    return undefined
  }
}
