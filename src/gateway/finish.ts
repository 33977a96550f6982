// The end of every exchange, whatever became of it: the bill settled, the slot given back, one row in the log. Runs once,
// before the last byte leaves.

import type { Caller } from '../access/index.ts'
import type { Bill, End, Settlement } from '../billing/index.ts'
import { ERRORS, GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/usage.ts'
import type { Gateway } from './call.ts'
import type { ExchangeRecord } from './record.ts'

/**
 * What is returned must be waited for before the last byte leaves: it resolves when the charge is on the ledger, and
 * rejects when it could not be put there.
 */
export function finish(record: ExchangeRecord, gateway: Gateway, error?: GatewayError): Promise<void> | undefined {
  if (record.finished) return undefined
  record.finished = true
  record.atEnd?.()
  const nowMs = gateway.nowMs()
  record.durationMs = nowMs - record.startedMs
  record.outcome = error === undefined ? 'ok' : error.code === 'client_closed' ? 'cancelled' : 'error'
  record.error = error?.code
  const durable = settled(record, endOf(record, error), nowMs)
  const { caller } = record
  if (caller !== undefined) counted(record, caller, gateway)
  const detail = record.kept === undefined ? logged(record, gateway) : record.detail()
  gateway.log.printed(error === undefined ? 'info' : ERRORS[error.code].log, 'exchange', detail)
  if (error?.code === 'internal') {
    gateway.log('error', 'internal failure', { id: record.id, cause: error.cause instanceof Error ? error.cause.stack : error.cause })
  }
  const keeping = record.kept === undefined ? undefined : kept(record, gateway, durable)
  gateway.metrics.finished(record, keeping)
  const ended = keeping ?? durable
  return ended?.catch((cause: unknown) => {
    // The client is told of the failure, and so is who asks later.
    record.outcome = 'error'
    record.error = GatewayError.from(cause).code
    record.settlement = undefined
    logged(record, gateway)
    throw cause
  })
}

/** The row that tells of the answer comes after it, so that whoever finds the row finds the answer. */
async function kept(record: ExchangeRecord, gateway: Gateway, durable: Promise<void> | undefined): Promise<void> {
  await durable
  try {
    if (record.kept !== undefined) await gateway.answers.keep(record.id, record.kept)
  } catch (cause) {
    gateway.log('error', 'an answer could not be kept', { request: record.id, cause })
  }
  logged(record, gateway)
}

function logged(record: ExchangeRecord, gateway: Gateway): string {
  const { id, caller, startedMs, outcome } = record
  const detail = record.detail()
  if (caller !== undefined) gateway.requests.append({ id, keyId: caller.keyId, startedMs, outcome, detail })
  return detail
}

function endOf(record: ExchangeRecord, error: GatewayError | undefined): End {
  // Some upstreams count a token of output for an answer of none. Hidden thoughts are an answer that took too long.
  if (error === undefined) return record.spoke || (record.usage?.reasoningTokens ?? 0) > 0 ? 'whole' : 'empty'
  if (record.served === undefined || !record.spoke) return 'failed'
  return error.code === 'client_closed' ? 'left' : 'cut'
}

/** What it will be charged when it ends whole as it stands; `undefined` while nobody has reported what it used. Nano-dollars. */
export function foreseenCharge(record: ExchangeRecord, gateway: Gateway): number | undefined {
  const { bill, usage } = record
  if (bill === undefined || usage === undefined) return undefined
  return settlementOf(bill.rehearsal(), record, { end: endOf(record, undefined), nowMs: gateway.nowMs() }).chargeNanos
}

function settlementOf(bill: Bill, record: ExchangeRecord, { end, nowMs }: { readonly end: End; readonly nowMs: number }): Settlement {
  const { served, rounds } = record
  if (rounds !== undefined && served !== undefined) {
    for (const usage of end === 'whole' ? rounds.slice(0, -1) : rounds) bill.round(served, usage)
  }
  for (const [at, { backend, costNanos }] of (record.searches ?? []).entries()) bill.searched(backend, costNanos, at >= record.lostSearches)
  return bill.settle({
    end,
    policy: record.policy,
    usage: rounds === undefined ? record.usage : end === 'whole' ? rounds.at(-1) : undefined,
    produced: () => record.produced(),
    nowMs,
    ...(served !== undefined && { route: served }),
  })
}

function settled(record: ExchangeRecord, end: End, nowMs: number): Promise<void> | undefined {
  const { bill, slot, rounds } = record
  if (bill === undefined) return undefined
  const settlement = settlementOf(bill, record, { end, nowMs })
  record.settlement = settlement
  // What we counted ourselves stands in no report; how often we searched stands only there.
  if (settlement.usage !== undefined) record.usage = rounds === undefined ? settlement.usage : { ...record.usage, ...settlement.usage }
  // What was tried counts as a request, whatever came of it.
  if (record.attempts.length === 0 && record.searches === undefined) slot?.release()
  else slot?.settle({ nowMs, tokens: tokensOf(record.usage), nanos: settlement.chargeNanos })
  record.place?.settle({ nowMs, tokens: tokensOf(record.usage) })
  return settlement.durable
}

/** Adds the exchange to the sums that dashboards and budgets read. */
function counted(record: ExchangeRecord, caller: Caller, gateway: Gateway): void {
  const { usage, settlement } = record
  gateway.usage.add({
    atMs: record.startedMs,
    keyId: caller.keyId,
    projectId: caller.projectId,
    organisationId: caller.organisationId,
    userId: caller.userId,
    mode: caller.mode,
    customer: record.customer,
    model: record.model,
    channel: record.served?.channel.name,
    outcome: record.outcome,
    inputTokens: usage?.inputTokens,
    cachedInputTokens: usage?.cachedInputTokens,
    outputTokens: usage?.outputTokens,
    reasoningTokens: usage?.reasoningTokens,
    webSearches: usage?.webSearches,
    charge: settlement?.chargeNanos ?? 0,
    cost: settlement?.costNanos ?? 0,
    durationMs: record.durationMs,
  })
}

const tokensOf = (usage: Usage | undefined): number => (usage === undefined ? 0 : usage.inputTokens + usage.outputTokens)
