// The far end of shared limits: leases that this process holds and renews, slots that end, and what could not be told to
// the server while it was away. Nothing here makes a request wait.

import { RedisDown } from '../store/index.ts'
import { type Ask, type Used, usedOf, wanted } from './limits.ts'
import { POST, RENEW, SETTLE } from './scripts.ts'
import { type Ending, ruleKeys, type ScriptRunner, settleCommand, spanOf, ttlOf } from './wire.ts'

export interface SettlementOptions {
  readonly leaseMs: number
  readonly callerClock: boolean
  /** Whether quotas that the server has lost are seeded from the ledger. */
  readonly seeded: boolean
  readonly onFailure: (cause: unknown) => void
}

interface Debt {
  nanos: number
  ttlMs: number
}

interface Posting {
  readonly marker: string
  readonly debts: ReadonlyMap<string, Debt>
}

/** Slots whose end waits for the server. The oldest are forgotten first: their leases run out by themselves. */
const MOST_UNSETTLED = 100_000
const LEASES_AT_ONCE = 200

export class Settlements {
  readonly leaseMs: number
  readonly #server: ScriptRunner
  readonly #options: SettlementOptions
  readonly #held = new Map<string, Ask>()
  readonly #unsettled = new Map<string, Ending>()
  readonly #sending = new Set<Promise<unknown>>()
  #debts = new Map<string, Debt>()
  #posting: Posting | undefined
  #posted = 0
  #rounds: Promise<void> | undefined
  readonly #timer: ReturnType<typeof setInterval>

  constructor(server: ScriptRunner, options: SettlementOptions) {
    this.#server = server
    this.#options = options
    this.leaseMs = options.leaseMs
    this.#timer = setInterval(() => this.#round(), options.leaseMs / 3)
    server.onChange((up) => {
      if (up) this.#round()
    })
  }

  /** Renews the slot's leases until it ends. */
  hold(id: string, ask: Ask): void {
    if (ask.rules.some(({ kind }) => kind === 'concurrency' || kind === 'quota')) this.#held.set(id, ask)
  }

  end(ending: Ending): void {
    this.#held.delete(ending.id)
    if (!this.#server.up) {
      this.#later(ending)
      if (ending.used !== undefined) this.owe(ending.ask, ending.used, true)
      return
    }
    const sending = this.#settle(ending, false).catch((cause: unknown) => {
      this.#report(cause)
      this.#later(ending)
    })
    this.#sending.add(sending)
    sending.then(() => this.#sending.delete(sending))
  }

  /** A slot of which nobody knows whether it was taken. */
  abandon(id: string, ask: Ask): void {
    this.#later({ id, ask, takenMs: ask.nowMs })
  }

  /** Money that was spent without the server, or of that only what nothing is reserved for there. */
  owe(ask: Ask, used: Used, unreservedOnly = false): void {
    for (const rule of ask.rules) {
      if (rule.kind !== 'quota') continue
      const reserved = wanted(rule, ask)
      const nanos = usedOf(rule, reserved, used)
      if (nanos === 0 || (unreservedOnly && reserved > 0)) continue
      const [state] = ruleKeys(this.#server.prefix, rule, ask.nowMs)
      const debt = this.#debts.get(state)
      this.#debts.set(state, { nanos: (debt?.nanos ?? 0) + nanos, ttlMs: ttlOf(rule, this.leaseMs, ask.nowMs) })
    }
    // Taken without the server and ended with it: it is told at once.
    if (this.#server.up) this.#round()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#sending)
    await this.#rounds
    if (this.#server.up) await this.#catchUp()
  }

  #later(ending: Ending): void {
    if (settleCommand(ending, this.#settings(true)) === undefined) return
    if (this.#unsettled.size >= MOST_UNSETTLED) this.#unsettled.delete(this.#unsettled.keys().next().value as string)
    this.#unsettled.set(ending.id, ending)
  }

  #round(): void {
    if (this.#rounds !== undefined || !this.#server.up) return
    this.#rounds = this.#catchUp().finally(() => {
      this.#rounds = undefined
    })
  }

  async #catchUp(): Promise<void> {
    try {
      for (const [id, ending] of this.#unsettled) {
        await this.#settle(ending, true)
        this.#unsettled.delete(id)
      }
      await this.#post()
      await this.#renew()
    } catch (cause) {
      this.#report(cause)
    }
  }

  async #settle(ending: Ending, leasesOnly: boolean): Promise<void> {
    const command = settleCommand(ending, this.#settings(leasesOnly))
    if (command !== undefined) await this.#server.run(SETTLE, command.keys, command.args)
  }

  /** A posting keeps its marker until the server has answered, so that it counts once however often it is sent. */
  async #post(): Promise<void> {
    while (this.#posting !== undefined || this.#debts.size > 0) {
      if (this.#posting === undefined) {
        const marker = `${this.#server.prefix}posted:${this.#server.nodeId}:${this.#posted++}`
        this.#posting = { marker, debts: this.#debts }
        this.#debts = new Map()
      }
      const { marker, debts } = this.#posting
      const args = [this.#options.seeded ? '1' : '0']
      for (const { nanos, ttlMs } of debts.values()) args.push(String(nanos), String(ttlMs))
      await this.#server.run(POST, [marker, ...debts.keys()], args)
      this.#posting = undefined
    }
  }

  async #renew(): Promise<void> {
    const leases: { keys: string[]; args: string[] }[] = []
    for (const [id, ask] of this.#held) {
      for (const rule of ask.rules) {
        const amount = wanted(rule, ask)
        if ((rule.kind !== 'concurrency' && rule.kind !== 'quota') || amount === 0) continue
        const span = String(spanOf(rule, this.leaseMs))
        leases.push({
          keys: ruleKeys(this.#server.prefix, rule, ask.nowMs),
          args: [rule.kind === 'quota' ? 'q' : 'c', `${id}=${amount}`, String(amount), span, String(ttlOf(rule, this.leaseMs, ask.nowMs))],
        })
      }
    }
    const now = this.#options.callerClock ? String(Math.max(0, ...[...this.#held.values()].map((ask) => ask.nowMs))) : ''
    for (let at = 0; at < leases.length; at += LEASES_AT_ONCE) {
      const some = leases.slice(at, at + LEASES_AT_ONCE)
      const keys = some.flatMap((lease) => lease.keys)
      await this.#server.run(RENEW, keys, [now, ...some.flatMap((lease) => lease.args)])
    }
  }

  #settings(leasesOnly: boolean) {
    return { prefix: this.#server.prefix, leaseMs: this.leaseMs, callerClock: this.#options.callerClock, leasesOnly }
  }

  #report(cause: unknown): void {
    if (!(cause instanceof RedisDown)) this.#options.onFailure(cause)
  }
}
