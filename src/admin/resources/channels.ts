// Channels an operator made in the database. Their credentials are sealed at once and never shown; those of the file and
// the environment stand in the list too, to be read only. An edit that does not compile is refused with the reason.

import type { z } from 'zod'
import type { Secret } from '../../lib/secret.ts'
import { providerById } from '../../providers/index.ts'
import type { ChannelRow } from '../../snapshot/index.ts'
import type { OperatorChannelRow } from '../../store/index.ts'
import { channel } from '../contract.ts'
import { FieldsError, faulty } from '../failure.ts'
import { channelPlace, nameTaken } from '../publishing.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import { type Context, type Route, route } from '../route.ts'
import { editedJson, given, limitChanges, limitsJson, limitsOf, timeText } from '../shown.ts'

type Create = z.infer<typeof channel.create>
type Change = z.infer<typeof channel.edit>

export const channelResource: Resource<OperatorChannelRow, Create, Change> = {
  path: 'channels',
  one: 'channel',
  prefix: 'ch',
  area: 'installation',
  table: (store) => store.channels,
  shown: channel.shown,
  create: channel.create,
  edit: channel.edit,
  filters: { name: 'name', provider: 'provider' },
  whose: () => null,
  json: channelJson,
  publishes: 'channels',
  async make(input, base, context) {
    await freeName(context, input.name)
    checkProvider(input.provider, input.settings ?? {})
    return {
      row: {
        ...base,
        name: input.name,
        provider: input.provider,
        baseUrl: input.base_url ?? null,
        ...sealed(input.credential ?? null, base.id, context),
        models: modelsOf(input.models) ?? null,
        priority: input.priority ?? 0,
        weight: String(input.weight ?? 1),
        formats: input.formats ?? null,
        webSearch: input.web_search ?? null,
        settings: input.settings ?? {},
        headers: input.headers ?? {},
        enabled: input.enabled ?? true,
        ...limitsOf(input),
      },
    }
  },
  async change(row, input, context) {
    if (input.name !== undefined && input.name !== row.name) await freeName(context, input.name)
    checkProvider(input.provider ?? row.provider, input.settings ?? row.settings)
    checkDestination(row, input)
    return {
      changes: given({
        name: input.name,
        provider: input.provider,
        baseUrl: input.base_url,
        ...(input.credential !== undefined && sealed(input.credential, row.id, context)),
        models: modelsOf(input.models),
        priority: input.priority,
        weight: input.weight === undefined ? undefined : String(input.weight),
        formats: input.formats,
        webSearch: input.web_search,
        settings: input.settings,
        headers: input.headers,
        enabled: input.enabled,
        ...limitChanges(input),
      }),
    }
  },
  remove: async () => ({}),
}

function channelJson(row: OperatorChannelRow) {
  return {
    ...editedJson(row),
    name: row.name,
    provider: row.provider,
    base_url: row.baseUrl,
    has_credential: row.credential !== null,
    credential_hint: row.credentialHint,
    models: modelsJson(row.models),
    priority: row.priority,
    weight: Number(row.weight),
    formats: row.formats,
    web_search: row.webSearch,
    settings: row.settings,
    headers: row.headers,
    enabled: row.enabled,
    ...limitsJson(row),
    origin: 'database',
    read_only: false,
  }
}

const modelsJson = (models: OperatorChannelRow['models'] | undefined) =>
  models?.map(({ model, upstreamModel }) => ({ model, upstream_model: upstreamModel })) ?? null

const modelsOf = (models: Create['models']): OperatorChannelRow['models'] | undefined =>
  models === undefined || models === null
    ? models
    : models.map((entry) =>
        typeof entry === 'string'
          ? { model: entry, upstreamModel: entry }
          : { model: entry.model, upstreamModel: entry.upstream_model ?? entry.model },
      )

/** A secret as it is stored, with enough of it for people to recognise it. */
function sealed(secret: string | null, id: string, { parts }: Context): Pick<OperatorChannelRow, 'credential' | 'credentialHint'> {
  return secret === null
    ? { credential: null, credentialHint: null }
    : { credential: parts.vault.seal(secret, channelPlace(id)), credentialHint: hintOf(secret) }
}

export const hintOf = (secret: string): string => (secret.length < 16 ? '…' : `…${secret.slice(-4)}`)

async function freeName({ parts }: Context, name: string): Promise<void> {
  const taken = parts.publishing.base().some((row) => row.name === name) || (await parts.store.channels.find({ name })) !== undefined
  if (taken) throw nameTaken('channel', name)
}

/** The provider and its own settings. @throws FieldsError naming each */
function checkProvider(id: string, settings: Readonly<Record<string, string>>): void {
  const provider = providerById(id)
  if (provider === undefined) throw faulty('provider', 'there is no such provider')
  const known = new Set((provider.settings ?? []).map(({ name }) => name))
  const unknown = Object.keys(settings).filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new FieldsError(unknown.map((name) => ({ field: `settings.${name}`, message: `${provider.label} has no such setting` })))
}

/** Whoever may point a channel elsewhere must not get its credential sent there. @throws FieldsError */
function checkDestination(row: OperatorChannelRow, input: Change): void {
  if (row.credential === null || input.credential !== undefined) return
  const moved = input.base_url !== undefined && originOf(input.base_url) !== originOf(row.baseUrl)
  const other = input.provider !== undefined && input.provider !== row.provider
  const resettled = input.settings !== undefined && JSON.stringify(input.settings) !== JSON.stringify(row.settings)
  if (moved || other || resettled) throw faulty('credential', 'give it again when the provider, its settings or the address change')
}

const originOf = (url: string | null): string | null => (url === null ? null : new URL(url).origin)

const inForce = route({
  tag: 'channels',
  method: 'GET',
  path: '/admin/channels-in-force',
  summary: 'Every channel that is published now, those of the file and the environment too.',
  needs: { area: 'installation', act: 'read' },
  async run({ parts }) {
    const rows = await parts.store.channels.all({ enabled: true })
    const data = [...rows.map(channelJson), ...parts.publishing.base().map(baseJson)]
    return { body: { revision: parts.publishing.current().revision, data } }
  },
})

function baseJson(row: ChannelRow) {
  const credential: Secret | undefined = row.auth?.credential
  return {
    id: row.id,
    version: 1,
    created_at: timeText(0),
    updated_at: timeText(0),
    name: row.name,
    provider: row.provider,
    base_url: row.baseUrl ?? null,
    has_credential: credential !== undefined,
    credential_hint: credential === undefined ? null : hintOf(credential.reveal()),
    models: modelsJson(row.models),
    priority: row.priority,
    weight: row.weight,
    formats: row.formats ?? null,
    web_search: row.webSearch ?? null,
    settings: row.settings,
    headers: Object.fromEntries(Object.keys(row.headers).map((name) => [name, '…'])),
    enabled: true,
    requests_per_minute: row.limits?.requestsPerMinute ?? null,
    tokens_per_minute: row.limits?.tokensPerMinute ?? null,
    concurrency: row.limits?.concurrency ?? null,
    origin: row.origin,
    read_only: true,
  }
}

export const channelRoutes: readonly Route[] = [...resourceRoutes(channelResource), inForce]
