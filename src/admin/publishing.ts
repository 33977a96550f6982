// From rows an operator edits to the snapshot that requests read. An edit is compiled before it is accepted: what does not
// compile is refused with its reason, and the revision tells when somebody else's edit came between.

import { type OperatorPrice, parsePrice } from '../config/index.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Secret } from '../lib/secret.ts'
import { type Vault, VaultError } from '../lib/vault.ts'
import { type Alias, type Bounds, type ChannelRow, CompileError, type Snapshot } from '../snapshot/index.ts'
import type {
  AliasRow,
  Bound,
  LimitColumns,
  ModelLimitRow,
  OperatorChannelRow,
  OperatorStore,
  PriceOverrideRow,
  SearchBackendRow,
} from '../store/index.ts'
import { conflict, faulty } from './failure.ts'

/** The operator's rows that are published. */
export interface OperatorRows {
  readonly channels: readonly OperatorChannelRow[]
  readonly aliases: readonly AliasRow[]
  readonly prices: readonly PriceOverrideRow[]
  readonly modelLimits: readonly ModelLimitRow[]
  readonly searchBackends: readonly SearchBackendRow[]
}

/** The same as the parts below want them: secrets opened, what is switched off left out. */
export interface PublishedRows {
  readonly channels: readonly ChannelRow[]
  readonly aliases: readonly Alias[]
  readonly prices: readonly OperatorPrice[]
  /** By the model's name as clients use it. */
  readonly modelLimits: ReadonlyMap<string, Bounds>
  readonly searchBackends: readonly PublishedSearchBackend[]
}

export interface PublishedSearchBackend extends Omit<SearchBackendRow, 'credential'> {
  readonly credential?: Secret
}

/** Where rows become what requests read; the boot's own rows join there. */
export interface PublishTarget {
  /** Compiles without publishing. @throws CompileError or ConfigError with the reason. */
  compile(rows: PublishedRows): Snapshot
  publish(rows: PublishedRows): void
  current(): Snapshot
  /** Channels that stand beside the operator's own: of the file, the environment, this machine. */
  base(): readonly ChannelRow[]
}

export interface Publishing {
  /**
   * Compiles what the edit makes of the rows, has it written in the unit of the revision, and publishes it.
   * @throws FieldsError 400 when it does not compile.
   */
  change(edit: (rows: OperatorRows) => OperatorRows, write: (statements: readonly Bound[]) => Promise<void>): Promise<void>
  /** Publishes what is stored now. */
  refresh(): Promise<void>
  current(): Snapshot
  base(): readonly ChannelRow[]
  close(): void
}

export const channelPlace = (id: string): string => `channel/${id}`
export const searchPlace = (id: string): string => `search/${id}`

/** How often an edit is compiled anew because somebody else's came between. */
const ATTEMPTS = 5

interface Parts {
  readonly store: OperatorStore
  readonly vault: Vault
  readonly target: PublishTarget
  readonly log: Log
}

export async function createPublishing({ store, vault, target, log }: Parts): Promise<Publishing> {
  let published = 0
  let queue = Promise.resolve()

  async function rowsNow(): Promise<OperatorRows> {
    return {
      channels: await store.channels.all(),
      aliases: await store.aliases.all(),
      prices: await store.prices.all(),
      modelLimits: await store.modelLimits.all(),
      searchBackends: await store.searchBackends.all(),
    }
  }

  async function readAndPublish(): Promise<void> {
    // The revision is read first: rows that are newer than it only mean one more publication.
    const revision = await store.settings.revision()
    target.publish(opened(await rowsNow(), vault, log))
    published = revision
  }

  /** One after another, so that what was read earlier never replaces what was read later. */
  function refresh(): Promise<void> {
    const done = queue.then(readAndPublish)
    queue = done.catch(() => {})
    return done
  }

  function refreshSoon(): void {
    refresh().catch((cause: unknown) => log('error', 'the operator’s rows are not published', { cause }))
  }

  /** As `refresh`, unless a notice has had it done already. */
  async function reach(revision: number): Promise<void> {
    await queue
    if (published < revision) await refresh()
  }

  const close = store.subscribe('snapshot', {
    notice: (revision) => {
      if (Number(revision) > published) refreshSoon()
    },
    gap: () => {
      if (published > 0) refreshSoon()
    },
  })

  await refresh()
  return {
    change: (edit, write) =>
      again(ATTEMPTS, async () => {
        const revision = await store.settings.revision()
        const rows = opened(edit(await rowsNow()), vault, log)
        try {
          target.compile(rows)
        } catch (cause) {
          throw cause instanceof CompileError || (cause instanceof Error && cause.name === 'ConfigError')
            ? faulty('body', cause.message)
            : cause
        }
        await write([store.settings.raiseRevision(revision), store.notice('snapshot', String(revision + 1))])
        await reach(revision + 1)
      }),
    refresh,
    current: target.current,
    base: target.base,
    close,
  }
}

