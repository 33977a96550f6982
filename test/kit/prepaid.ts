// A scripted upstream whose every answer costs one cent, and prepaid customers of it, for tests of money.

import { adminOf, done } from './admin.ts'
import type { Running } from './switchyard.ts'

/** Dollars; what each exchange holds and is charged. */
export const PRICE = 0.01
export const PRICE_NANOS = 10_000_000
export const MODEL = 'one-cent'

/** The file of a node whose model lives at this upstream. */
export const oneCentConfig = (upstream: string): string => `
local_servers: false
sandbox: off
channels:
  - { name: counted, provider: openai-compatible, base_url: ${upstream}/v1, credential: none, models: [${MODEL}] }
prices:
  - { model: ${MODEL}, per_request: ${PRICE} }
limits: { headers_timeout_seconds: 120 }
log: { level: warn }
`

export interface Customer {
  readonly organisation: string
  readonly key: string
  balance(): Promise<number>
}

/** @param exchanges how many the credit covers. */
export async function prepaidCustomer(running: Running, exchanges: number): Promise<Customer> {
  const admin = adminOf(running)
  const { id: organisation } = await done(admin('POST', '/admin/organisations', { name: 'Customer', billing: 'prepaid' }))
  const { id: project } = await done(admin('POST', '/admin/projects', { name: 'P', organisation_id: organisation }))
  const { key } = await done(admin('POST', '/admin/keys', { name: 'theirs', project_id: project }))
  const amount = (PRICE * exchanges).toFixed(2)
  await done(admin('POST', '/admin/ledger/top-up', { organisation_id: organisation, amount, idempotency_key: `first-${organisation}` }))
  return {
    organisation,
    key,
    balance: async () => Number((await done(adminOf({ ...running, key })('GET', '/v1/balance'))).balance),
  }
}

export const completion = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: MODEL,
  choices: [{ index: 0, message: { role: 'assistant', content: 'counted' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
}

/** One request for one answer. */
export const ask = (url: string, key: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, max_tokens: 16, messages: [{ role: 'user', content: 'count me' }] }),
  })
