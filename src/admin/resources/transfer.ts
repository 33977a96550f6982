// The operator's settings as one document, out and in. Secrets stay out, or come sealed so that only an installation with
// the same master key reads them. An import changes what has the same name, adds what is new, removes nothing, and is one unit.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { prefixedId } from '../../lib/ids.ts'
import { asArray, asObject, asString, type JsonObject } from '../../lib/json.ts'
import { parseYaml, printYaml } from '../../lib/platform/runtime.ts'
import { VaultError } from '../../lib/vault.ts'
import type { Bound, Edited, OperatorStore } from '../../store/index.ts'
import { commit } from '../edit.ts'
import { FieldsError, faulty, parsed } from '../failure.ts'
import { channelPlace, type OperatorRows, searchPlace } from '../publishing.ts'
import type { Resource } from '../resource.ts'
import { type ActedContext, type Route, route } from '../route.ts'
import { timeText } from '../shown.ts'
import { channelResource } from './channels.ts'
import { groupResource } from './groups.ts'
import { aliasResource, modelLimitResource } from './models.ts'
import { priceResource } from './prices.ts'
import { searchBackendResource } from './search-backends.ts'

const tag = 'transfer'
const MAX_BYTES = 16 * 1024 * 1024

/** One list of the document. */
interface Section {
  readonly name: string
  readonly resource: Resource<Edited, Record<string, unknown>, Record<string, unknown>>
  /** The member that tells one from another. */
  readonly key: string
  /** Where its secrets are bound to. */
  readonly place?: (id: string) => string
}

const section = (name: string, resource: unknown, key: string, place?: (id: string) => string): Section => ({
  name,
  resource: resource as Section['resource'],
  key,
  ...(place && { place }),
})

const SECTIONS: readonly Section[] = [
  section('groups', groupResource, 'name'),
  section('channels', channelResource, 'name', channelPlace),
  section('aliases', aliasResource, 'model'),
  section('model_limits', modelLimitResource, 'model'),
  section('prices', priceResource, 'model'),
  section('search_backends', searchBackendResource, 'name', searchPlace),
]

/** Shown for people, and not part of what can be set. */
const SHOWN_ONLY = new Set(['version', 'created_at', 'updated_at', 'has_credential', 'credential_hint', 'origin', 'read_only'])

const exported = route<{ format?: 'json' | 'yaml' | undefined; secrets?: 'none' | 'sealed' | undefined }>({
  tag,
  method: 'GET',
  path: '/admin/export',
  summary: 'Groups, channels, aliases, limits, prices and search backends as one document.',
  needs: { area: 'whole', act: 'read' },
  query: z.strictObject({ format: z.enum(['json', 'yaml']).optional(), secrets: z.enum(['none', 'sealed']).optional() }),
  async run(context, { query }) {
    const document: Record<string, unknown> = { switchyard_export: 1, exported_at: timeText(context.nowMs) }
    for (const { name, resource, place } of SECTIONS) {
      const rows = await resource.table(context.parts.store).all()
      const entries: object[] = []
      for (const row of rows) {
        const shown = Object.entries(await resource.json(row, context)).filter(
          ([member]) => !SHOWN_ONLY.has(member) && !(name === 'prices' && member === 'model'),
        )
        const { credential } = row as { credential?: string | null }
        const sealed = query.secrets === 'sealed' && place !== undefined && credential != null
        entries.push({ ...Object.fromEntries(shown), ...(sealed && { credential_sealed: credential }) })
      }
      document[name] = entries
    }
    return query.format === 'yaml' ? { text: { type: 'application/yaml', content: printYaml(document) } } : { body: document }
  },
})

interface Step {
  readonly section: string
  readonly name: string
  readonly what: 'create' | 'update'
}

/** What an import comes to: statements, rows as they will be, and what to tell. */
class Import {
  readonly steps: Step[] = []
  readonly statements: Bound[] = []
  readonly published: { readonly name: keyof OperatorRows; readonly row: Edited }[] = []

