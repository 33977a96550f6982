// Refuses paths of somebody's machine anywhere in the repository: they are wrong everywhere else.

import { type Finding, lineAt, type SourceFile } from './finding.ts'

// Assembled, so that this file does not find itself. Sample homes (user, app) are nobody's.
const HOMES = ['home', 'Users'].join('|')
const MACHINE_PATH = new RegExp(
  `(?<![\\w.$/@~}-])/(?:(?:${HOMES})/(?!user\\b|app\\b|you\\b|me\\b)[a-z][\\w.-]*|root/|work${'/'})|[A-Z]:\\\\Users\\\\`,
  'g',
)

export function checkMachinePaths(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(MACHINE_PATH)].map((match) => ({
      file: path,
      line: lineAt(text, match.index),
      rule: 'machine-path',
      message: `${match[0]} is a path of one machine`,
    })),
  )
}
