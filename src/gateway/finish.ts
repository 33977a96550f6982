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
  if (record.keyId !== '') {
    gateway.requests.append({
      id: record.id,
      keyId: record.keyId,
      startedMs: record.startedMs,
      outcome: record.outcome,
      detail: record.detail(),
    })
  }
  const level = error === undefined ? 'info' : ERRORS[error.code].log
  if (gateway.log.enabled(level)) {
    gateway.log(level, 'exchange', {
      request: record.id,
      key: record.keyId,
      format: record.format,
      model: record.model,
      stream: record.stream,
      outcome: record.outcome,
      error: record.error,
      channel: record.attempts.at(-1)?.channel,
      attempts: record.attempts.length,
      ms: record.durationMs,
      usage: record.usage,
      receipt: record.warnings.length === 0 ? undefined : record.warnings,
      ...(error?.code === 'internal' && { cause: error.cause instanceof Error ? error.cause.stack : error.cause }),
    })
  }
}
