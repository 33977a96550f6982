// Every check is proved on a bad example that it must find and on the same example mended.

import { expect, test } from 'bun:test'
import { checkCycles } from './cycles.ts'
import type { Finding } from './finding.ts'
import { importsOf } from './imports.ts'
import { checkMachinePaths } from './machine-paths.ts'
import { maskSource } from './mask.ts'
import { checkRooms } from './rooms.ts'
import { checkRuntimeNames } from './runtime-names.ts'
import { checkSizes } from './sizes.ts'
import { checkVocabulary } from './vocabulary.ts'

const file = (path: string, text: string) => ({ path, text })
const places = (findings: Finding[]) => findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`)

test('the mask blanks comments, strings, templates and expressions and keeps every offset', () => {
  const text = "const a = 'it''s' // import 'x'\n/* Bun. */ const b = `Bun ${c['Bun']} Bun` + /Bun'\\/[/]/.test(a) / Bun.x"
  const masked = maskSource(text)
  expect(masked).toHaveLength(text.length)
  expect(masked.match(/Bun/g)).toHaveLength(1)
  expect(masked).toContain("${c['   ']}")
  expect(masked.endsWith('.test(a) / Bun.x')).toBe(true)
})

test('the mask survives nested templates, division and an unclosed quote', () => {
  expect(maskSource('`a${`b${c}`}d` + e')).toBe('` ${` ${c}`} ` + e')
  expect(maskSource('x = a / b / c')).toBe('x = a / b / c')
  expect(maskSource("<p>don't</p>\nconst after = 1")).toContain('const after = 1')
})

test('imports of every kind are seen, those in comments and strings are not', () => {
  const text = `import type { A } from './a.ts'
