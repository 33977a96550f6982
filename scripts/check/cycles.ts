// Refuses circles of imports among the files of src/, type-only imports included: what cannot be read without each other
// is one thing and belongs in one file, or the shared part moves below both.

import { type Finding, isScript, type SourceFile } from './finding.ts'
import { importsOf } from './imports.ts'

export function checkCycles(files: readonly SourceFile[]): Finding[] {
  const edges = new Map<string, { path: string; line: number }[]>()
  const sources = files.filter((file) => file.path.startsWith('src/') && isScript(file.path))
  const known = new Set(sources.map((file) => file.path))
  for (const file of sources) {
    const targets: { path: string; line: number }[] = []
    for (const { path, line } of importsOf(file)) if (path !== undefined && known.has(path)) targets.push({ path, line })
    edges.set(file.path, targets)
  }
  const findings: Finding[] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (path: string): void => {
    if (done.has(path)) return
    trail.push(path)
    for (const edge of edges.get(path) ?? []) {
      const start = trail.indexOf(edge.path)
      if (start === -1) visit(edge.path)
      else findings.push({ file: path, line: edge.line, rule: 'cycle', message: [...trail.slice(start), edge.path].join(' → ') })
    }
    trail.pop()
    done.add(path)
  }
  for (const path of edges.keys()) visit(path)
  return findings
}
