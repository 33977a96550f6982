// What an exchange has reserved before it runs: a place under the limits of its caller, and money for the most it can come
// to. Taken at admission, corrected and given back by `finish`, whatever becomes of it.

import type { Caller, CallerBudget } from '../access/index.ts'
import type { Bill } from '../billing/index.ts'
import {
  concurrencyRule,
  type LimitRule,
  type LimitScope,
  type QuotaRule,
  quotaRule,
  rateRule,
  refusalError,
  type Slot,
  type SpentNanos,
  type Standing,
} from '../limits/index.ts'
import type { Bounds, ModelLimit } from '../snapshot/index.ts'
import type { UsageQuestion, UsageRepository } from '../store/index.ts'
import type { Gateway } from './call.ts'

/** What the claim is made for. */
export interface Demand {
  readonly caller: Caller
  readonly bill: Bill
  /** The end customer as the client names them. */
  readonly customer: string | undefined
  /** On the model that the client named. */
  readonly models: readonly ModelLimit[]
  readonly nowMs: number
  /** An upper estimate of the input. */
  promptTokens(): number
  /** The most that all choices may hold. */
  outputTokens(): number
  /** Told where the limits stand when one of them refuses. */
  refused(standings: readonly Standing[]): void
}

/** @throws GatewayError `rate_limited`, `insufficient_quota` */
export function claim(demand: Demand, gateway: Gateway): Slot | Promise<Slot> {
  const { caller, bill, models } = demand
  const own = rulesOf(caller, demand.customer)
  const rules = models.length === 0 ? own : [...own, ...models.flatMap(({ name, bounds }) => boundRules('model', name, bounds))]
  const taken = gateway.limits.take({
    nowMs: demand.nowMs,
    rules,
    ...(rules.some(({ kind }) => kind === 'tokens') && tokensOf(demand)),
    ...(rules.some(({ kind }) => kind === 'quota') && { nanos: bill.quote.free ? 0 : bill.quote.ceiling() }),
  })
  if (taken instanceof Promise) return taken.then((answer) => held(bill, granted(answer, demand)))
  return held(bill, granted(taken, demand))
}

function tokensOf(demand: Demand): { tokens: number; leastTokens: number } {
  const leastTokens = demand.promptTokens()
  return { tokens: leastTokens + demand.outputTokens(), leastTokens }
}

type Taken = Awaited<ReturnType<Gateway['limits']['take']>>

function granted(taken: Taken, demand: Demand): Slot {
  if (taken.refused) {
    demand.refused(taken.standings)
    throw refusalError(taken)
  }
  return taken
}

function held(bill: Bill, slot: Slot): Slot | Promise<Slot> {
  const refused = (cause: unknown): never => {
    slot.release()
    throw cause
  }
  try {
    const waiting = bill.hold()
    return waiting === undefined ? slot : waiting.then(() => slot, refused)
  } catch (thrown) {
    return refused(thrown)
  }
}

const RULES = new WeakMap<Caller, readonly LimitRule[]>()

function rulesOf(caller: Caller, customer: string | undefined): readonly LimitRule[] {
  let rules = RULES.get(caller)
  if (rules === undefined) {
    rules = compiled(caller)
    RULES.set(caller, rules)
  }
  if (customer === undefined || customer === '' || caller.budgets.every(({ scope }) => scope !== 'customer')) return rules
  return [...rules, ...customerRules(caller, customer)]
}

function compiled(caller: Caller): LimitRule[] {
  const rules: LimitRule[] = []
  for (const bounds of caller.limits) rules.push(...boundRules(bounds.scope, bounds.id, bounds))
  for (const budget of caller.budgets) {
    if (budget.scope === 'customer') continue
    // A budget's own id, so that its counter ends with it.
    const rule = quotaRule({ scope: budget.scope, subject: budget.id, limit: budget.amount }, budget.period)
    WHOSE.set(rule, ownerOf(budget.scope, caller))
    rules.push(rule)
  }
  return rules
}

/** The rules that bounds stand for. */
export function boundRules(scope: LimitScope, subject: string, bounds: Bounds): LimitRule[] {
  const { requestsPerMinute, tokensPerMinute, concurrency } = bounds
  return [
    ...(requestsPerMinute === undefined ? [] : [rateRule('requests', { scope, subject, limit: requestsPerMinute })]),
    ...(tokensPerMinute === undefined ? [] : [rateRule('tokens', { scope, subject, limit: tokensPerMinute })]),
    ...(concurrency === undefined ? [] : [concurrencyRule({ scope, subject, limit: concurrency })]),
  ]
}

/** A customer's own budget counts in place of the one for everybody. */
function customerRules(caller: Caller, customer: string): LimitRule[] {
  const meant = caller.budgets.filter((budget) => budget.scope === 'customer' && (budget.customer === '' || budget.customer === customer))
  const own = meant.filter((budget) => budget.customer === customer)
  return (own.length > 0 ? own : meant).map(({ id, amount, period }) => {
    const rule = quotaRule({ scope: 'customer', subject: `${id}:${customer}`, limit: amount }, period)
    WHOSE.set(rule, { project: [caller.projectId], customer: [customer] })
    return rule
  })
}

/** Whose charges count under a budget. */
const WHOSE = new WeakMap<QuotaRule, UsageQuestion['where']>()

function ownerOf(scope: Exclude<CallerBudget['scope'], 'customer'>, caller: Caller): UsageQuestion['where'] {
  switch (scope) {
    case 'organisation':
      return { organisation: [caller.organisationId] }
    case 'project':
      return { project: [caller.projectId] }
    case 'user':
      return { user: [caller.userId ?? ''] }
    case 'key':
      return { key: [caller.keyId] }
  }
}

/** What was charged under a budget since its period began, so that a lost counter goes on where it was. */
export const spentUnder =
  (usage: UsageRepository): SpentNanos =>
  (rule, sinceMs) => {
    const whose = WHOSE.get(rule)
    return whose === undefined ? 0 : usage.charged(whose, sinceMs)
  }
