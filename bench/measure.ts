// One measurement, and the comparison of two gateways by alternating pairs of them.

import type { Case } from './cases.ts'
import { type Gateway, KEY } from './gateways.ts'
import type { LoadReport, LoadSpec } from './load.ts'
import { cpuMicros, residentMegabytes, runScript } from './processes.ts'

export interface Measurement {
  /** Processor time of the gateway for each request, or for each event of a streamed case. */
  micros: number
  perSecond: number
  report: LoadReport
}

export interface Comparison {
  bare: Measurement[]
  switchyard: Measurement[]
  /** Switchyard's processor time over the bare proxy's, pair by pair. */
  ratios: number[]
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

const spec = (gateway: Gateway, what: Case): LoadSpec => ({
  port: gateway.port,
  path: '/v1/chat/completions',
  key: KEY,
  model: gateway.name === 'bare' ? what.bareModel : what.model,
  stream: what.stream,
  ...(what.imageBytes !== undefined && { imageBytes: what.imageBytes }),
  requests: what.requests,
  concurrency: what.concurrency,
})

export const load = (what: LoadSpec): Promise<LoadReport> => runScript<LoadReport>('bench/load.ts', [JSON.stringify(what)])

export async function measure(gateway: Gateway, what: Case): Promise<Measurement> {
  const before = cpuMicros(gateway.pid)
  const report = await load(spec(gateway, what))
  // What is written after the last byte belongs to the requests too.
  await Bun.sleep(50)
  const spent = cpuMicros(gateway.pid) - before
  if (report.errors > 0)
    throw new Error(`${gateway.name}, ${what.name}: ${report.errors} of ${report.requests} failed, first: ${report.firstError}`)
  const units = report.requests * (what.events ?? 1)
  return { micros: spent / units, perSecond: units / report.seconds, report }
}

export interface Pairing {
  pairs: number
  /** Share of the case's requests in each measurement. */
  share: number
}

// A larger program needs longer until its hot paths are compiled: with one round, what is measured is the warming up.
const WARM_UP_ROUNDS = 3

/** Alternates so that what changes on the machine meanwhile touches both alike. The first rounds warm both up, at full size, and are dropped. */
export async function compare(bare: Gateway, subject: Gateway, what: Case, { pairs, share }: Pairing): Promise<Comparison> {
  const scaled = { ...what, requests: Math.max(what.concurrency, Math.round(what.requests * (what.events === undefined ? share : 1))) }
  const result: Comparison = { bare: [], switchyard: [], ratios: [] }
  const rounds = what.imageBytes === undefined && what.events === undefined ? WARM_UP_ROUNDS : 1
  for (let round = 0; round < rounds; round++) for (const gateway of [bare, subject]) await measure(gateway, what)
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [bare, subject] : [subject, bare]
    const seen = new Map<Gateway, Measurement>()
    for (const gateway of order) seen.set(gateway, await measure(gateway, scaled))
    const a = seen.get(bare)
    const b = seen.get(subject)
    if (a === undefined || b === undefined) continue
    result.bare.push(a)
    result.switchyard.push(b)
    result.ratios.push(b.micros / a.micros)
  }
  return result
}

export interface Latency {
  p50: number
  p99: number
  max: number
}

/** Latency of single requests one after the other, in milliseconds. */
export async function latency(port: number, what: LoadSpec, requests: number): Promise<Latency> {
  const { p50, p99, max, errors, firstError } = await load({ ...what, port, requests, concurrency: 1 })
  if (errors > 0) throw new Error(`latency: ${firstError}`)
  return { p50, p99, max }
}

/** Highest resident memory in megabytes while `count` slow streams are open at once. */
export async function streamsMemory(gateway: Gateway, count: number): Promise<number> {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(gateway.pid))
  }, 100)
  try {
    const what: LoadSpec = {
      port: gateway.port,
      path: '/v1/chat/completions',
      key: KEY,
      model: 'slow-stream',
      stream: true,
      requests: count,
      concurrency: count,
    }
    const report = await load(what)
    if (report.errors > 0) throw new Error(`${gateway.name}, ${count} streams: ${report.errors} failed, first: ${report.firstError}`)
  } finally {
    clearInterval(timer)
  }
  return peak
}
