// Signs of life for clients whose stream is silent. One ticker serves all streams: a timer for each
// event would cost more than the event.

export interface Pulse {
  /** Called after every piece that went out. */
  beat(): void
  stop(): void
}

interface Entry {
  lastMs: number
  readonly everyMs: number
  readonly send: () => void
}

const TICK_MS = 1_000

const entries = new Set<Entry>()
let ticker: ReturnType<typeof setInterval> | undefined
let nowMs = 0

function tick(): void {
  nowMs += TICK_MS
  for (const entry of entries) {
    if (nowMs - entry.lastMs < entry.everyMs) continue
    entry.lastMs = nowMs
    entry.send()
  }
}

/** Calls `send` whenever `everyMs` passed without a `beat`. @param send must not throw. */
export function pulse(everyMs: number, send: () => void): Pulse {
  const entry: Entry = { lastMs: nowMs, everyMs, send }
  entries.add(entry)
  ticker ??= setInterval(tick, TICK_MS)
  return {
    beat() {
      entry.lastMs = nowMs
    },
    stop() {
      entries.delete(entry)
      if (entries.size > 0) return
      clearInterval(ticker)
      ticker = undefined
    },
  }
}
