// What a structure check returns and what it reads: values only, so that every check can be proved on a made-up tree.

/** One file of the repository: its path from the root with forward slashes, and its text. */
export interface SourceFile {
  path: string
  text: string
}

/** One broken rule. `line` counts from 1. */
export interface Finding {
  file: string
  line: number
  rule: string
  message: string
}

/** Line number (from 1) of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** Tests, and what only tests import. */
export const isTest = (path: string): boolean => /\.test(-support)?\.tsx?$/.test(path)
export const isScript = (path: string): boolean => /\.(tsx?|mts|mjs|js)$/.test(path) && !path.endsWith('.d.ts')
