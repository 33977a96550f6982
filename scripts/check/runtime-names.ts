// Keeps the runtime's own interfaces in the rooms that talk to the outside, so that everything else stays pure and a
// change of runtime is a change of those rooms. Tests may use the runtime.

import { type Finding, isScript, isTest, lineAt, type SourceFile } from './finding.ts'
import { importsOf } from './imports.ts'
import { maskSource } from './mask.ts'

const ALLOWED = ['src/http/', 'src/upstream/', 'src/store/engines/', 'src/lib/platform/', 'src/sandbox/engines/', 'src/main.ts']
const GLOBALS = /(?<![\w$.])(Bun\s*[.[]|process\s*\.|require\s*\()/g

export function checkRuntimeNames(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = []
  for (const file of files) {
    const { path, text } = file
    if (!path.startsWith('src/') || !isScript(path) || isTest(path) || ALLOWED.some((place) => path.startsWith(place))) continue
    for (const { specifier, line } of importsOf(file)) {
      if (/^(bun(:|$)|node:)/.test(specifier) && specifier !== 'node:crypto') {
        findings.push({
          file: path,
          line,
          rule: 'runtime',
          message: `${specifier} is a runtime API; only ${ALLOWED.join(', ')} may name one`,
        })
      }
    }
    for (const match of maskSource(text).matchAll(GLOBALS)) {
      const name = (match[1] ?? '').replace(/[^\w]/g, '')
      findings.push({ file: path, line: lineAt(text, match.index), rule: 'runtime', message: `${name} is a runtime API; use lib/platform` })
    }
  }
  return findings
}
