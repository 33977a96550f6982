// Slots of limits that several processes share, and how the server's reply is read.

import type { Ask, Slot, Standing, Used } from './limits.ts'
import type { LimitRule } from './rule.ts'
import type { Settlements } from './settlements.ts'

export interface Reply {
  /** Place of the rule that stands in the way. */
  readonly obstacle?: number
  /** Place of the quota whose beginning must be told first. */
  readonly unseeded?: number
  readonly nowMs: number
  readonly remaining: readonly number[]
  readonly resets: readonly number[]
  readonly waits: readonly (number | undefined)[]
}

/** @throws TypeError when the server answers something else. */
export function read(answer: unknown): Reply {
  if (!Array.isArray(answer) || answer.length < 2 || !answer.every((value) => typeof value === 'number')) {
    throw new TypeError('the limits script answered what cannot be read')
  }
  const [code, nowMs, ...rest] = answer as number[]
  const every = (first: number): number[] => rest.filter((_, index) => index % 3 === first)
  const endless = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value)
  return {
    nowMs: nowMs as number,
    remaining: every(0),
    resets: every(1).map(endless),
    waits: every(2).map((wait) => (wait < 0 ? undefined : wait)),
    ...((code as number) > 0 && { obstacle: (code as number) - 1 }),
    ...((code as number) < 0 && { unseeded: -(code as number) - 1 }),
  }
}

export const standingsOf = (rules: readonly LimitRule[], { remaining, resets }: Reply): readonly Standing[] =>
  rules.map((rule, index) => ({ rule, remaining: remaining[index] ?? 0, resetMs: resets[index] ?? 0 }))

/** What a share leaves, told of the whole rule. */
export const looked = (rules: readonly LimitRule[], standings: readonly Standing[]): readonly Standing[] =>
  standings.map((standing, index) => ({ ...standing, rule: rules[index] ?? standing.rule }))

interface Parts {
  readonly id: string
  readonly ask: Ask
  readonly takenMs: number
  /** The same, counted in this process. */
  readonly local: Slot
  readonly standings: readonly Standing[]
  readonly settlements: Settlements
}

/** Taken on the server. */
export class SharedSlot implements Slot {
  readonly refused = false
  readonly #parts: Parts
  #ended = false

  constructor(parts: Parts) {
    this.#parts = parts
    parts.settlements.hold(parts.id, parts.ask)
  }

  standings(): readonly Standing[] {
    return this.#parts.standings
  }

  settle(used: Used): void {
    this.#end(used)
    this.#parts.local.settle(used)
  }

  release(): void {
    this.#end()
    this.#parts.local.release()
  }

  #end(used?: Used): void {
    if (this.#ended) return
    this.#ended = true
    const { id, ask, takenMs, settlements } = this.#parts
    settlements.end({ id, ask, takenMs, ...(used && { used }) })
  }
}

/** Taken from this process's share while the server was away: what it spends is told to the server later. */
export class ShareSlot implements Slot {
  readonly refused = false
  readonly #ask: Ask
  readonly #local: Slot
  readonly #settlements: Settlements
  #ended = false

  constructor(ask: Ask, local: Slot, settlements: Settlements) {
    this.#ask = ask
    this.#local = local
    this.#settlements = settlements
  }

  standings(nowMs: number): readonly Standing[] {
    return looked(this.#ask.rules, this.#local.standings(nowMs))
  }

  settle(used: Used): void {
    if (!this.#ended) this.#settlements.owe(this.#ask, used)
    this.#ended = true
    this.#local.settle(used)
  }

  release(): void {
    this.#ended = true
    this.#local.release()
  }
}
