// What a customer may see and do with an API key of its own: usage, balance, keys, redeeming a code, and the two old
// billing addresses that chat programs ask for a balance.

import { type Caller, periodEndMs, periodStartMs } from '../access/index.ts'
import type { Billing } from '../billing/index.ts'
import { GatewayError } from '../core/errors.ts'
import { prefixedId } from '../lib/ids.ts'
import { asString, type JsonObject } from '../lib/json.ts'
import type { IssuedKeyRow, LedgerRepository, OperatorStore } from '../store/index.ts'
import { redeem } from './resources/redeem-codes.ts'
import { dollarsOf, timeOrNull, timeText } from './shown.ts'
import { usageReport } from './usage-report.ts'

export type CustomerQuestion = 'usage' | 'balance' | 'keys' | 'redeem' | 'subscription' | 'billing-usage'

export interface CustomerCall {
  readonly caller: Caller
  readonly query: URLSearchParams
  /** Of `redeem` only. */
  readonly body: JsonObject
  readonly requestId: string
  readonly address: string | undefined
}

export interface Customer {
  /** @throws GatewayError */
  answer(question: CustomerQuestion, call: CustomerCall): Promise<object>
}

export interface CustomerParts {
  readonly store: OperatorStore
  readonly ledger: LedgerRepository
  readonly billing: Billing
  nowMs(): number
}

/** What an account without a balance shows where a program wants a number: as other gateways do. */
const UNLIMITED_DOLLARS = 100_000_000
const DAY_MS = 86_400_000

export function createCustomer(parts: CustomerParts): Customer {
  return {
    answer(question, call) {
      switch (question) {
        case 'usage':
          return ownUsage(parts, call)
        case 'balance':
          return balance(parts, call)
        case 'keys':
          return ownKeys(parts, call)
        case 'redeem':
          return redeemed(parts, call)
        case 'subscription':
          return subscription(parts, call)
        case 'billing-usage':
          return billingUsage(parts, call)
      }
    },
  }
}

/** The key's own, or with `scope=project` that of all keys of its project. */
function ownUsage({ store, nowMs }: CustomerParts, { caller, query }: CustomerCall): Promise<object> {
  const scope = query.get('scope') ?? 'key'
  if (scope !== 'key' && scope !== 'project')
    throw new GatewayError('invalid_request', { field: 'scope', message: '`scope` must be key or project.' })
  const asked = (name: string): string | undefined => query.get(name) ?? undefined
  const by = asked('by') ?? 'start'
  if (/organisation|channel/.test(by))
    throw new GatewayError('invalid_request', { field: 'by', message: '`by` may be start, key, customer, model.' })
  return usageReport(store.usage, {
    query: { unit: asked('unit'), from: asked('from'), to: asked('to'), by },
    where: scope === 'key' ? { key: [caller.keyId] } : { project: [caller.projectId] },
    nowMs: nowMs(),
    withCost: false,
  })
}

async function balance({ store, billing, nowMs }: CustomerParts, { caller }: CustomerCall): Promise<object> {
  const now = nowMs()
  const nanos = (await billing.balance(caller.account)) ?? 0
  await store.usage.flush()
  const budgets = caller.budgets.filter(({ scope }) => scope !== 'customer')
  const shown: object[] = []
  for (const { id, scope, period, amount } of budgets) {
    const used = await store.usage.charged(usedBy(caller, scope), periodStartMs(period, now))
    const endMs = periodEndMs(period, now)
    shown.push({
      id,
      scope,
      period,
      amount: dollarsOf(amount),
      used: dollarsOf(used),
      remaining: dollarsOf(Math.max(0, amount - used)),
      period_end: timeOrNull(endMs ?? null),
    })
  }
  return {
    object: 'balance',
    billing: caller.billing,
    mode: caller.mode,
    currency: 'USD',
    balance: caller.billing === 'unmetered' ? null : dollarsOf(nanos),
    budgets: shown,
  }
}

function usedBy(caller: Caller, scope: string): Partial<Record<'key' | 'user' | 'project' | 'organisation', readonly string[]>> {
  if (scope === 'key') return { key: [caller.keyId] }
  if (scope === 'user') return { user: [caller.userId ?? ''] }
  return scope === 'project' ? { project: [caller.projectId] } : { organisation: [caller.organisationId] }
}

