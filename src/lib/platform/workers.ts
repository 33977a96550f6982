// One program as several processes that share a port. The first process only starts the others, hands them its signals
// and replaces those that die. It knows nothing of what they do.

import { type ChildProcess, spawn } from 'node:child_process'
import { ownArguments } from './respawn.ts'

const NAME = 'SWITCHYARD_WORKER'
const READY = 'ready'
const RESTART_PAUSE_MS = 1_000
// A terminal signals the whole process group and npm forwards as well: the same signal twice at once is one signal.
const SAME_SIGNAL_MS = 300

/** Which of the workers this process is, from 1; `undefined` in a process that is none. */
export function workerNumber(): number | undefined {
  return process.env[NAME] === undefined || process.send === undefined ? undefined : Number(process.env[NAME])
}

/** Tells the process that started this worker that it serves. */
export function workerReady(): void {
  process.send?.(READY)
}

/** Calls `handler` when the process that started this worker is gone. */
export function onOrphaned(handler: () => void): void {
  process.on('disconnect', handler)
}

export interface WorkersOptions {
  readonly count: number
  /** Added to the environment of each. */
  readonly environment: Readonly<Record<string, string>>
  /** All of them serve, for the first time. */
  onReady(): void
  /** One ended that was not told to; it is started again. */
  onLost(worker: number, how: string): void
}

/** Starts the workers; this process ends when all of them have, with the worst of their codes. */
export function startWorkers(options: WorkersOptions): void {
  const children = new Map<number, ChildProcess>()
  const ready = new Set<number>()
  let started = false
  let stopping = false
  let worst = 0

  function start(worker: number): void {
    const child = spawn(process.execPath, ownArguments(), {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...options.environment, [NAME]: String(worker) },
    })
    children.set(worker, child)
    child.on('message', (message) => {
      if (message !== READY) return
      ready.add(worker)
      if (started || ready.size < options.count) return
      started = true
      options.onReady()
    })
    child.on('error', () => ended(worker, 1, null))
    child.on('exit', (code, signal) => ended(worker, code, signal))
  }

  function ended(worker: number, code: number | null, signal: NodeJS.Signals | null): void {
    if (!children.delete(worker)) return
    if (!stopping && !ready.has(worker)) {
      // It could not even start: the next attempt could not either.
      worst = code || 1
      stop('SIGTERM')
    } else if (!stopping) {
      ready.delete(worker)
      options.onLost(worker, signal ?? `code ${code ?? 0}`)
      setTimeout(() => {
        if (!stopping) start(worker)
      }, RESTART_PAUSE_MS)
    } else if (signal !== 'SIGTERM') {
      // One that was still starting has no handler yet, and ends by the signal itself.
      worst = Math.max(worst, code ?? 1)
    }
    if (stopping && children.size === 0) process.exit(worst)
  }

  function stop(signal: NodeJS.Signals): void {
    stopping = true
    for (const child of children.values()) child.kill(signal)
    if (children.size === 0) process.exit(worst)
  }

  let lastMs = Number.NEGATIVE_INFINITY
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (nowMs - lastMs < SAME_SIGNAL_MS) return
      lastMs = nowMs
      // The second time they are not asked.
      stop(stopping ? 'SIGKILL' : 'SIGTERM')
    })
  }
  process.on('SIGHUP', () => {
    for (const child of children.values()) child.kill('SIGHUP')
  })
  for (let worker = 1; worker <= options.count; worker++) start(worker)
}
