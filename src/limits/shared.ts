// Limits that all processes count together on Redis, exactly; while it is away each process counts its share by itself,
// and takes up the common count again when it is back. What this process has taken is always counted here as well, so that
// the share knows it.
//
// The bounds of an outage: what all processes admit from its begin on adds up to the limit at most. What came before is known
// only as far as this process took it or heard of it when it last asked: so in the one window in which the outage begins a
// rate stays below twice its limit, concurrency too until what was held at the begin has ended, and a quota may be passed
// by what others spent since this process last asked.

import { RedisDown } from '../store/index.ts'
import { type Ask, FREE_SLOT, type Limits, type SpentNanos, type Standing, type Taken } from './limits.ts'
import { MemoryLimits } from './memory.ts'
import { type LimitRule, periodAround, type QuotaRule } from './rule.ts'
import { TAKE } from './scripts.ts'
import { Settlements } from './settlements.ts'
import { type Processes, shareOf } from './share.ts'
import { looked, type Reply, read, SharedSlot, ShareSlot, standingsOf } from './shared-slot.ts'
import { keysOf, type ScriptRunner, takeArguments } from './wire.ts'

export interface SharedServer extends ScriptRunner {
  readonly nodes: Processes
}

export interface SharedOptions {
  /** Where a quota begins that the server does not know. Without it, at nothing. */
  readonly spentNanos?: SpentNanos
  /** After which the slots of a dead process are free again. */
  readonly leaseMs?: number
  /** Whose clock counts: the server's own, but for tests. */
  readonly clock?: 'server' | 'caller'
  /** The server refuses what it is asked: counted by share as if it were away. */
  readonly onFailure?: (cause: unknown) => void
}

interface Known {
  readonly startMs: number
  /** Used by all processes when the server was last asked. */
  readonly used: number
  /** Of that, by this one. */
  readonly own: number
}

const MOST_KNOWN = 10_000

export class SharedLimits implements Limits {
  readonly #server: SharedServer
  readonly #spentNanos: SpentNanos | undefined
  readonly #clock: 'server' | 'caller'
  readonly #onFailure: (cause: unknown) => void
  readonly #local = new MemoryLimits()
  readonly #settlements: Settlements
  /** Last known use of each quota, oldest contact first. */
  readonly #known = new Map<string, Known>()
  #count = 0

