// `npm test`: every suite that this machine can run, one after the other, each with a time limit, on the same Bun binary.
// Suites may be named (`npm test -- unit e2e`); `--no-skips` counts a skip as a failure. Skips are listed aloud, and the
// last line is exactly `N passed, N failed`. Nothing here needs a credential or a service.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runBunTests } from './test/bun-suite.ts'
import { runCheck } from './test/check-suite.ts'
import { cleanEnvironment } from './test/environment.ts'
import { runPython } from './test/python-suite.ts'
import { addResults, NOTHING, type SuiteResult } from './test/result.ts'

const root = join(import.meta.dir, '..')
const environment = cleanEnvironment(process.env)
const MINUTE_MS = 60_000
/** Folders of test/ that are suites of their own or hold no tests. */
const NOT_UNIT = new Set(['contract', 'e2e', 'kit', 'clients'])

const folders = (paths: readonly string[]): string[] => paths.filter((path) => existsSync(join(root, path)))
const testFolders = (): string[] =>
  readdirSync(join(root, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_UNIT.has(entry.name))
    .map((entry) => `test/${entry.name}`)

/** In the order in which they run: the quickest verdict first. */
const SUITES: Readonly<Record<string, () => Promise<SuiteResult>>> = {
  check: () => runCheck({ root, environment, limitMs: 2 * MINUTE_MS }),
  unit: () =>
    runBunTests({
      root,
      environment,
      paths: folders(['src', 'scripts', 'bench', ...testFolders()]),
      testLimitMs: 30_000,
      limitMs: 7 * MINUTE_MS,
    }),
  contract: async () =>
    addResults(
      await runBunTests({ root, environment, paths: folders(['test/contract']), testLimitMs: 30_000, limitMs: 4 * MINUTE_MS }),
      await runPython({ root, environment, folder: 'test/contract/python', limitMs: 3 * MINUTE_MS }),
    ),
  e2e: () => runBunTests({ root, environment, paths: folders(['test/e2e']), testLimitMs: 60_000, limitMs: 8 * MINUTE_MS }),
}

const args = process.argv.slice(2)
const noSkips = args.includes('--no-skips')
const named = args.filter((arg) => !arg.startsWith('--'))
const unknown = named.filter((name) => !(name in SUITES))
if (unknown.length > 0) {
  console.error(`Unknown suite: ${unknown.join(', ')}. Suites: ${Object.keys(SUITES).join(', ')}.`)
  process.exit(2)
}

let total = NOTHING
for (const [name, run] of Object.entries(SUITES)) {
  if (named.length > 0 && !named.includes(name)) continue
  console.log(`\n── ${name}`)
  const startedMs = performance.now()
  const result = await run().catch((error: unknown): SuiteResult => {
    console.log(error)
    return { passed: 0, failed: 1, skipped: [] }
  })
  total = addResults(total, result)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped.length} skipped in ${seconds} s`)
}

console.log('')
for (const name of total.skipped) console.log(`SKIPPED ${name}`)
if (total.skipped.length > 0) console.log(`${total.skipped.length} skipped${noSkips ? ', and skips count as failures here' : ''}`)
const failed = total.failed + (noSkips ? total.skipped.length : 0)
console.log(`${total.passed} passed, ${failed} failed`)
process.exit(failed > 0 || total.passed === 0 ? 1 : 0)
