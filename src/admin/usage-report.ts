// Sums of usage as the admin API and customers see them.

import type { UsageGrouping, UsageRepository, UsageRow, UsageUnit } from '../store/index.ts'
import { faulty } from './failure.ts'
import { dollarsOf, timeText } from './shown.ts'

const GROUPINGS: readonly UsageGrouping[] = ['start', 'organisation', 'project', 'key', 'user', 'mode', 'customer', 'model', 'channel']
const DAY_MS = 86_400_000
const MAX_ROWS = 10_000

interface Asked {
  readonly query: {
    readonly unit?: string | undefined
    readonly from?: string | undefined
    readonly to?: string | undefined
    readonly by?: string | undefined
  }
  readonly where: Readonly<Partial<Record<Exclude<UsageGrouping, 'start'>, readonly string[]>>>
  readonly nowMs: number
  /** Whether our own cost is shown: to the operator's people only. */
  readonly withCost: boolean
}

/** Without a beginning, the last thirty days. @throws FieldsError */
export async function usageReport(usage: UsageRepository, { query, where, nowMs, withCost }: Asked): Promise<object> {
  const toMs = timeOf('to', query.to) ?? nowMs + 1
  const fromMs = timeOf('from', query.from) ?? toMs - 30 * DAY_MS
  const unit: UsageUnit = query.unit === 'hour' ? 'hour' : 'day'
  const by = groupings(query.by)
  await usage.flush()
  const rows = await usage.report({ unit, fromMs: beginningOf(unit, fromMs), toMs, by, where, limit: MAX_ROWS + 1 })
  return {
    unit,
    from: timeText(fromMs),
    to: timeText(toMs),
    data: rows.slice(0, MAX_ROWS).map((row) => rowJson(row, withCost)),
    truncated: rows.length > MAX_ROWS,
  }
}

const beginningOf = (unit: UsageUnit, ms: number): number => ms - (ms % (unit === 'hour' ? 3_600_000 : DAY_MS))

function timeOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(ms) || ms < 0) throw faulty(field, 'must be a date or a time such as 2026-01-31T12:00:00Z')
  return ms
}

function groupings(text: string | undefined): UsageGrouping[] {
  const names = (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  for (const name of names) if (!GROUPINGS.includes(name as UsageGrouping)) throw faulty('by', `cannot group by \`${name.slice(0, 40)}\``)
  return [...new Set(names)] as UsageGrouping[]
}

function rowJson(row: UsageRow, withCost: boolean): object {
  const { start, ...names } = row.group
  return {
    ...(start !== undefined && { start: timeText(Number(start)) }),
    ...names,
    requests: row.requests,
    errors: row.errors,
    cancelled: row.cancelled,
    input_tokens: row.inputTokens,
    cached_input_tokens: row.cachedInputTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    web_searches: row.webSearches,
    charge: dollarsOf(row.charge),
    ...(withCost && { cost: dollarsOf(row.cost) }),
    duration_ms: row.durationMs,
  }
}
