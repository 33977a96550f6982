// The five addresses of a resource: list, make, show, change, remove. A resource declares what is its own; strictness,
// visibility, compare-and-swap, audit and publication are the same for all and stand here.

import { z } from 'zod'
import type { Area } from '../access/index.ts'
import { GatewayError } from '../core/errors.ts'
import { prefixedId } from '../lib/ids.ts'
import type { Bound, Edited, Filter, OperatorStore, Role, Table } from '../store/index.ts'
import { demand, demandReach, sees, visibleTo } from './actor.ts'
import { idText } from './contract.ts'
import { commit, type Edit } from './edit.ts'
import { conflict, missing } from './failure.ts'
import type { Reply } from './message.ts'
import type { OperatorRows } from './publishing.ts'
import { type ActedContext, type Route, route } from './route.ts'

/** What a handler decided, beyond the row itself. */
export interface Also {
  readonly statements?: readonly Bound[]
  /** Shown beside the row this once: a key in clear. Not in the audit. */
  readonly once?: object
  /** Whose a new row is, where the row alone does not tell yet. */
  readonly organisationId?: string
  /** Written into the audit beside the row. */
  readonly audited?: object
}

export interface Resource<Row extends Edited, Create = never, Change = never> {
  /** In the address, in the plural. */
  readonly path: string
  /** In words and in the audit, in the singular. */
  readonly one: string
  /** Of its ids. */
  readonly prefix: string
  readonly area: Area
  table(store: OperatorStore): Table<Row>
  readonly shown: z.ZodType
  /** Of the answer to making one, where it differs. */
  readonly created?: z.ZodType
  readonly create?: z.ZodType<Create>
  readonly edit?: z.ZodType<Change>
  /** Query parameters that filter the list, with the member each compares. */
  readonly filters?: Readonly<Record<string, keyof Row & string>>
  /** Whose it is; `null`: the whole installation's. */
  whose(row: Row, context: ActedContext): string | null | Promise<string | null>
  /** What the list holds for somebody who sees only these organisations. */
  within?(organisationIds: readonly string[], context: ActedContext): Filter<Row> | Promise<Filter<Row>>
  json(row: Row, context: ActedContext): object | Promise<object>
  make?(input: Create, base: Edited, context: ActedContext): Promise<Also & { readonly row: Row }>
  change?(row: Row, input: Change, context: ActedContext): Promise<Also & { readonly changes: Partial<Row> }>
  /** What goes with it; throws when it must stay. Absent: it cannot be removed. */
  remove?(row: Row, context: ActedContext): Promise<Also>
  /** The role that it carries, which only those may touch who reach it. */
  reach?(row: Row, context: ActedContext): Role | null | Promise<Role | null>
  /** Keys whose callers it changes. */
  forgets?(row: Row): readonly string[] | 'all'
  /** Its rows go into the snapshot under this name. */
  readonly publishes?: keyof OperatorRows
}

const MAX_PAGE = 200

export function resourceRoutes<Row extends Edited, Create, Change>(resource: Resource<Row, Create, Change>): Route[] {
  const { path, one, area } = resource
  const read = { area, act: 'read' } as const
  const write = { area, act: 'write' } as const
  const all = `/admin/${path}`
  const single = `${all}/{id}`
  const common = { tag: path }
  const routes: Route[] = [
    route({
      ...common,
      method: 'GET',
      path: all,
      summary: `Lists ${path}, the newest first.`,
      needs: read,
      query: pageQuery(Object.keys(resource.filters ?? {})),
      shown: z.object({ data: z.array(resource.shown), next: z.string().nullable() }),
      run: (context, { query }) => listed(resource, context, query as Record<string, string>),
    }),
    route({
      ...common,
      method: 'GET',
      path: single,
      summary: `Shows one ${one}.`,
      needs: read,
      shown: resource.shown,
      run: (context) => shown(resource, context),
    }),
  ]
  const { create, edit, make, change, remove } = resource
  if (create !== undefined && make !== undefined)
    routes.push(
      route<never, Create>({
        ...common,
        method: 'POST',
        path: all,
        summary: `Makes a ${one}.`,
        needs: write,
        body: create,
        shown: resource.created ?? resource.shown,
        status: 201,
        run: (context, { body }) => made(resource, context, body),
      }),
    )
  if (edit !== undefined && change !== undefined)
    routes.push(
      route<never, Change>({
        ...common,
        method: 'PATCH',
        path: single,
        summary: `Changes the members that are given.`,
        needs: write,
        body: edit,
        shown: resource.shown,
        run: (context, { body }) => edited(resource, context, body),
      }),
    )
  if (remove !== undefined)
    routes.push(
      route<{ version?: string | undefined }>({
        ...common,
        method: 'DELETE',
        path: single,
        summary: `Removes a ${one}.`,
        needs: write,
        query: z.strictObject({
          version: z
            .string()
            .regex(/^\d{1,15}$/)
            .optional(),
        }),
        status: 204,
        run: (context, { query }) => removed(resource, context, query.version),
      }),
    )
  return routes
}

