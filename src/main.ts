// Builds every part from the configuration, starts them in order, and stops them in order.

import { collectDefaultMetrics, Registry } from 'prom-client'
import { type AddressRange, addressRange, createAccess, issueFirstKey, storeAdminKey } from './access/index.ts'
import { setupToken } from './admin/index.ts'
import { createBilling } from './billing/index.ts'
import { environmentRows, fileModelLimits, fileRows, localRow, sandboxRow } from './channels.ts'
import { type BootConfig, ConfigError, parseConfig } from './config/index.ts'
import { type Coordination, coordination } from './coordination.ts'
import { backendCooldowns, createWebTools, exchangeMetrics, type Gateway, spentUnder, webMetrics } from './gateway/index.ts'
import { clientTarget, startServer } from './http/index.ts'
import { runIndex } from './index-command.ts'
import { randomIds } from './lib/ids.ts'
import { asArray, asObject, asString, tryParseJson } from './lib/json.ts'
import { createLog, type Log } from './lib/log.ts'
import {
  commandArguments,
  environment,
  exit,
  onHangup,
  onStrayFailure,
  onTermination,
  printLine,
  printLog,
} from './lib/platform/process.ts'
import { respawnWithRequestCap } from './lib/platform/respawn.ts'
import { freePort, parseYaml, readTextFile } from './lib/platform/runtime.ts'
import { onOrphaned, startWorkers, workerNumber, workerReady } from './lib/platform/workers.ts'
import { type BaseRows, startAdministration } from './operator.ts'
import { PROVIDERS } from './providers/index.ts'
import { recoverHolds, sweepHolds } from './recovery.ts'
import { startRetention } from './retention.ts'
import { sandboxHandler, serveSandbox } from './sandbox/index.ts'
import { type ChannelRow, CompileError, publisher } from './snapshot/index.ts'
import { checkState, runMigrate, storeOf } from './state.ts'
import type { Store } from './store/index.ts'
import { createUpstream, fetchGuarded } from './upstream/index.ts'
import { NO_BACKEND_HINT, sealRing, searchRoutes, servingRoutes } from './web.ts'

/** How often holds are renewed, and those of dead processes given back. */
const SWEEP_MS = 30_000
const DRAIN_LOOK_MS = 50
const SANDBOX_ORIGIN = 'http://sandbox.invalid'

