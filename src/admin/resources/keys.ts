// API keys: shown once, stored as hashes. Rotation gives a new key and may leave the old one good for a while; removal is
// revocation, and the row stays for the log.

import type { z } from 'zod'
import { addressRange, type FreshKey, freshKey, plainKey } from '../../access/index.ts'
import { prefixedId } from '../../lib/ids.ts'
import type { IssuedKeyRow, ProjectRow } from '../../store/index.ts'
import { sees } from '../actor.ts'
import { key } from '../contract.ts'
import { commit } from '../edit.ts'
import { conflict, FieldsError, faulty } from '../failure.ts'
import { checkVersion, type Resource, reached, resourceRoutes } from '../resource.ts'
import { type ActedContext, type Context, type Route, route } from '../route.ts'
import { editedJson, given, limitChanges, limitsJson, limitsOf, timeOrNull } from '../shown.ts'
import { grantedGroup, ownOrganisation } from './projects.ts'

type Create = z.infer<typeof key.create>
type Change = z.infer<typeof key.edit>
type Rotate = z.infer<typeof key.rotate>

const hashes = ({ hash, previousHash }: IssuedKeyRow): string[] => (previousHash === null ? [hash] : [hash, previousHash])

const resource: Resource<IssuedKeyRow, Create, Change> = {
  path: 'keys',
  one: 'key',
  prefix: 'key',
  area: 'keys',
  table: (store) => store.keys,
  shown: key.shown,
  created: key.created,
  create: key.create,
  edit: key.edit,
  filters: { project_id: 'projectId', user_id: 'userId', group_id: 'groupId', name: 'name', mode: 'mode' },
  whose: (row, context) => organisationOf(row.projectId, context),
  async within(ids, context) {
    const projects = await context.parts.store.projects.all({ organisationId: ids })
    return { projectId: projects.map(({ id }) => id) }
  },
  json: keyJson,
  reach: (row) => row.role,
  async make(input, base, context) {
    const project = await projectIn(input.project_id, context)
    await check(input, project, context)
    const fresh = freshKey(input.mode)
    const row = { ...keyRow(input, fresh, context), ...base, projectId: project.id, mode: input.mode }
    if (row.mode === 'test' && row.role !== null) throw faulty('role', 'a test-mode key has no role')
    if (!input.test_twin || row.mode === 'test') return { row, once: { key: fresh.key } }
    const freshTwin = freshKey('test')
    const twin: IssuedKeyRow = {
      ...row,
      ...freshTwinPart(freshTwin),
      id: prefixedId('key', context.nowMs),
      name: `${row.name} (test)`.slice(0, 120),
      mode: 'test',
      role: null,
      twinOf: row.id,
    }
    const { store } = context.parts
    return {
      row,
      statements: [store.keys.insert(twin)],
      once: { key: fresh.key, twin: { ...(await keyJson(twin, context)), key: freshTwin.key } },
      audited: { twin_id: twin.id },
    }
  },
  async change(row, input, context) {
    if (row.revokedMs !== null) throw conflict('The key is revoked.')
    const project = await context.parts.store.projects.byId(row.projectId)
    if (project === undefined) throw new TypeError(`key ${row.id} has no project`)
    await check(input, project, context)
    if (row.mode === 'test' && input.role != null) throw faulty('role', 'a test-mode key has no role')
    return {
      changes: given({
        name: input.name,
        userId: input.user_id,
        groupId: input.group_id,
        role: input.role,
        models: input.models,
        channels: input.channels,
        addresses: input.addresses,
        tags: input.tags,
        expiresMs: input.expires_at === undefined ? undefined : input.expires_at === null ? null : Date.parse(input.expires_at),
        ...limitChanges(input),
      }),
    }
  },
  forgets: hashes,
}

const freshTwinPart = ({ hash, hint }: FreshKey): Pick<FreshKey, 'hash' | 'hint'> => ({ hash, hint })

const organisations = new WeakMap<Context, Map<string, string>>()

/** Asked for every row of a list: remembered for the request. */
async function organisationOf(projectId: string, context: Context): Promise<string> {
  let known = organisations.get(context)
  if (known === undefined) {
    known = new Map()
    organisations.set(context, known)
  }
  const found = known.get(projectId) ?? (await context.parts.store.projects.byId(projectId))?.organisationId ?? ''
  known.set(projectId, found)
  return found
}