export const pageQuery = (filters: readonly string[]) =>
  z.strictObject({
    limit: z
      .string()
      .regex(/^\d{1,4}$/, 'must be a whole number')
      .optional(),
    after: idText.optional(),
    ...Object.fromEntries(filters.map((name) => [name, z.string().max(200).optional()])),
  })

export const pageLimit = (text: string | undefined): number => Math.min(Math.max(Number(text ?? 50), 1), MAX_PAGE)

async function listed<Row extends Edited, C, E>(
  resource: Resource<Row, C, E>,
  context: ActedContext,
  query: Record<string, string | undefined>,
): Promise<Reply> {
  const limit = pageLimit(query.limit)
  const visible = visibleTo(context.actor)
  const restricted = visible === undefined ? {} : ((await resource.within?.(visible, context)) ?? { id: [] as readonly string[] })
  const wanted: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(resource.filters ?? {})) if (query[name] !== undefined) wanted[member] = query[name]
  const rows = await resource.table(context.parts.store).list({
    where: both(restricted as Filter<Row>, wanted as Filter<Row>),
    after: query.after,
    limit: limit + 1,
  })
  const page = rows.slice(0, limit)
  const data: object[] = []
  for (const row of page) data.push(await resource.json(row, context))
  return { body: { data, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null } }
}

/** Both conditions; where both speak of one member, what both allow. */
function both<Row>(restricted: Filter<Row>, wanted: Filter<Row>): Filter<Row> {
  const merged: Record<string, unknown> = { ...restricted, ...wanted }
  for (const [member, value] of Object.entries(wanted)) {
    const allowed = (restricted as Record<string, unknown>)[member]
    if (Array.isArray(allowed)) merged[member] = allowed.filter((one) => one === value)
    else if (allowed !== undefined && allowed !== value) merged[member] = []
  }
  return merged as Filter<Row>
}

/** The row that the address names. @throws GatewayError 404, also for what the actor may not see; 403 when the role lacks. */
export async function reached<Row extends Edited, C, E>(
  resource: Resource<Row, C, E>,
  context: ActedContext,
  act: 'read' | 'write',
): Promise<Row> {
  const row = await resource.table(context.parts.store).byId(context.ids.id ?? '')
  if (row === undefined) throw missing(resource.one)
  const organisationId = await resource.whose(row, context)
  if (!sees(context.actor, organisationId)) throw missing(resource.one)
  demand(context.actor, { area: resource.area, act }, organisationId)
  if (act === 'write') demandReach(context.actor, organisationId, (await resource.reach?.(row, context)) ?? null)
  return row
}

async function shown<Row extends Edited, C, E>(resource: Resource<Row, C, E>, context: ActedContext): Promise<Reply> {
  const row = await reached(resource, context, 'read')
  return { body: await resource.json(row, context), version: row.version }
}

async function made<Row extends Edited, C, E>(resource: Resource<Row, C, E>, context: ActedContext, body: C): Promise<Reply> {
  const { nowMs } = context
  const base: Edited = { id: prefixedId(resource.prefix, nowMs), createdMs: nowMs, updatedMs: nowMs, version: 1 }
  if (resource.make === undefined) throw new TypeError(`${resource.path} cannot be made`)
  const { row, statements = [], once, audited, ...also } = await resource.make(body, base, context)
  const organisationId = also.organisationId ?? (await resource.whose(row, context))
  demand(context.actor, { area: resource.area, act: 'write' }, organisationId)
  demandReach(context.actor, organisationId, (await resource.reach?.(row, context)) ?? null)
  const after = await resource.json(row, context)
  await write(resource, context, {
    row,
    next: row,
    edit: {
      action: `${resource.one}.create`,
      resource: resource.one,
      id: row.id,
      organisationId,
      after: { ...after, ...audited },
      statements: [resource.table(context.parts.store).insert(row), ...statements],
      ...forgetting(resource, row),
    },
  })
  return {
    status: 201,
    body: once === undefined ? await resource.json(row, context) : { ...after, ...once },
    version: 1,
    headers: { location: `/admin/${resource.path}/${row.id}` },
  }
}

