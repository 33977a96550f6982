// The contract tests of the official Python SDKs (unittest, nothing else) against a server that runs for them. They run
// where the packages are installed, in `.venv` or for `python3`; `.ci/run` installs them. Elsewhere they skip aloud.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NOTHING, type SuiteResult } from './result.ts'
import { type CommandOptions, runCommand } from './run-command.ts'

export interface PythonSuiteOptions extends CommandOptions {
  folder: string
}

const PACKAGES = 'openai, anthropic, google.genai'

export async function runPython(options: PythonSuiteOptions): Promise<SuiteResult> {
  const { root, folder, environment } = options
  if (!existsSync(join(root, folder))) return NOTHING
  const python = findPython(root, environment)
  if (python === undefined) return { passed: 0, failed: 0, skipped: [`${folder}: no python3 with ${PACKAGES} (.ci/run installs them)`] }
  const { startSwitchyard } = await import('../../test/kit/switchyard.ts')
  const server = await startSwitchyard().catch((error: unknown) => console.log(error))
  if (server === undefined) return { passed: 0, failed: 1, skipped: [] }
  try {
    const { output, exitCode } = await runCommand([python, '-m', 'unittest', 'discover', '-v', '-s', folder, '-p', 'test_*.py'], {
      ...options,
      environment: {
        ...environment,
        SWITCHYARD_TEST_URL: server.url,
        SWITCHYARD_TEST_KEY: server.key,
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONUNBUFFERED: '1',
      },
    })
    return unittestResult(output, exitCode)
  } finally {
    await server.stop()
  }
}

function findPython(root: string, env: Record<string, string>): string | undefined {
  const places = [join(root, '.venv/bin/python'), join(root, '.venv/Scripts/python.exe'), Bun.which('python3')]
  return (
    places.find((place): place is string => {
      if (place === null || !existsSync(place)) return false
      return Bun.spawnSync([place, '-c', `import ${PACKAGES}`], { env, stdout: 'ignore', stderr: 'ignore' }).success
    }) ?? undefined
  )
}

/** Counts of a verbose unittest run. */
export function unittestResult(output: string, exitCode: number | undefined): SuiteResult {
  const ran = Number(/^Ran (\d+) tests? in/m.exec(output)?.[1] ?? 0)
  const count = (word: string): number => Number(new RegExp(`^(?:OK|FAILED) \\(.*\\b${word}=(\\d+)`, 'm').exec(output)?.[1] ?? 0)
  const failed = count('failures') + count('errors') + count('unexpected successes')
  const skipped = [...output.matchAll(/^(\S+ \(\S+\)).* \.\.\. skipped (.*)$/gm)].map(([, name, reason]) => `${name}: ${reason}`)
  return { passed: Math.max(0, ran - failed - count('skipped')), failed: exitCode === 0 ? failed : Math.max(1, failed), skipped }
}
