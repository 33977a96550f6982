// A ledger in memory and routes to price, for the tests of this room.

import type { OperatorPrice } from '../config/index.ts'
import { parsePrice } from '../config/index.ts'
import { type ChannelRow, compileSnapshot, type Route, type Snapshot } from '../snapshot/index.ts'
import { openStore } from '../store/index.ts'
import { type Billing, createBilling } from './billing.ts'
import type { Ask } from './quote.ts'

export const NOW = Date.UTC(2026, 10, 20)

export const priced = (entry: Record<string, unknown>): OperatorPrice => {
  const price = parsePrice(entry)
  if ('problem' in price) throw new Error(price.problem)
  return price
}

export function channelRow(provider: string, name = `${provider}-main`): ChannelRow {
  return {
    id: `ch_${name}`,
    name,
    origin: 'file',
    provider,
    baseUrl: 'https://models.example.com/v1',
    priority: 0,
    weight: 1,
    settings: {},
    headers: {},
    models: [{ model: '*', upstreamModel: '*' }],
  }
}

export const snapshotOf = (rows: readonly ChannelRow[], entries: readonly Record<string, unknown>[] = []): Snapshot =>
  compileSnapshot(rows, 1, { prices: entries.map(priced) })

export const routeTo = (snapshot: Snapshot, upstreamModel: string, channel = 0): Route => {
  const found = snapshot.channels[channel]
  if (found === undefined) throw new Error('there is no such channel')
  return { channel: found, upstreamModel }
}

export const ask = (snapshot: Snapshot, model: string, more: Partial<Ask> = {}): Ask => ({
  model,
  routes: snapshot.routes(model),
  prices: snapshot.prices,
  nowMs: NOW,
  inputTokens: () => 1000,
  choices: 1,
  ...more,
})

export interface Counter {
  readonly billing: Billing
  readonly alarms: string[]
  verify(): Promise<string[]>
}

/** A billing counter over a fresh ledger with one prepaid account `a` and one unmetered `u`. */
export async function counter(balanceNanos: number): Promise<Counter> {
  const { ledger } = openStore(':memory:')
  const alarms: string[] = []
  const billing = createBilling({ ledger, alarm: (message) => void alarms.push(message), nowMs: () => NOW })
  await billing.openAccount('a', 'prepaid')
  await billing.openAccount('u', 'unmetered')
  await billing.topUp({ key: 'first', account: 'a', amount: balanceNanos, nowMs: NOW, note: {} })
  return { billing, alarms, verify: async () => await billing.verify() }
}
