// Limits counted in this process alone: synchronous, so that looking at all rules and taking all of them is one step by
// itself. Quotas begin where the ledger says; everything else begins at nothing when the process does.

import { ConcurrencyCounter, type Counter, QuotaCounter, WindowCounter } from './counters.ts'
import {
  type Ask,
  FREE_SLOT,
  type Limits,
  type Slot,
  type SpentNanos,
  type Standing,
  type Taken,
  type Used,
  usedOf,
  wanted,
} from './limits.ts'
import { type LimitRule, periodAround, type QuotaRule } from './rule.ts'

export interface MemoryOptions {
  /** Asked once for each quota and period. Without it a quota begins at nothing. */
  readonly spentNanos?: SpentNanos
}

/** Counters looked at for each one that is made: idle ones go as fast as new ones come. */
const SWEEP_STEPS = 4

export class MemoryLimits implements Limits {
  readonly #spentNanos: SpentNanos | undefined
  readonly #counters = new Map<string, Counter>()
  #sweeping = this.#counters.entries()

  constructor({ spentNanos }: MemoryOptions = {}) {
    this.#spentNanos = spentNanos
  }

  /** Counters kept now. */
  get size(): number {
    return this.#counters.size
  }

  take(ask: Ask): Taken | Promise<Taken> {
    const { rules, nowMs } = ask
    if (rules.length === 0) return FREE_SLOT
    const waiting = this.#spentNanos === undefined ? undefined : this.#unseeded(rules, nowMs)
    if (waiting !== undefined) return waiting.then(() => this.takeNow(ask))
    return this.takeNow(ask)
  }

  /** As `take`, with quotas that the ledger was not asked about beginning at nothing. */
  takeNow(ask: Ask): Taken {
    const { rules, nowMs } = ask
    let obstacle: LimitRule | undefined
    let longestMs: number | undefined = 0
    for (const rule of rules) {
      const amount = wanted(rule, ask)
      const counter = this.#counter(rule, nowMs)
      if (counter.total(nowMs) + amount <= rule.limit || amount === 0) continue
      const waitMs = counter.waitMs(nowMs, amount, rule.limit)
      if (obstacle === undefined || isLonger(waitMs, longestMs)) {
        obstacle = rule
        longestMs = waitMs
      }
    }
    if (obstacle !== undefined) return this.#refusal(ask, obstacle, longestMs)
    return this.force(ask)
  }

  /** Takes without looking: for what was admitted elsewhere and must count here too. */
  force(ask: Ask): Slot {
    const { rules, nowMs } = ask
    const amounts: number[] = []
    for (const rule of rules) {
      const amount = wanted(rule, ask)
      amounts.push(amount)
      if (amount > 0) this.#counter(rule, nowMs).take(nowMs, amount)
    }
    return new MemorySlot(this, ask, amounts)
  }

  standings(rules: readonly LimitRule[], nowMs: number): readonly Standing[] | Promise<readonly Standing[]> {
    const waiting = this.#spentNanos === undefined ? undefined : this.#unseeded(rules, nowMs)
    return waiting === undefined ? this.standingsNow(rules, nowMs) : waiting.then(() => this.standingsNow(rules, nowMs))
  }

  standingsNow(rules: readonly LimitRule[], nowMs: number): readonly Standing[] {
    return rules.map((rule) => {
      const counter = this.#counters.get(rule.id)
      const total = counter?.total(nowMs) ?? 0
      return { rule, remaining: Math.max(0, rule.limit - total), resetMs: counter?.resetMs(nowMs) ?? 0 }
    })
  }

  /** What counts now under a rule. */
  total(rule: LimitRule, nowMs: number): number {
    return this.#counters.get(rule.id)?.total(nowMs) ?? 0
  }