/** The keys of the caller's user, or where it has none, the key itself. */
async function ownKeys({ store }: CustomerParts, { caller }: CustomerCall): Promise<object> {
  const own = await store.keys.byId(caller.keyId)
  const rows =
    caller.userId === undefined
      ? []
      : await store.keys.list({ where: { userId: caller.userId, projectId: caller.projectId, revokedMs: null }, limit: 200 })
  const shown = rows.length > 0 ? rows : own === undefined ? [] : [own]
  return { object: 'list', data: shown.map((row) => keyJson(row, caller)) }
}

const keyJson = (row: IssuedKeyRow, caller: Caller): object => ({
  id: row.id,
  object: 'api_key',
  name: row.name,
  hint: row.hint,
  current: row.id === caller.keyId,
  mode: row.mode,
  models: row.models,
  tags: row.tags,
  requests_per_minute: row.requestsPerMinute,
  tokens_per_minute: row.tokensPerMinute,
  concurrency: row.concurrency,
  created_at: timeText(row.createdMs),
  expires_at: timeOrNull(row.expiresMs),
})

async function redeemed(
  { store, ledger, billing, nowMs }: CustomerParts,
  { caller, body, requestId, address }: CustomerCall,
): Promise<object> {
  const code = asString(body.code)
  if (code === undefined || code.length > 200)
    throw new GatewayError('invalid_request', { field: 'code', message: '`code` must be a text.' })
  if (caller.mode === 'test') throw new GatewayError('permission_denied', { message: 'A test-mode key cannot redeem codes.' })
  const now = nowMs()
  const { amount, row } = await redeem({ store, ledger, code, organisationId: caller.organisationId, nowMs: now })
  await store.write([
    store.audit.insert({
      id: prefixedId('aud', now),
      atMs: now,
      actorKind: 'key',
      actorId: caller.keyId,
      actorName: caller.name,
      organisationId: caller.organisationId,
      action: 'redeem code.redeem',
      resource: 'redeem code',
      resourceId: row.id,
      address: address ?? null,
      requestId,
      before: null,
      after: JSON.stringify({ amount: dollarsOf(amount) }),
    }),
  ])
  return { object: 'redemption', amount: dollarsOf(amount), balance: dollarsOf((await billing.balance(caller.account)) ?? 0) }
}

/** Since when nothing was forgotten: all that the account ever used. */
async function used({ store }: CustomerParts, caller: Caller, range: { fromMs: number; toMs: number }): Promise<number> {
  await store.usage.flush()
  const [sum] = await store.usage.report({
    unit: 'day',
    ...range,
    by: [],
    where: { organisation: [caller.organisationId], mode: ['live'] },
    limit: 1,
  })
  return sum?.charge ?? 0
}

const dollars = (nanos: number): number => nanos / 1e9

async function subscription(parts: CustomerParts, { caller }: CustomerCall): Promise<object> {
  const total =
    caller.billing === 'unmetered'
      ? UNLIMITED_DOLLARS
      : dollars(
          ((await parts.billing.balance(caller.account)) ?? 0) + (await used(parts, caller, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })),
        )
  const row = await parts.store.keys.byId(caller.keyId)
  return {
    object: 'billing_subscription',
    has_payment_method: true,
    soft_limit_usd: total,
    hard_limit_usd: total,
    system_hard_limit_usd: total,
    access_until: row?.expiresMs == null ? 0 : Math.floor(row.expiresMs / 1000),
  }
}

/** Cents, as those programs expect; with `start_date` and `end_date` by UTC days, else since the beginning. */
async function billingUsage(parts: CustomerParts, { caller, query }: CustomerCall): Promise<object> {
  const day = (name: string): number | undefined => {
    const text = query.get(name)
    const ms =
      text !== null && /^\d{4}-\d{1,2}-\d{1,2}$/.test(text) ? Date.parse(`${text.replace(/-(\d)(?=-|$)/g, '-0$1')}T00:00:00Z`) : Number.NaN
    return Number.isFinite(ms) ? ms : undefined
  }
  const endMs = day('end_date')
  // Programs name tomorrow or today as the end, and mean to see today.
  const nanos = await used(parts, caller, {
    fromMs: day('start_date') ?? 0,
    toMs: endMs === undefined ? Number.MAX_SAFE_INTEGER : endMs + DAY_MS,
  })
  return { object: 'list', total_usage: nanos / 1e7 }
}
