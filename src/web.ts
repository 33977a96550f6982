// Which search backends there are before an operator edits any: those of the file in its order, or else the local index
// and the services whose keys the environment holds under their usual names. And the keys that seal results.

import { randomBytes } from 'node:crypto'
import { type BootConfig, ConfigError, resolveCredential, type SearchEntry } from './config/index.ts'
import { nanosOf } from './lib/money.ts'
import { makePrivateFile, readTextFile } from './lib/platform/runtime.ts'
import { Secret } from './lib/secret.ts'
import { backendById, backends, type SearchBackend } from './search/index.ts'
import { SealRing, type SearchRoute } from './tools/index.ts'

/** Where SearXNG answers, for `backend: searxng` without a `search` list. */
const SEARXNG_VARIABLE = 'SEARXNG_URL'
const SECRET_VARIABLE = 'SWITCHYARD_SECRET'

/** Every backend that is configured, in the order in which they are tried. @throws ConfigError */
export function searchRoutes({ file, environment }: BootConfig): SearchRoute[] {
  if (file.search === undefined) return environmentRoutes(environment)
  const entries = file.search.filter(({ enabled }) => enabled)
  const seen = new Set<string>()
  return entries.map((entry) => {
    if (seen.has(entry.name)) throw new ConfigError(`search ${entry.name}: two backends have this name`)
    seen.add(entry.name)
    return searchRoute(entry, environment)
  })
}

/** What an entry stands for. @throws ConfigError */
export function searchRoute(entry: SearchEntry, environment: BootConfig['environment']): SearchRoute {
  const where = `search ${entry.name}`
  const backend = backendById(entry.backend)
  if (backend === undefined) throw new ConfigError(`${where}: there is no backend \`${entry.backend}\`; known: ${ids()}`)
  const credential = resolveCredential(entry.credential ?? usualCredential(backend, environment), environment, where)
  checkEntry(entry, { where, backend, hasCredential: credential !== undefined })
  return {
    backend,
    account: {
      name: entry.name,
      settings: { ...defaultsOf(backend), ...entry.settings },
      ...(entry.base_url !== undefined && { baseUrl: entry.base_url.replace(/\/+$/, '') }),
      ...(credential && { credential }),
    },
    ...(entry.timeout_seconds !== undefined && { timeoutMs: Math.max(1, Math.round(entry.timeout_seconds * 1000)) }),
    ...(entry.price_per_search !== undefined && { priceNanos: priceOf(entry.price_per_search, where) }),
  }
}

interface Checked {
  readonly where: string
  readonly backend: SearchBackend
  readonly hasCredential: boolean
}

function checkEntry(entry: SearchEntry, { where, backend, hasCredential }: Checked): void {
  for (const name of Object.keys(entry.settings)) {
    if (backend.settings.some((setting) => setting.name === name)) continue
    const known = backend.settings.map((setting) => setting.name).join(', ') || 'none'
    throw new ConfigError(`${where}: ${backend.label} has no setting \`${name}\`; known: ${known}`)
  }
  if (backend.credential === 'required' && !hasCredential) {
    throw new ConfigError(`${where}: ${backend.label} needs a credential; set \`credential\` or ${backend.credentialEnv.join(' or ')}`)
  }
  if (backend.id === 'tavily' && !hasCredential && entry.settings.keyless !== 'true') {
    throw new ConfigError(`${where}: set \`credential\`, or \`settings: { keyless: true }\` for the shared key-less mode`)
  }
  if (backend.id === 'searxng' && entry.base_url === undefined) throw new ConfigError(`${where}: SearXNG needs its base_url`)
}

const ids = (): string => backends.map(({ id }) => id).join(', ')

const defaultsOf = (backend: SearchBackend): Record<string, string> =>
  Object.fromEntries(backend.settings.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]])))

function usualCredential(backend: SearchBackend, environment: BootConfig['environment']): string | undefined {
  const name = backend.credentialEnv.find((candidate) => environment[candidate])
  return name === undefined ? undefined : `env:${name}`
}

function priceOf(dollars: number, where: string): number {
  try {
    return nanosOf(dollars)
  } catch (cause) {
    throw new ConfigError(`${where}: price_per_search: ${cause instanceof Error ? cause.message : 'not an amount'}`)
  }
}

/** The local index first, since it was built on purpose and what it does not hold the next one answers. */
function environmentRoutes(environment: BootConfig['environment']): SearchRoute[] {
  const local = backendById('local')
  const searxng = backendById('searxng')
  const address = environment[SEARXNG_VARIABLE]
  if (address && (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)))
    throw new ConfigError(`${SEARXNG_VARIABLE} must be an http or https address`)
  return [
    ...(local === undefined ? [] : [{ backend: local, account: { name: 'local', settings: {} } }]),
    ...(searxng === undefined || !address
      ? []
      : [{ backend: searxng, account: { name: 'searxng', settings: {}, baseUrl: address.replace(/\/+$/, '') } }]),
    ...backends.flatMap((backend) => {
      const name = backend.credentialEnv.find((candidate) => environment[candidate])
      if (name === undefined) return []
      return [
        { backend, account: { name: backend.id, settings: defaultsOf(backend), credential: new Secret(environment[name] as string) } },
      ]
    }),
  ]
}

/** The routes that can serve: a local index without documents cannot. */
export const servingRoutes = (routes: readonly SearchRoute[], hasDocuments: () => boolean): readonly SearchRoute[] =>
  routes.every(({ backend }) => backend.id !== 'local') || hasDocuments() ? routes : routes.filter(({ backend }) => backend.id !== 'local')

/** The first start's one line when nobody could search. */
export const NO_BACKEND_HINT =
  'Web search has no backend yet: index your own documents with `switchyard index <folder or sitemap URL>`, or run SearXNG and set SEARXNG_URL.'

/** The ring that seals search results. @throws ConfigError */
export function sealRing(config: Pick<BootConfig, 'masterKeys' | 'dataDirectory'>): SealRing {
  const { text, from } = masterKeyText(config)
  try {
    return new SealRing(text)
  } catch (cause) {
    throw new ConfigError(`${from}: ${cause instanceof Error ? cause.message : 'cannot be read'}`)
  }
}

/** The master keys of the environment, or of a file in the data directory that is made at the first start. */
export function masterKeyText({ masterKeys, dataDirectory }: Pick<BootConfig, 'masterKeys' | 'dataDirectory'>): {
  text: string
  from: string
} {
  if (masterKeys !== undefined) return { text: masterKeys.reveal(), from: SECRET_VARIABLE }
  const path = `${dataDirectory}/secret`
  // Whoever starts first makes it; a second process on the same directory reads what the first one made.
  makePrivateFile(path, `k1:${randomBytes(32).toString('base64')}\n`)
  return { text: (readTextFile(path) ?? '').trim(), from: path }
}
