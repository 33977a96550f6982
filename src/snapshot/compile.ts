// Compiles channel rows and provider definitions into a snapshot, or says why it cannot.

import type { OperatorPrice } from '../config/index.ts'
import type { UpstreamAuth } from '../core/upstream-auth.ts'
import { chatFormat } from '../formats/index.ts'
import { baseUrlOf, type Provider, type ProviderFormat, providerById } from '../providers/index.ts'
import type { Alias } from './aliases.ts'
import { compileModelLimits } from './model-limits.ts'
import { compilePrices } from './prices.ts'
import type { Bounds, Channel, ChannelFormat, ChannelRow, ListedModel, Route, Snapshot } from './snapshot.ts'

/** A row that cannot be used; the message names the channel and the reason. */
export class CompileError extends Error {
  override readonly name = 'CompileError'
}

/** What stands in a snapshot beside its channels. */
export interface Beside {
  readonly prices?: readonly OperatorPrice[] | undefined
  /** By the name of a model as clients use it, or by a beginning with `*`. */
  readonly modelLimits?: ReadonlyMap<string, Bounds> | undefined
  /** Already in the rows and the prices; limits on a model cover its aliases too. */
  readonly aliases?: readonly Alias[] | undefined
}

/** @throws CompileError */
export function compileSnapshot(rows: readonly ChannelRow[], revision: number, { prices, modelLimits, aliases }: Beside = {}): Snapshot {
  const exact = new Map<string, Route[]>()
  const wildcards: { prefix: string; route: Route }[] = []
  const listed = new Map<string, ListedModel>()
  const channels: Channel[] = []
  const names = new Set<string>()

  for (const row of rows) {
    if (names.has(row.name)) throw new CompileError(`channel ${row.name}: the name is used twice`)
    names.add(row.name)
    const channel = compileChannel(row)
    channels.push(channel)
    for (const { model, upstreamModel } of row.models ?? channel.provider.models.map((model) => ({ model, upstreamModel: model }))) {
      const route: Route = { channel, upstreamModel }
      if (model.endsWith('*')) wildcards.push({ prefix: model.slice(0, -1), route })
      else {
        const known = exact.get(model)
        if (known === undefined) exact.set(model, [route])
        else known.push(route)
      }
    }
  }

  const cache = new Map<string, readonly Route[]>()
  function routes(model: string): readonly Route[] {
    let found = cache.get(model)
    if (found === undefined) {
      found = lookUp(model)
      // Unknown names come from clients without bound: only what exists is remembered.
      if (found.length > 0 && cache.size < 10_000) cache.set(model, found)
    }
    return found
  }

  function lookUp(model: string): readonly Route[] {
    const named = exact.get(model) ?? []
    const matching = wildcards
      .filter(({ prefix }) => model.startsWith(prefix))
      .map(({ route }) => (route.upstreamModel.endsWith('*') ? { ...route, upstreamModel: model } : route))
    const all = [...named, ...matching.filter((route) => !named.some((other) => other.channel === route.channel))]
    const real = all.filter(({ channel }) => channel.origin !== 'sandbox')
    return real.length > 0 ? real : all
  }

  const sandbox = channels.find(({ origin }) => origin === 'sandbox')
  function testRoutes(model: string): readonly Route[] {
    const own = exact.get(model)?.filter(({ channel }) => channel === sandbox) ?? []
    if (own.length > 0 || sandbox === undefined) return own
    return routes(model).length > 0 ? [{ channel: sandbox, upstreamModel: model }] : []
  }

  for (const [id, named] of exact) {
    const owner = (named.find(({ channel }) => channel.origin !== 'sandbox') ?? named[0])?.channel
    if (owner !== undefined) listed.set(id, { id, ownedBy: owner.provider.id })
  }
  return Object.freeze({
    revision,
    channels,
    routes,
    testRoutes,
    models: [...listed.values()],
    prices: compilePrices(prices ?? []),
    modelLimits: compileModelLimits(modelLimits ?? new Map(), aliases ?? []),
  })
}

function compileChannel(row: ChannelRow): Channel {
  const provider = providerById(row.provider)
  if (provider === undefined) throw new CompileError(`channel ${row.name}: there is no provider ${row.provider}`)
  const settings = { ...defaults(provider), ...row.settings }
  for (const field of provider.settings ?? []) {
    const needed = field.required && !(field.unlessBaseUrl === true && row.baseUrl !== undefined)
    if (needed && !settings[field.name]) throw new CompileError(`channel ${row.name}: the setting ${field.name} is missing`)
  }
  const offered = provider.formats.filter(({ format }) => row.formats === undefined || row.formats.includes(format))
  for (const id of row.formats ?? []) {
    if (!provider.formats.some(({ format }) => format === id))
      throw new CompileError(`channel ${row.name}: ${provider.id} does not speak ${id}`)
  }
  const formats = offered.map((declared) => compileFormat(row, { provider, declared, settings }))
  return Object.freeze({
    id: row.id,
    name: row.name,
    origin: row.origin,
    provider,
    priority: row.priority,
    weight: row.weight,
    webSearch: row.webSearch ?? 'auto',
    ...(row.limits !== undefined && { limits: row.limits }),
    settings,
    formats,
  })
}

function compileFormat(
  row: ChannelRow,
  parts: { provider: Provider; declared: ProviderFormat; settings: Record<string, string> },
): ChannelFormat {
  const { provider, declared, settings } = parts
  const format = chatFormat(declared.format)
  if (format === undefined) throw new CompileError(`provider ${provider.id}: there is no format ${declared.format}`)
  const baseUrl = baseUrlOf({ provider, declared, settings, ...(row.baseUrl !== undefined && { given: row.baseUrl }) })
  if (baseUrl === undefined) throw new CompileError(`channel ${row.name}: base_url is missing`)
  const scheme = declared.auth ?? provider.auth
  const auth: UpstreamAuth = {
    scheme: row.auth?.credential === undefined && scheme.type !== 'aws-sigv4' ? { type: 'none' } : scheme,
    ...row.auth,
    ...(settings.region !== undefined && { region: settings.region }),
  }
  return { format, declared, baseUrl, auth, headers: { ...declared.headers, ...row.headers } }
}

function defaults(provider: Provider): Record<string, string> {
  const values: Record<string, string> = {}
  for (const field of provider.settings ?? []) if (field.default !== undefined) values[field.name] = field.default
  return values
}
