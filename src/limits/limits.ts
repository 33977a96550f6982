// What admission asks and what it is answered, whichever engine counts. All rules of one question are taken in one step or
// none is.

import type { LimitRule, QuotaRule } from './rule.ts'

export interface Ask {
  readonly nowMs: number
  /** Of distinct ids. */
  readonly rules: readonly LimitRule[]
  /** Usually 1, which is what absence means. */
  readonly requests?: number
  /** Estimate of input and output, reserved until the real number is known. One beyond a limit takes all of that limit. */
  readonly tokens?: number
  /** Tokens it takes for certain, the prompt's: more than a limit holds are refused for good. */
  readonly leastTokens?: number
  /** Priced ceiling in nano-dollars, reserved until settled. */
  readonly nanos?: number
}

/** Where one rule stands. */
export interface Standing {
  readonly rule: LimitRule
  /** Never negative, though real usage may have gone beyond an estimate. */
  readonly remaining: number
  /** Until nothing counts against the rule any more, when nothing else comes. Infinite for what only a person ends. */
  readonly resetMs: number
}

/** What was really used, known at `nowMs`. What is left out counts as reserved. */
export interface Used {
  readonly nowMs: number
  readonly tokens?: number
  readonly nanos?: number
}

/** Leave to go on. Never throws; it ends once, by whichever of the two comes first; later calls do nothing. */
export interface Slot {
  readonly refused: false
  /** In the order asked: as they stand now when counted in this process, as they stood when taken otherwise. */
  standings(nowMs: number): readonly Standing[]
  /** The work was done, or tried: corrects the estimates and frees the concurrency. The request itself stays counted. */
  settle(used: Used): void
  /** Nothing was done: everything is given back. */
  release(): void
}

export interface Refusal {
  readonly refused: true
  /** The rule that stands in the way longest. */
  readonly rule: LimitRule
  readonly remaining: number
  /** When the same question may be answered differently; absent when waiting does not help. */
  readonly retryAfterMs?: number
  readonly standings: readonly Standing[]
}

export type Taken = Slot | Refusal

export interface Limits {
  /**
   * Synchronous when counted in this process. A server that is away is no failure: then this process counts its share.
   * @throws what `spentNanos` throws.
   */
  take(ask: Ask): Taken | Promise<Taken>
  /** Where the rules stand, with nothing taken. */
  standings(rules: readonly LimitRule[], nowMs: number): readonly Standing[] | Promise<readonly Standing[]>
  /** Forgets what no longer counts. Memory stays bounded without; this gives it back in quiet times. */
  sweep(nowMs: number): void
  /** Hands on what is still to be settled elsewhere. */
  close(): Promise<void>
}

/** What the ledger knows to be spent under a quota since the period began: where a counter that has been lost begins again. */
export type SpentNanos = (rule: QuotaRule, sinceMs: number) => number | Promise<number>

/** How much of a rule a question wants. An estimate beyond a rate takes all of it. */
export function wanted(rule: LimitRule, ask: Ask): number {
  switch (rule.kind) {
    case 'requests':
      return whole(ask.requests ?? 1)
    case 'tokens':
      return Math.max(Math.min(whole(ask.tokens ?? 0), rule.limit), whole(ask.leastTokens ?? 0))
    case 'concurrency':
      return 1
    case 'quota':
      return whole(ask.nanos ?? 0)
  }
}

/** What was used of a rule's reserved amount. */
export function usedOf(rule: LimitRule, reserved: number, used: Used): number {
  if (rule.kind === 'tokens') return used.tokens === undefined ? reserved : whole(used.tokens)
  if (rule.kind === 'quota') return used.nanos === undefined ? reserved : whole(used.nanos)
  return reserved
}

/** Usage comes from upstreams: a negative, broken or missing number counts as nothing. */
const whole = (value: number): number => (value > 0 ? Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER) : 0)

const NO_STANDINGS: readonly Standing[] = Object.freeze([])

/** For whom nothing is limited. One value for all of them. */
export const FREE_SLOT: Slot = Object.freeze({ refused: false, standings: () => NO_STANDINGS, settle: () => {}, release: () => {} })
