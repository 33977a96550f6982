// Budgets: money that an organisation, a project, a user, a key or an end customer may use in a period.

import type { z } from 'zod'
import { periodEndMs, periodStartMs } from '../../access/index.ts'
import type { BudgetRow, BudgetScope } from '../../store/index.ts'
import { sees } from '../actor.ts'
import { budget } from '../contract.ts'
import { conflict, faulty } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { ActedContext, Route } from '../route.ts'
import { dollarsOf, editedJson, given, nanosIn, timeOrNull, timeText } from '../shown.ts'

type Create = z.infer<typeof budget.create>
type Change = z.infer<typeof budget.edit>

const resource: Resource<BudgetRow, Create, Change> = {
  path: 'budgets',
  one: 'budget',
  prefix: 'bud',
  area: 'members',
  table: (store) => store.budgets,
  shown: budget.shown,
  create: budget.create,
  edit: budget.edit,
  filters: { scope: 'scope', scope_id: 'scopeId', customer: 'customer', period: 'period' },
  whose: (row, context) => ownerOf(row.scope, row.scopeId, context),
  async within(ids, context) {
    const { projects, keys, members } = context.parts.store
    const ownProjects = (await projects.all({ organisationId: ids })).map(({ id }) => id)
    const ownKeys = (await keys.all({ projectId: ownProjects })).map(({ id }) => id)
    const ownUsers = (await members.all({ organisationId: ids })).map(({ userId }) => userId)
    return { scopeId: [...ids, ...ownProjects, ...ownKeys, ...ownUsers] }
  },
  json: (row, { nowMs }) => ({
    ...editedJson(row),
    scope: row.scope,
    scope_id: row.scopeId,
    customer: row.customer === '' ? null : row.customer,
    period: row.period,
    amount: dollarsOf(row.amount),
    period_start: row.period === 'total' ? null : timeText(periodStartMs(row.period, nowMs)),
    period_end: timeOrNull(periodEndMs(row.period, nowMs) ?? null),
  }),
  async make(input, base, context) {
    const { store } = context.parts
    const customer = input.customer ?? ''
    if (input.customer !== undefined && input.scope !== 'customer') throw faulty('customer', 'only with the scope `customer`')
    const owner = await ownerOf(input.scope, input.scope_id, context)
    if (owner === null || !sees(context.actor, owner))
      throw faulty('scope_id', `there is no such ${input.scope === 'customer' ? 'project' : input.scope}`)
    const row = { scope: input.scope, scopeId: input.scope_id, customer, period: input.period }
    if ((await store.budgets.find(row)) !== undefined) throw conflict('There is a budget for this and this period already.')
    return { row: { ...base, ...row, amount: nanosIn('amount', input.amount) } }
  },
  async change(_row, input) {
    return { changes: given({ amount: input.amount === undefined ? undefined : nanosIn('amount', input.amount) }) }
  },
  remove: async () => ({}),
  forgets: () => 'all',
}

/** The organisation whose thing has the budget; `null` when there is no such thing. */
async function ownerOf(scope: BudgetScope, id: string, context: ActedContext): Promise<string | null> {
  const { organisations, projects, keys, members } = context.parts.store
  switch (scope) {
    case 'organisation':
      return (await organisations.byId(id))?.id ?? null
    case 'project':
    case 'customer':
      return (await projects.byId(id))?.organisationId ?? null
    case 'key': {
      const key = await keys.byId(id)
      return key === undefined ? null : ((await projects.byId(key.projectId))?.organisationId ?? null)
    }
    case 'user': {
      const own = await members.all({ userId: id })
      return (own.find(({ organisationId }) => sees(context.actor, organisationId)) ?? own[0])?.organisationId ?? null
    }
  }
}

export const budgetRoutes: readonly Route[] = resourceRoutes(resource)
