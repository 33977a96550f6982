// `npm run build`: the whole program as one executable in dist/ that needs no runtime installed.
// `--target=bun-linux-x64-musl` and the like are handed on for another platform.

import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const windows = process.platform === 'win32' || process.argv.some((arg) => arg.startsWith('--target=bun-windows'))
const outfile = join('dist', windows ? 'switchyard.exe' : 'switchyard')
mkdirSync(join(root, 'dist'), { recursive: true })

const command = [
  process.execPath,
  'build',
  '--compile',
  '--minify',
  '--bytecode',
  '--format=esm',
  // A `.env` or bunfig.toml that lies where the program is started must not change it: stray keys would become channels.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  ...process.argv.slice(2),
  'src/main.ts',
  `--outfile=${outfile}`,
]
const child = Bun.spawnSync(command, { cwd: root, stdout: 'inherit', stderr: 'inherit' })
if (!child.success) process.exit(child.exitCode || 1)
console.log(`${outfile}: ${(statSync(join(root, outfile)).size / 1e6).toFixed(0)} MB`)