  rows(rows: OperatorRows): OperatorRows {
    let result = rows
    for (const { name, row } of this.published) {
      const others = (result[name] as readonly Edited[]).filter(({ id }) => id !== row.id)
      result = { ...result, [name]: [...others, row] }
    }
    return result
  }
}

const imported = route<{ dry_run?: 'true' | 'false' | undefined }, Record<string, unknown>>({
  tag,
  method: 'POST',
  path: '/admin/import',
  summary: 'Takes such a document, as JSON or YAML: all of it or nothing.',
  needs: { area: 'whole', act: 'write' },
  query: z.strictObject({ dry_run: z.enum(['true', 'false']).optional() }),
  body: z.record(z.string(), z.unknown()),
  textBody: true,
  maxBodyBytes: MAX_BYTES,
  async run(context, { query, body }) {
    const document = documentOf(body)
    const made = await read(context, document)
    const dry = query.dry_run === 'true'
    if (!dry && made.steps.length > 0)
      await context.parts.publishing.change(
        (rows) => made.rows(rows),
        (statements) =>
          commit(context, {
            action: 'settings.import',
            resource: 'settings',
            id: context.request.requestId,
            organisationId: null,
            after: { steps: made.steps },
            statements: [...made.statements, ...statements],
            forget: 'all',
          }),
      )
    return { body: { applied: !dry, changes: made.steps } }
  },
})

function documentOf(body: Record<string, unknown>): JsonObject {
  const text = asString(body.text)
  if (text === undefined || Object.keys(body).length > 1) return body as JsonObject
  try {
    const document = asObject(parseYaml(text))
    if (document !== undefined) return document
  } catch (cause) {
    throw new GatewayError('invalid_request', { message: 'The document is not valid YAML.' }, cause)
  }
  throw new GatewayError('invalid_request', { message: 'The document must hold lists of settings.' })
}

async function read(context: ActedContext, document: JsonObject): Promise<Import> {
  const known = new Set(['switchyard_export', 'exported_at', ...SECTIONS.map(({ name }) => name)])
  const unknown = Object.keys(document).filter((member) => !known.has(member))
  if (unknown.length > 0) throw new FieldsError(unknown.map((field) => ({ field: field.slice(0, 200), message: 'is not known' })))
  const made = new Import()
  for (const part of SECTIONS) {
    const value = document[part.name]
    if (value === undefined || value === null) continue
    const entries = asArray(value)
    if (entries === undefined) throw faulty(part.name, 'must be a list')
    const seen = new Set<string>()
    for (const [at, entry] of entries.entries()) {
      const step = await located(`${part.name}.${at}`, () => readEntry(context, part, entry, made))
      if (seen.has(step) && part.name !== 'prices') throw faulty(`${part.name}.${at}`, 'stands twice in the document')
      seen.add(step)
    }
  }
  return made
}

/** Faults of an entry, with its place in the document before them. */
async function located<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof FieldsError)) throw thrown
    throw new FieldsError(thrown.fields.map(({ field, message }) => ({ field: `${place}.${field}`, message })))
  }
}

