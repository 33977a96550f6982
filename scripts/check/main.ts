// `npm run check`: types, linter and formatter, and our own rules of structure, side by side. Prints one line per finding
// (`file:line rule message`) and one line per part. `--structure` runs the third part alone.

import { join } from 'node:path'
import { checkCycles } from './cycles.ts'
import type { Finding, SourceFile } from './finding.ts'
import { checkMachinePaths } from './machine-paths.ts'
import { committedText, readRepository } from './read-files.ts'
import { checkRooms } from './rooms.ts'
import { checkRuntimeNames } from './runtime-names.ts'
import { checkSizes, RATCHET, type Ratchet } from './sizes.ts'
import { checkVocabulary } from './vocabulary.ts'

const root = join(import.meta.dir, '..', '..')

function checkStructure(files: readonly SourceFile[]): Finding[] {
  const ratchet = JSON.parse(files.find((file) => file.path === RATCHET)?.text ?? '{}') as Ratchet
  const before = committedText(root, RATCHET)
  return [
    ...checkRooms(files),
    ...checkCycles(files),
    ...checkRuntimeNames(files),
    ...checkSizes(files, ratchet, before === undefined ? undefined : (JSON.parse(before) as Ratchet)),
    ...checkVocabulary(files),
    ...checkMachinePaths(files),
  ]
}

async function runTool(name: string, command: string[]): Promise<{ name: string; ok: boolean; output: string }> {
  // Both tools are small Node programs that start a native one; Bun runs them where there is no Node on the path.
  const child = Bun.spawn([process.execPath, '--no-env-file', ...command], { cwd: root, stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { name, ok: (await child.exited) === 0, output: `${stdout}${stderr}`.trim() }
}

const biome = ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=200', '.']
const tools = process.argv.includes('--structure')
  ? []
  : [runTool('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.']), runTool('lint', biome)]

const findings = checkStructure(readRepository(root))
let failed = findings.length > 0
for (const { file, line, rule, message } of findings) console.log(`${file}:${line} ${rule} ${message}`)
console.log(`structure: ${findings.length === 0 ? 'ok' : `${findings.length} findings`}`)
for (const tool of tools) {
  const { name, ok, output } = await tool
  if (!ok) console.log(output)
  failed ||= !ok
  console.log(`${name}: ${ok ? 'ok' : 'failed'}`)
}
process.exit(failed ? 1 : 0)
