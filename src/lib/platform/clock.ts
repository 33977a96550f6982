// Time, as a value that is handed down: pure rooms take `nowMs` or a `Clock`, only the edge reads the machine's.

/** Where a part takes its time from. `nowMs` is wall time (UTC, milliseconds); `monotonicMs` never goes back and has no date. */
export interface Clock {
  nowMs(): number
  monotonicMs(): number
}

/** The machine's own clock. */
export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
