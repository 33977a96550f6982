// Runs `switchyard index` as its users do, on the data directory of a server that may be running.

import { join } from 'node:path'

export interface Ran {
  readonly code: number
  readonly output: string
}

const ROOT = join(import.meta.dir, '../..')

/** @param directory the one given to `startSwitchyard`. */
export async function runIndexCommand(directory: string, words: readonly string[]): Promise<Ran> {
  const child = Bun.spawn([process.execPath, '--no-env-file', join(ROOT, 'src/main.ts'), 'index', ...words], {
    cwd: directory,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: directory,
      BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
      SWITCHYARD_DATA: join(directory, 'data'),
      SWITCHYARD_CONFIG: join(directory, 'config.yaml'),
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, output: stdout + stderr }
}
