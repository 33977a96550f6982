// Reading a tree of files. Links are not followed, so that no tree is endless and none leads out of itself.

import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

export interface ListedFile {
  /** Names below the root, outermost first. */
  readonly names: readonly string[]
  readonly path: string
  readonly bytes: number
  readonly changedMs: number
}

/** The absolute path, links resolved; `undefined` when nothing is there. */
export async function absolutePath(path: string): Promise<string | undefined> {
  try {
    return await realpath(resolve(path))
  } catch {
    return undefined
  }
}

/** Every file below `root` in the order of its names, folders and files that `skip` names left out. @throws when it is no readable folder. */
export async function listFiles(root: string, skip: (name: string) => boolean, above: readonly string[] = []): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  const entries = await readdir(root, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skip(entry.name)) continue
    const path = join(root, entry.name)
    const names = [...above, entry.name]
    if (entry.isDirectory()) files.push(...(await listFiles(path, skip, names)))
    else if (entry.isFile()) {
      const { size, mtimeMs } = await stat(path)
      files.push({ names, path, bytes: size, changedMs: Math.round(mtimeMs) })
    }
  }
  return files
}

export const readBytes = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path))