async function main(): Promise<void> {
  await respawnWithRequestCap()
  if (commandArguments()[0] === 'sandbox') return runSandbox()
  const config = readConfig()
  checkState(config)
  const [command, ...words] = commandArguments()
  if (command === 'index') return exit(await runIndex(words, { config, open: () => storeOf(config, { serves: false }) }))
  if (command === 'migrate') return exit(await runMigrate(words, config))
  const nowMs = (): number => Date.now()
  const log = createLog(config.file.log.level, printLog, nowMs)
  onStrayFailure((cause) => log('error', 'stray failure', { cause: cause instanceof Error ? cause.stack : cause }))

  if (config.workers > 1 && workerNumber() === undefined) return runWorkers(config, log)
  const store = await storeOf(config, { serves: true })
  // The process that started the workers has seen to the key.
  const firstKey = workerNumber() === undefined ? await firstKeyOf(config, store, nowMs()) : undefined
  const published = publisher(rowsOf(config, []), { prices: config.file.prices, modelLimits: fileModelLimits(config) })
  let routes = searchRoutes(config)
  const ring = sealRing(config)
  // A client's unknown field must not fail on a first try; on its own port the sandbox is as strict as the vendors.
  const handlers = new Map([[SANDBOX_ORIGIN, sandboxHandler({ strict: false })]])
  const upstream = createUpstream({ handlers })
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const { limits, web } = config.file
  const webTools = createWebTools({
    routes: () => servingRoutes([...administration.searchRoutes(), ...routes], () => !store.documents.isEmpty()),
    documents: store.documents,
    upstream,
    fetchGuarded,
    ring,
    cooldowns: backendCooldowns(),
    metrics: webMetrics(registry),
    pages: {
      obeyRobots: web.obey_robots,
      allowHosts: web.allow_hosts,
      ...(web.contact !== undefined && { contact: web.contact }),
      deadlineMs: web.page_timeout_seconds * 1000,
      cacheUnits: web.page_cache_bytes,
    },
    nowMs,
  })

  const shared = await coordination(config, { spentNanos: spentUnder(store.operator.usage), log, nowMs })
  const billing = createBilling({ ledger: store.ledger, alarm: (message, fields) => log('error', message, fields), nowMs })
  const given = await billing.recover(nowMs(), config.databaseUrl === undefined && config.workers === 1)
  if (given > 0) log('warn', 'holds of a process that died were given back', { count: given })
  setInterval(() => void billing.sweep(nowMs()).catch((cause: unknown) => log('error', 'holds could not be renewed', { cause })), SWEEP_MS)
  const leave = await recoverHolds({ config, billing, log, nowMs })
  sweepHolds({ billing, log, nowMs })
  const gateway: Gateway = {
    access: createAccess(store.operator, nowMs),
    snapshot: published.current,
    cooldowns: shared.cooldowns,
    upstream,
    fetchGuarded: (url, options) => fetchGuarded(url, { ...options, allowHosts: web.allow_hosts }),
    requests: store.requests,
    answers: store.answers,
    usage: store.operator.usage,
    limits: shared.limits,
    billing,
    metrics: exchangeMetrics(registry),
    web: webTools,
    log,
    ids: randomIds,
    nowMs,
    random: Math.random,
    settings: {
      headersTimeoutMs: limits.headers_timeout_seconds * 1000,
      idleTimeoutMs: limits.idle_timeout_seconds * 1000,
      earlyAnswerMs: limits.early_answer_seconds * 1000,
      heartbeatMs: limits.heartbeat_seconds * 1000,
      finishLimitMs: limits.finish_seconds * 1000,
      sticky: config.file.routing.sticky,
    },
  }

  const administration = await startAdministration({
    config,
    store,
    access: gateway.access,
    billing,
    cooldowns: gateway.cooldowns,
    published,
    log,
    base: baseOf(config, []),
    targetOf: clientTarget,
    nowMs,
  })
  const setup = workerNumber() === undefined ? await setupToken(store.operator, nowMs()) : undefined

  let accepting = true
  const server = startServer({
    host: config.host,
    port: config.port,
    sharedPort: workerNumber() !== undefined,
    gateway,
    settings: { maxBodyBytes: limits.body_bytes },
    admin: administration.admin,
    customer: administration.customer,
    trustedProxies: trustedProxies(config),
    metrics: () => registry.metrics(),
    ready: () => accepting,
  })
  if (workerNumber() === undefined) greet(server.url, { firstKey, setup })
  else workerReady()
  if (webTools.backendNames().length === 0 && (workerNumber() ?? 1) === 1) printLine(NO_BACKEND_HINT)
  log('info', 'ready', { url: server.url, channels: published.current().channels.map(({ name }) => name) })

  let locals: readonly ChannelRow[] = []
  if (config.file.local_servers) {
    void localServers(server.port, upstream.probe).then((found) => {
      locals = found
      if (found.length === 0) return
      administration.rebase(baseOf(config, found))
      log('info', 'local servers found', { channels: found.map(({ name }) => name) })
    })
  }
  startRetention(config, { store, log, nowMs })
  onHangup(() => {
    try {
      const next = readConfig()
      const nextRoutes = searchRoutes(next)
      administration.rebase(baseOf(next, locals))
      routes = nextRoutes
      log('info', 'configuration read again')
    } catch (cause) {
      log('error', 'the new configuration is not used', { cause })
    }
  })
  const stop = (reason: string): void => {
    if (!accepting) return
    accepting = false
    log('info', 'draining', { signal: reason, open: server.pending() })
    void drain(server, { store, shared, leave, open: gateway.metrics.open }, limits.drain_seconds * 1000)
  }
  onTermination(stop)
  onOrphaned(() => stop('orphaned'))
}

/** Prepares the database once, and starts the workers that share it and the port. */
async function runWorkers(config: BootConfig, log: Log): Promise<void> {
  const store = await storeOf(config, { serves: false })
  const firstKey = await firstKeyOf(config, store, Date.now())
  const setup = await setupToken(store.operator, Date.now())
  sealRing(config)
  const nowMs = (): number => Date.now()
  const billing = createBilling({ ledger: store.ledger, alarm: (message, fields) => log('error', message, fields), nowMs })
  const leave = await recoverHolds({ config, billing, log, nowMs })
  await store.close()
  leave()
  const port = config.port === 0 ? freePort(config.host) : config.port
  startWorkers({
    count: config.workers,
    environment: { SWITCHYARD_PORT: String(port) },
    onReady: () => greet(`http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`, { firstKey, setup }),
    onLost: (worker, how) => log('error', 'a worker ended and is started again', { worker, how }),
  })
}

