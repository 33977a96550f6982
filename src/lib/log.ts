// Structured log lines: one JSON object a line, on a sink that main chooses. Secrets have their own type
// and print as stars; callers pass values, not sentences with values inside.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
  /** False when lines of this level go nowhere: lets callers skip building fields. */
  enabled(level: LogLevel): boolean
  /** As the call itself, with fields that are JSON text of an object already: for the one line of every request. */
  printed(level: LogLevel, message: string, object: string): void
}

const RANK: Record<LogLevel | 'silent', number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 }

export function createLog(threshold: LogLevel | 'silent', write: (line: string) => void, nowMs: () => number): Log {
  const least = RANK[threshold]
  const enabled = (level: LogLevel): boolean => RANK[level] >= least
  let lastMs = Number.NaN
  let lastTime = ''
  const time = (): string => {
    const ms = nowMs()
    if (ms !== lastMs) {
      lastMs = ms
      lastTime = new Date(ms).toISOString()
    }
    return lastTime
  }
  const log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void => {
    if (!enabled(level)) return
    const line = { time: time(), level, message, ...fields }
    // A replacer function would be called for every member of every line: only causes need one.
    write(`${fields?.cause === undefined ? JSON.stringify(line) : JSON.stringify(line, printable)}\n`)
  }
  const printed = (level: LogLevel, message: string, object: string): void => {
    if (enabled(level)) write(`{"time":"${time()}","level":"${level}","message":${JSON.stringify(message)},${object.slice(1)}\n`)
  }
  return Object.assign(log, { enabled, printed })
}

function printable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return { name: value.name, message: value.message, ...(value.cause !== undefined && { cause: value.cause }) }
  return value
}