  constructor(server: SharedServer, options: SharedOptions = {}) {
    this.#server = server
    this.#spentNanos = options.spentNanos
    this.#clock = options.clock ?? 'server'
    this.#onFailure = options.onFailure ?? (() => {})
    this.#settlements = new Settlements(server, {
      leaseMs: options.leaseMs ?? 15_000,
      callerClock: this.#clock === 'caller',
      seeded: options.spentNanos !== undefined,
      onFailure: this.#onFailure,
    })
  }

  take(ask: Ask): Taken | Promise<Taken> {
    if (ask.rules.length === 0) return FREE_SLOT
    return this.#server.up ? this.#takeShared(ask) : this.#takeShare(ask)
  }

  standings(rules: readonly LimitRule[], nowMs: number): readonly Standing[] | Promise<readonly Standing[]> {
    return this.#look(rules, nowMs)
  }

  sweep(nowMs: number): void {
    this.#local.sweep(nowMs)
  }

  close(): Promise<void> {
    return this.#settlements.close()
  }

  async #takeShared(ask: Ask): Promise<Taken> {
    const slot = `${this.#server.nodeId}:${(this.#count++).toString(36)}`
    let reply: Reply
    try {
      reply = await this.#ask(ask, slot)
    } catch (cause) {
      if (!(cause instanceof RedisDown)) this.#onFailure(cause)
      // Whether it was taken is not known: leases are given back later, and a window forgets by itself.
      this.#settlements.abandon(slot, ask)
      return this.#takeShare(ask)
    }
    const standings = standingsOf(ask.rules, reply)
    if (reply.obstacle !== undefined) return refusalOf(reply, standings)
    const local = this.#local.force(ask)
    this.#remember(ask, standings)
    return new SharedSlot({ id: slot, ask, takenMs: reply.nowMs, local, standings, settlements: this.#settlements })
  }

  /** One question to the server, with the ledger asked for the quotas that it does not know. */
  async #ask(ask: Ask, slot: string, look = false): Promise<Reply> {
    const seeds = new Map<string, number>()
    const keys = keysOf(this.#server.prefix, ask)
    for (;;) {
      const settings = { slot, look, seeds, seeded: this.#spentNanos !== undefined, callerClock: this.#clock === 'caller' }
      const args = takeArguments(ask, { ...settings, leaseMs: this.#settlements.leaseMs })
      const reply = read(await this.#server.run(TAKE, keys, args))
      if (reply.unseeded === undefined) return reply
      const rule = ask.rules[reply.unseeded] as QuotaRule
      seeds.set(rule.id, (await this.#spentNanos?.(rule, periodAround(rule.period, ask.nowMs).startMs)) ?? 0)
    }
  }

  #takeShare(ask: Ask): Taken | Promise<Taken> {
    const unknown = this.#spentNanos === undefined ? undefined : ask.rules.find((rule) => this.#isUnknown(rule, ask.nowMs))
    if (unknown !== undefined) return this.#learn(unknown as QuotaRule, ask.nowMs).then(() => this.#takeShare(ask))
    const shared = { ...ask, rules: ask.rules.map((rule) => this.#shareOf(rule, ask.nowMs)) }
    const taken = this.#local.takeNow(shared)
    if (!taken.refused) return new ShareSlot(ask, taken, this.#settlements)
    const rule = ask.rules[shared.rules.indexOf(taken.rule)] as LimitRule
    return { ...taken, rule, standings: looked(ask.rules, taken.standings) }
  }

  async #look(rules: readonly LimitRule[], nowMs: number): Promise<readonly Standing[]> {
    const ask = { rules, nowMs }
    if (rules.length > 0 && this.#server.up) {
      try {
        return standingsOf(rules, await this.#ask(ask, '', true))
      } catch (cause) {
        if (!(cause instanceof RedisDown)) this.#onFailure(cause)
      }
    }
    const shares = rules.map((rule) => this.#shareOf(rule, nowMs))
    return looked(rules, this.#local.standingsNow(shares, nowMs))
  }

  /** The part of a rule that is this process's while it counts alone. */
  #shareOf(rule: LimitRule, nowMs: number): LimitRule {
    if (rule.kind !== 'quota') return { ...rule, limit: shareOf(rule.limit, this.#server.nodes) }
    const known = this.#known.get(rule.id)
    const { startMs } = periodAround(rule.period, nowMs)
    const { used, own } = known?.startMs === startMs ? known : { used: 0, own: 0 }
    return { ...rule, limit: own + shareOf(Math.max(0, rule.limit - used), this.#server.nodes) }
  }

  #isUnknown(rule: LimitRule, nowMs: number): boolean {
    return rule.kind === 'quota' && this.#known.get(rule.id)?.startMs !== periodAround(rule.period, nowMs).startMs
  }

  async #learn(rule: QuotaRule, nowMs: number): Promise<void> {
    const { startMs } = periodAround(rule.period, nowMs)
    const used = (await this.#spentNanos?.(rule, startMs)) ?? 0
    this.#know(rule.id, { startMs, used, own: this.#local.total(rule, nowMs) })
  }

  #remember({ rules, nowMs }: Ask, standings: readonly Standing[]): void {
    for (const [index, rule] of rules.entries()) {
      if (rule.kind !== 'quota') continue
      const used = rule.limit - (standings[index]?.remaining ?? 0)
      this.#know(rule.id, { startMs: periodAround(rule.period, nowMs).startMs, used, own: this.#local.total(rule, nowMs) })
    }
  }

  #know(id: string, known: Known): void {
    this.#known.delete(id)
    if (this.#known.size >= MOST_KNOWN) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(id, known)
  }
}

function refusalOf({ obstacle = 0, waits }: Reply, standings: readonly Standing[]): Taken {
  const wait = waits[obstacle]
  const { rule, remaining } = standings[obstacle] as Standing
  return { refused: true, rule, remaining, standings, ...(wait !== undefined && { retryAfterMs: Math.max(1, wait) }) }
}
