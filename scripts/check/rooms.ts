// Holds the table of rooms and floors: a room imports from lower floors only, and enters another room by its index.
// Type-only imports obey the same rule. Tests beside the source obey it too, but may also use the shared kit in test/.

import { type Finding, isScript, isTest, type SourceFile } from './finding.ts'
import { importsOf } from './imports.ts'

/** Floor of every room; a folder in src/ that is missing here is itself a finding. */
export const FLOORS: Readonly<Record<string, number>> = {
  main: 10,
  http: 9,
  admin: 8,
  tasks: 7,
  gateway: 6,
  indexing: 6,
  access: 5,
  limits: 5,
  routing: 5,
  billing: 5,
  tools: 5,
  records: 5,
  snapshot: 4,
  providers: 3,
  search: 3,
  sandbox: 3,
  store: 3,
  upstream: 3,
  formats: 2,
  config: 2,
  core: 1,
  lib: 0,
}

/** Rooms narrower than their floor: what each may import, itself apart. */
const MAY_IMPORT: Readonly<Record<string, number>> = { providers: 2, search: 2, sandbox: 2, store: 1, upstream: 1 }

/** Vocabulary and general tools have no front door: each file stands for itself. */
const OPEN_ROOMS = new Set(['core', 'lib'])
const ENTRIES = new Set(['index.ts'])
/** The one file the browser application shares with the server. */
const CONSOLE_CONTRACT = 'src/admin/contract.ts'

/** Name of the room a path lies in; `undefined` outside src/. The files at the top of src/ are main's. */
export function roomOf(path: string): string | undefined {
  const [root, first, ...rest] = path.split('/')
  if (root !== 'src' || first === undefined) return undefined
  return rest.length === 0 ? 'main' : first
}

export function checkRooms(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = []
  for (const file of files) {
    if (!isScript(file.path) && !file.path.endsWith('.d.ts')) continue
    if (file.path.startsWith('console/')) findings.push(...consoleFindings(file))
    const room = roomOf(file.path)
    if (room === undefined) continue
    const floor = FLOORS[room]
    if (floor === undefined) {
      findings.push({ file: file.path, line: 1, rule: 'floors', message: `no room named ${room} in the table` })
      continue
    }
    for (const { path, line, specifier } of importsOf(file)) {
      if (path === undefined) continue
      const message = refusal(file.path, room, path)
      if (message !== undefined) findings.push({ file: file.path, line, rule: message.rule, message: `${specifier}: ${message.text}` })
    }
  }
  return findings
}

function refusal(from: string, room: string, path: string): { rule: string; text: string } | undefined {
  const target = roomOf(path)
  if (target === undefined) {
    if (path === 'package.json' || (isTest(from) && (path.startsWith('test/') || path.startsWith('bin/')))) return undefined
    return { rule: 'floors', text: 'src/ imports nothing outside itself' }
  }
  if (target === room) return undefined
  const floor = FLOORS[room] ?? 0
  const targetFloor = FLOORS[target]
  if (targetFloor === undefined) return { rule: 'floors', text: `no room named ${target} in the table` }
  if (targetFloor > (MAY_IMPORT[room] ?? floor - 1)) {
    return { rule: 'floors', text: `${room} (floor ${floor}) must not import ${target} (floor ${targetFloor})` }
  }
  const inside = path.split('/').slice(2).join('/')
  if (OPEN_ROOMS.has(target) || ENTRIES.has(inside)) return undefined
  return { rule: 'entry', text: `enter ${target} through src/${target}/index.ts` }
}

function consoleFindings(file: SourceFile): Finding[] {
  return importsOf(file)
    .filter(({ path }) => path !== undefined && !path.startsWith('console/') && path !== CONSOLE_CONTRACT)
    .map(({ line, specifier }) => ({
      file: file.path,
      line,
      rule: 'floors',
      message: `${specifier}: the console shares only ${CONSOLE_CONTRACT}`,
    }))
}
