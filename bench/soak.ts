// `npm run soak -- --minutes 10`: streams over TLS with clients that leave, upstream resets, stalls and refusals, and says
// whether memory, descriptors and open upstream requests stay flat. `--clients 64`, `--self` (the bare proxy instead).
// Ends with 1 when something grew. Needs openssl for the upstream's certificate.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { KEY, startBare, startSwitchyard } from './gateways.ts'
import { median } from './measure.ts'
import { descriptorCount, ROOT, residentMegabytes } from './processes.ts'
import type { SoakCounters, SoakSpec } from './soak-client.ts'
import { figure, table } from './table.ts'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    clients: { type: 'string', default: '64' },
    self: { type: 'boolean', default: false },
  },
})
const durationMs = Number(options.minutes) * 60_000
const SAMPLE_MS = 1_000
const PRINT_EVERY = 10
/** Growth from the second to the last quarter that still counts as flat. */
const FLAT_MEGABYTES = 25
/** An upstream pool keeps up to 64 idle connections. */
const FLAT_DESCRIPTORS = 80
const DRAIN_MS = 6_000

interface Sample {
  seconds: number
  megabytes: number
  descriptors: number
  upstreamOpen: number
  clientOpen: number
  ended: number
}

const folder = mkdtempSync(join(tmpdir(), 'switchyard-soak-'))
const certificate = join(folder, 'certificate.pem')
const key = join(folder, 'key.pem')
const made = Bun.spawnSync(
  ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'].concat([
    '-subj',
    '/CN=soak',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    certificate,
  ]),
  { stdout: 'ignore', stderr: 'pipe' },
)
if (!made.success) throw new Error(`openssl made no certificate: ${made.stderr}`)
// The gateway inherits this: it must trust the upstream's certificate.
const trust = { NODE_EXTRA_CA_CERTS: certificate }

const bun = [process.execPath, '--no-env-file', '--no-install']
const upstream = Bun.spawn([...bun, join(ROOT, 'bench/soak-upstream.ts'), certificate, key], { stdout: 'pipe', stderr: 'inherit' })
const upstreamLines = lines(upstream.stdout)
const { port, statsPort } = JSON.parse((await upstreamLines.next()).value ?? '{}') as { port: number; statsPort: number }
const origin = `https://127.0.0.1:${port}`
const gateway = options.self ? await startBare(origin, trust) : await startSwitchyard(origin, 'source', trust)
const spec: SoakSpec = {
  port: gateway.port,
  key: KEY,
  models: options.self ? ['stream'] : ['stream', 'translated-stream'],
  clients: Number(options.clients),
}
const clients = Bun.spawn([...bun, join(ROOT, 'bench/soak-client.ts'), JSON.stringify(spec)], { stdout: 'pipe', stderr: 'inherit' })
let counters: SoakCounters = { open: 0, finished: 0, left: 0, broken: 0 }
void (async () => {
  for await (const line of lines(clients.stdout)) counters = JSON.parse(line) as SoakCounters
})()

const samples: Sample[] = []
const startedAt = performance.now()
const upstreamStats = async (): Promise<Record<string, number>> =>
  (await fetch(`http://127.0.0.1:${statsPort}/`)).json() as Promise<Record<string, number>>

async function sample(): Promise<Sample> {
  return {
    seconds: (performance.now() - startedAt) / 1000,
    megabytes: residentMegabytes(gateway.pid),
    descriptors: descriptorCount(gateway.pid),
    upstreamOpen: (await upstreamStats()).open ?? 0,
    clientOpen: counters.open,
    ended: counters.finished + counters.left + counters.broken,
  }
}

const before = await sample()
while (performance.now() - startedAt < durationMs) {
  await Bun.sleep(SAMPLE_MS)
  const now = await sample()
  samples.push(now)
  if (samples.length % PRINT_EVERY !== 0) continue
  const { seconds, megabytes, descriptors, upstreamOpen, clientOpen, ended } = now
  console.log(
    `${seconds.toFixed(0)} s: ${ended} streams, ${figure(megabytes)} MB, ${descriptors} descriptors, ${upstreamOpen} open upstream, ${clientOpen} open clients`,
  )
}
clients.kill('SIGTERM')
await clients.exited
await Bun.sleep(DRAIN_MS)
const after = await sample()
const upstreamEnd = await upstreamStats()

const quarter = (index: number): Sample[] => samples.slice((samples.length * index) >> 2, (samples.length * (index + 1)) >> 2)
const middle = (of: Sample[], pick: (one: Sample) => number): number => median(of.map(pick))
const megabytes = [middle(quarter(1), (one) => one.megabytes), middle(quarter(3), (one) => one.megabytes)] as const
const descriptors = [middle(quarter(1), (one) => one.descriptors), middle(quarter(3), (one) => one.descriptors)] as const
const flat = {
  memory: megabytes[1] - megabytes[0] <= FLAT_MEGABYTES,
  descriptors: descriptors[1] - descriptors[0] <= FLAT_DESCRIPTORS && after.descriptors - before.descriptors <= FLAT_DESCRIPTORS,
  upstream: after.upstreamOpen === 0,
}
const word = (ok: boolean): string => (ok ? 'flat' : 'GREW')
console.log(`\nclients: ${JSON.stringify(counters)}\nupstream: ${JSON.stringify(upstreamEnd)}\n`)
console.log(
  table(
    ['what', 'at start', '2nd quarter', '4th quarter', 'idle after', 'verdict'],
    [
      ['resident MB', figure(before.megabytes), figure(megabytes[0]), figure(megabytes[1]), figure(after.megabytes), word(flat.memory)],
      [
        'descriptors',
        String(before.descriptors),
        figure(descriptors[0]),
        figure(descriptors[1]),
        String(after.descriptors),
        word(flat.descriptors),
      ],
      [
        'open upstream requests',
        '0',
        figure(middle(quarter(1), (one) => one.upstreamOpen)),
        figure(middle(quarter(3), (one) => one.upstreamOpen)),
        String(after.upstreamOpen),
        word(flat.upstream),
      ],
    ],
  ),
)
await gateway.stop()
upstream.kill()
rmSync(folder, { recursive: true, force: true })
process.exit(Object.values(flat).every(Boolean) && counters.finished > 0 ? 0 : 1)

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}
