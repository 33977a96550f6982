// Counters of finished exchanges for Prometheus. Labels are bounded: no model names from clients, no keys.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ExchangeRecord } from './record.ts'

export interface ExchangeMetrics {
  started(): void
  finished(record: ExchangeRecord): void
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

export function exchangeMetrics(registry: Registry): ExchangeMetrics {
  const registers = [registry]
  const exchanges = new Counter({
    name: 'switchyard_exchanges_total',
    help: 'Finished exchanges.',
    labelNames: ['format', 'outcome', 'code'],
    registers,
  })
  const attempts = new Counter({
    name: 'switchyard_attempts_total',
    help: 'Tries on channels.',
    labelNames: ['channel', 'code'],
    registers,
  })
  const tokens = new Counter({ name: 'switchyard_tokens_total', help: 'Tokens reported.', labelNames: ['direction'], registers })
  const open = new Gauge({ name: 'switchyard_exchanges_open', help: 'Exchanges in flight.', registers })
  const duration = new Histogram({
    name: 'switchyard_exchange_seconds',
    help: 'Time from request to last byte.',
    buckets: SECONDS,
    labelNames: ['format'],
    registers,
  })
  const firstContent = new Histogram({
    name: 'switchyard_first_content_seconds',
    help: 'Time from request to first content of a stream.',
    buckets: SECONDS,
    labelNames: ['format'],
    registers,
  })
  return {
    started: () => open.inc(),
    finished(record) {
      open.dec()
      exchanges.inc({ format: record.format, outcome: record.outcome, code: record.error ?? '' })
      for (const attempt of record.attempts) attempts.inc({ channel: attempt.channel, code: attempt.error ?? '' })
      if (record.usage !== undefined) {
        tokens.inc({ direction: 'input' }, record.usage.inputTokens)
        tokens.inc({ direction: 'output' }, record.usage.outputTokens)
      }
      duration.observe({ format: record.format }, record.durationMs / 1000)
      if (record.firstContentMs !== undefined) firstContent.observe({ format: record.format }, record.firstContentMs / 1000)
    },
  }
}
