#!/usr/bin/env node
// Finds the Bun binary that npm installed and becomes it, with the arguments given. Plain Node, so that a machine with
// Node and npm alone can run everything. It knows nothing of Switchyard but two process options that must be set before
// Bun starts: how many outbound requests may be in flight, and that a stray `.env` is never read.

import { spawn } from 'node:child_process'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Bun's own cap is 256; a value above 65535 silently means 256 again.
const MAX_HTTP_REQUESTS = '65535'
// A terminal signals the whole process group and npm forwards as well: the same signal twice at once is one signal.
const SAME_SIGNAL_MS = 300

/** A stub (install scripts off) is a few hundred bytes; the binary is some 100 MB. */
function isBinary(path) {
  try {
    return statSync(path).size > 1_000_000
  } catch {
    return false
  }
}

/** The places of the binary below one `node_modules`, best first. */
export function candidates(platform = process.platform, arch = process.arch) {
  const cpu = arch === 'arm64' ? 'aarch64' : arch
  const os = platform === 'win32' ? 'windows' : platform
  const exe = platform === 'win32' ? 'bun.exe' : 'bun'
  const musl =
    platform === 'linux' && existsSync(`/lib/ld-musl-${arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`) && !existsSync(glibcLoader(arch))
  const suffixes =
    platform === 'linux' ? (musl ? ['-musl', '-musl-baseline'] : ['', '-baseline', '-musl', '-musl-baseline']) : ['', '-baseline']
  return [join('bun', 'bin', 'bun.exe'), ...suffixes.map((suffix) => join('@oven', `bun-${os}-${cpu}${suffix}`, 'bin', exe))]
}

const glibcLoader = (arch) => (arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2')

/** Path of the binary, looked for in every `node_modules` from `from` upwards; `undefined` when there is none. */
export function findBun(from = dirname(fileURLToPath(import.meta.url))) {
  const places = candidates()
  for (let folder = from; ; folder = dirname(folder)) {
    for (const place of places) {
      const path = join(folder, 'node_modules', place)
      if (isBinary(path)) return path
    }
    if (dirname(folder) === folder) return undefined
  }
}

/** Runs Bun with `args` in place of this process where the system can, else as a child whose signals and end it shares. */
export function runBun(args) {
  const bun = findBun()
  if (bun === undefined) {
    console.error('The Bun binary is not installed. Run `npm ci` (optional dependencies must not be omitted).')
    process.exit(1)
  }
  const env = { ...process.env }
  env.BUN_CONFIG_MAX_HTTP_REQUESTS ||= MAX_HTTP_REQUESTS
  const argv = ['--no-env-file', ...args]
  // Node ≥ 22.15: the process is replaced, so there is no second one to signal, to wait for or to pay memory for.
  if (process.platform !== 'win32' && typeof process.execve === 'function') process.execve(bun, [bun, ...argv], env)
  else follow(spawn(bun, argv, { stdio: 'inherit', env }))
}

function follow(child) {
  const forward = new Map()
  const lastAt = new Map()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    const listener = () => {
      // Ctrl-C reaches the child without us.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      const now = performance.now()
      if (now - (lastAt.get(signal) ?? -Infinity) < SAME_SIGNAL_MS) return
      lastAt.set(signal, now)
      child.kill(signal)
    }
    forward.set(signal, listener)
    process.on(signal, listener)
  }
  child.on('error', (error) => {
    console.error(`Bun could not be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const [name, listener] of forward) process.off(name, listener)
    // Ends as the child ended. Where a signal does not end a process at once, its number is the exit code as in a shell.
    process.kill(process.pid, signal)
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100)
  })
}

const isEntry = () => {
  try {
    return realpathSync(process.argv[1] ?? '') === realpathSync(fileURLToPath(import.meta.url))
  } catch {
    return false
  }
}

if (isEntry()) runBun(process.argv.slice(2))