function readConfig(): BootConfig {
  const variables = environment()
  const path = variables.SWITCHYARD_CONFIG
  if (!path) return parseConfig(variables, undefined)
  const text = readTextFile(path)
  if (text === undefined) throw new ConfigError(`SWITCHYARD_CONFIG: there is no file ${path}`)
  let document: unknown
  try {
    document = parseYaml(text)
  } catch (cause) {
    throw new ConfigError(`configuration file: not valid YAML (${cause instanceof Error ? cause.message : 'unknown'})`)
  }
  return parseConfig(variables, document)
}

function rowsOf(config: BootConfig, locals: readonly ChannelRow[]): ChannelRow[] {
  const { sandbox } = config.file
  return [...fileRows(config), ...environmentRows(config), ...locals, ...(sandbox === 'off' ? [] : [sandboxRow(sandbox)])]
}

const baseOf = (config: BootConfig, locals: readonly ChannelRow[]): BaseRows => ({
  channels: rowsOf(config, locals),
  prices: config.file.prices,
  modelLimits: fileModelLimits(config),
})

/** @throws ConfigError */
function trustedProxies({ trustedProxies: texts }: BootConfig): AddressRange[] {
  return texts.map((text) => {
    const range = addressRange(text)
    if (range === undefined) throw new ConfigError(`SWITCHYARD_TRUSTED_PROXIES: ${text} is neither an address nor a range`)
    return range
  })
}

/** The key to show at the first start; `undefined` when the operator has one already. */
async function firstKeyOf(config: BootConfig, store: Store, nowMs: number): Promise<string | undefined> {
  if (config.adminKey !== undefined) {
    await storeAdminKey(store.operator, config.adminKey.reveal(), nowMs)
    return undefined
  }
  return (await store.keys.count()) === 0 ? issueFirstKey(store.operator, nowMs) : undefined
}

interface Greeting {
  readonly firstKey: string | undefined
  /** Set while nobody owns the installation. */
  readonly setup: string | undefined
}

function greet(url: string, { firstKey, setup }: Greeting): void {
  printLine(`Switchyard is ready at ${url}`)
  if (setup !== undefined) printLine(`Make the first owner of the console at ${url}/console with this one-time token: ${setup}`)
  if (firstKey === undefined) return
  printLine(`Your API key, shown this once: ${firstKey}`)
  printLine('Try it:')
  printLine(
    `  curl ${url}/v1/chat/completions -H 'authorization: Bearer ${firstKey}' -H 'content-type: application/json' -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}'`,
  )
}

/** Servers that answer on their usual ports of this machine. Our own port is never asked. */
async function localServers(ownPort: number, probe: (url: string) => Promise<string | undefined>): Promise<ChannelRow[]> {
  const found = await Promise.all(
    PROVIDERS.map(async (provider) => {
      if (provider.local === undefined || new URL(provider.local.url).port === String(ownPort)) return undefined
      const text = await probe(provider.local.url + provider.local.probePath)
      const models = text === undefined ? undefined : asArray(asObject(tryParseJson(text))?.data)
      const names = models?.map((model) => asString(asObject(model)?.id)).filter((id) => id !== undefined)
      return names === undefined || names.length === 0 ? undefined : localRow(provider, names)
    }),
  )
  return found.filter((row) => row !== undefined)
}

async function drain(
  server: ReturnType<typeof startServer>,
  { store, shared, leave, open }: { readonly store: Store; readonly shared: Coordination; leave(): void; open(): number },
  limitMs: number,
): Promise<void> {
  const untilMs = performance.now() + limitMs
  await Promise.race([server.stop(false), new Promise((resolve) => setTimeout(resolve, limitMs))])
  // An answer may be read on for a client that has gone: the server does not know of it any more.
  while (open() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS))
  await server.stop(true)
  await shared.close()
  await store.close()
  leave()
  exit(0)
}

function runSandbox(): void {
  const port = Number(environment().SWITCHYARD_PORT ?? 8090)
  const { url } = serveSandbox({ port })
  printLine(`The sandbox answers at ${url}`)
}

function explain(cause: unknown): never {
  if (cause instanceof ConfigError || cause instanceof CompileError) printLog(`switchyard: ${cause.message}\n`)
  else printLog(`switchyard: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`)
  return exit(1)
}

main().catch((cause: unknown) => explain(cause))
