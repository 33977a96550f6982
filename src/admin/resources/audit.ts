// Who changed what, to be read only.

import { z } from 'zod'
import { visibleTo } from '../actor.ts'
import { pageLimit, pageQuery } from '../resource.ts'
import { type Route, route } from '../route.ts'
import { timeText } from '../shown.ts'
import { timeIn } from './requests.ts'

const filters = ['resource', 'resource_id', 'actor_id', 'action', 'organisation_id', 'from', 'to'] as const
type Query = { readonly [K in (typeof filters)[number] | 'limit' | 'after']?: string | undefined }

const shown = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  actor: z.object({ kind: z.enum(['user', 'key', 'system']), id: z.string(), name: z.string() }),
  organisation_id: z.string().nullable(),
  action: z.string(),
  resource: z.string(),
  resource_id: z.string(),
  address: z.string().nullable(),
  request_id: z.string(),
  before: z.unknown(),
  after: z.unknown(),
})

const parse = (json: string | null): unknown => (json === null ? null : JSON.parse(json))

export const auditRoutes: readonly Route[] = [
  route<Query>({
    tag: 'audit',
    method: 'GET',
    path: '/admin/audit',
    summary: 'Who changed what, the newest first.',
    needs: { area: 'audit', act: 'read' },
    query: pageQuery(filters) as unknown as z.ZodType<Query>,
    shown: z.object({ data: z.array(shown), next: z.string().nullable() }),
    async run({ parts, actor }, { query }) {
      const limit = pageLimit(query.limit)
      const seen = visibleTo(actor)
      const organisations =
        query.organisation_id === undefined ? seen : (seen ?? [query.organisation_id]).filter((id) => id === query.organisation_id)
      const rows = await parts.store.audit.list({
        organisationIds: organisations,
        resource: query.resource,
        resourceId: query.resource_id,
        actorId: query.actor_id,
        action: query.action,
        fromMs: timeIn('from', query.from),
        toMs: timeIn('to', query.to),
        after: query.after,
        limit: limit + 1,
      })
      const page = rows.slice(0, limit)
      return {
        body: {
          data: page.map((row) => ({
            id: row.id,
            at: timeText(row.atMs),
            actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
            organisation_id: row.organisationId,
            action: row.action,
            resource: row.resource,
            resource_id: row.resourceId,
            address: row.address,
            request_id: row.requestId,
            before: parse(row.before),
            after: parse(row.after),
          })),
          next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
        },
      }
    },
  }),
]
