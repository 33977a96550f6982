// How a question and a settlement are written for the scripts: keys and arguments, nothing else.

import type { RedisScript } from '../store/index.ts'
import { type Ask, type Used, usedOf, wanted } from './limits.ts'
import { type LimitRule, periodAround } from './rule.ts'

/** Where scripts run. */
export interface ScriptRunner {
  readonly nodeId: string
  readonly prefix: string
  readonly up: boolean
  run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>
  onChange(handler: (up: boolean) => void): void
}

const DAY_MS = 86_400_000
/** A counter without end is seeded anew when nobody has asked for it for so long. */
const ENDLESS_TTL_MS = 40 * DAY_MS
/** Money is reserved longer than a slot: an outage must not make it look unspent. */
export const QUOTA_LEASE_MS = 600_000

const LETTER = { requests: 'w', tokens: 'w', concurrency: 'c', quota: 'q' } as const

/** State and leases of one rule at a moment. */
export function ruleKeys(prefix: string, rule: LimitRule, nowMs: number): [state: string, leases: string] {
  const period = rule.kind === 'quota' ? `@${periodAround(rule.period, nowMs).startMs}` : ''
  const state = `${prefix}limit:${rule.id}${period}`
  return [state, `${state}:leases`]
}

export const keysOf = (prefix: string, { rules, nowMs }: Ask): string[] => rules.flatMap((rule) => ruleKeys(prefix, rule, nowMs))

/** How long a window looks back, or a lease lasts. */
export const spanOf = (rule: LimitRule, leaseMs: number): number =>
  rule.kind === 'concurrency' ? leaseMs : rule.kind === 'quota' ? QUOTA_LEASE_MS : rule.windowMs

/** How long the server keeps a state that nobody touches. */
export function ttlOf(rule: LimitRule, leaseMs: number, nowMs: number): number {
  if (rule.kind === 'concurrency') return leaseMs * 2
  if (rule.kind !== 'quota') return rule.windowMs * 2
  const { endMs } = periodAround(rule.period, nowMs)
  return endMs === Number.POSITIVE_INFINITY ? ENDLESS_TTL_MS : Math.max(DAY_MS, endMs - nowMs + DAY_MS)
}

export interface TakeSettings {
  readonly slot: string
  readonly look: boolean
  readonly seeds: ReadonlyMap<string, number>
  readonly seeded: boolean
  readonly leaseMs: number
  readonly callerClock: boolean
}

export function takeArguments(ask: Ask, { slot, look, seeds, seeded, leaseMs, callerClock }: TakeSettings): string[] {
  const { nowMs } = ask
  const args = [callerClock ? String(nowMs) : '', slot]
  for (const rule of ask.rules) {
    const seed = seeds.get(rule.id) ?? (seeded ? '?' : 0)
    const end = rule.kind === 'quota' ? periodAround(rule.period, nowMs).endMs : Number.POSITIVE_INFINITY
    args.push(
      LETTER[rule.kind],
      String(rule.limit),
      String(look ? -1 : wanted(rule, ask)),
      String(spanOf(rule, leaseMs)),
      String(seed),
      String(ttlOf(rule, leaseMs, nowMs)),
      end === Number.POSITIVE_INFINITY ? '' : String(end),
    )
  }
  return args
}

export interface Ending {
  readonly id: string
  readonly ask: Ask
  /** By the clock that counts. */
  readonly takenMs: number
  /** Absent: everything is given back. */
  readonly used?: Used
}

export interface SettleSettings {
  readonly prefix: string
  readonly leaseMs: number
  readonly callerClock: boolean
  /** Only what may be said twice without harm. */
  readonly leasesOnly: boolean
}

/** `undefined` when there is nothing to say. */
export function settleCommand(
  { id, ask, takenMs, used }: Ending,
  { prefix, leaseMs, callerClock, leasesOnly }: SettleSettings,
): { keys: string[]; args: string[] } | undefined {
  const keys: string[] = []
  const args = [callerClock ? String(Math.max(ask.nowMs, used?.nowMs ?? 0)) : '', id, String(takenMs)]
  for (const rule of ask.rules) {
    const amount = wanted(rule, ask)
    const real = used === undefined ? 0 : usedOf(rule, amount, used)
    const leased = (rule.kind === 'concurrency' || rule.kind === 'quota') && amount > 0
    if (!leased && (leasesOnly || real === amount)) continue
    keys.push(...ruleKeys(prefix, rule, ask.nowMs))
    args.push(LETTER[rule.kind], String(amount), String(real), String(spanOf(rule, leaseMs)), String(ttlOf(rule, leaseMs, ask.nowMs)))
  }
  return keys.length === 0 ? undefined : { keys, args }
}
