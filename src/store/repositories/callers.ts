// What a presented key stands for, read in one statement by the hash of the key: the key, its project, organisation,
// user and group. Budgets are a second read, since a caller may have several.

import type { Awaitable, Engine } from '../engine.ts'
import type { BudgetRow, CutStreams, Role } from '../operator-rows.ts'

/** A live or former key with what hangs on it. JSON columns are still text, NULL is `null`. */
export interface CallerRow {
  readonly id: string
  readonly name: string
  readonly hash: string
  readonly previous_hash: string | null
  readonly previous_until_ms: number | null
  readonly role: Role | null
  readonly mode: 'live' | 'test'
  readonly models: string | null
  readonly channels: string | null
  readonly addresses: string | null
  readonly tags: string
  readonly expires_ms: number | null
  readonly requests_per_minute: number | null
  readonly tokens_per_minute: number | null
  readonly concurrency: number | null
  readonly project_id: string
  readonly project_rpm: number | null
  readonly project_tpm: number | null
  readonly project_concurrency: number | null
  readonly project_disabled_ms: number | null
  readonly organisation_id: string
  readonly organisation_name: string
  readonly billing: 'prepaid' | 'unmetered'
  readonly organisation_disabled_ms: number | null
  readonly user_id: string | null
  readonly user_rpm: number | null
  readonly user_tpm: number | null
  readonly user_concurrency: number | null
  readonly user_disabled_ms: number | null
  readonly group_id: string | null
  readonly group_name: string | null
  readonly multiplier: string | null
  readonly group_models: string | null
  readonly group_channels: string | null
  readonly cut_streams: CutStreams | null
  readonly group_rpm: number | null
  readonly group_tpm: number | null
  readonly group_concurrency: number | null
}

export type CallerBudgetRow = Pick<BudgetRow, 'id' | 'scope' | 'customer' | 'period' | 'amount'>

export interface CallerRepository {
  /** The key with this hash, or rotated from it; not when it was revoked. Its dates and disabled owners are for the caller to judge. */
  byHash(hash: string): Awaitable<CallerRow | undefined>
  budgets(row: Pick<CallerRow, 'id' | 'user_id' | 'project_id' | 'organisation_id'>): Awaitable<CallerBudgetRow[]>
}

export function callerRepository(engine: Engine): CallerRepository {
  const find = engine.prepare<CallerRow>(`
    SELECT k.id, k.name, k.hash, k.previous_hash, k.previous_until_ms, k.role, k.mode, k.models, k.channels, k.addresses, k.tags,
      k.expires_ms, k.requests_per_minute, k.tokens_per_minute, k.concurrency,
      p.id AS project_id, p.requests_per_minute AS project_rpm, p.tokens_per_minute AS project_tpm,
      p.concurrency AS project_concurrency, p.disabled_ms AS project_disabled_ms,
      o.id AS organisation_id, o.name AS organisation_name, o.billing, o.disabled_ms AS organisation_disabled_ms,
      u.id AS user_id, u.requests_per_minute AS user_rpm, u.tokens_per_minute AS user_tpm,
      u.concurrency AS user_concurrency, u.disabled_ms AS user_disabled_ms,
      g.id AS group_id, g.name AS group_name, g.multiplier, g.models AS group_models, g.channels AS group_channels, g.cut_streams,
      g.requests_per_minute AS group_rpm, g.tokens_per_minute AS group_tpm, g.concurrency AS group_concurrency
    FROM "key" k
    JOIN project p ON p.id = k.project_id
    JOIN organisation o ON o.id = p.organisation_id
    LEFT JOIN "user" u ON u.id = k.user_id
    LEFT JOIN "group" g ON g.id = coalesce(k.group_id, p.group_id, o.group_id)
    WHERE (k.hash = ?1 OR k.previous_hash = ?1) AND k.revoked_ms IS NULL`)
  const budgets = engine.prepare<CallerBudgetRow>(`
    SELECT id, scope, customer, period, amount FROM budget
    WHERE (scope = 'key' AND scope_id = ?1) OR (scope = 'user' AND scope_id = ?2) OR (scope = 'project' AND scope_id = ?3)
      OR (scope = 'customer' AND scope_id = ?3) OR (scope = 'organisation' AND scope_id = ?4)
    ORDER BY id`)
  return {
    byHash: (hash) => find.get(hash),
    budgets: (row) => budgets.all(row.id, row.user_id ?? '', row.project_id, row.organisation_id),
  }
}
