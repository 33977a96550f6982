// Usage by hour and by day: added up as exchanges end, read by whoever shows sums. Counts wait for a moment in memory, so
// that many exchanges are one write; the log and the ledger keep each exchange, this keeps only sums.

import type { Bound, Engine, Statement, Value } from '../engine.ts'

/** What one exchange adds. */
export interface UsageEntry {
  readonly atMs: number
  readonly keyId: string
  readonly projectId: string
  readonly organisationId: string
  readonly userId?: string | undefined
  /** Absent: `live`. */
  readonly mode?: 'live' | 'test' | undefined
  /** The client's own user, as the request named it. */
  readonly customer?: string | undefined
  readonly model: string
  /** The one that answered. */
  readonly channel?: string | undefined
  readonly outcome: 'ok' | 'error' | 'cancelled'
  readonly inputTokens?: number | undefined
  readonly cachedInputTokens?: number | undefined
  readonly outputTokens?: number | undefined
  readonly reasoningTokens?: number | undefined
  readonly webSearches?: number | undefined
  /** Nano-dollars. */
  readonly charge: number
  readonly cost: number
  readonly durationMs: number
}

export type UsageUnit = 'hour' | 'day'
export type UsageGrouping = 'start' | 'organisation' | 'project' | 'key' | 'user' | 'mode' | 'customer' | 'model' | 'channel'

export interface UsageQuestion {
  readonly unit: UsageUnit
  readonly fromMs: number
  readonly toMs: number
  readonly by: readonly UsageGrouping[]
  /** Values of a dimension: one of them must be the row's. */
  readonly where: Readonly<Partial<Record<Exclude<UsageGrouping, 'start'>, readonly string[]>>>
  readonly limit: number
}

export interface UsageSums {
  readonly requests: number
  readonly errors: number
  readonly cancelled: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly webSearches: number
  readonly charge: number
  readonly cost: number
  readonly durationMs: number
}

export interface UsageRow extends UsageSums {
  readonly group: Readonly<Partial<Record<UsageGrouping, string | number>>>
}

export interface UsageRepository {
  /** Adds it; durable within a moment. */
  add(entry: UsageEntry): void
  report(question: UsageQuestion): Promise<UsageRow[]>
  /** What was charged since a time, of whoever is named; test mode costs nobody anything. */
  charged(where: UsageQuestion['where'], fromMs: number): Promise<number>
  /** Writes what waits. */
  flush(): Promise<void>
  /** Forgets hours, and days, before these times. */
  prune(hoursBeforeMs: number, daysBeforeMs: number): Promise<void>
}

const FLUSH_MS = 200
/** Statements of one unit. */
const MOST = 200
const SUMS = [
  'requests',
  'errors',
  'cancelled',
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'web_searches',
  'charge',
  'cost',
  'duration_ms',
] as const
const KEYS = ['unit', 'start_ms', 'key_id', 'customer', 'model', 'channel'] as const
const OWNERS = ['project_id', 'organisation_id', 'user_id', 'mode'] as const
const GROUPS: Readonly<Record<UsageGrouping, string>> = {
  start: 'start_ms',
  organisation: 'organisation_id',
  project: 'project_id',
  key: 'key_id',
  user: 'user_id',
  mode: 'mode',
  customer: 'customer',
  model: 'model',
  channel: 'channel',
}
const UNIT_MS = { hour: 3_600_000, day: 86_400_000 } as const
/** What a client names may be anything: kept short, since it is part of a key. */
const MAX_NAME = 200

interface Sum {
  /** The hour, then key, customer, model, channel. */
  readonly keys: readonly Value[]
  readonly owners: readonly string[]
  readonly sums: number[]
}