import {
  b,
} from '../b.ts'
export * from "./c.ts"
import './d.ts'
const e = await import('./e.ts')
type F = import('./f.ts').F
// import './not.ts'
const g = "import './not.ts'"`
  expect(importsOf(file('src/core/x.ts', text)).map((found) => `${found.path}:${found.line}`)).toEqual([
    'src/core/a.ts:1',
    'src/b.ts:4',
    'src/core/c.ts:5',
    'src/core/d.ts:6',
    'src/core/e.ts:7',
    'src/core/f.ts:8',
  ])
})

test('a room may not import a higher one, not even a type, nor a neighbour', () => {
  const bad = [
    file('src/core/a.ts', "import type { X } from '../gateway/index.ts'"),
    file('src/routing/a.ts', "\nimport { x } from '../billing/index.ts'"),
    file('src/upstream/a.ts', "import { x } from '../formats/index.ts'"),
    file('src/lib/a.ts', "import { x } from '../../bench/load.ts'"),
    file('src/novelty/a.ts', ''),
  ]
  expect(places(checkRooms(bad))).toEqual([
    'src/core/a.ts:1 floors',
    'src/routing/a.ts:2 floors',
    'src/upstream/a.ts:1 floors',
    'src/lib/a.ts:1 floors',
    'src/novelty/a.ts:1 floors',
  ])
  const good = [
    file(
      'src/gateway/a.ts',
      "import type { X } from '../core/chat.ts'\nimport { y } from './b.ts'\nimport { z } from '../routing/index.ts'",
    ),
    file('src/main.ts', "import { x } from './http/index.ts'"),
  ]
  expect(checkRooms(good)).toEqual([])
})

test('a room is entered through its index', () => {
  expect(places(checkRooms([file('src/gateway/a.ts', "import { x } from '../routing/plan.ts'")]))).toEqual(['src/gateway/a.ts:1 entry'])
  expect(places(checkRooms([file('src/main.ts', "import { x } from './http/server.ts'")]))).toEqual(['src/main.ts:1 entry'])
})

test('the console shares the contract alone', () => {
  expect(places(checkRooms([file('console/app.ts', "import { x } from '../src/core/chat.ts'")]))).toEqual(['console/app.ts:1 floors'])
  expect(checkRooms([file('console/app.ts', "import type { X } from '../src/admin/contract.ts'")])).toEqual([])
})

test('a circle of imports is refused, a diamond is not', () => {
  const circle = [
    file('src/core/a.ts', "import './b.ts'"),
    file('src/core/b.ts', "import './c.ts'"),
    file('src/core/c.ts', "import type { A } from './a.ts'"),
  ]
  const found = checkCycles(circle)
  expect(places(found)).toEqual(['src/core/c.ts:1 cycle'])
  expect(found[0]?.message).toBe('src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts')
  const diamond = [
    file('src/core/a.ts', "import './b.ts'\nimport './c.ts'"),
    file('src/core/b.ts', "import './d.ts'"),
    file('src/core/c.ts', "import './d.ts'"),
    file('src/core/d.ts', ''),
  ]
  expect(checkCycles(diamond)).toEqual([])
})

test('runtime names stay in their rooms', () => {
  const text =
    "import { readFileSync } from 'node:fs'\nimport { createHmac } from 'node:crypto'\nconst a = Bun.hash('x')\nconst b = process.env.X"
  expect(places(checkRuntimeNames([file('src/core/a.ts', text)]))).toEqual([
    'src/core/a.ts:1 runtime',
    'src/core/a.ts:3 runtime',
    'src/core/a.ts:4 runtime',
  ])
  expect(checkRuntimeNames([file('src/http/a.ts', text), file('src/core/a.test.ts', text), file('src/lib/platform/a.ts', text)])).toEqual(
    [],
  )
  expect(
    checkRuntimeNames([file('src/core/a.ts', "// Bun.hash\nconst a = { process: 1 }\nconst b = 'Bun.x' + a.process.toString()")]),
  ).toEqual([])
})

test('files over the ceiling are refused, and the ratchet only shrinks', () => {
  const lines = (count: number) => 'x\n'.repeat(count)
  expect(checkSizes([file('src/a.ts', lines(400))], {})).toEqual([])
  expect(places(checkSizes([file('src/a.ts', lines(401))], {}))).toEqual(['src/a.ts:401 size'])
  expect(checkSizes([file('src/a.ts', lines(450))], { 'src/a.ts': 450 })).toEqual([])
  expect(places(checkSizes([file('src/a.ts', lines(451))], { 'src/a.ts': 450 }))).toEqual(['src/a.ts:451 size'])
  for (const [count, word] of [
    [440, 'lower'],
    [300, 'remove'],
  ] as const) {
    expect(checkSizes([file('src/a.ts', lines(count))], { 'src/a.ts': 450 })[0]?.message).toStartWith(word)
  }
  expect(checkSizes([], { 'src/gone.ts': 450 })[0]?.message).toStartWith('remove')
  expect(checkSizes([file('src/a.ts', lines(450))], { 'src/a.ts': 450 }, {})[0]?.message).toContain('added or raised')
  expect(checkSizes([file('src/a.ts', lines(450))], { 'src/a.ts': 450 }, { 'src/a.ts': 470 })).toEqual([])
})

test('empty words are refused in names and file names, not in text', () => {
  expect(places(checkVocabulary([file('src/core/string-utils.ts', "class ChannelManager {}\nconst x = 'manager' // helper")]))).toEqual([
    'src/core/string-utils.ts:1 vocabulary',
    'src/core/string-utils.ts:1 vocabulary',
  ])
  expect(places(checkVocabulary([file('src/core/a.ts', '\nconst parseHelper = 1')]))).toEqual(['src/core/a.ts:2 vocabulary'])
  expect(checkVocabulary([file('src/core/a.ts', 'const utilisation = managed')])).toEqual([])
})

test('paths of a machine are refused anywhere', () => {
  const home = ['', 'home', 'somebody', 'x'].join('/')
  expect(places(checkMachinePaths([file('docs/a.md', `see\n${home} there`)]))).toEqual(['docs/a.md:2 machine-path'])
  expect(checkMachinePaths([file('docs/a.md', '/v1/home/x, https://a.example/work/, /data, ~/work/, src/root/')])).toEqual([])
})
