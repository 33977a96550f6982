// What may be bound, judged alike by every engine: SQLite would store a large number rounded, PostgreSQL a fraction.

import type { Value } from '../engine.ts'

/** @throws TypeError for a value that no column holds. It names the place, never the value. */
export function checkParams(params: readonly Value[], count: number): void {
  if (params.length !== count) throw new TypeError(`a statement with ${count} parameters was given ${params.length}`)
  for (let at = 0; at < params.length; at++) {
    const value: unknown = params[at]
    if (typeof value === 'string' || value === null || Number.isSafeInteger(value) || value instanceof Uint8Array) continue
    throw new TypeError(`parameter ${at + 1} is neither text, safe integer, bytes nor null`)
  }
}
