// Reads the files of the repository for the checks: what git tracks or would track, or without git everything but the
// folders that are made, not written.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceFile } from './finding.ts'

const MADE = new Set(['node_modules', '.git', 'dist', 'data', '.venv'])
const TEXT = /\.(tsx?|mts|mjs|js|json|md|ya?ml|sql|sse|txt|sh|py|css|html|toml)$|(^|\/)(Dockerfile|run|LICENSE|\.[a-z]+)$/
const MAX_BYTES = 2_000_000

export function readRepository(root: string): SourceFile[] {
  const files: SourceFile[] = []
  for (const path of listPaths(root)) {
    const full = join(root, path)
    if (!TEXT.test(path) || path === 'package-lock.json' || !existsSync(full)) continue
    const size = statSync(full)
    if (size.isFile() && size.size <= MAX_BYTES) files.push({ path, text: readFileSync(full, 'utf8') })
  }
  return files
}

function listPaths(root: string): string[] {
  if (existsSync(join(root, '.git'))) {
    const git = Bun.spawnSync(['git', 'ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, stderr: 'ignore' })
    if (git.success) return git.stdout.toString().split('\0').filter(Boolean)
  }
  return walk(root, '')
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (!entry.isDirectory()) return [path]
    return MADE.has(entry.name) ? [] : walk(root, path)
  })
}

/** The last commit's text of a file; `undefined` without git or when it was not there. */
export function committedText(root: string, path: string): string | undefined {
  if (!existsSync(join(root, '.git'))) return undefined
  const git = Bun.spawnSync(['git', 'show', `HEAD:${path}`], { cwd: root, stderr: 'ignore' })
  return git.success ? git.stdout.toString() : undefined
}
