// Memberships: the role somebody has in an organisation.

import type { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { type MemberRow, OPERATOR_ORGANISATION } from '../../store/index.ts'
import { member } from '../contract.ts'
import { conflict, faulty } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { Route } from '../route.ts'
import { editedJson, given } from '../shown.ts'
import { organisationIn } from './projects.ts'
import { keepOwner } from './users.ts'

type Create = z.infer<typeof member.create>
type Change = z.infer<typeof member.edit>

const resource: Resource<MemberRow, Create, Change> = {
  path: 'members',
  one: 'member',
  prefix: 'mem',
  area: 'members',
  table: (store) => store.members,
  shown: member.shown,
  create: member.create,
  edit: member.edit,
  filters: { organisation_id: 'organisationId', user_id: 'userId', role: 'role' },
  whose: (row) => row.organisationId,
  within: (ids) => ({ organisationId: ids }),
  json: (row) => ({ ...editedJson(row), user_id: row.userId, organisation_id: row.organisationId, role: row.role }),
  reach: (row) => row.role,
  async make(input, base, context) {
    const { store } = context.parts
    const organisationId = await organisationIn(context, input.organisation_id)
    if ((await store.users.byId(input.user_id)) === undefined) throw faulty('user_id', 'there is no such user')
    if ((await store.members.find({ userId: input.user_id, organisationId })) !== undefined) throw conflict('The user is a member already.')
    return { row: { ...base, userId: input.user_id, organisationId, role: input.role } }
  },
  async change(row, input, context) {
    if (row.organisationId === OPERATOR_ORGANISATION && input.role !== undefined && input.role !== 'owner')
      await keepOwner({ id: row.userId }, context)
    return { changes: given({ role: input.role }) }
  },
  async remove(row, context) {
    if (row.userId === context.actor.id) throw new GatewayError('conflict', { message: 'Nobody takes the own membership away.' })
    if (row.organisationId === OPERATOR_ORGANISATION) await keepOwner({ id: row.userId }, context)
    return {}
  },
}

export const memberRoutes: readonly Route[] = resourceRoutes(resource)
