// What is remembered of keys, by hash. Nothing is believed for longer than a second, so a revocation is in force on every
// node by then even when its notice is lost; a notice makes it so at once.

import type { KnownKey } from './caller.ts'

const MAX_KNOWN = 10_000
/** Keys nobody has: bounded, since whoever guesses fills it. */
const MAX_UNKNOWN = 10_000
const BELIEVED_MS = 800

interface Entry {
  readonly key: KnownKey | undefined
  readonly untilMs: number
}

export interface KeyCache {
  /** `undefined`: must be looked up. */
  get(hash: string, nowMs: number): { readonly key: KnownKey | undefined } | undefined
  /** A look-up that begins now: what it finds is kept unless something was forgotten meanwhile. */
  begin(nowMs: number): (hash: string, key: KnownKey | undefined) => void
  forget(hash: string): void
  clear(): void
}

export function keyCache(): KeyCache {
  // Entries are renewed at least every second and stand in the order of their renewal, so the first is the one that
  // was not used for longest.
  const known = new Map<string, Entry>()
  const unknown = new Map<string, Entry>()
  let changes = 0

  return {
    get(hash, nowMs) {
      const entry = known.get(hash) ?? unknown.get(hash)
      return entry === undefined || entry.untilMs <= nowMs ? undefined : entry
    },
    begin(nowMs) {
      const before = changes
      return (hash, key) => {
        if (changes !== before) return
        const into = key === undefined ? unknown : known
        into.delete(hash)
        if (into.size >= (key === undefined ? MAX_UNKNOWN : MAX_KNOWN)) into.delete(into.keys().next().value as string)
        into.set(hash, { key, untilMs: nowMs + BELIEVED_MS })
        if (key !== undefined) unknown.delete(hash)
        else known.delete(hash)
      }
    },
    forget(hash) {
      changes++
      known.delete(hash)
      unknown.delete(hash)
    },
    clear() {
      changes++
      known.clear()
      unknown.clear()
    },
  }
}
