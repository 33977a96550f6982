// The end of every exchange, whatever became of it: outcome, log row, metrics. Runs once, before the
// last byte leaves.

import { ERRORS, type GatewayError } from '../core/errors.ts'
import type { Gateway } from './call.ts'
import type { ExchangeRecord } from './record.ts'

export function finish(record: ExchangeRecord, gateway: Gateway, error?: GatewayError): void {
  if (record.finished) return
  record.finished = true
  record.durationMs = gateway.nowMs() - record.startedMs
  record.outcome = error === undefined ? 'ok' : error.code === 'client_closed' ? 'cancelled' : 'error'
  record.error = error?.code
  gateway.metrics.finished(record)
  const detail = record.detail()
  if (record.keyId !== '') {
    gateway.requests.append({ id: record.id, keyId: record.keyId, startedMs: record.startedMs, outcome: record.outcome, detail })
  }
  gateway.log.printed(error === undefined ? 'info' : ERRORS[error.code].log, 'exchange', detail)
  if (error?.code === 'internal') {
    gateway.log('error', 'internal failure', { id: record.id, cause: error.cause instanceof Error ? error.cause.stack : error.cause })
  }
}