function opened(rows: OperatorRows, vault: Vault, log: Log): PublishedRows {
  return {
    channels: rows.channels.filter(({ enabled }) => enabled).flatMap((row) => channelRow(row, vault, log) ?? []),
    aliases: rows.aliases.filter(({ enabled }) => enabled),
    prices: rows.prices.flatMap((row) => priceOf(row, log) ?? []),
    modelLimits: new Map(rows.modelLimits.flatMap((row) => modelBounds(row))),
    searchBackends: rows.searchBackends
      .filter(({ enabled }) => enabled)
      .sort((a, b) => a.priority - b.priority)
      .flatMap((row) => searchBackend(row, vault, log) ?? []),
  }
}

const boundsOf = ({ requestsPerMinute, tokensPerMinute, concurrency }: LimitColumns): { limits?: Bounds } =>
  requestsPerMinute === null && tokensPerMinute === null && concurrency === null
    ? {}
    : {
        limits: {
          ...(requestsPerMinute !== null && { requestsPerMinute }),
          ...(tokensPerMinute !== null && { tokensPerMinute }),
          ...(concurrency !== null && { concurrency }),
        },
      }

function modelBounds(row: ModelLimitRow): [string, Bounds][] {
  const { limits } = boundsOf(row)
  return limits === undefined ? [] : [[row.model, limits]]
}

/** A secret that cannot be opened takes its channel away, never the others. */
function channelRow(row: OperatorChannelRow, vault: Vault, log: Log): ChannelRow | undefined {
  try {
    return {
      id: row.id,
      name: row.name,
      origin: 'database',
      provider: row.provider,
      ...(row.baseUrl !== null && { baseUrl: row.baseUrl }),
      ...(row.credential !== null && { auth: { credential: vault.open(row.credential, channelPlace(row.id)) } }),
      ...(row.models !== null && { models: row.models }),
      priority: row.priority,
      weight: Number(row.weight),
      ...(row.formats !== null && { formats: row.formats }),
      ...(row.webSearch !== null && { webSearch: row.webSearch }),
      ...boundsOf(row),
      settings: row.settings,
      headers: row.headers,
    }
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause
    log('error', 'a channel is left out', { channel: row.name, cause: cause.message })
    return undefined
  }
}

function searchBackend({ credential, ...row }: SearchBackendRow, vault: Vault, log: Log): PublishedSearchBackend | undefined {
  try {
    return { ...row, ...(credential !== null && { credential: vault.open(credential, searchPlace(row.id)) }) }
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause
    log('error', 'a search backend is left out', { backend: row.name, cause: cause.message })
    return undefined
  }
}

function priceOf(row: PriceOverrideRow, log: Log): OperatorPrice | undefined {
  const price = parsePrice({ ...row.entry, model: row.model })
  if (!('problem' in price)) return price
  log('error', 'a price is left out', { model: row.model, cause: price.problem })
  return undefined
}

/** Runs a change again when somebody else's edit came between. @throws what it threw last. */
async function again<T>(attempts: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (attempts <= 1 || !(thrown instanceof GatewayError) || thrown.code !== 'conflict') throw thrown
    return again(attempts - 1, work)
  }
}

export const nameTaken = (what: string, name: string): GatewayError => conflict(`There is a ${what} named \`${name}\` already.`)
