// Joins the admin room to the rest: what an operator keeps in the database is published beside what the file, the
// environment and this machine give, and each side can change without the other.

import { type Access, createSignIn } from './access/index.ts'
import {
  type Admin,
  type AdminParts,
  type Customer,
  createAdmin,
  createCustomer,
  createPublishing,
  finishRedemptions,
  type PublishedRows,
  type PublishedSearchBackend,
} from './admin/index.ts'
import type { Billing } from './billing/index.ts'
import { type BootConfig, ConfigError, type OperatorPrice } from './config/index.ts'
import type { Log } from './lib/log.ts'
import { Vault, VaultError } from './lib/vault.ts'
import type { Cooldowns } from './routing/index.ts'
import {
  type Beside,
  type Bounds,
  type ChannelRow,
  compileSnapshot,
  type Publisher,
  type Snapshot,
  strictestLimits,
  withAliases,
  withAliasPrices,
} from './snapshot/index.ts'
import type { Store } from './store/index.ts'
import type { SearchRoute } from './tools/index.ts'
import { masterKeyText, searchRoute } from './web.ts'

/** Rows that no operator edits here. */
export interface BaseRows {
  readonly channels: readonly ChannelRow[]
  readonly prices: readonly OperatorPrice[]
  readonly modelLimits: ReadonlyMap<string, Bounds>
}

export interface AdministrationParts {
  readonly config: Pick<BootConfig, 'masterKeys' | 'dataDirectory'>
  readonly store: Store
  readonly access: Access
  readonly billing: Billing
  readonly cooldowns: Cooldowns
  readonly published: Publisher
  readonly log: Log
  readonly base: BaseRows
  readonly targetOf: AdminParts['targetOf']
  nowMs(): number
}

export interface Administration {
  readonly admin: Admin
  readonly customer: Customer
  /** The operator's web-search backends, in the order in which they are tried. */
  searchRoutes(): readonly SearchRoute[]
  /** Publishes other base rows with the operator's own. @throws CompileError; then everything stays as it was. */
  rebase(base: BaseRows): Snapshot
  close(): void
}

const NO_ROWS: PublishedRows = { channels: [], aliases: [], prices: [], modelLimits: new Map(), searchBackends: [] }

/** Publishes what is stored. @throws CompileError when it does not fit the base rows: a name that both have. */
export async function startAdministration(parts: AdministrationParts): Promise<Administration> {
  const { store, published, log, nowMs } = parts
  let { base } = parts
  let own = NO_ROWS
  let searchRoutes: readonly SearchRoute[] = []

  const channelsOf = (rows: PublishedRows, from: BaseRows): ChannelRow[] => withAliases([...from.channels, ...rows.channels], rows.aliases)
  const besideOf = (rows: PublishedRows, from: BaseRows): Beside => ({
    prices: withAliasPrices([...from.prices, ...rows.prices], rows.aliases),
    modelLimits: strictestLimits(from.modelLimits, rows.modelLimits),
    aliases: rows.aliases,
  })

  const vault = vaultOf(parts.config)
  const publishing = await createPublishing({
    store: store.operator,
    vault,
    log,
    target: {
      compile(rows) {
        rows.searchBackends.map(routeOf)
        return compileSnapshot(channelsOf(rows, base), 0, besideOf(rows, base))
      },
      publish(rows) {
        published.publish(channelsOf(rows, base), besideOf(rows, base))
        searchRoutes = rows.searchBackends.flatMap((row) => usable(row, log))
        own = rows
      },
      current: published.current,
      base: () => base.channels,
    },
  })
  await finishRedemptions({ store: store.operator, ledger: store.ledger }, nowMs())

  const { access, billing, cooldowns } = parts
  return {
    admin: createAdmin({
      store: store.operator,
      requests: store.requests,
      ledger: store.ledger,
      access,
      billing,
      cooldowns,
      signIn: createSignIn(store.operator, nowMs),
      vault,
      publishing,
      log,
      targetOf: parts.targetOf,
      nowMs,
    }),
    customer: createCustomer({ store: store.operator, ledger: store.ledger, billing, nowMs }),
    searchRoutes: () => searchRoutes,
    rebase(next) {
      const snapshot = published.publish(channelsOf(own, next), besideOf(own, next))
      base = next
      return snapshot
    },
    close: publishing.close,
  }
}

/** What cannot be used any more, after an upgrade say, takes nothing else away. */
function usable(row: PublishedSearchBackend, log: Log): SearchRoute[] {
  try {
    return [routeOf(row)]
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    log('error', 'a search backend is left out', { backend: row.name, cause: cause.message })
    return []
  }
}

/** A stored backend as an entry of the file. A credential is the secret itself: nothing here reads the environment. */
function routeOf(row: PublishedSearchBackend): SearchRoute {
  const credential = row.credential?.reveal()
  if (credential?.startsWith('env:') === true) throw new ConfigError(`search ${row.name}: a stored credential cannot name a variable`)
  return searchRoute(
    {
      name: row.name,
      backend: row.backend,
      settings: row.settings,
      enabled: true,
      ...(row.baseUrl !== null && { base_url: row.baseUrl }),
      ...(credential !== undefined && { credential }),
      ...(row.timeoutMs !== null && { timeout_seconds: row.timeoutMs / 1000 }),
      ...(row.pricePerSearch !== null && { price_per_search: row.pricePerSearch / 1e9 }),
    },
    {},
  )
}

function vaultOf(config: Pick<BootConfig, 'masterKeys' | 'dataDirectory'>): Vault {
  const { text, from } = masterKeyText(config)
  try {
    return new Vault(text)
  } catch (cause) {
    throw cause instanceof VaultError ? new ConfigError(`${from}: ${cause.message}`) : cause
  }
}