export function usageRepository(engine: Engine): UsageRepository {
  const columns = [...KEYS, ...OWNERS, ...SUMS]
  const upsert = engine.prepare(`
    INSERT INTO usage_rollup (${columns.join(', ')}) VALUES (${columns.map((_, index) => `?${index + 1}`).join(', ')})
    ON CONFLICT (${KEYS.join(', ')}) DO UPDATE SET ${SUMS.map((sum) => `${sum} = usage_rollup.${sum} + excluded.${sum}`).join(', ')}`)
  const prune = engine.prepare('DELETE FROM usage_rollup WHERE unit = ?1 AND start_ms < ?2')
  const statements = new Map<string, Statement<Record<string, string | number | null>>>()
  const waiting = new Map<string, Sum>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let writing: Promise<void> | undefined

  function count(entry: UsageEntry): void {
    const startMs = Math.floor(entry.atMs / UNIT_MS.hour) * UNIT_MS.hour
    const keys = [startMs, entry.keyId, short(entry.customer), short(entry.model), entry.channel ?? '']
    const name = keys.join('\u001f')
    const known = waiting.get(name)
    const added = sumsOf(entry)
    if (known === undefined)
      waiting.set(name, { keys, owners: [entry.projectId, entry.organisationId, entry.userId ?? '', entry.mode ?? 'live'], sums: added })
    else for (let at = 0; at < added.length; at++) known.sums[at] = (known.sums[at] ?? 0) + (added[at] ?? 0)
  }

  /** An hour is counted into its day in the same unit, so that the two never differ. */
  function written({ keys, owners, sums }: Sum): { readonly order: string; readonly bound: Bound }[] {
    const [hour, ...names] = keys
    const dayMs = Math.floor(Number(hour) / UNIT_MS.day) * UNIT_MS.day
    return (['day', 'hour'] as const).map((unit) => {
      const startMs = unit === 'day' ? dayMs : Number(hour)
      return { order: [unit, startMs, ...names].join('\u001f'), bound: upsert.bind(unit, startMs, ...names, ...owners, ...sums) }
    })
  }

  function schedule(): void {
    timer ??= setTimeout(() => void flush().catch(() => {}), FLUSH_MS)
  }

  async function writeAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, MOST)
      for (const [name] of batch) waiting.delete(name)
      try {
        // In one order on every node, so that their units never wait for each other in a circle.
        const rows = batch.flatMap(([, sum]) => written(sum)).sort((a, b) => (a.order < b.order ? -1 : 1))
        await engine.write(rows.map(({ bound }) => bound))
      } catch (cause) {
        // Put back beside what came meanwhile, to be tried again.
        for (const [name, sum] of batch) {
          const newer = waiting.get(name)
          waiting.set(name, newer === undefined ? sum : { ...sum, sums: sum.sums.map((value, at) => value + (newer.sums[at] ?? 0)) })
        }
        schedule()
        throw cause
      }
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing ??= writeAll().finally(() => {
      writing = undefined
    })
    return writing
  }

  function asked(sql: string): Statement<Record<string, string | number | null>> {
    const known = statements.get(sql) ?? engine.prepare<Record<string, string | number | null>>(sql)
    statements.set(sql, known)
    return known
  }

  return {
    add(entry) {
      count(entry)
      schedule()
    },
    async report({ unit, fromMs, toMs, by, where, limit }) {
      const { sql, params } = condition({ unit, fromMs, toMs, where })
      const groups = by.map((group) => GROUPS[group])
      const sums = SUMS.map((sum) => `sum(${sum}) AS ${sum}`)
      const grouped = groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')} ORDER BY ${groups.join(', ')}`
      const slot = params.push(limit)
      const rows = await asked(`SELECT ${[...groups, ...sums].join(', ')} FROM usage_rollup${sql}${grouped} LIMIT ?${slot}`).all(...params)
      return rows.map((row) => usageRow(row, by))
    },
    async charged(where, fromMs) {
      // Whole days from the days, which are few; the rest of the first day from its hours.
      const firstDayMs = Math.ceil(fromMs / UNIT_MS.day) * UNIT_MS.day
      const hourMs = Math.floor(fromMs / UNIT_MS.hour) * UNIT_MS.hour
      const sum = async (unit: UsageUnit, from: number, to: number): Promise<number> => {
        if (from >= to) return 0
        const { sql, params } = condition({ unit, fromMs: from, toMs: to, where: { mode: ['live'], ...where } })
        return Number((await asked(`SELECT sum(charge) AS charge FROM usage_rollup${sql}`).get(...params))?.charge ?? 0)
      }
      return (await sum('hour', hourMs, firstDayMs)) + (await sum('day', firstDayMs, Number.MAX_SAFE_INTEGER))
    },
    flush,
    async prune(hoursBeforeMs, daysBeforeMs) {
      await engine.write([prune.bind('hour', hoursBeforeMs), prune.bind('day', daysBeforeMs)])
    },
  }
}

const short = (name: string | undefined): string => (name ?? '').replaceAll('\0', '').slice(0, MAX_NAME).toWellFormed()

const whole = (value: number | undefined): number => (value !== undefined && value > 0 ? Math.min(Math.ceil(value), 1e12) : 0)

function sumsOf(entry: UsageEntry): number[] {
  return [
    1,
    Number(entry.outcome === 'error'),
    Number(entry.outcome === 'cancelled'),
    whole(entry.inputTokens),
    whole(entry.cachedInputTokens),
    whole(entry.outputTokens),
    whole(entry.reasoningTokens),
    whole(entry.webSearches),
    entry.charge,
    entry.cost,
    whole(entry.durationMs),
  ]
}

function condition({ unit, fromMs, toMs, where }: Pick<UsageQuestion, 'unit' | 'fromMs' | 'toMs' | 'where'>): {
  sql: string
  params: Value[]
} {
  const params: Value[] = [unit, fromMs, toMs]
  const terms = ['unit = ?1', 'start_ms >= ?2', 'start_ms < ?3']
  for (const [group, values] of Object.entries(where)) {
    const slots = values.map((value) => `?${params.push(value)}`)
    terms.push(slots.length === 0 ? '1 = 0' : `${GROUPS[group as UsageGrouping]} IN (${slots.join(', ')})`)
  }
  return { sql: ` WHERE ${terms.join(' AND ')}`, params }
}

function usageRow(row: Readonly<Record<string, string | number | null>>, by: readonly UsageGrouping[]): UsageRow {
  const sum = (name: (typeof SUMS)[number]): number => Number(row[name] ?? 0)
  return {
    group: Object.fromEntries(by.map((group) => [group, row[GROUPS[group]] ?? ''])),
    requests: sum('requests'),
    errors: sum('errors'),
    cancelled: sum('cancelled'),
    inputTokens: sum('input_tokens'),
    cachedInputTokens: sum('cached_input_tokens'),
    outputTokens: sum('output_tokens'),
    reasoningTokens: sum('reasoning_tokens'),
    webSearches: sum('web_searches'),
    charge: sum('charge'),
    cost: sum('cost'),
    durationMs: sum('duration_ms'),
  }
}
