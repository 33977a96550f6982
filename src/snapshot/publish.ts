// Holds the current snapshot. Swapping the pointer is the publication.

import { type Beside, compileSnapshot } from './compile.ts'
import type { ChannelRow, Snapshot } from './snapshot.ts'

export interface Publisher {
  current(): Snapshot
  /** Compiles and swaps; on an error the old snapshot stays. What is not given beside the rows stays as it is. @throws CompileError */
  publish(rows: readonly ChannelRow[], beside?: Beside): Snapshot
}

export function publisher(rows: readonly ChannelRow[], beside: Beside = {}): Publisher {
  let snapshot = compileSnapshot(rows, 1, beside)
  let current = beside
  return {
    current: () => snapshot,
    publish(next, given = {}) {
      const nextBeside = { ...current, ...given }
      snapshot = compileSnapshot(next, snapshot.revision + 1, nextBeside)
      current = nextBeside
      return snapshot
    },
  }
}
