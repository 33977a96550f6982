// The log of exchanges and the sums of their usage, for whoever may see them. What stands in a row's detail is not indexed:
// such filters look through a bounded stretch of the log and say where they stopped.

import { z } from 'zod'
import { requestJson } from '../../gateway/index.ts'
import { asObject, asString, tryParseJson } from '../../lib/json.ts'
import type { RequestRow, UsageGrouping } from '../../store/index.ts'
import { visibleTo } from '../actor.ts'
import { faulty, missing } from '../failure.ts'
import { pageLimit, pageQuery } from '../resource.ts'
import { type ActedContext, type Route, route } from '../route.ts'
import { usageReport } from '../usage-report.ts'

const needs = { area: 'insight', act: 'read' } as const
const STRETCH = 5_000
const PAGE = 500

const filters = ['key_id', 'project_id', 'organisation_id', 'outcome', 'model', 'channel', 'error', 'from', 'to'] as const
type Query = { readonly [K in (typeof filters)[number] | 'limit' | 'after']?: string | undefined }

const list = route<Query>({
  tag: 'requests',
  method: 'GET',
  path: '/admin/requests',
  summary: 'Exchanges, the newest first. `next` goes on where the search stopped, even when nothing was found so far.',
  needs,
  query: pageQuery(filters) as unknown as z.ZodType<Query>,
  async run(context, { query }) {
    const limit = pageLimit(query.limit)
    await context.parts.requests.flush().catch(() => {})
    const found: RequestRow[] = []
    let after = query.after
    let looked = 0
    let more = true
    while (found.length < limit && more && looked < STRETCH) {
      const rows = await context.parts.store.log.requests({ ...owned(context, query), after, limit: PAGE })
      more = rows.length === PAGE
      for (const row of rows) {
        looked++
        after = row.id
        if (matches(row, query)) found.push(row)
        if (found.length === limit) {
          more = true
          break
        }
      }
    }
    return { body: { data: found.map((row) => ({ key_id: row.keyId, ...requestJson(row) })), next: more ? (after ?? null) : null } }
  },
})

const one = route({
  tag: 'requests',
  method: 'GET',
  path: '/admin/requests/{id}',
  summary: 'One exchange: outcome, attempts, usage, receipt.',
  needs,
  async run(context) {
    const row = await context.parts.requests.byId(context.ids.id ?? '')
    if (row === undefined || !(await visible(context, row.keyId))) throw missing('request')
    return { body: { key_id: row.keyId, ...requestJson(row) } }
  },
})

async function visible(context: ActedContext, keyId: string): Promise<boolean> {
  const organisations = visibleTo(context.actor)
  if (organisations === undefined) return true
  const { keys, projects } = context.parts.store
  const key = await keys.byId(keyId)
  const project = key === undefined ? undefined : await projects.byId(key.projectId)
  return project !== undefined && organisations.includes(project.organisationId)
}

function owned({ actor }: ActedContext, query: Query) {
  const seen = visibleTo(actor)
  const asked = query.organisation_id
  return {
    keyIds: query.key_id === undefined ? undefined : [query.key_id],
    projectId: query.project_id,
    organisationIds: asked === undefined ? seen : seen === undefined || seen.includes(asked) ? [asked] : [],
    outcome: query.outcome,
    fromMs: timeIn('from', query.from),
    toMs: timeIn('to', query.to),
  }
}

/** @throws FieldsError */
export function timeIn(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(ms)) throw faulty(field, 'must be a date or a time such as 2026-01-31T12:00:00Z')
  return ms
}

function matches({ detail }: RequestRow, { model, channel, error }: Query): boolean {
  if (model === undefined && channel === undefined && error === undefined) return true
  const row = asObject(tryParseJson(detail))
  const attempts = Array.isArray(row?.attempts) ? row.attempts : []
  return (
    (model === undefined || asString(row?.model) === model) &&
    (error === undefined || asString(row?.error) === error) &&
    (channel === undefined || attempts.some((attempt) => asString(asObject(attempt)?.channel) === channel))
  )
}

const dimensions = ['organisation', 'project', 'key', 'user', 'mode', 'customer', 'model', 'channel'] as const
type UsageQuery = { readonly [K in (typeof dimensions)[number] | 'unit' | 'from' | 'to' | 'by']?: string | undefined }

const usage = route<UsageQuery>({
  tag: 'usage',
  method: 'GET',
  path: '/admin/usage',
  summary: 'Sums of usage, charge and cost by hour or day and by any of organisation, project, key, user, mode, customer, model, channel.',
  needs,
  query: z.strictObject({
    unit: z.enum(['hour', 'day']).optional(),
    from: z.string().max(40).optional(),
    to: z.string().max(40).optional(),
    by: z.string().max(100).optional().describe('Comma list of: start, organisation, project, key, user, mode, customer, model, channel.'),
    ...(Object.fromEntries(dimensions.map((name) => [name, z.string().max(200).optional()])) as Record<
      (typeof dimensions)[number],
      z.ZodOptional<z.ZodString>
    >),
  }),
  async run(context, { query }) {
    const seen = visibleTo(context.actor)
    const where: Partial<Record<Exclude<UsageGrouping, 'start'>, readonly string[]>> = seen === undefined ? {} : { organisation: seen }
    for (const name of dimensions) {
      const wanted = query[name]
      if (wanted !== undefined) where[name] = name === 'organisation' && seen !== undefined ? seen.filter((id) => id === wanted) : [wanted]
    }
    return { body: await usageReport(context.parts.store.usage, { query, where, nowMs: context.nowMs, withCost: seen === undefined }) }
  },
})

export const requestRoutes: readonly Route[] = [list, one, usage]