async function keyJson(row: IssuedKeyRow, context: Context) {
  return {
    ...editedJson(row),
    name: row.name,
    hint: row.hint,
    project_id: row.projectId,
    organisation_id: await organisationOf(row.projectId, context),
    user_id: row.userId,
    group_id: row.groupId,
    role: row.role,
    mode: row.mode,
    twin_of: row.twinOf,
    models: row.models,
    channels: row.channels,
    addresses: row.addresses,
    tags: row.tags,
    ...limitsJson(row),
    expires_at: timeOrNull(row.expiresMs),
    revoked_at: timeOrNull(row.revokedMs),
    previous_until: timeOrNull(row.previousHash === null ? null : row.previousUntilMs),
  }
}

function keyRow(input: Create, fresh: FreshKey, { nowMs }: Context): IssuedKeyRow {
  return {
    ...plainKey(input.name, fresh, nowMs),
    userId: input.user_id ?? null,
    groupId: input.group_id ?? null,
    role: input.role ?? null,
    models: input.models ?? null,
    channels: input.channels ?? null,
    addresses: input.addresses ?? null,
    tags: input.tags ?? {},
    expiresMs: input.expires_at == null ? null : Date.parse(input.expires_at),
    ...limitsOf(input),
  }
}

async function projectIn(id: string | undefined, context: ActedContext): Promise<ProjectRow> {
  const { projects } = context.parts.store
  const found = id === undefined ? (await projects.all({ organisationId: ownOrganisation(context.actor) }))[0] : await projects.byId(id)
  if (found === undefined || !sees(context.actor, found.organisationId)) throw faulty('project_id', 'there is no such project')
  return found
}

/** What the members refer to must exist, and be of the same house. @throws FieldsError */
async function check(input: Pick<Change, 'group_id' | 'user_id' | 'addresses'>, project: ProjectRow, context: ActedContext): Promise<void> {
  const { members } = context.parts.store
  await grantedGroup(context, input.group_id)
  if (input.user_id != null && (await members.find({ userId: input.user_id, organisationId: project.organisationId })) === undefined)
    throw faulty('user_id', 'there is no such user in the organisation of the project')
  const bad = (input.addresses ?? []).flatMap((text, at) =>
    addressRange(text) === undefined ? [{ field: `addresses.${at}`, message: 'must be an address or a range such as 10.0.0.0/8' }] : [],
  )
  if (bad.length > 0) throw new FieldsError(bad)
}

const rotate = route<never, Rotate>({
  tag: 'keys',
  method: 'POST',
  path: '/admin/keys/{id}/rotate',
  summary: 'Gives the key a new secret; the old one stays good for the overlap.',
  needs: { area: 'keys', act: 'write' },
  body: key.rotate,
  shown: key.created,
  async run(context, { body }) {
    const { nowMs } = context
    const row = await reached(resource, context, 'write')
    checkVersion(context, row, body.version)
    if (row.revokedMs !== null) throw conflict('The key is revoked.')
    const fresh = freshKey(row.mode)
    const overlaps = body.overlap_seconds > 0
    const changes = {
      hash: fresh.hash,
      hint: fresh.hint,
      previousHash: overlaps ? row.hash : null,
      previousUntilMs: overlaps ? nowMs + body.overlap_seconds * 1000 : null,
      updatedMs: nowMs,
    }
    const next = { ...row, ...changes, version: row.version + 1 }
    await commit(context, {
      action: 'key.rotate',
      resource: 'key',
      id: row.id,
      organisationId: await organisationOf(row.projectId, context),
      before: await keyJson(row, context),
      after: await keyJson(next, context),
      statements: [context.parts.store.keys.update(row, changes)],
      forget: [...hashes(row), fresh.hash],
    })
    return { body: { ...(await keyJson(next, context)), key: fresh.key }, version: next.version }
  },
})

const revoke = route({
  tag: 'keys',
  method: 'DELETE',
  path: '/admin/keys/{id}',
  summary: 'Revokes the key at once, on every node within a second.',
  needs: { area: 'keys', act: 'write' },
  status: 204,
  async run(context) {
    const row = await reached(resource, context, 'write')
    checkVersion(context, row, undefined)
    if (row.id === context.actor.id) throw conflict('A key does not revoke itself.')
    if (row.revokedMs !== null) return { status: 204 }
    const changes = { revokedMs: context.nowMs, updatedMs: context.nowMs }
    await commit(context, {
      action: 'key.revoke',
      resource: 'key',
      id: row.id,
      organisationId: await organisationOf(row.projectId, context),
      before: await keyJson(row, context),
      after: await keyJson({ ...row, ...changes }, context),
      statements: [context.parts.store.keys.update(row, changes)],
      forget: hashes(row),
    })
    return { status: 204 }
  },
})

export const keyRoutes: readonly Route[] = [...resourceRoutes(resource), rotate, revoke]
