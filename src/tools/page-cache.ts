// Fetched pages for a while, per organisation since pages may be private. Bounded by size; the oldest use goes first.

interface Entry<T> {
  readonly value: T
  readonly units: number
  readonly untilMs: number
}

export class ExpiringCache<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #maxUnits: number
  #units = 0

  /** @param maxUnits sum of the sizes given to `set`. */
  constructor(maxUnits: number) {
    this.#maxUnits = maxUnits
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.untilMs <= nowMs) {
      this.#units -= entry.units
      return undefined
    }
    // Read entries move to the end: the map's order is that of use.
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: T, life: { units: number; untilMs: number }): void {
    const old = this.#entries.get(key)
    if (old !== undefined) {
      this.#units -= old.units
      this.#entries.delete(key)
    }
    if (life.units > this.#maxUnits) return
    this.#entries.set(key, { value, ...life })
    this.#units += life.units
    for (const [oldest, entry] of this.#entries) {
      if (this.#units <= this.#maxUnits) break
      this.#entries.delete(oldest)
      this.#units -= entry.units
    }
  }

  get size(): number {
    return this.#entries.size
  }
}

/** Default life of a page. */
export const PAGE_TTL_MS = 15 * 60_000

/** How long an answer may be kept: `no-store` and `private` never, `max-age` up to a day, else the default. */
export function pageTtlMs(cacheControl: string | null): number {
  const text = (cacheControl ?? '').toLowerCase()
  if (/\b(?:no-store|no-cache|private)\b/.test(text)) return 0
  const seconds = /\bmax-age\s*=\s*"?(\d{1,9})/.exec(text)?.[1]
  return seconds === undefined ? PAGE_TTL_MS : Math.min(Number(seconds) * 1000, 24 * 3600_000)
}
