// Questions of people to the log and the journal: by owner, by time, page by page. The hot path writes these tables
// elsewhere and never reads them so.

import type { Engine, Statement, Value } from '../engine.ts'
import type { RequestRow } from '../schema.ts'

export interface RequestFilter {
  readonly keyIds?: readonly string[] | undefined
  readonly organisationIds?: readonly string[] | undefined
  readonly projectId?: string | undefined
  readonly outcome?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** Rows before this id only. */
  readonly after?: string | undefined
  readonly limit: number
}

export interface PostingFilter {
  readonly account: string
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** Postings before this time only, or at it with a smaller key. */
  readonly after?: { readonly createdMs: number; readonly key: string } | undefined
  readonly limit: number
}

export interface OperatorPosting {
  readonly key: string
  readonly kind: 'top-up' | 'adjust' | 'refund'
  readonly amount: number
  readonly createdMs: number
  readonly detail: string
}

export interface LogQueries {
  /** Newest first. */
  requests(filter: RequestFilter): Promise<RequestRow[]>
  /** What an operator did to a balance, newest first. */
  postings(filter: PostingFilter): Promise<OperatorPosting[]>
}

export function logQueries(engine: Engine): LogQueries {
  const statements = new Map<string, Statement<unknown>>()
  function asked<Row>(sql: string): Statement<Row> {
    const known = statements.get(sql) ?? engine.prepare(sql)
    statements.set(sql, known)
    return known as Statement<Row>
  }

  return {
    async requests(filter) {
      const { terms, params, add } = conditions()
      if (filter.keyIds !== undefined) terms.push(among('key_id', filter.keyIds, params))
      if (filter.projectId !== undefined) add('key_id IN (SELECT id FROM "key" WHERE project_id =', filter.projectId, ')')
      if (filter.organisationIds !== undefined) {
        const owned = among('p.organisation_id', filter.organisationIds, params)
        terms.push(`key_id IN (SELECT k.id FROM "key" k JOIN project p ON p.id = k.project_id WHERE ${owned})`)
      }
      add('outcome =', filter.outcome)
      add('started_ms >=', filter.fromMs)
      add('started_ms <', filter.toMs)
      add('id <', filter.after)
      const slot = params.push(filter.limit)
      const sql = `SELECT id, key_id AS "keyId", started_ms AS "startedMs", outcome, detail FROM request${whereOf(terms)} ORDER BY id DESC LIMIT ?${slot}`
      return asked<RequestRow>(sql).all(...params)
    },
    async postings({ account, fromMs, toMs, after, limit }) {
      const { terms, params, add } = conditions()
      terms.push(`kind IN ('top-up', 'adjust', 'refund')`)
      add('account =', account)
      add('created_ms >=', fromMs)
      add('created_ms <', toMs)
      if (after !== undefined) {
        const at = params.push(after.createdMs)
        terms.push(`(created_ms < ?${at} OR (created_ms = ?${at} AND key < ?${params.push(after.key)}))`)
      }
      const slot = params.push(limit)
      const sql = `SELECT key, kind, amount, created_ms AS "createdMs", detail FROM journal${whereOf(terms)} ORDER BY created_ms DESC, key DESC LIMIT ?${slot}`
      return asked<OperatorPosting>(sql).all(...params)
    },
  }
}

function conditions() {
  const params: Value[] = []
  const terms: string[] = []
  const add = (sql: string, value: Value | undefined, tail = ''): void => {
    if (value !== undefined) terms.push(`${sql} ?${params.push(value)}${tail}`)
  }
  return { params, terms, add }
}

const among = (column: string, values: readonly string[], params: Value[]): string =>
  values.length === 0 ? '1 = 0' : `${column} IN (${values.map((value) => `?${params.push(value)}`).join(', ')})`

const whereOf = (terms: readonly string[]): string => (terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`)
