import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enter } from './sole.ts'

const directory = mkdtempSync(join(tmpdir(), 'switchyard-sole-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('only a process that finds nobody is alone, whoever of the others came first or has left', () => {
  const path = join(directory, 'a.sqlite')
  const first = enter(path)
  expect(first.alone).toBe(true)
  first.settle()
  const second = enter(path)
  expect(second.alone).toBe(false)
  second.settle()
  first.leave()
  const third = enter(path)
  expect(third.alone).toBe(false)
  third.settle()
  second.leave()
  third.leave()
  expect(enter(path).alone).toBe(true)
})

test('a killed process leaves nothing behind', async () => {
  const path = join(directory, 'b.sqlite')
  const script = `const { enter } = await import(${JSON.stringify(join(import.meta.dir, 'sole.ts'))}); globalThis.here = enter(${JSON.stringify(path)}); here.settle(); console.log(here.alone); setInterval(() => {}, 1000)`
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
  const { value } = await child.stdout.getReader().read()
  expect(new TextDecoder().decode(value)).toBe('true\n')
  const beside = enter(path)
  expect(beside.alone).toBe(false)
  beside.leave()
  child.kill('SIGKILL')
  await child.exited
  expect(enter(path).alone).toBe(true)
})

test('a database in memory is its own', () => {
  const here = enter(':memory:')
  expect(here.alone).toBe(true)
  here.settle()
  expect(enter(':memory:').alone).toBe(true)
})
