// `x-switchyard-dry-run: true`: what would become of a request. It goes through the whole consideration and is refused as it
// would be; then it is answered with the plan and the quote. Nothing is sent, held, counted or charged.

import { explainQuote } from '../billing/index.ts'
import { dollarsText } from '../lib/money.ts'
import { consider } from './admit.ts'
import type { Answer, Call, Gateway } from './call.ts'
import type { ExchangeRecord } from './record.ts'

/** @throws GatewayError what admission would refuse it with, but for limits of rate. */
export async function dryRun(call: Call, gateway: Gateway, record: ExchangeRecord): Promise<Answer> {
  const { caller, peek, planned, bill } = await consider(call, gateway, record)
  const { quote } = bill
  const prepaid = caller.billing === 'prepaid' && !quote.free
  const balance = (await gateway.billing.balance(caller.account)) ?? 0
  if (prepaid && balance < quote.least()) throw quote.tooDear()
  const body = {
    object: 'dry_run',
    request_id: record.id,
    format: record.format,
    model: peek.model,
    stream: peek.stream,
    plan: planned.map(({ channel, upstreamModel, via, mode }, index) => ({
      channel: channel.name,
      provider: channel.provider.id,
      upstream_model: upstreamModel,
      format: via.format.id,
      mode,
      priced: quote.offers[index] !== undefined,
    })),
    quote: explainQuote(quote),
    billing: caller.billing,
    balance: dollarsText(balance),
    output_limit: prepaid && balance < quote.ceiling() ? quote.affordable(balance) : null,
    warnings: record.warnings,
  }
  // No attempt, no charge and no row in the log: only the count of running exchanges has to come down again.
  record.finished = true
  record.outcome = 'ok'
  gateway.metrics.finished(record)
  return {
    kind: 'unary',
    status: 200,
    headers: { 'content-type': 'application/json', 'x-switchyard-dry-run': 'true' },
    body: JSON.stringify(body),
  }
}
