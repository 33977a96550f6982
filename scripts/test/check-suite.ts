// `check` as a suite: each of its parts counts as one.

import type { SuiteResult } from './result.ts'
import { type CommandOptions, runCommand } from './run-command.ts'

export async function runCheck(options: CommandOptions): Promise<SuiteResult> {
  const { output, exitCode } = await runCommand([process.execPath, '--no-env-file', 'scripts/check/main.ts'], options)
  return checkResult(output, exitCode)
}

export function checkResult(output: string, exitCode: number | undefined): SuiteResult {
  const parts = [...output.matchAll(/^(structure|types|lint): (ok|failed|\d+ findings)$/gm)]
  const passed = parts.filter((part) => part[2] === 'ok').length
  const failed = parts.length - passed
  return { passed, failed: exitCode === 0 ? failed : Math.max(1, failed), skipped: [] }
}