async function readEntry(context: ActedContext, part: Section, value: unknown, made: Import): Promise<string> {
  const { resource } = part
  const { id, credential_sealed: sealed, ...entry } = asObject(value) ?? {}
  if (Object.keys(entry).length === 0) throw faulty('entry', 'must be an object')
  const secret = openSealed(context, part, { id: asString(id), sealed: asString(sealed) })
  const given = secret === undefined ? entry : { ...entry, credential: secret }
  const row = await existing(context, part, { entry, id: asString(id) })
  const name = asString(part.name === 'prices' ? asObject(entry.entry)?.model : entry[part.key]) ?? ''
  const table = resource.table(context.parts.store)
  const { nowMs } = context
  if (row === undefined) {
    const base: Edited = { id: prefixedId(resource.prefix, nowMs), createdMs: nowMs, updatedMs: nowMs, version: 1 }
    const result = await resource.make?.(parsed(resource.create as z.ZodType<Record<string, unknown>>, given), base, context)
    if (result === undefined) throw new TypeError(`${part.name} cannot be made`)
    made.statements.push(table.insert(result.row), ...(result.statements ?? []))
    publish(made, part, result.row)
    made.steps.push({ section: part.name, name, what: 'create' })
  } else {
    const { model: _, ...changeable } = given as Record<string, unknown>
    const input = part.name === 'model_limits' ? changeable : given
    const { version: __, ...change } = parsed(resource.edit as z.ZodType<Record<string, unknown>>, input)
    const result = await resource.change?.(row, change, context)
    const changes = { ...result?.changes, updatedMs: nowMs }
    made.statements.push(table.update(row, changes), ...(result?.statements ?? []))
    publish(made, part, { ...row, ...changes, version: row.version + 1 })
    made.steps.push({ section: part.name, name, what: 'update' })
  }
  return name
}

function publish(made: Import, { resource }: Section, row: Edited): void {
  if (resource.publishes !== undefined) made.published.push({ name: resource.publishes, row })
}

function existing(
  { parts }: ActedContext,
  { resource, key, name }: Section,
  { entry, id }: { entry: JsonObject; id: string | undefined },
): Promise<Edited | undefined> {
  const table = resource.table(parts.store)
  // A model may have several prices, told apart by their ids only.
  if (name === 'prices') return id === undefined ? Promise.resolve(undefined) : table.byId(id)
  const value = asString(entry[key])
  return value === undefined ? Promise.resolve(undefined) : table.find({ [key]: value } as never)
}

function openSealed(
  { parts }: ActedContext,
  { place }: Section,
  from: { id: string | undefined; sealed: string | undefined },
): string | undefined {
  if (place === undefined || from.sealed === undefined) return undefined
  try {
    return parts.vault.open(from.sealed, place(from.id ?? '')).reveal()
  } catch (cause) {
    throw faulty('credential_sealed', cause instanceof VaultError ? 'this installation cannot open it' : 'is not a sealed secret')
  }
}

/** Seals every secret anew that another master key than the first one sealed. Returns how many. */
export async function resealed({
  store,
  parts,
}: {
  store: OperatorStore
  parts: Pick<ActedContext['parts'], 'vault'>
}): Promise<{ count: number; statements: Bound[] }> {
  const statements: Bound[] = []
  const { vault } = parts
  for (const row of await store.channels.all())
    if (row.credential !== null && vault.isStale(row.credential))
      statements.push(
        store.channels.update(row, {
          credential: vault.seal(vault.open(row.credential, channelPlace(row.id)).reveal(), channelPlace(row.id)),
        }),
      )
  for (const row of await store.searchBackends.all())
    if (row.credential !== null && vault.isStale(row.credential))
      statements.push(
        store.searchBackends.update(row, {
          credential: vault.seal(vault.open(row.credential, searchPlace(row.id)).reveal(), searchPlace(row.id)),
        }),
      )
  return { count: statements.length, statements }
}

const reseal = route({
  tag,
  method: 'POST',
  path: '/admin/reseal',
  summary: 'Seals all stored secrets with the first master key, so that the others can go.',
  needs: { area: 'whole', act: 'write' },
  async run(context) {
    const { parts } = context
    let found: { count: number; statements: Bound[] }
    try {
      found = await resealed({ store: parts.store, parts })
    } catch (cause) {
      if (cause instanceof VaultError) throw faulty('secret', cause.message)
      throw cause
    }
    await commit(context, {
      action: 'settings.reseal',
      resource: 'settings',
      id: context.request.requestId,
      organisationId: null,
      after: { resealed: found.count },
      statements: found.statements,
    })
    return { body: { resealed: found.count } }
  },
})

export const transferRoutes: readonly Route[] = [exported, imported, reseal]
