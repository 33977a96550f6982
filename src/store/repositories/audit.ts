// Who changed what. Rows are only ever added; each stands in the same unit as the change it tells of.

import type { Bound, Engine, Statement, Value } from '../engine.ts'

export interface AuditRow {
  /** Time-ordered. */
  readonly id: string
  readonly atMs: number
  readonly actorKind: 'user' | 'key' | 'system'
  readonly actorId: string
  readonly actorName: string
  /** Whose affair it is; `null`: the whole installation's. */
  readonly organisationId: string | null
  readonly action: string
  readonly resource: string
  readonly resourceId: string
  readonly address: string | null
  readonly requestId: string
  /** JSON of what changed, secrets left out. */
  readonly before: string | null
  readonly after: string | null
}

export interface AuditFilter {
  readonly organisationIds?: readonly string[] | undefined
  readonly resource?: string | undefined
  readonly resourceId?: string | undefined
  readonly actorId?: string | undefined
  readonly action?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** Rows before this id only. */
  readonly after?: string | undefined
  readonly limit: number
}

export interface AuditRepository {
  insert(row: AuditRow): Bound
  /** Newest first. */
  list(filter: AuditFilter): Promise<AuditRow[]>
}

interface StoredAudit {
  id: string
  at_ms: number
  actor_kind: AuditRow['actorKind']
  actor_id: string
  actor_name: string
  organisation_id: string | null
  action: string
  resource: string
  resource_id: string
  address: string | null
  request_id: string
  before: string | null
  after: string | null
}

const COLUMNS =
  'id, at_ms, actor_kind, actor_id, actor_name, organisation_id, action, resource, resource_id, address, request_id, before, after'

export function auditRepository(engine: Engine): AuditRepository {
  const insert = engine.prepare(`INSERT INTO audit (${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`)
  const lists = new Map<string, Statement<StoredAudit>>()

  function prepared(sql: string): Statement<StoredAudit> {
    const known = lists.get(sql) ?? engine.prepare<StoredAudit>(sql)
    lists.set(sql, known)
    return known
  }

  return {
    insert: (row) =>
      insert.bind(
        row.id,
        row.atMs,
        row.actorKind,
        row.actorId,
        row.actorName,
        row.organisationId,
        row.action,
        row.resource,
        row.resourceId,
        row.address,
        row.requestId,
        row.before,
        row.after,
      ),
    async list(filter) {
      const { sql, params } = conditions(filter)
      const limit = params.push(filter.limit)
      const stored = await prepared(`SELECT ${COLUMNS} FROM audit${sql} ORDER BY id DESC LIMIT ?${limit}`).all(...params)
      return stored.map(auditRow)
    },
  }
}

function conditions(filter: AuditFilter): { sql: string; params: Value[] } {
  const params: Value[] = []
  const terms: string[] = []
  const add = (sql: string, value: Value | undefined): void => {
    if (value !== undefined) terms.push(`${sql} ?${params.push(value)}`)
  }
  if (filter.organisationIds !== undefined) {
    const slots = filter.organisationIds.map((id) => `?${params.push(id)}`)
    terms.push(slots.length === 0 ? '1 = 0' : `organisation_id IN (${slots.join(', ')})`)
  }
  add('resource =', filter.resource)
  add('resource_id =', filter.resourceId)
  add('actor_id =', filter.actorId)
  add('action =', filter.action)
  add('at_ms >=', filter.fromMs)
  add('at_ms <', filter.toMs)
  add('id <', filter.after)
  return { sql: terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`, params }
}

const auditRow = (stored: StoredAudit): AuditRow => ({
  id: stored.id,
  atMs: stored.at_ms,
  actorKind: stored.actor_kind,
  actorId: stored.actor_id,
  actorName: stored.actor_name,
  organisationId: stored.organisation_id,
  action: stored.action,
  resource: stored.resource,
  resourceId: stored.resource_id,
  address: stored.address,
  requestId: stored.request_id,
  before: stored.before,
  after: stored.after,
})