  /** Ends a slot: with what was used, or, when that is absent, as if it had not been taken. */
  finish(ask: Ask, amounts: readonly number[], used?: Used): void {
    const nowMs = Math.max(used?.nowMs ?? 0, ask.nowMs)
    for (let index = 0; index < amounts.length; index++) {
      const rule = ask.rules[index] as LimitRule
      const amount = amounts[index] as number
      const reserved = { takenMs: ask.nowMs, amount }
      if (used === undefined) {
        if (amount > 0) this.#counters.get(rule.id)?.release(reserved)
        continue
      }
      const real = usedOf(rule, amount, used)
      // What is forgotten meanwhile has nothing to give back, but what goes beyond an estimate must count. A quota that the
      // ledger seeds is left to be seeded: the ledger knows of it.
      const seeded = rule.kind === 'quota' && this.#spentNanos !== undefined
      const counter = real > amount && !seeded ? this.#counter(rule, nowMs) : this.#counters.get(rule.id)
      if (real !== amount || rule.kind === 'concurrency' || rule.kind === 'quota') counter?.settle(nowMs, reserved, real)
    }
  }

  sweep(nowMs: number): void {
    for (const [id, counter] of this.#counters) if (counter.idle(nowMs)) this.#counters.delete(id)
  }

  async close(): Promise<void> {}

  #counter(rule: LimitRule, nowMs: number): Counter {
    return this.#counters.get(rule.id) ?? this.#make(rule, nowMs, 0)
  }

  #make(rule: LimitRule, nowMs: number, spent: number): Counter {
    const counter =
      rule.kind === 'quota'
        ? new QuotaCounter(rule.period, nowMs, spent)
        : rule.kind === 'concurrency'
          ? new ConcurrencyCounter()
          : new WindowCounter(rule.windowMs)
    this.#sweepSome(nowMs)
    this.#counters.set(rule.id, counter)
    return counter
  }

  #sweepSome(nowMs: number): void {
    for (let step = 0; step < SWEEP_STEPS; step++) {
      const { value, done } = this.#sweeping.next()
      if (done) {
        this.#sweeping = this.#counters.entries()
        return
      }
      if (value[1].idle(nowMs)) this.#counters.delete(value[0])
    }
  }

  /** Asks the ledger about the quotas that have no counter; a promise when it answers later. */
  #unseeded(rules: readonly LimitRule[], nowMs: number): Promise<unknown> | undefined {
    let waiting: Promise<unknown>[] | undefined
    for (const rule of rules) {
      if (rule.kind !== 'quota' || this.#counters.has(rule.id)) continue
      const answer = this.#spentNanos?.(rule, periodAround(rule.period, nowMs).startMs) ?? 0
      if (typeof answer === 'number') this.#seed(rule, nowMs, answer)
      else {
        waiting ??= []
        waiting.push(answer.then((spent) => this.#seed(rule, nowMs, spent)))
      }
    }
    return waiting && Promise.all(waiting)
  }

  #seed(rule: QuotaRule, nowMs: number, spent: number): void {
    if (!this.#counters.has(rule.id)) this.#make(rule, nowMs, spent)
  }

  #refusal(ask: Ask, rule: LimitRule, retryAfterMs: number | undefined): Taken {
    const standings = this.standingsNow(ask.rules, ask.nowMs)
    const remaining = standings.find((standing) => standing.rule === rule)?.remaining ?? 0
    return { refused: true, rule, remaining, standings, ...(retryAfterMs !== undefined && { retryAfterMs: Math.max(1, retryAfterMs) }) }
  }
}

/** Absence is the longest wait: it never ends. */
export const isLonger = (waitMs: number | undefined, thanMs: number | undefined): boolean =>
  thanMs !== undefined && (waitMs === undefined || waitMs > thanMs)

class MemorySlot implements Slot {
  readonly refused = false
  readonly #limits: MemoryLimits
  readonly #ask: Ask
  readonly #amounts: readonly number[]
  #ended = false

  constructor(limits: MemoryLimits, ask: Ask, amounts: readonly number[]) {
    this.#limits = limits
    this.#ask = ask
    this.#amounts = amounts
  }

  standings(nowMs: number): readonly Standing[] {
    return this.#limits.standingsNow(this.#ask.rules, Math.max(nowMs, this.#ask.nowMs))
  }

  settle(used: Used): void {
    if (this.#ended) return
    this.#ended = true
    this.#limits.finish(this.#ask, this.#amounts, used)
  }

  release(): void {
    if (this.#ended) return
    this.#ended = true
    this.#limits.finish(this.#ask, this.#amounts)
  }
}
