// Where channel rows come from before an operator edits any: the file, provider keys in the environment,
// servers found on this machine, and the sandbox.

import { type BootConfig, type ChannelEntry, resolveCredential } from './config/index.ts'
import { Secret } from './lib/secret.ts'
import { PROVIDERS, type Provider } from './providers/index.ts'
import { SANDBOX_MODELS, TEST_MODELS } from './sandbox/index.ts'
import type { Bounds, ChannelRow } from './snapshot/index.ts'

/** Rows of the file, in its order. @throws ConfigError when a credential's variable is missing. */
export function fileRows({ file, environment }: BootConfig): ChannelRow[] {
  return file.channels.filter(({ enabled }) => enabled).map((entry) => fileRow(entry, environment))
}

function fileRow(entry: ChannelEntry, environment: BootConfig['environment']): ChannelRow {
  const credential = resolveCredential(entry.credential, environment, `channel ${entry.name}`)
  const models = entry.models?.map((model) =>
    typeof model === 'string'
      ? { model, upstreamModel: model }
      : { model: model.model, upstreamModel: model.upstream_model ?? model.model },
  )
  return {
    id: `ch_file_${entry.name}`,
    name: entry.name,
    origin: 'file',
    provider: entry.provider,
    ...(entry.base_url !== undefined && { baseUrl: entry.base_url }),
    ...(credential && { auth: { credential } }),
    ...(models && { models }),
    priority: entry.priority,
    weight: entry.weight,
    ...(entry.formats && { formats: entry.formats }),
    ...(entry.web_search && { webSearch: entry.web_search }),
    ...(entry.limits && { limits: boundsOf(entry.limits) }),
    settings: entry.settings,
    headers: entry.headers,
  }
}

/** The file's limits on models. */
export const fileModelLimits = ({ file }: BootConfig): ReadonlyMap<string, Bounds> =>
  new Map(file.model_limits.map((entry) => [entry.model, boundsOf(entry)]))

const boundsOf = ({
  requests_per_minute: requestsPerMinute,
  tokens_per_minute: tokensPerMinute,
  concurrency,
}: NonNullable<ChannelEntry['limits']>): Bounds => ({
  ...(requestsPerMinute !== undefined && { requestsPerMinute }),
  ...(tokensPerMinute !== undefined && { tokensPerMinute }),
  ...(concurrency !== undefined && { concurrency }),
})

/** One channel for each provider whose key the environment holds under its usual name. */
export function environmentRows({ environment }: BootConfig): ChannelRow[] {
  return PROVIDERS.flatMap((provider) => {
    const credential = environmentCredential(provider, environment)
    if (credential === undefined) return []
    const settings: Record<string, string> = {}
    for (const field of provider.settings ?? []) {
      const value = field.env === undefined ? undefined : environment[field.env]
      if (value) settings[field.name] = value
      else if (field.required && field.default === undefined) return []
    }
    return [plainRow(provider, { name: `${provider.id}-env`, origin: 'env', credential, settings })]
  })
}

/** The key under one of its usual names, or put together from several (AWS). */
function environmentCredential(provider: Provider, environment: BootConfig['environment']): Secret | undefined {
  const name = provider.credentialEnv.find((candidate) => environment[candidate])
  if (name !== undefined) return new Secret(environment[name] as string)
  const [first, second, ...rest] = provider.credentialEnvParts ?? []
  if (first === undefined || second === undefined || !environment[first] || !environment[second]) return undefined
  return new Secret(
    [first, second, ...rest]
      .map((part) => environment[part])
      .filter(Boolean)
      .join(':'),
  )
}

/** A channel for a server that answered on this machine. `models` are the names it listed. */
export const localRow = (provider: Provider, models: readonly string[]): ChannelRow => ({
  ...plainRow(provider, { name: `${provider.id}-local`, origin: 'local', settings: {} }),
  models: models.map((model) => ({ model, upstreamModel: model })),
})

/** The sandbox: always there for `test/*`, and under well-known names until a real channel takes them. */
export function sandboxRow(mode: 'auto' | 'on'): ChannelRow {
  const provider = PROVIDERS.find(({ id }) => id === 'sandbox') as Provider
  const names = [...SANDBOX_MODELS, ...TEST_MODELS]
  return {
    ...plainRow(provider, { name: 'sandbox', origin: mode === 'on' ? 'file' : 'sandbox', settings: {} }),
    origin: 'sandbox',
    models: names.map((model) => ({ model, upstreamModel: model })),
  }
}

interface PlainParts {
  readonly name: string
  readonly origin: ChannelRow['origin']
  readonly credential?: Secret
  readonly settings: Readonly<Record<string, string>>
}

function plainRow(provider: Provider, { name, origin, credential, settings }: PlainParts): ChannelRow {
  return {
    id: `ch_${origin}_${provider.id}`,
    name,
    origin,
    provider: provider.id,
    ...(credential && { auth: { credential } }),
    priority: 0,
    weight: 1,
    settings,
    headers: {},
  }
}
