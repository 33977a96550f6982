// A sliding window that counts by sixtieths. The bound: whatever was taken counts for at least the window's length and at
// most one sixtieth longer, so no interval as long as the window ever holds more than the limit, and a limit that was used
// up is whole again after 61/60 of the window. Memory: at most 61 pairs of numbers, and none for quiet sixtieths.

export const SIXTIETHS = 60

/** Number of the sixtieth that holds a moment. */
export const sixtiethOf = (nowMs: number, windowMs: number): number => Math.floor((nowMs * SIXTIETHS) / windowMs)

/** When what was taken in a sixtieth stops counting: the last moment of it plus the window. */
export const endOf = (sixtieth: number, windowMs: number): number => ((sixtieth + SIXTIETHS + 1) * windowMs) / SIXTIETHS

export class SlidingWindow {
  readonly windowMs: number
  #total = 0
  /** Ascending; those before `#head` are over. */
  #sixtieths: number[] = []
  #amounts: number[] = []
  #head = 0

  constructor(windowMs: number) {
    this.windowMs = windowMs
  }

  total(nowMs: number): number {
    const current = sixtiethOf(nowMs, this.windowMs)
    // A clock that was set back by more than the window would otherwise make everything count until it is there again.
    if ((this.#sixtieths.at(-1) ?? 0) > current + SIXTIETHS) this.#clear()
    const oldest = current - SIXTIETHS
    let first = this.#sixtieths[this.#head]
    while (first !== undefined && first < oldest) {
      this.#total -= this.#amounts[this.#head] as number
      this.#head += 1
      first = this.#sixtieths[this.#head]
    }
    if (this.#head > SIXTIETHS || first === undefined) this.#compact()
    return this.#total
  }

  add(nowMs: number, amount: number): void {
    const last = this.#sixtieths.length - 1
    const newest = this.#sixtieths[last]
    // A clock that was set back counts on where it was.
    const current = Math.max(sixtiethOf(nowMs, this.windowMs), newest ?? 0)
    if (newest === current && last >= this.#head) this.#amounts[last] = (this.#amounts[last] as number) + amount
    else {
      this.#sixtieths.push(current)
      this.#amounts.push(amount)
    }
    this.#total += amount
  }

  /** Takes back what was added at a moment; nothing when that no longer counts. */
  remove(takenMs: number, amount: number): void {
    const sixtieth = sixtiethOf(takenMs, this.windowMs)
    for (let at = this.#sixtieths.length - 1; at >= this.#head; at--) {
      const found = this.#sixtieths[at] as number
      if (found > sixtieth) continue
      if (found === sixtieth) {
        const removed = Math.min(amount, this.#amounts[at] as number)
        this.#amounts[at] = (this.#amounts[at] as number) - removed
        this.#total -= removed
      }
      return
    }
  }

  /** Time until `amount` fits under the limit, after `total` was asked; absent when it never does. */
  waitMs(nowMs: number, amount: number, limit: number): number | undefined {
    if (amount > limit) return undefined
    let left = this.#total
    if (left + amount <= limit) return 0
    for (let at = this.#head; at < this.#sixtieths.length; at++) {
      left -= this.#amounts[at] as number
      if (left + amount <= limit) return Math.ceil(endOf(this.#sixtieths[at] as number, this.windowMs) - nowMs)
    }
    return undefined
  }

  /** Time until nothing counts any more. */
  resetMs(nowMs: number): number {
    if (this.#total === 0) return 0
    return Math.max(0, Math.ceil(endOf(this.#sixtieths.at(-1) as number, this.windowMs) - nowMs))
  }

  #clear(): void {
    this.#total = 0
    this.#head = this.#sixtieths.length
  }

  #compact(): void {
    if (this.#head === 0) return
    this.#sixtieths = this.#sixtieths.slice(this.#head)
    this.#amounts = this.#amounts.slice(this.#head)
    this.#head = 0
  }
}
