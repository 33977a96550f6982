// Finds what a file imports: static, re-exported, dynamic and type-only alike, since all obey the same rules.

import { lineAt, type SourceFile } from './finding.ts'
import { maskSource } from './mask.ts'

export interface Import {
  /** As written. */
  specifier: string
  /** Path from the repository's root when the specifier is relative. */
  path?: string
  line: number
}

const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])/g

export function importsOf(file: SourceFile): Import[] {
  const code = maskSource(file.text)
  const found: Import[] = []
  for (const match of code.matchAll(SPECIFIER)) {
    const start = match.index + match[0].length
    const end = code.indexOf(match[1] ?? "'", start)
    if (end === -1) continue
    const specifier = file.text.slice(start, end)
    const path = specifier.startsWith('.') ? resolvePath(file.path, specifier) : undefined
    found.push({ specifier, line: lineAt(file.text, start), ...(path === undefined ? {} : { path }) })
  }
  return found
}

/** Resolves `./` and `../` against the folder of `from`. */
export function resolvePath(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
