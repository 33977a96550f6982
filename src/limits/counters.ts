// The three ways of counting in this process, behind one small face: a window, the slots held, the money of a period.

import { periodAround, type QuotaPeriod } from './rule.ts'
import { SlidingWindow } from './window.ts'

export interface Counter {
  /** What counts now. Asked before anything else at a moment. */
  total(nowMs: number): number
  take(nowMs: number, amount: number): void
  /** Turns what was reserved at `takenMs` into what was used; a slot of concurrency is free again. */
  settle(nowMs: number, taken: Reserved, used: number): void
  /** Gives back what was reserved. */
  release(taken: Reserved): void
  /** Time until `amount` fits under the limit; absent when it never does. */
  waitMs(nowMs: number, amount: number, limit: number): number | undefined
  resetMs(nowMs: number): number
  /** Whether forgetting it changes nothing. */
  idle(nowMs: number): boolean
}

export interface Reserved {
  readonly takenMs: number
  readonly amount: number
}

export class WindowCounter implements Counter {
  readonly #window: SlidingWindow

  constructor(windowMs: number) {
    this.#window = new SlidingWindow(windowMs)
  }

  total(nowMs: number): number {
    return this.#window.total(nowMs)
  }

  take(nowMs: number, amount: number): void {
    this.#window.add(nowMs, amount)
  }

  /** What goes beyond the estimate counts from the moment it is known; what was not needed is given back where it was taken. */
  settle(nowMs: number, { takenMs, amount }: Reserved, used: number): void {
    if (used > amount) {
      this.#window.total(nowMs)
      this.#window.add(nowMs, used - amount)
    } else if (used < amount) this.#window.remove(takenMs, amount - used)
  }

  release({ takenMs, amount }: Reserved): void {
    this.#window.remove(takenMs, amount)
  }

  waitMs(nowMs: number, amount: number, limit: number): number | undefined {
    return this.#window.waitMs(nowMs, amount, limit)
  }

  resetMs(nowMs: number): number {
    return this.#window.resetMs(nowMs)
  }

  idle(nowMs: number): boolean {
    return this.#window.total(nowMs) === 0
  }
}

/** Nobody knows when a slot is given back: a second is what clients are asked to wait. */
export const CONCURRENCY_WAIT_MS = 1_000

export class ConcurrencyCounter implements Counter {
  #held = 0

  total(): number {
    return this.#held
  }

  take(_nowMs: number, amount: number): void {
    this.#held += amount
  }

  settle(_nowMs: number, taken: Reserved): void {
    this.release(taken)
  }

  release({ amount }: Reserved): void {
    this.#held = Math.max(0, this.#held - amount)
  }

  waitMs(_nowMs: number, amount: number, limit: number): number | undefined {
    return limit < amount ? undefined : CONCURRENCY_WAIT_MS
  }

  resetMs(): number {
    return this.#held === 0 ? 0 : CONCURRENCY_WAIT_MS
  }

  idle(): boolean {
    return this.#held === 0
  }
}

export class QuotaCounter implements Counter {
  readonly #period: QuotaPeriod
  #startMs: number
  #endMs: number
  #spent: number
  #reserved = 0

  constructor(period: QuotaPeriod, nowMs: number, spent: number) {
    this.#period = period
    const { startMs, endMs } = periodAround(period, nowMs)
    this.#startMs = startMs
    this.#endMs = endMs
    this.#spent = spent
  }

  total(nowMs: number): number {
    // Set back over midnight a clock does not bring yesterday's money back.
    if (nowMs >= this.#endMs) {
      const { startMs, endMs } = periodAround(this.#period, nowMs)
      this.#startMs = startMs
      this.#endMs = endMs
      this.#spent = 0
      this.#reserved = 0
    }
    return this.#spent + this.#reserved
  }

  take(_nowMs: number, amount: number): void {
    this.#reserved += amount
  }

  /** What was reserved in a period that is over concerns nobody any more. */
  settle(_nowMs: number, { takenMs, amount }: Reserved, used: number): void {
    if (takenMs < this.#startMs) return
    this.#reserved = Math.max(0, this.#reserved - amount)
    this.#spent += used
  }

  release(taken: Reserved): void {
    this.settle(0, taken, 0)
  }

  waitMs(nowMs: number, amount: number, limit: number): number | undefined {
    return amount > limit || this.#endMs === Number.POSITIVE_INFINITY ? undefined : this.#endMs - nowMs
  }

  resetMs(nowMs: number): number {
    return this.#spent + this.#reserved === 0 ? 0 : this.#endMs - nowMs
  }

  idle(nowMs: number): boolean {
    return nowMs >= this.#endMs || this.#spent + this.#reserved === 0
  }
}
