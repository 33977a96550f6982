// Starts this program once more when an option is missing that Bun reads only before a process starts.
// It knows neither the product's settings nor its shutdown; it must be called before anything is opened.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'

// Bun caps outbound requests in flight at 256 unless this is in the environment before the start;
// a value above 65535 silently means 256 again.
const NAME = 'BUN_CONFIG_MAX_HTTP_REQUESTS'
const MAX_HTTP_REQUESTS = '65535'
// A terminal signals the whole process group and npm forwards as well: the same signal twice at once is one signal.
const SAME_SIGNAL_MS = 300
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** True in the program that `bun build --compile` makes: its modules lie in a file system of Bun's own. */
export const isCompiled = (main: string = Bun.main): boolean => /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/i.test(main)

/** The arguments that start this program again, without the executable itself. */
export function ownArguments(main: string = Bun.main): string[] {
  const args = process.argv.slice(2)
  return isCompiled(main) ? args : [...process.execArgv.filter((arg) => arg !== '--no-env-file'), '--no-env-file', main, ...args]
}

/**
 * Does nothing (and resolves) when the cap on outbound requests is set. Otherwise the process is replaced by itself with
 * the option set, keeping its id; where the system cannot do that, a child takes over, this process hands it its signals,
 * ends as it ends, and the promise never resolves. Call it first: `await respawnWithRequestCap()`.
 */
export function respawnWithRequestCap(): Promise<void> {
  if (process.env[NAME]) return Promise.resolve()
  const env = { ...process.env, [NAME]: MAX_HTTP_REQUESTS }
  const args = ownArguments()
  if (process.platform !== 'win32' && typeof process.execve === 'function')
    process.execve(process.execPath, [process.execPath, ...args], env)
  return follow(args, env)
}

function follow(args: string[], env: NodeJS.ProcessEnv): Promise<never> {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  const listeners = new Map<NodeJS.Signals, () => void>()
  const lastAtMs = new Map<NodeJS.Signals, number>()
  for (const signal of FORWARDED) {
    const listener = (): void => {
      // Ctrl-C reaches the child without us.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      const nowMs = performance.now()
      if (nowMs - (lastAtMs.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS) return
      lastAtMs.set(signal, nowMs)
      child.kill(signal)
    }
    listeners.set(signal, listener)
    process.on(signal, listener)
  }
  child.on('error', (error) => {
    console.error(`The program could not start itself again: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const [name, listener] of listeners) process.off(name, listener)
    process.kill(process.pid, signal)
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100)
  })
  return new Promise(() => {})
}
