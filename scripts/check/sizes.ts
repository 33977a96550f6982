// Refuses files over the ceiling. Exceptions stand in ratchet.json with their present length and may only shrink:
// an entry must equal the file's length, go when the file is under the ceiling, and never rise over the last commit's.

import { type Finding, isScript, type SourceFile } from './finding.ts'

export const CEILING = 400
export const RATCHET = 'scripts/check/ratchet.json'

/** Lines allowed by path. */
export type Ratchet = Readonly<Record<string, number>>

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** `committed` is the ratchet of the last commit; `undefined` when there is none to compare with. */
export function checkSizes(files: readonly SourceFile[], ratchet: Ratchet, committed?: Ratchet): Finding[] {
  const findings: Finding[] = []
  const add = (file: string, line: number, message: string): void => void findings.push({ file, line, rule: 'size', message })
  const unseen = new Set(Object.keys(ratchet))
  for (const { path, text } of files) {
    if (!isScript(path)) continue
    const lines = lineCount(text)
    const allowed = ratchet[path]
    unseen.delete(path)
    if (allowed === undefined) {
      if (lines > CEILING) add(path, CEILING + 1, `${lines} lines; the ceiling is ${CEILING}`)
    } else if (lines > allowed) add(path, allowed + 1, `${lines} lines; its exception allows ${allowed}`)
    else if (lines <= CEILING) add(RATCHET, 1, `remove ${path}: it has only ${lines} lines`)
    else if (lines < allowed) add(RATCHET, 1, `lower ${path} from ${allowed} to ${lines}`)
  }
  for (const path of unseen) add(RATCHET, 1, `remove ${path}: there is no such file`)
  for (const [path, lines] of Object.entries(ratchet)) {
    if (committed !== undefined && lines > (committed[path] ?? 0)) add(RATCHET, 1, `${path}: an exception may not be added or raised`)
  }
  return findings
}
