// Web-search backends an operator made in the database. Credentials are sealed as those of channels are.

import type { z } from 'zod'
import { backendById } from '../../search/index.ts'
import type { SearchBackendRow } from '../../store/index.ts'
import { searchBackend } from '../contract.ts'
import { FieldsError, faulty } from '../failure.ts'
import { nameTaken, searchPlace } from '../publishing.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { Context, Route } from '../route.ts'
import { dollarsOf, editedJson, given, nanosIn } from '../shown.ts'
import { hintOf } from './channels.ts'

type Create = z.infer<typeof searchBackend.create>
type Change = z.infer<typeof searchBackend.edit>

export const searchBackendResource: Resource<SearchBackendRow, Create, Change> = {
  path: 'search-backends',
  one: 'search backend',
  prefix: 'sbe',
  area: 'installation',
  table: (store) => store.searchBackends,
  shown: searchBackend.shown,
  create: searchBackend.create,
  edit: searchBackend.edit,
  filters: { name: 'name', backend: 'backend' },
  whose: () => null,
  json: (row) => ({
    ...editedJson(row),
    name: row.name,
    backend: row.backend,
    base_url: row.baseUrl,
    has_credential: row.credential !== null,
    credential_hint: row.credentialHint,
    settings: row.settings,
    timeout_seconds: row.timeoutMs === null ? null : row.timeoutMs / 1000,
    price_per_search: row.pricePerSearch === null ? null : dollarsOf(row.pricePerSearch),
    priority: row.priority,
    enabled: row.enabled,
  }),
  publishes: 'searchBackends',
  async make(input, base, context) {
    if ((await context.parts.store.searchBackends.find({ name: input.name })) !== undefined) throw nameTaken('search backend', input.name)
    check(input.backend, input.settings ?? {})
    return {
      row: {
        ...base,
        name: input.name,
        backend: input.backend,
        baseUrl: input.base_url ?? null,
        ...sealed(input.credential ?? null, base.id, context),
        settings: input.settings ?? {},
        timeoutMs: input.timeout_seconds == null ? null : Math.max(1, Math.round(input.timeout_seconds * 1000)),
        pricePerSearch: input.price_per_search == null ? null : nanosIn('price_per_search', input.price_per_search),
        priority: input.priority ?? 0,
        enabled: input.enabled ?? true,
      },
    }
  },
  async change(row, input, context) {
    if (
      input.name !== undefined &&
      input.name !== row.name &&
      (await context.parts.store.searchBackends.find({ name: input.name })) !== undefined
    )
      throw nameTaken('search backend', input.name)
    check(input.backend ?? row.backend, input.settings ?? row.settings)
    const elsewhere =
      (input.base_url !== undefined && input.base_url !== row.baseUrl) || (input.backend !== undefined && input.backend !== row.backend)
    if (elsewhere && row.credential !== null && input.credential === undefined)
      throw faulty('credential', 'give it again when the backend or its address change')
    return {
      changes: given({
        name: input.name,
        backend: input.backend,
        baseUrl: input.base_url,
        ...(input.credential !== undefined && sealed(input.credential, row.id, context)),
        settings: input.settings,
        timeoutMs: input.timeout_seconds == null ? input.timeout_seconds : Math.max(1, Math.round(input.timeout_seconds * 1000)),
        pricePerSearch: input.price_per_search == null ? input.price_per_search : nanosIn('price_per_search', input.price_per_search),
        priority: input.priority,
        enabled: input.enabled,
      }),
    }
  },
  remove: async () => ({}),
}

function sealed(secret: string | null, id: string, { parts }: Context): Pick<SearchBackendRow, 'credential' | 'credentialHint'> {
  return secret === null
    ? { credential: null, credentialHint: null }
    : { credential: parts.vault.seal(secret, searchPlace(id)), credentialHint: hintOf(secret) }
}

function check(id: string, settings: Readonly<Record<string, string>>): void {
  const backend = backendById(id)
  if (backend === undefined) throw faulty('backend', 'there is no such backend')
  const unknown = Object.keys(settings).filter((name) => !backend.settings.some((setting) => setting.name === name))
  if (unknown.length > 0)
    throw new FieldsError(unknown.map((name) => ({ field: `settings.${name}`, message: `${backend.label} has no such setting` })))
}

export const searchBackendRoutes: readonly Route[] = resourceRoutes(searchBackendResource)
