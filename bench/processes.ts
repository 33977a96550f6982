// Starts the measured processes, pinned where the system can, and reads from the system what they cost.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dir, '..')

const taskset = Bun.which('taskset')
const cores = navigator.hardwareConcurrency
export const canPin = taskset !== null && cores > 1

/** The measured process has a core for itself; load and upstream share the other ones. */
export type Place = 'measured' | 'around'

const pin = (place: Place): string[] => {
  if (taskset === null || cores < 2) return []
  return [taskset, '-c', place === 'measured' ? '0' : cores === 2 ? '1' : `1-${cores - 1}`]
}

export interface Started {
  pid: number
  port: number
  stop(): Promise<void>
}

const bun = (script: string, args: string[] = []): string[] => [
  process.execPath,
  '--no-env-file',
  '--no-install',
  join(ROOT, script),
  ...args,
]

/** What the measured processes complain of is expected (cut upstreams); BENCH_OUTPUT=1 shows it. */
const MEASURED_STDERR = process.env.BENCH_OUTPUT ? 'inherit' : 'ignore'

export interface StartOptions {
  script: string
  place: Place
  args?: string[]
  environment?: Record<string, string>
}

const BASE_ENVIRONMENT = { PATH: process.env.PATH ?? '', BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' }

/** Starts a script that prints `{"port":…}` as its first line. */
export async function startScript({ script, place, args = [], environment = {} }: StartOptions): Promise<Started> {
  const child = Bun.spawn([...pin(place), ...bun(script, args)], {
    env: { ...BASE_ENVIRONMENT, ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: place === 'around' ? 'inherit' : MEASURED_STDERR,
  })
  const { port } = JSON.parse(await firstLine(child.stdout)) as { port: number }
  return { pid: child.pid, port, stop: () => end(child) }
}

/** Runs a script to its end and parses the last line it prints. */
export async function runScript<Result>(script: string, args: string[]): Promise<Result> {
  const child = Bun.spawn([...pin('around'), ...bun(script, args)], {
    env: BASE_ENVIRONMENT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const text = await new Response(child.stdout).text()
  await child.exited
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Result
}

/** Starts any command pinned as the measured process, its output thrown away. */
export function startMeasured(
  command: string[],
  environment: Record<string, string>,
): { pid: number; stop(): Promise<void>; exited: Promise<number> } {
  const child = Bun.spawn([...pin('measured'), ...command], {
    env: { ...BASE_ENVIRONMENT, ...environment },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: MEASURED_STDERR,
  })
  return { pid: child.pid, stop: () => end(child), exited: child.exited }
}

async function end(child: { kill(signal: NodeJS.Signals): void; exited: Promise<number> }): Promise<void> {
  child.kill('SIGTERM')
  const gone = await Promise.race([child.exited.then(() => true), Bun.sleep(3_000).then(() => false)])
  if (!gone) child.kill('SIGKILL')
  await child.exited
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes('\n')) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`the process ended before it listened: ${text}`)
    text += decoder.decode(value, { stream: true })
  }
  return text.split('\n')[0] ?? ''
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Processor time (user and system) of a process so far, in microseconds. */
export function cpuMicros(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  let nanos = 0
  for (const thread of threads) {
    try {
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
    } catch {
      // The thread ended in between.
    }
  }
  // Kernels without scheduler statistics count in ticks of 10 ms.
  return nanos > 0 ? nanos / 1000 : statMicros(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

const TICK_MICROS = 10_000

/** User and system time of a `/proc/<pid>/stat` line. The name in parentheses may hold spaces. */
export function statMicros(line: string): number {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

/** Resident memory in megabytes. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(kilobytes) / 1024
}

export const descriptorCount = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
