// The process we are: its output, its signals, its environment, its exit.

import { writeSync } from 'node:fs'

/** A copy of the environment as it was at start. */
export const environment = (): Readonly<Record<string, string | undefined>> => ({ ...process.env })

/** Words after the program's name. */
export const commandArguments = (): readonly string[] => process.argv.slice(2)

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Whether a person watches: then a line may be written over. */
export const isTerminal = (): boolean => process.stdout.isTTY === true

/** Writes over the current line of a terminal. */
export function rewriteLine(text: string): void {
  process.stdout.write(`\r\x1b[K${text.slice(0, Math.max(20, (process.stdout.columns ?? 80) - 1))}`)
}

const LOG_FLUSH_MS = 50

let pendingLog = ''
let logTimer: ReturnType<typeof setTimeout> | undefined

/** Writes to standard error, some lines at once: a write costs as much as a small request. */
export function printLog(line: string): void {
  pendingLog += line
  if (pendingLog.length > 64 * 1024) flushLog()
  else logTimer ??= setTimeout(flushLog, LOG_FLUSH_MS)
}

function flushLog(): void {
  clearTimeout(logTimer)
  logTimer = undefined
  const text = pendingLog
  pendingLog = ''
  if (text !== '') process.stderr.write(text)
}

process.on('exit', () => {
  if (pendingLog !== '') writeSync(2, pendingLog)
})

/** Ends the process with a code; what is logged gets out first. */
export const exit = (code: number): never => process.exit(code)

// A terminal signals the whole process group and a parent forwards as well: two signals at once are one.
const SAME_SIGNAL_MS = 300

/** Calls `handler` once at the first request to end; a second one, later, ends the process at once. */
export function onTermination(handler: (signal: string) => void): void {
  let askedMs: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (askedMs !== undefined && performance.now() - askedMs < SAME_SIGNAL_MS) return
      if (askedMs !== undefined) process.exit(1)
      askedMs = performance.now()
      handler(signal)
    })
  }
}

export function onHangup(handler: () => void): void {
  process.on('SIGHUP', handler)
}

/** The net under everything: a stray failure is logged and the process lives, since other requests do. */
export function onStrayFailure(handler: (cause: unknown) => void): void {
  process.on('unhandledRejection', handler)
  process.on('uncaughtException', handler)
}
