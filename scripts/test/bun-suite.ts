// Runs `bun test` on folders and reads its counts. The names of skipped tests come from its report file.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NOTHING, type SuiteResult } from './result.ts'
import { type CommandOptions, runCommand } from './run-command.ts'

export interface BunSuiteOptions extends CommandOptions {
  /** Folders from the root. */
  paths: string[]
  /** Limit of a single test that sets none itself. */
  testLimitMs: number
}

export async function runBunTests(options: BunSuiteOptions): Promise<SuiteResult> {
  const { root, paths, testLimitMs } = options
  if (paths.length === 0) return NOTHING
  const folder = mkdtempSync(join(tmpdir(), 'bun-suite-'))
  const report = join(folder, 'report.xml')
  const command = [
    process.execPath,
    'test',
    '--no-env-file',
    '--no-orphans',
    '--only-failures',
    `--timeout=${testLimitMs}`,
    '--reporter=junit',
    `--reporter-outfile=${report}`,
    // With a leading `./` a path is a place, without it a pattern.
    ...paths.map((path) => `./${path}`),
  ]
  const { output, exitCode } = await runCommand(command, { ...options, root })
  const xml = existsSync(report) ? readFileSync(report, 'utf8') : ''
  rmSync(folder, { recursive: true, force: true })
  return bunResult(output, xml, exitCode)
}

/** Counts of the summary that `bun test` prints last; the report names what was skipped. */
export function bunResult(output: string, xml: string, exitCode: number | undefined): SuiteResult {
  const count = (word: string): number => Number([...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, 'gm'))].at(-1)?.[1] ?? 0)
  const failed = count('fail')
  const names = skippedNames(xml)
  const skippedCount = count('skip') + count('todo')
  const skipped = names.length >= skippedCount ? names : [...names, ...Array(skippedCount - names.length).fill('a test without a name')]
  // A file that does not load, a crash and the time limit leave no failed test behind, but they are failures.
  return { passed: count('pass'), failed: exitCode === 0 ? failed : Math.max(1, failed), skipped }
}

function skippedNames(xml: string): string[] {
  return [...xml.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]*file="([^"]*)"[^>]*>\s*<skipped/g)].map(
    ([, name = '', group = '', file = '']) => unescapeXml(`${file}: ${group === '' ? '' : `${group} › `}${name}`),
  )
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
const unescapeXml = (text: string): string => text.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
