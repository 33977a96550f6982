// Counters of searches and page fetches for Prometheus. Backends are named as the operator named them; queries and
// addresses never appear.

import { Counter, Histogram, type Registry } from 'prom-client'
import type { FetchOutcome, SearchAttempt } from '../tools/index.ts'

export interface WebMetrics {
  searched(attempt: SearchAttempt): void
  fetched(outcome: FetchOutcome, milliseconds: number): void
}

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16]
const NANOS_PER_DOLLAR = 1e9

export function webMetrics(registry: Registry): WebMetrics {
  const registers = [registry]
  const searches = new Counter({
    name: 'switchyard_searches_total',
    help: 'Tries of web-search backends.',
    labelNames: ['backend', 'outcome'],
    registers,
  })
  const seconds = new Histogram({
    name: 'switchyard_search_seconds',
    help: 'Time one try of a backend took, pages read included.',
    labelNames: ['backend'],
    buckets: SECONDS,
    registers,
  })
  const cost = new Counter({
    name: 'switchyard_search_cost_dollars_total',
    help: 'What searches cost at their backends.',
    labelNames: ['backend'],
    registers,
  })
  const fetches = new Counter({
    name: 'switchyard_page_fetches_total',
    help: 'Pages fetched by the web tool.',
    labelNames: ['outcome'],
    registers,
  })
  const fetchSeconds = new Histogram({
    name: 'switchyard_page_fetch_seconds',
    help: 'Time of one page fetch.',
    buckets: SECONDS,
    registers,
  })
  return {
    searched({ name: backend, outcome, milliseconds, costNanos }) {
      searches.inc({ backend, outcome })
      seconds.observe({ backend }, milliseconds / 1000)
      if (costNanos > 0) cost.inc({ backend }, costNanos / NANOS_PER_DOLLAR)
    },
    fetched(outcome, milliseconds) {
      fetches.inc({ outcome: outcome.ok ? 'ok' : outcome.errorCode })
      fetchSeconds.observe(milliseconds / 1000)
    },
  }
}
