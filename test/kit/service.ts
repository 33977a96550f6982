// What the tests' own servers (PostgreSQL, Redis) share: a free port, a directory that goes away, an end with the test process.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Where another user may read: PostgreSQL does not run as root, and root's own temporary folder may be closed. */
const commonFolder = process.getuid?.() === 0 ? '/tmp' : tmpdir()

/** What the guard of a server needs; absent outside Linux. */
export const canGuard = Bun.which('setsid') !== null && Bun.which('pgrep') !== null

export interface ServiceDirectory {
  readonly path: string
  /** Removes it, whatever is in it. */
  remove(): void
}

const LEFTOVER_MS = 3_600_000

/** A run whose guards were killed with it leaves its directories; no run takes so long. */
function removeLeftovers(name: string): void {
  for (const entry of readdirSync(commonFolder)) {
    if (!entry.startsWith(`switchyard-${name}-`)) continue
    const path = join(commonFolder, entry)
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    if (changedMs !== undefined && changedMs < Date.now() - LEFTOVER_MS) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * A directory for one server. When the test process ends, in whatever way, the process whose id is in `pidFile` gets
 * the signal and the directory goes: `bun test` calls no exit handlers, and a killed run has none.
 */
export function serviceDirectory(name: string, end: { pidFile: string; signal: 'QUIT' | 'TERM' }): ServiceDirectory {
  removeLeftovers(name)
  const path = mkdtempSync(join(commonFolder, `switchyard-${name}-`))
  const script = 'cat >/dev/null; kill -s "$2" "$(head -n 1 "$1/$3")" 2>/dev/null && sleep 0.3; rm -rf "$1"'
  const guard = Bun.spawn(['setsid', 'sh', '-c', script, 'guard', path, end.signal, end.pidFile], {
    cwd: commonFolder,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  guard.unref()
  return { path, remove: () => void guard.stdin.end() }
}

/** Stops or continues a process with all that descend from it: a server that hangs, its connections open. */
export function signalTree(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  const children = Bun.spawnSync(['pgrep', '-P', String(pid)])
    .stdout.toString()
    .split('\n')
    .filter(Boolean)
    .map(Number)
  // The parent first: it must not start another child in between.
  for (const each of [pid, ...children]) {
    try {
      process.kill(each, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}

export async function until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 20_000): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`)
    await Bun.sleep(20)
  }
}
