// Holds the current snapshot. Swapping the pointer is the publication.

import type { OperatorPrice } from '../config/index.ts'
import { compileSnapshot } from './compile.ts'
import type { ChannelRow, Snapshot } from './snapshot.ts'

export interface Publisher {
  current(): Snapshot
  /** Compiles and swaps; on an error the old snapshot stays. Prices that are not given stay as they are. @throws CompileError */
  publish(rows: readonly ChannelRow[], prices?: readonly OperatorPrice[]): Snapshot
}

export function publisher(rows: readonly ChannelRow[], prices: readonly OperatorPrice[] = []): Publisher {
  let snapshot = compileSnapshot(rows, 1, prices)
  let current = prices
  return {
    current: () => snapshot,
    publish(next, nextPrices = current) {
      snapshot = compileSnapshot(next, snapshot.revision + 1, nextPrices)
      current = nextPrices
      return snapshot
    },
  }
}
