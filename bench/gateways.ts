// The two that are compared, each started in front of the same upstream: the bare proxy and Switchyard.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { audited, type Books, countedAt, RATES } from './books.ts'
import { freePort, ROOT, startMeasured, startScript } from './processes.ts'
import { CREDENTIAL } from './upstream.ts'

export const KEY = 'sk-bench-0123456789abcdef0123456789abcdef'

export interface Gateway {
  name: 'bare' | 'switchyard'
  pid: number
  port: number
  stop(): Promise<void>
  /** Compares the ledger with what the upstream counted since the start; absent where there is none. */
  books?(): Promise<Books>
}

/** One model per kind of answer; the upstream answers by the path, so each model is a channel with a base URL of its own. */
export interface Model {
  name: string
  provider: 'openai-compatible' | 'anthropic'
  /** First segment of the upstream's path. */
  answer: string
}

export const STREAM_EVENTS = 200

export const MODELS: readonly Model[] = [
  { name: 'unary', provider: 'openai-compatible', answer: 'unary' },
  { name: 'stream', provider: 'openai-compatible', answer: `stream-${STREAM_EVENTS}-10` },
  { name: 'slow-stream', provider: 'openai-compatible', answer: 'stream-40-200' },
  { name: 'translated-unary', provider: 'anthropic', answer: 'unary' },
  { name: 'translated-stream', provider: 'anthropic', answer: `stream-${STREAM_EVENTS}-10` },
]

export async function startBare(upstream: string, environment: Record<string, string> = {}): Promise<Gateway> {
  const targets = Object.fromEntries(MODELS.map(({ name, answer }) => [name, `${upstream}/${answer}`]))
  const started = await startScript({
    script: 'bench/bare.ts',
    place: 'measured',
    environment: { KEY, TARGETS: JSON.stringify(targets), ...environment },
  })
  return { name: 'bare', ...started }
}

export function configuration(upstream: string): string {
  const channels = MODELS.map(
    ({ name, provider, answer }) =>
      `  - { name: ${name}, provider: ${provider}, base_url: "${upstream}/${answer}/v1", credential: ${CREDENTIAL}, models: [${name}] }`,
  )
  const prices = MODELS.map(({ name }) => `  - { model: ${name}, input_per_million: ${RATES.input}, output_per_million: ${RATES.output} }`)
  return `local_servers: false\nsandbox: off\nsearch:\n  - { name: fixture, backend: fixture }\nchannels:\n${channels.join('\n')}\nprices:\n${prices.join('\n')}\n`
}

/** How Switchyard is started: its sources (default), as users do by the launcher, or the single-file program. */
export type Way = 'source' | 'launcher' | 'compiled'

const COMMANDS: Readonly<Record<Way, () => string[]>> = {
  source: () => [process.execPath, '--no-env-file', '--no-install', join(ROOT, 'src/main.ts')],
  launcher: () => ['node', join(ROOT, 'bin/switchyard.mjs'), 'start'],
  compiled: () => [join(ROOT, 'dist/switchyard')],
}

/** Starts Switchyard before the upstream's origin and waits for its first answer. `startMs` is the time from the start to that answer. */
export async function startSwitchyard(
  upstream: string,
  way: Way = 'source',
  environment: Record<string, string> = {},
): Promise<Gateway & { startMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
  const port = freePort()
  writeFileSync(join(folder, 'config.yaml'), configuration(upstream))
  const startedAt = performance.now()
  const child = startMeasured(COMMANDS[way](), {
    HOME: folder,
    SWITCHYARD_PORT: String(port),
    SWITCHYARD_DATA: join(folder, 'data'),
    SWITCHYARD_CONFIG: join(folder, 'config.yaml'),
    SWITCHYARD_ADMIN_KEY: KEY,
    ...environment,
  })
  let ended = false
  void child.exited.then(() => {
    ended = true
  })
  const stop = async (): Promise<void> => {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  while (!(await answers(port))) {
    if (ended || performance.now() - startedAt > 10_000) {
      await stop()
      throw new Error('Switchyard did not start; BENCH_OUTPUT=1 shows what it prints')
    }
    await Bun.sleep(2)
  }
  const startMs = performance.now() - startedAt
  const upstreamPort = Number(new URL(upstream).port)
  const before = await countedAt(upstreamPort)
  const books = async (): Promise<Books> => audited(join(folder, 'data'), (await countedAt(upstreamPort)) - before)
  return { name: 'switchyard', pid: child.pid, port, startMs, stop, books }
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok
  } catch {
    return false
  }
}
