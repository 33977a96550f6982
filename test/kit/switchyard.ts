// Runs Switchyard as its users do: a process of its own, a data directory of its own, real sockets.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Running {
  readonly url: string
  readonly key: string
  readonly pid: number
  /** Everything the program printed so far, log lines included. */
  output(): string
  /** Asks it to end and waits; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

export interface StartOptions {
  /** The YAML file's content. */
  readonly config?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Keep the key the program prints instead of a fixed one. */
  readonly generatedKey?: boolean
  /** A data directory to keep; else a fresh one is made and removed. */
  readonly dataDirectory?: string
}

export const TEST_KEY = 'sk-test-key-of-the-suite-000000000000'
const ROOT = join(import.meta.dir, '../..')

/** Starts the program and waits until it says that it is ready. */
export async function startSwitchyard(options: StartOptions = {}): Promise<Running> {
  const directory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), 'switchyard-'))
  const config = join(directory, 'config.yaml')
  writeFileSync(config, options.config ?? 'local_servers: false\n')
  const child = Bun.spawn([process.execPath, '--no-env-file', join(ROOT, 'src/main.ts')], {
    cwd: directory,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: directory,
      BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
      SWITCHYARD_PORT: '0',
      SWITCHYARD_DATA: join(directory, 'data'),
      SWITCHYARD_CONFIG: config,
      ...(options.generatedKey ? {} : { SWITCHYARD_ADMIN_KEY: TEST_KEY }),
      ...options.environment,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let output = ''
  const drain = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
  }
  void drain(child.stdout)
  void drain(child.stderr)
  const url = await waitFor(
    () => {
      if (child.exitCode !== null && output !== '') throw new Error(`the program ended at its start:\n${output}`)
      return /ready at (http:\/\/\S+)/.exec(output)?.[1]
    },
    () => `the program did not become ready:\n${output}`,
  )
  const printed = options.generatedKey
    ? await waitFor(
        () => /shown this once: (\S+)/.exec(output)?.[1],
        () => output,
      )
    : TEST_KEY
  return {
    url,
    key: printed,
    pid: child.pid,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const code = await child.exited
      if (options.dataDirectory === undefined) rmSync(directory, { recursive: true, force: true })
      return code
    },
  }
}

/** Polls until there is a value. @throws after five seconds, with the explanation. */
export async function waitFor<T>(probe: () => T | undefined, explain: () => string = () => 'waited in vain', limitMs = 5_000): Promise<T> {
  const until = performance.now() + limitMs
  for (;;) {
    const value = probe()
    if (value !== undefined) return value
    if (performance.now() > until) throw new Error(explain())
    await Bun.sleep(10)
  }
}
