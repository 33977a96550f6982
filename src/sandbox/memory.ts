// What the sandbox remembers between two attempts of one exchange: that it has failed once already.

const REMEMBERED = 1000
const FORGETS_AFTER_MS = 60_000

export interface Memory {
  /** True the first time an exchange is seen, false the second; then it is forgotten. */
  firstTime(exchange: string): boolean
}

export function createMemory(nowMs: () => number): Memory {
  const seen = new Map<string, number>()
  return {
    firstTime(exchange) {
      const at = seen.get(exchange)
      seen.delete(exchange)
      if (at !== undefined && nowMs() - at < FORGETS_AFTER_MS) return false
      if (seen.size >= REMEMBERED) seen.delete(seen.keys().next().value as string)
      seen.set(exchange, nowMs())
      return true
    },
  }
}
