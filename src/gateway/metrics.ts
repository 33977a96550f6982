// Counters of finished exchanges for Prometheus. Labels are bounded: no model names from clients, no keys.
// Hot counts are plain numbers that the registry collects when it is scraped, because a labelled count in
// the library costs more than the look-ups of a whole admission.

import { Counter, Gauge, type Registry } from 'prom-client'
import type { ExchangeRecord } from './record.ts'

export interface ExchangeMetrics {
  /** Exchanges in flight. */
  open(): number
  started(): void
  /** @param until what must still be done before the process may end, when nobody is there to wait for it. */
  finished(record: ExchangeRecord, until?: Promise<unknown>): void
}

/** Upper bounds of the latency buckets, seconds. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const

class Tally {
  readonly #counts = new Map<string, { labels: Record<string, string>; value: number }>()

  add(key: string, labels: () => Record<string, string>, amount = 1): void {
    const entry = this.#counts.get(key)
    if (entry === undefined) this.#counts.set(key, { labels: labels(), value: amount })
    else entry.value += amount
  }

  register(registry: Registry, metric: { name: string; help: string; labelNames: string[] }): void {
    const counts = this.#counts
    new Counter({
      ...metric,
      registers: [registry],
      collect() {
        this.reset()
        for (const { labels, value } of counts.values()) this.inc(labels, value)
      },
    })
  }
}

interface Distribution {
  /** How many fell under each bound but not under the one before; the last: above all. */
  readonly counts: number[]
  sum: number
}

/** Latencies by format. Each is counted in one bucket; Prometheus' cumulative form is made at the scrape. */
class Latency {
  readonly #distributions = new Map<string, Distribution>()

  observe(format: string, ms: number): void {
    const seconds = ms / 1000
    let distribution = this.#distributions.get(format)
    if (distribution === undefined) {
      distribution = { counts: new Array<number>(SECONDS.length + 1).fill(0), sum: 0 }
      this.#distributions.set(format, distribution)
    }
    let at = 0
    while (at < SECONDS.length && seconds > (SECONDS[at] as number)) at++
    distribution.counts[at] = (distribution.counts[at] as number) + 1
    distribution.sum += seconds
  }

  register(registry: Registry, name: string, help: string): void {
    const distributions = this.#distributions
    const registers = [registry]
    new Counter({
      name: `${name}_bucket`,
      help,
      labelNames: ['format', 'le'],
      registers,
      collect() {
        this.reset()
        for (const [format, { counts }] of distributions) {
          let below = 0
          for (const [at, count] of counts.entries()) {
            below += count
            this.inc({ format, le: at < SECONDS.length ? String(SECONDS[at]) : '+Inf' }, below)
          }
        }
      },
    })
    new Counter({
      name: `${name}_sum`,
      help,
      labelNames: ['format'],
      registers,
      collect() {
        this.reset()
        for (const [format, { sum }] of distributions) this.inc({ format }, sum)
      },
    })
    new Counter({
      name: `${name}_count`,
      help,
      labelNames: ['format'],
      registers,
      collect() {
        this.reset()
        for (const [format, { counts }] of distributions)
          this.inc(
            { format },
            counts.reduce((total, count) => total + count, 0),
          )
      },
    })
  }
}

export function exchangeMetrics(registry: Registry): ExchangeMetrics {
  const exchanges = new Tally()
  const attempts = new Tally()
  const passedOver = new Tally()
  const tokens = new Tally()
  const duration = new Latency()
  const firstContent = new Latency()
  let open = 0
  exchanges.register(registry, {
    name: 'switchyard_exchanges_total',
    help: 'Finished exchanges.',
    labelNames: ['format', 'outcome', 'code'],
  })
  attempts.register(registry, { name: 'switchyard_attempts_total', help: 'Tries on channels.', labelNames: ['channel', 'code'] })
  passedOver.register(registry, {
    name: 'switchyard_channels_full_total',
    help: 'How often a channel was passed over because of its own limit.',
    labelNames: ['channel', 'limit'],
  })
  tokens.register(registry, { name: 'switchyard_tokens_total', help: 'Tokens reported.', labelNames: ['direction'] })
  duration.register(registry, 'switchyard_exchange_seconds', 'Time from request to last byte.')
  firstContent.register(registry, 'switchyard_first_content_seconds', 'Time from request to first content of a stream.')
  new Gauge({
    name: 'switchyard_exchanges_open',
    help: 'Exchanges in flight.',
    registers: [registry],
    collect() {
      this.set(open)
    },
  })
  return {
    open: () => open,
    started() {
      open++
    },
    finished(record, until) {
      const ended = (): void => void open--
      if (until === undefined) ended()
      else until.then(ended, ended)
      const { format, outcome, error: code = '' } = record
      exchanges.add(`${format} ${outcome} ${code}`, () => ({ format, outcome, code }))
      for (const { channel, error = '' } of record.attempts) attempts.add(`${channel} ${error}`, () => ({ channel, code: error }))
      for (const { channel, limit } of record.passedOver ?? []) passedOver.add(`${channel} ${limit}`, () => ({ channel, limit }))
      if (record.usage !== undefined) {
        tokens.add('input', () => ({ direction: 'input' }), record.usage.inputTokens)
        tokens.add('output', () => ({ direction: 'output' }), record.usage.outputTokens)
      }
      duration.observe(format, record.durationMs)
      if (record.firstContentMs !== undefined) firstContent.observe(format, record.firstContentMs)
    },
  }
}
