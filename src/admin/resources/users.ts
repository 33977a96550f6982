// Users: people who sign in or whom keys belong to. Somebody is known once; roles are memberships.

import type { z } from 'zod'
import { normalEmail } from '../../access/index.ts'
import { prefixedId } from '../../lib/ids.ts'
import { type MemberRow, OPERATOR_ORGANISATION, type Role, type UserRow } from '../../store/index.ts'
import { demand, demandReach, denied, may, sees } from '../actor.ts'
import { user } from '../contract.ts'
import { conflict } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { ActedContext, Context, Route } from '../route.ts'
import { disabledChange, editedJson, given, limitChanges, limitsJson, limitsOf } from '../shown.ts'
import { organisationIn } from './projects.ts'

type Create = z.infer<typeof user.create>
type Change = z.infer<typeof user.edit>

const RANK: readonly Role[] = ['viewer', 'developer', 'admin', 'owner']

const resource: Resource<UserRow, Create, Change> = {
  path: 'users',
  one: 'user',
  prefix: 'usr',
  area: 'members',
  table: (store) => store.users,
  shown: user.shown,
  create: user.create,
  edit: user.edit,
  filters: { email: 'email' },
  // An organisation that the actor shares with the user; the operator's people see everybody.
  async whose(row, context) {
    const members = await context.parts.store.members.all({ userId: row.id })
    const shared = members.map(({ organisationId }) => organisationId).filter((organisationId) => sees(context.actor, organisationId))
    return shared.find((organisationId) => may(context.actor, { area: 'members', act: 'write' }, organisationId)) ?? shared[0] ?? null
  },
  async within(ids, context) {
    const members = await context.parts.store.members.all({ organisationId: ids })
    return { id: [...new Set(members.map(({ userId }) => userId))] }
  },
  async json(row, context) {
    const members = await context.parts.store.members.all({ userId: row.id })
    return userJson(
      row,
      members.filter(({ organisationId }) => sees(context.actor, organisationId)),
    )
  },
  // A password or an address that somebody else may set is the door to every role that the user has.
  async reach(row, context) {
    const members = await context.parts.store.members.all({ userId: row.id })
    return RANK.findLast((role) => members.some((member) => member.role === role)) ?? null
  },
  async make(input, base, context) {
    const { store, signIn } = context.parts
    const organisationId = await organisationIn(context, input.organisation_id)
    demand(context.actor, { area: 'members', act: 'write' }, organisationId)
    demandReach(context.actor, organisationId, input.role)
    const email = normalEmail(input.email)
    if ((await store.users.find({ email })) !== undefined)
      throw conflict('There is a user with this e-mail address already: make a membership.')
    const member: MemberRow = { ...base, id: prefixedId('mem', context.nowMs), userId: base.id, organisationId, role: input.role }
    return {
      row: {
        ...base,
        email,
        name: input.name,
        passwordHash: input.password === undefined ? null : await signIn.hash(input.password),
        ...limitsOf(input),
        disabledMs: null,
      },
      statements: [store.members.insert(member)],
      organisationId,
      audited: { memberships: [{ id: member.id, organisation_id: organisationId, role: input.role }] },
    }
  },
  async change(row, input, context) {
    const { store, signIn } = context.parts
    await onlyOwnPeople(row, context)
    const email = input.email === undefined ? undefined : normalEmail(input.email)
    if (email !== undefined && email !== row.email && (await store.users.find({ email })) !== undefined)
      throw conflict('There is a user with this e-mail address already.')
    if (input.disabled === true) await keepOwner(row, context)
    const ends = input.password !== undefined || input.disabled === true
    return {
      changes: given({
        name: input.name,
        email,
        passwordHash: input.password === undefined ? undefined : await signIn.hash(input.password),
        disabledMs: disabledChange(input.disabled, row.disabledMs, context.nowMs),
        ...limitChanges(input),
      }),
      statements: ends ? [store.sessions.removeOthers(row.id, '')] : [],
    }
  },
  async remove(row, context) {
    const { store } = context.parts
    await onlyOwnPeople(row, context)
    await keepOwner(row, context)
    if ((await store.keys.count({ userId: row.id, revokedMs: null })) > 0)
      throw conflict('The user still has keys. Revoke them or disable the user.')
    const members = await store.members.all({ userId: row.id })
    return { statements: [store.sessions.removeOthers(row.id, ''), ...members.map((member) => store.members.remove(member))] }
  },
  forgets: () => 'all',
}

export const userJson = (row: UserRow, members: readonly MemberRow[]) => ({
  ...editedJson(row),
  email: row.email,
  name: row.name,
  has_password: row.passwordHash !== null,
  disabled: row.disabledMs !== null,
  ...limitsJson(row),
  memberships: members.map(({ id, organisationId, role }) => ({ id, organisation_id: organisationId, role })),
})

/** Who belongs to several organisations is changed by the operator's own people only. @throws GatewayError 403 */
async function onlyOwnPeople(row: UserRow, context: ActedContext): Promise<void> {
  if (context.actor.roles.has(OPERATOR_ORGANISATION)) return
  const members = await context.parts.store.members.all({ userId: row.id })
  if (members.some(({ organisationId }) => !context.actor.roles.has(organisationId))) throw denied()
}

/** The installation keeps an owner who can sign in. @throws GatewayError 409 */
export async function keepOwner({ id }: Pick<UserRow, 'id'>, context: Context): Promise<void> {
  const { members, users } = context.parts.store
  const owners = await members.all({ organisationId: OPERATOR_ORGANISATION, role: 'owner' })
  if (!owners.some(({ userId }) => userId === id)) return
  for (const { userId } of owners) {
    const other = userId === id ? undefined : await users.byId(userId)
    if (other !== undefined && other.disabledMs === null && other.passwordHash !== null) return
  }
  throw conflict('The first organisation needs an owner who can sign in.')
}

export const userRoutes: readonly Route[] = resourceRoutes(resource)
