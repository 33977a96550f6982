// Where the state lives: the embedded file or a database for many nodes, what each demands of the configuration, and the
// command that brings either up to date.

import { type BootConfig, ConfigError } from './config/index.ts'
import { printLine } from './lib/platform/process.ts'
import { ensureDirectory } from './lib/platform/runtime.ts'
import {
  ClaimError,
  connectStore,
  NewerDatabaseError,
  openStore,
  type Place,
  type Plan,
  planMigrations,
  type Store,
  StoreDownError,
} from './store/index.ts'

/** How long a start waits for a database that is not up yet: containers start in any order. */
const START_LIMIT_MS = 20_000
const START_PAUSE_MS = 500

export interface OpenOptions {
  /** Whether this process serves, and so counts as a node. */
  readonly serves: boolean
}

/** @throws ConfigError when the settings cannot be served together. */
export function checkState({ databaseUrl, masterKeys, redisUrl, workers }: BootConfig): void {
  if (databaseUrl !== undefined) {
    if (!/^postgres(?:ql)?:\/\//.test(databaseUrl.reveal())) throw new ConfigError('DATABASE_URL must begin with postgres://')
    // What one node seals the others must open, and a key made in the data directory is known to one machine.
    if (masterKeys === undefined) {
      throw new ConfigError(
        'DATABASE_URL needs SWITCHYARD_SECRET, the same on every node: k1:<32 bytes in base64>, as from `openssl rand -base64 32`',
      )
    }
  }
  if (workers > 1 && redisUrl === undefined) {
    throw new ConfigError('SWITCHYARD_WORKERS above 1 needs REDIS_URL: limits, cooldowns and revocations are shared through it')
  }
}

/** Opens the store and runs what migrations are pending. @throws ConfigError with a message for the operator. */
export async function storeOf(config: BootConfig, { serves }: OpenOptions): Promise<Store> {
  const place = placeOf(config)
  const claim = config.redisUrl === undefined ? 'alone' : 'shared'
  return explained(async () =>
    'url' in place ? connectStore(place.url, serves ? { claim } : {}) : openStore(place.path, { durability: config.durability }),
  )
}

function placeOf({ databaseUrl, dataDirectory }: BootConfig): Place {
  ensureDirectory(dataDirectory)
  return databaseUrl === undefined ? { path: sqliteFile({ dataDirectory }) } : { url: databaseUrl.reveal() }
}

export const sqliteFile = ({ dataDirectory }: Pick<BootConfig, 'dataDirectory'>): string => `${dataDirectory}/switchyard.sqlite`

/** Failures in words; a database that is down is waited for. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + START_LIMIT_MS
  for (;;) {
    try {
      return await work()
    } catch (thrown) {
      if (thrown instanceof StoreDownError && performance.now() < untilMs) {
        await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS))
        continue
      }
      throw inWords(thrown)
    }
  }
}

function inWords(thrown: unknown): unknown {
  if (thrown instanceof NewerDatabaseError) return new ConfigError(thrown.message)
  if (thrown instanceof ClaimError) return new ConfigError(`DATABASE_URL: ${thrown.message}`)
  const cause = thrown instanceof StoreDownError ? thrown.cause : thrown
  // The server's own refusals (a wrong password, no such database) say what to mend.
  if (cause instanceof Error && cause.name === 'PostgresError') return new ConfigError(`DATABASE_URL: ${cause.message}`)
  return thrown instanceof StoreDownError ? new ConfigError('the database cannot be reached') : thrown
}

const USAGE = `Usage:
  switchyard migrate             bring the database up to date, as every start does
  switchyard migrate --dry-run   say what would be done, for how long, and who would wait`

/** @returns the exit code: 0 done, 2 the command line is wrong. */
export async function runMigrate(words: readonly string[], config: BootConfig): Promise<number> {
  if (words.some((word) => word !== '--dry-run')) {
    printLine(USAGE)
    return words.includes('--help') ? 0 : 2
  }
  const plans = await explained(() => planMigrations(placeOf(config)))
  if (plans.length === 0) printLine('The database is up to date.')
  for (const plan of plans) printPlan(plan, config.databaseUrl === undefined)
  if (plans.length === 0 || words.includes('--dry-run')) return 0
  const startMs = performance.now()
  const store = await storeOf(config, { serves: false })
  await store.close()
  printLine(`Done in ${seconds(performance.now() - startMs)}.`)
  return 0
}

function printPlan({ name, steps, milliseconds }: Plan, embedded: boolean): void {
  const waits = embedded ? '; every other writer of the file waits meanwhile' : ''
  printLine(`${name}: about ${seconds(milliseconds)}${waits}`)
  for (const { what, rows, lock, milliseconds: each } of steps) {
    printLine(`  ${what}: ${rows} rows, about ${seconds(each)}${embedded || lock === undefined ? '' : `; ${lock}`}`)
  }
}

const seconds = (milliseconds: number): string => (milliseconds < 100 ? 'under 0.1 s' : `${(milliseconds / 1000).toFixed(1)} s`)
