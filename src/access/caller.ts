// The caller of an exchange: a key with everything that hangs on it, compiled once from its rows and frozen. Whether the
// key may be used at this moment (its dates, its owners, the address) is judged in access.ts.

import { multiplierOf } from '../core/multiplier.ts'
import type { Multiplier } from '../core/price.ts'
import type { BudgetPeriod, BudgetScope, CallerBudgetRow, CallerRow, CutStreams, Role } from '../store/index.ts'
import { type AddressRange, addressRange } from './addresses.ts'
import { type Allows, allowing } from './names.ts'

/** Bounds on calls of one scope. Absent: none. */
export interface CallerLimit {
  readonly scope: 'key' | 'project' | 'user' | 'group'
  readonly id: string
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  readonly concurrency?: number
}

/** Money that may be used in one period. */
export interface CallerBudget {
  readonly id: string
  readonly scope: BudgetScope
  /** For `customer`: the one end customer meant, or empty for each on its own. */
  readonly customer: string
  readonly period: BudgetPeriod
  /** Nano-dollars. */
  readonly amount: number
}

/** The identified key of an exchange. */
export interface Caller {
  readonly keyId: string
  readonly name: string
  readonly organisationId: string
  readonly projectId: string
  readonly userId?: string
  readonly groupId?: string
  /** The ledger account that pays. */
  readonly account: string
  readonly billing: 'prepaid' | 'unmetered'
  /** `test`: the sandbox answers, free of charge. */
  readonly mode: 'live' | 'test'
  /** What the key may do under `/admin`; absent: nothing. */
  readonly role?: Role
  /** What its group makes of every price; absent: nothing else. */
  readonly multiplier?: Multiplier
  readonly cutStreams: CutStreams
  readonly limits: readonly CallerLimit[]
  readonly budgets: readonly CallerBudget[]
  readonly tags: Readonly<Record<string, string>>
  /** Absent: every model. */
  readonly models?: Allows
  /** By name of the channel. Absent: every channel. */
  readonly channels?: Allows
}

/** A caller with what decides whether its key is good. */
export interface KnownKey {
  readonly caller: Caller
  /** Why it may not be used at all. */
  readonly refusal?: string
  /** The presented key is good before this; absent: for ever. */
  readonly untilMs?: number
  readonly ranges?: readonly AddressRange[]
}

/** The ledger account of an organisation. */
export const accountOf = (organisationId: string, mode: 'live' | 'test'): string =>
  mode === 'live' ? organisationId : `${organisationId}:test`

/** @param hash that of the key as it was presented: a rotated key's former hash is good for a while only. */
export function knownKey(row: CallerRow, budgets: readonly CallerBudgetRow[], hash: string): KnownKey {
  const models = allowing([list(row.models), list(row.group_models)])
  const channels = allowing([list(row.channels), list(row.group_channels)])
  const multiplier = row.multiplier === null ? undefined : multiplierOf(row.multiplier)
  const caller: Caller = {
    keyId: row.id,
    name: row.name,
    organisationId: row.organisation_id,
    projectId: row.project_id,
    ...(row.user_id !== null && { userId: row.user_id }),
    ...(row.group_id !== null && { groupId: row.group_id }),
    account: accountOf(row.organisation_id, row.mode),
    billing: row.mode === 'test' ? 'unmetered' : row.billing,
    mode: row.mode,
    ...(row.role !== null && { role: row.role }),
    ...(multiplier && { multiplier }),
    cutStreams: row.cut_streams ?? 'produced',
    limits: Object.freeze(limitsOf(row)),
    // What costs nothing counts against no budget.
    budgets: Object.freeze(row.mode === 'test' ? [] : budgets.map((budget) => Object.freeze({ ...budget }))),
    tags: Object.freeze(JSON.parse(row.tags) as Record<string, string>),
    ...(models && { models }),
    ...(channels && { channels }),
  }
  const refusal = refusalOf(row)
  const untilMs = row.hash === hash ? row.expires_ms : Math.min(row.previous_until_ms ?? 0, row.expires_ms ?? Number.POSITIVE_INFINITY)
  return {
    caller: Object.freeze(caller),
    ...(refusal !== undefined && { refusal }),
    ...(untilMs !== null && { untilMs }),
    // A range that cannot be read any more must not open the door.
    ...(row.addresses !== null && { ranges: (list(row.addresses) ?? []).map(addressRange).filter((range) => range !== undefined) }),
  }
}

/** Whether the caller may ask for a model, by the name it uses. */
export const mayUseModel = (caller: Caller, model: string): boolean => caller.models === undefined || caller.models(model)

/** Whether the caller's requests may go to a channel, by its name. */
export const mayUseChannel = (caller: Caller, channel: string): boolean => caller.channels === undefined || caller.channels(channel)

const list = (json: string | null): string[] | null => (json === null ? null : (JSON.parse(json) as string[]))

function refusalOf(row: CallerRow): string | undefined {
  if (row.organisation_disabled_ms !== null) return 'The organisation of the API key is disabled.'
  if (row.project_disabled_ms !== null) return 'The project of the API key is disabled.'
  return row.user_disabled_ms === null ? undefined : 'The user of the API key is disabled.'
}

function limitsOf(row: CallerRow): CallerLimit[] {
  const limits: CallerLimit[] = []
  const add = (scope: CallerLimit['scope'], id: string | null, bounds: readonly (number | null)[]): void => {
    const [requests, tokens, concurrency] = bounds
    if (id === null || bounds.every((bound) => bound === null)) return
    limits.push(
      Object.freeze({
        scope,
        id,
        ...(requests != null && { requestsPerMinute: requests }),
        ...(tokens != null && { tokensPerMinute: tokens }),
        ...(concurrency != null && { concurrency }),
      }),
    )
  }
  add('key', row.id, [row.requests_per_minute, row.tokens_per_minute, row.concurrency])
  add('user', row.user_id, [row.user_rpm, row.user_tpm, row.user_concurrency])
  add('project', row.project_id, [row.project_rpm, row.project_tpm, row.project_concurrency])
  add('group', row.group_id, [row.group_rpm, row.group_tpm, row.group_concurrency])
  return limits
}
