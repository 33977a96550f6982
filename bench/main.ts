// `npm run bench`: Switchyard beside a bare Bun proxy, on one core, in one run. Options: `--quick` (three short pairs),
// `--case <name>` (may be repeated; also latency, memory, start), `--self` (the bare proxy against itself: shows the noise),
// `--compiled` (dist/switchyard instead of the sources). Ends with 0 whether targets are met or not: the
// table says. It closes with the ledger against what the upstream counted, and ends with 1 where these differ.

import { parseArgs } from 'node:util'
import { CASES, type Case, TARGETS } from './cases.ts'
import { type Gateway, KEY, startBare, startSwitchyard, type Way } from './gateways.ts'
import { compare, latency, median, streamsMemory } from './measure.ts'
import { canPin, residentMegabytes, type Started, startScript } from './processes.ts'
import { figure, table, verdict } from './table.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true, default: [] },
    self: { type: 'boolean', default: false },
    compiled: { type: 'boolean', default: false },
  },
})
const OTHER_CASES = ['latency', 'memory', 'start']
const names = [...CASES.map(({ name }) => name), ...OTHER_CASES]
const unknown = options.case.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`No such case: ${unknown.join(', ')}. Cases: ${names.join(', ')}.`)
  process.exit(2)
}
const wanted = (name: string): boolean => options.case.length === 0 || options.case.includes(name)
const pairing = options.quick ? { pairs: 3, share: 0.3 } : { pairs: 7, share: 1 }
const way: Way = options.compiled ? 'compiled' : 'source'
const STREAMS = 1000

let booksAgree = true

/** Closes the books of a gateway and ends it. */
async function closed(gateway: Gateway): Promise<void> {
  const books = await gateway.books?.()
  await gateway.stop()
  if (books === undefined) return
  booksAgree &&= books.agrees
  console.log(`\n${books.line}`)
}

const origin = ({ port }: Started): string => `http://127.0.0.1:${port}`

const startSubject = (upstream: Started): Promise<Gateway> =>
  options.self ? startBare(origin(upstream)).then((gateway) => ({ ...gateway })) : startSwitchyard(origin(upstream), way)

function costRow(what: Case, comparison: Awaited<ReturnType<typeof compare>>): string[] {
  const micros = (side: 'bare' | 'switchyard'): number => median(comparison[side].map((one) => one.micros))
  const rate = (side: 'bare' | 'switchyard'): number => median(comparison[side].map((one) => one.perSecond))
  const ratio = median(comparison.ratios)
  return [
    what.title,
    what.events === undefined ? 'request' : 'event',
    figure(micros('bare')),
    figure(micros('switchyard')),
    figure(ratio),
    `${figure(Math.min(...comparison.ratios))}–${figure(Math.max(...comparison.ratios))}`,
    `${figure(rate('bare'))} / ${figure(rate('switchyard'))}`,
    verdict(ratio, what.targetRatio),
  ]
}

async function costs(upstream: Started): Promise<void> {
  const cases = CASES.filter(({ name }) => wanted(name))
  if (cases.length === 0) return
  const bare = await startBare(origin(upstream))
  const subject = await startSubject(upstream)
  const rows: string[][] = []
  try {
    for (const what of cases) {
      const reachable = options.self ? { ...what, model: what.bareModel } : what
      rows.push(costRow(what, await compare(bare, subject, reachable, pairing)))
      console.error(`${what.name}: done`)
    }
  } finally {
    await Promise.all([bare.stop(), closed(subject)])
    if (rows.length > 0) {
      console.log(`\nProcessor time (user and system), median of ${pairing.pairs} alternating pairs\n`)
      console.log(table(['case', 'for each', 'bare µs', 'Switchyard µs', 'ratio', 'spread', 'a second', 'target'], rows))
    }
  }
}

async function latencies(upstream: Started): Promise<void> {
  const [bare, subject] = [await startBare(origin(upstream)), await startSubject(upstream)]
  const requests = options.quick ? 500 : 3000
  const rows: string[][] = []
  const spec = { port: 0, key: KEY, stream: false, requests, concurrency: 1, path: '/v1/chat/completions' }
  try {
    for (const [title, model, direct] of [
      ['same format, unary', 'unary', '/unary/v1/chat/completions'],
      ['translated, unary', options.self ? 'unary' : 'translated-unary', '/unary/v1/messages'],
    ] as const) {
      for (const { port } of [bare, subject]) await latency(port, { ...spec, model: port === bare.port ? 'unary' : model }, requests)
      const base = await latency(upstream.port, { ...spec, model, path: direct }, requests)
      const a = await latency(bare.port, { ...spec, model: 'unary' }, requests)
      const b = await latency(subject.port, { ...spec, model }, requests)
      const added = (seen: { p50: number; p99: number }): string => `${figure(seen.p50 - base.p50)} / ${figure(seen.p99 - base.p99)}`
      rows.push([title, `${figure(base.p50)} / ${figure(base.p99)}`, added(a), added(b), figure(b.max), verdict(b.p99, TARGETS.stepMs)])
    }
  } finally {
    await Promise.all([bare.stop(), closed(subject)])
  }
  console.log('\nLatency of one request at a time, p50 / p99 in ms\n')
  console.log(table(['case', 'upstream alone', 'bare adds', 'Switchyard adds', 'slowest', 'p99 without a 40 ms step'], rows))
}

async function memory(upstream: Started): Promise<void> {
  const rows: string[][] = []
  const idle: number[] = []
  const busy: number[] = []
  for (const start of [() => startBare(origin(upstream)), () => startSubject(upstream)]) {
    const gateway = await start()
    try {
      await Bun.sleep(2_000)
      idle.push(residentMegabytes(gateway.pid))
      busy.push(await streamsMemory(gateway, STREAMS))
    } finally {
      await closed(gateway)
    }
  }
  const row = (title: string, [bare = Number.NaN, subject = Number.NaN]: number[], target: number): string[] => [
    title,
    figure(bare),
    figure(subject),
    figure(subject / bare),
    verdict(subject, target),
  ]
  rows.push(row('idle', idle, TARGETS.idleMegabytes), row(`${STREAMS} streams`, busy, TARGETS.streamsMegabytes))
  console.log('\nResident memory in MB, fresh processes\n')
  console.log(table(['case', 'bare', 'Switchyard', 'ratio', 'target'], rows))
}

async function starts(upstream: Started): Promise<void> {
  if (options.self) return
  const rows: string[][] = []
  for (const [title, how] of [['program', way], ...(options.compiled ? [] : [['with the launcher', 'launcher']])] as [string, Way][]) {
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      const gateway = await startSwitchyard(origin(upstream), how)
      times.push(gateway.startMs)
      await gateway.stop()
    }
    rows.push([
      title,
      figure(median(times)),
      `${figure(Math.min(...times))}–${figure(Math.max(...times))}`,
      verdict(median(times), TARGETS.startMs),
    ])
  }
  console.log('\nFrom the start to the first answer, fresh data directory, ms\n')
  console.log(table(['case', 'median of 5', 'spread', 'target'], rows))
}

if (!canPin) console.error('taskset or a second core is missing: nothing is pinned, and the figures are coarse')
const upstream = await startScript({ script: 'bench/upstream.ts', place: 'around' })
try {
  await costs(upstream)
  if (wanted('latency')) await latencies(upstream)
  if (wanted('memory')) await memory(upstream)
  if (wanted('start')) await starts(upstream)
} finally {
  await upstream.stop()
}
process.exit(booksAgree ? 0 : 1)
