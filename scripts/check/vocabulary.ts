// Refuses words that say nothing about what a thing does, in identifiers and in file names. Words of other people's
// wire formats stand in strings, which are not looked at.

import { type Finding, isScript, lineAt, type SourceFile } from './finding.ts'
import { maskSource } from './mask.ts'

const FORBIDDEN = new Set([
  'manager',
  'managers',
  'helper',
  'helpers',
  'util',
  'utils',
  'misc',
  'adapter',
  'adapters',
  'adaptor',
  'adaptors',
])

/** Words of a camelCase, PascalCase, kebab-case or snake_case name, in lower case. */
export const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)

const forbiddenIn = (name: string): string | undefined => wordsOf(name).find((word) => FORBIDDEN.has(word))

export function checkVocabulary(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = []
  for (const { path, text } of files) {
    const inPath = forbiddenIn(path)
    if (inPath !== undefined) findings.push({ file: path, line: 1, rule: 'vocabulary', message: `“${inPath}” in a file name` })
    if (!isScript(path)) continue
    for (const match of maskSource(text).matchAll(/[A-Za-z_$][\w$]*/g)) {
      const word = forbiddenIn(match[0])
      if (word === undefined) continue
      findings.push({
        file: path,
        line: lineAt(text, match.index),
        rule: 'vocabulary',
        message: `“${word}” in ${match[0]}: say what it does`,
      })
    }
  }
  return findings
}
