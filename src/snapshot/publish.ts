// Holds the current snapshot. Swapping the pointer is the publication.

import { compileSnapshot } from './compile.ts'
import type { ChannelRow, Snapshot } from './snapshot.ts'

export interface Publisher {
  current(): Snapshot
  /** Compiles and swaps; on an error the old snapshot stays. @throws CompileError */
  publish(rows: readonly ChannelRow[]): Snapshot
}

export function publisher(rows: readonly ChannelRow[]): Publisher {
  let snapshot = compileSnapshot(rows, 1)
  return {
    current: () => snapshot,
    publish(next) {
      snapshot = compileSnapshot(next, snapshot.revision + 1)
      return snapshot
    },
  }
}