async function edited<Row extends Edited, C, E>(resource: Resource<Row, C, E>, context: ActedContext, body: E): Promise<Reply> {
  const row = await reached(resource, context, 'write')
  const { version, ...input } = body as { version?: number | undefined }
  checkVersion(context, row, version)
  if (resource.change === undefined) throw new TypeError(`${resource.path} cannot be changed`)
  const { changes, statements = [] } = await resource.change(row, input as E, context)
  const all = { ...changes, updatedMs: context.nowMs } as Partial<Row>
  const next = { ...row, ...all, version: row.version + 1 }
  const organisationId = await resource.whose(next, context)
  demandReach(context.actor, organisationId, (await resource.reach?.(next, context)) ?? null)
  await write(resource, context, {
    row,
    next: next,
    edit: {
      action: `${resource.one}.update`,
      resource: resource.one,
      id: row.id,
      organisationId,
      before: await resource.json(row, context),
      after: await resource.json(next, context),
      statements: [resource.table(context.parts.store).update(row, all), ...statements],
      ...forgetting(resource, row),
    },
  })
  return { body: await resource.json(next, context), version: next.version }
}

async function removed<Row extends Edited, C, E>(
  resource: Resource<Row, C, E>,
  context: ActedContext,
  version: string | undefined,
): Promise<Reply> {
  const row = await reached(resource, context, 'write')
  checkVersion(context, row, version === undefined ? undefined : Number(version))
  const { statements = [] } = (await resource.remove?.(row, context)) ?? {}
  await write(resource, context, {
    row,
    next: undefined,
    edit: {
      action: `${resource.one}.delete`,
      resource: resource.one,
      id: row.id,
      organisationId: await resource.whose(row, context),
      before: await resource.json(row, context),
      statements: [...statements, resource.table(context.parts.store).remove(row)],
      ...forgetting(resource, row),
    },
  })
  return { status: 204 }
}

interface Change<Row> {
  readonly row: Row
  /** As it will be; `undefined`: gone. */
  readonly next: Row | undefined
  readonly edit: Edit
}

function write<Row extends Edited, C, E>(
  resource: Resource<Row, C, E>,
  context: ActedContext,
  { row, next, edit }: Change<Row>,
): Promise<void> {
  const { publishes } = resource
  if (publishes === undefined) return commit(context, edit)
  return context.parts.publishing.change(
    (rows) => replaced(rows, publishes, { id: row.id, next }),
    (statements) => commit(context, { ...edit, statements: [...edit.statements, ...statements] }),
  )
}

function replaced(rows: OperatorRows, name: keyof OperatorRows, { id, next }: { id: string; next: Edited | undefined }): OperatorRows {
  const others = (rows[name] as readonly Edited[]).filter((row) => row.id !== id)
  return { ...rows, [name]: next === undefined ? others : [...others, next] }
}

const forgetting = <Row extends Edited, C, E>(resource: Resource<Row, C, E>, row: Row): Pick<Edit, 'forget'> =>
  resource.forgets === undefined ? {} : { forget: resource.forgets(row) }

/**
 * Compares what the client read with what is there: If-Match, or `version` in the body or the query.
 * @throws GatewayError 412 or 409
 */
export function checkVersion({ request }: ActedContext, row: Edited, version: number | undefined): void {
  const match = request.headers.get('if-match')
  if (match !== null && match.trim() !== '*') {
    const tags = match.split(',').map((tag) =>
      tag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    if (!tags.includes(String(row.version)))
      throw new GatewayError('precondition_failed', { message: `The current version is ${row.version}, not what If-Match names.` })
  }
  if (version !== undefined && version !== row.version) throw conflict(`The current version is ${row.version}, not ${version}.`)
}
