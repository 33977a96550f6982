// The Node launcher in bin/, run by Node where there is one (always, after `npm ci`), else by Bun.

import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dir, '..')
const node = Bun.which('node') ?? process.execPath
const { candidates, findBun } = (await import(join(root, 'bin/bun.mjs'))) as {
  candidates(platform?: string, arch?: string): string[]
  findBun(from?: string): string | undefined
}
const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function place(path: string, bytes: number): string {
  const full = join(folder, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, '')
  truncateSync(full, bytes)
  return full
}

test('the binary is found past the stub, and in a parent folder', () => {
  const from = join(folder, 'a/b/bin')
  mkdirSync(from, { recursive: true })
  place('a/b/node_modules/bun/bin/bun.exe', 450)
  expect(findBun(from)).toBeUndefined()
  const packaged = place(join('a/node_modules', candidates().find((path) => path.includes('@oven')) ?? ''), 2_000_000)
  expect(findBun(from)).toBe(packaged)
  const moved = place('a/b/node_modules/bun/bin/bun.exe', 2_000_000)
  expect(findBun(from)).toBe(moved)
})

test('platforms have the names of their packages', () => {
  expect(candidates('darwin', 'arm64')[1]).toBe(join('@oven', 'bun-darwin-aarch64', 'bin', 'bun'))
  expect(candidates('win32', 'x64')[1]).toBe(join('@oven', 'bun-windows-x64', 'bin', 'bun.exe'))
})

const start = (script: string, args: string[], env: Record<string, string> = {}) =>
  Bun.spawn([node, join(root, script), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })

test('Bun runs with its cap raised, without a stray .env, and its exit code is kept', async () => {
  writeFileSync(join(folder, '.env'), 'STRAY=1\n')
  const program = 'console.log(JSON.stringify([process.env.BUN_CONFIG_MAX_HTTP_REQUESTS, process.env.STRAY ?? null])); process.exit(9)'
  const child = start('bin/bun.mjs', ['-e', program])
  expect(await new Response(child.stdout).json()).toEqual(['65535', null])
  expect(await child.exited).toBe(9)
  const own = start('bin/bun.mjs', ['-e', program], { BUN_CONFIG_MAX_HTTP_REQUESTS: '300' })
  expect(await new Response(own.stdout).json()).toEqual(['300', null])
})

test('a signal reaches Bun, and an end by signal is passed on', async () => {
  const waiting = start('bin/bun.mjs', [
    '-e',
    "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1e3)",
  ])
  await waiting.stdout.getReader().read()
  waiting.kill('SIGTERM')
  expect(await waiting.exited).toBe(7)
  const dying = start('bin/bun.mjs', ['-e', "process.kill(process.pid, 'SIGKILL')"])
  await dying.exited
  expect(dying.signalCode).toBe('SIGKILL')
})

test('an unknown command is refused', async () => {
  const child = start('bin/switchyard.mjs', ['nonsense'])
  expect(await child.exited).toBe(2)
  expect(await new Response(child.stderr).text()).toContain('start (default), index, migrate, sandbox')
})
