// The check that closes every run: what the ledger holds is what the mock upstream counted, to the nano-dollar. The upstream
// tells Switchyard's requests from the bare proxy's by the credential.

import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { ANSWER_USAGE } from './payloads.ts'
import { COUNTER_PATH } from './upstream.ts'

/** Dollars a million of every model of the bench. */
export const RATES = { input: 0.15, output: 0.6 }

const NANOS_PER_ANSWER =
  (BigInt(ANSWER_USAGE.input * Math.round(RATES.input * 1e9)) + BigInt(ANSWER_USAGE.output * Math.round(RATES.output * 1e9))) / 1_000_000n

/** Answers that the upstream has given to Switchyard so far. */
export async function countedAt(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${COUNTER_PATH}`)
  return ((await response.json()) as { answers: number }).answers
}

export interface Books {
  readonly agrees: boolean
  readonly line: string
}

/** @param folder of Switchyard's data. @param answers that the upstream counted for it. */
export function audited(folder: string, answers: number): Books {
  const database = new Database(join(folder, 'switchyard.sqlite'), { readonly: true, safeIntegers: true })
  try {
    const sums = database
      .query<{ rows: bigint; charge: bigint | null; cost: bigint | null }, []>(
        "SELECT count(*) AS rows, sum(-amount) AS charge, sum(upstream_cost) AS cost FROM journal WHERE kind = 'settle'",
      )
      .get()
    const odd = database.query<{ sum: bigint | null }, []>('SELECT sum(amount) AS sum FROM posting').get()?.sum ?? 0n
    const due = BigInt(answers) * NANOS_PER_ANSWER
    const { rows = 0n, charge, cost } = sums ?? {}
    const agrees = rows === BigInt(answers) && (charge ?? 0n) === due && (cost ?? 0n) === due && odd === 0n
    const line = `ledger: ${answers} answers at ${NANOS_PER_ANSWER} nano-dollars are ${due}; ${rows} charges sum to ${charge ?? 0n}, our cost to ${cost ?? 0n}, all postings to ${odd}: ${agrees ? 'agrees' : 'DISAGREES'}`
    return { agrees, line }
  } finally {
    database.close()
  }
}
