// Organisations: whose projects, people and balance something is. Each has a ledger account of its own, and one for test
// mode; the first one belongs to whoever runs the installation.

import type { z } from 'zod'
import { accountOf } from '../../access/index.ts'
import { OPERATOR_ORGANISATION, type OrganisationRow } from '../../store/index.ts'
import { organisation } from '../contract.ts'
import { conflict, faulty } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { Context, Route } from '../route.ts'
import { disabledChange, editedJson, given } from '../shown.ts'

type Create = z.infer<typeof organisation.create>
type Change = z.infer<typeof organisation.edit>

/** @throws FieldsError when there is no such group. */
export async function groupIn(context: Context, id: string | null | undefined): Promise<void> {
  if (id != null && (await context.parts.store.groups.byId(id)) === undefined) throw faulty('group_id', 'there is no such group')
}

const resource: Resource<OrganisationRow, Create, Change> = {
  path: 'organisations',
  one: 'organisation',
  prefix: 'org',
  area: 'organisations',
  table: (store) => store.organisations,
  shown: organisation.shown,
  create: organisation.create,
  edit: organisation.edit,
  filters: { name: 'name' },
  whose: (row) => row.id,
  within: (ids) => ({ id: ids }),
  json: (row) => ({
    ...editedJson(row),
    name: row.name,
    billing: row.billing,
    group_id: row.groupId,
    metadata: row.metadata,
    disabled: row.disabledMs !== null,
  }),
  async make(input, base, context) {
    await groupIn(context, input.group_id)
    const billing = input.billing ?? 'prepaid'
    const { store } = context.parts
    return {
      row: {
        ...base,
        name: input.name,
        billing,
        groupId: input.group_id ?? null,
        metadata: input.metadata ?? {},
        disabledMs: input.disabled === true ? context.nowMs : null,
      },
      statements: [store.openAccount(accountOf(base.id, 'live'), billing), store.openAccount(accountOf(base.id, 'test'), 'unmetered')],
    }
  },
  async change(row, input, context) {
    await groupIn(context, input.group_id)
    if (row.id === OPERATOR_ORGANISATION && input.disabled === true) throw faulty('disabled', 'the first organisation cannot be disabled')
    const { store } = context.parts
    return {
      changes: given({
        name: input.name,
        billing: input.billing,
        groupId: input.group_id,
        metadata: input.metadata,
        disabledMs: disabledChange(input.disabled, row.disabledMs, context.nowMs),
      }),
      statements: input.billing === undefined ? [] : [store.billAccount(accountOf(row.id, 'live'), input.billing)],
    }
  },
  async remove(row, context) {
    const { store } = context.parts
    if (row.id === OPERATOR_ORGANISATION) throw conflict('The first organisation stays.')
    if ((await store.projects.count({ organisationId: row.id })) > 0)
      throw conflict('The organisation still has projects. Disable it instead.')
    if ((await store.members.count({ organisationId: row.id })) > 0) throw conflict('The organisation still has members.')
    return {}
  },
  forgets: () => 'all',
}

export const organisationRoutes: readonly Route[] = resourceRoutes(resource)
