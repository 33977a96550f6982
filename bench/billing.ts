// `bun bench/billing.ts`: what money costs each exchange, in microseconds of processor time: quote, hold, settle, and the
// ledger's rows in a file, at several numbers of exchanges that run at once.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBilling } from '../src/billing/index.ts'
import { compileSnapshot } from '../src/snapshot/index.ts'
import { openStore } from '../src/store/index.ts'

const EXCHANGES = 30_000
const NOW_MS = Date.now()
const MODEL = 'gpt-4o-mini'
const snapshot = compileSnapshot(
  [
    {
      id: 'ch_bench',
      name: 'bench',
      origin: 'file',
      provider: 'openai',
      priority: 0,
      weight: 1,
      settings: {},
      headers: {},
      models: [{ model: MODEL, upstreamModel: MODEL }],
    },
  ],
  1,
)
const routes = snapshot.routes(MODEL)
const usage = { inputTokens: 1234, cachedInputTokens: 100, outputTokens: 567 }

async function measure(mode: 'unmetered' | 'prepaid', together: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
  const store = openStore(join(directory, 'ledger.sqlite'))
  const billing = createBilling({ ledger: store.ledger, alarm: console.log, nowMs: () => NOW_MS })
  await billing.openAccount('bench', mode)
  await billing.topUp({ key: 'first', account: 'bench', amount: 1e15, nowMs: NOW_MS, note: {} })
  let started = 0
  const client = async (): Promise<void> => {
    while (started < EXCHANGES) {
      const id = `req_0199${String(started++).padStart(28, '0')}`
      const ask = {
        model: MODEL,
        routes,
        prices: snapshot.prices,
        nowMs: NOW_MS,
        inputTokens: () => 1500,
        choices: 1,
        maxOutputTokens: 1000,
      }
      const bill = billing.open(ask, { id, account: 'bench', mode })
      const held = bill.hold()
      if (held !== undefined) await held
      const produced = () => ({ outputTokens: () => 0, inputTokens: () => 0 })
      const { durable } = bill.settle({
        end: 'whole',
        policy: 'produced',
        usage,
        produced,
        nowMs: NOW_MS,
        ...(routes[0] && { route: routes[0] }),
      })
      if (durable !== undefined) await durable
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: together }, client))
  const { user, system } = process.cpuUsage(before)
  const problems = await store.ledger.verify()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return (user + system) / EXCHANGES
}

for (const mode of ['unmetered', 'prepaid'] as const) {
  for (const together of [1, 16, 64, 256]) {
    console.log(`${mode}, ${together} at once: ${(await measure(mode, together)).toFixed(1)} µs an exchange`)
  }
}
