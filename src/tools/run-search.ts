// One `web_search` call: the query checked, backends tried in order, results filtered whatever the backend did, pages read
// where only snippets came, passages chosen. Network access is handed in. Answers are kept for minutes and shared between
// equal queries under way.

import type { DocumentIndex } from '../core/document-index.ts'
import {
  type SearchAccount,
  type SearchBackend,
  type SearchCall,
  SearchError,
  type SearchFailure,
  type SearchHit,
  type SearchReply,
} from '../search/index.ts'
import { domainTexts, MAX_DOMAIN_ENTRIES, postFilter } from './domains.ts'
import { ExpiringCache } from './page-cache.ts'
import { RESULTS_PER_SEARCH, selectEvidence } from './passages.ts'
import type { SearchToolSettings } from './settings.ts'
import type { Evidence } from './sources.ts'

export type SearchErrorCode =
  | 'invalid_tool_input'
  | 'unavailable'
  | 'max_uses_exceeded'
  | 'too_many_requests'
  | 'query_too_long'
  | 'request_too_large'

/** One configured backend. */
export interface SearchRoute {
  readonly backend: SearchBackend
  readonly account: SearchAccount
  /** From the price list; absent: the definition's. */
  readonly priceNanos?: number
  readonly timeoutMs?: number
}

/** One try of one backend: for metrics, ledger and log. */
export interface SearchAttempt {
  readonly name: string
  readonly backendId: string
  readonly outcome: 'ok' | SearchFailure
  readonly milliseconds: number
  /** What the try cost us; 0 when it failed or came from memory. */
  readonly costNanos: number
  readonly results: number
}

export interface SearchDeps {
  /** In the order in which they are tried. */
  readonly routes: readonly SearchRoute[]
  call(request: SearchCall, options: { route: SearchRoute; signal: AbortSignal }): Promise<SearchReply>
  readonly documents?: DocumentIndex
  /** Another one whenever the documents have changed: kept answers are not older than they. */
  readonly edition?: string
  /** The text of a page, for backends that return snippets; `undefined` when it cannot be read. */
  readonly readText?: (url: string, signal: AbortSignal) => Promise<string | undefined>
  nowMs(): number
  /** Results wanted. Absent: as many as the hosted tool shows. */
  readonly limit?: number
  /** Whether a backend may be used now: its budget, its cooldown. Absent: yes. */
  readonly usable?: (route: SearchRoute) => boolean
  readonly observe?: (attempt: SearchAttempt) => void
  readonly memory?: SearchMemory
  readonly signal?: AbortSignal
}

export type SearchOutcome =
  | {
      readonly ok: true
      readonly evidence: readonly Evidence[]
      /** Name of the backend that answered. */
      readonly backend: string
      readonly costNanos: number
      readonly fromMemory: boolean
    }
  | { readonly ok: false; readonly errorCode: SearchErrorCode }

interface Found {
  readonly hits: readonly SearchHit[]
  readonly backend: string
  readonly costNanos: number
}

/** Recent answers, and queries under way. One for the process. */
export class SearchMemory {
  readonly #answers = new ExpiringCache<Found>(2000)
  readonly #running = new Map<string, Promise<Found>>()

  /** The kept answer, or the one of `run`, shared with whoever asks the same meanwhile. */
  async find(key: string, nowMs: () => number, run: () => Promise<Found>): Promise<{ found: Found; fresh: boolean }> {
    const kept = this.#answers.get(key, nowMs())
    if (kept !== undefined) return { found: kept, fresh: false }
    const running = this.#running.get(key)
    // Another's call may fail because its client left; ours then runs on its own.
    if (running !== undefined) {
      const found = await running.catch(() => undefined)
      if (found !== undefined) return { found, fresh: false }
    }
    const promise = run()
    this.#running.set(key, promise)
    try {
      const found = await promise
      this.#answers.set(key, found, { units: 1 + found.hits.length, untilMs: nowMs() + MEMORY_MS })
      return { found, fresh: true }
    } finally {
      if (this.#running.get(key) === promise) this.#running.delete(key)
    }
  }
}

const MEMORY_MS = 5 * 60_000
const DEFAULT_TIMEOUT_MS = 8000
const READ_DEADLINE_MS = 2500
const PAGES_TO_READ = 5
/** Hits handed to the passage choice: more than are shown, since some repeat each other. */
const KEPT_HITS = 30

/** Every failure in the words of Anthropic's tool. */
export const SEARCH_ERROR_CODE: Readonly<Record<SearchFailure, SearchErrorCode>> = {
  bad_query: 'invalid_tool_input',
  query_too_long: 'query_too_long',
  rate_limited: 'too_many_requests',
  auth: 'unavailable',
  timeout: 'unavailable',
  unavailable: 'unavailable',
}

/**
 * @param input the query as the model wrote it, of any type.
 * @throws only when `signal` is aborted.
 */
export async function runSearch(input: unknown, settings: SearchToolSettings, deps: SearchDeps): Promise<SearchOutcome> {
  if (typeof input !== 'string' || input.trim() === '') return { ok: false, errorCode: 'invalid_tool_input' }
  const query = input.trim().replace(/\s+/g, ' ').toWellFormed()
  const { rules } = settings
  if (rules.allowed.length + rules.blocked.length > MAX_DOMAIN_ENTRIES) return { ok: false, errorCode: 'request_too_large' }
  const run = (): Promise<Found> => tryRoutes(query, settings, deps)
  try {
    const { found, fresh } = deps.memory
      ? await deps.memory.find(keyOf(query, settings, deps), deps.nowMs, run)
      : { found: await run(), fresh: true }
    const evidence = selectEvidence(postFilter(rules, found.hits), {
      query,
      budgetTokens: settings.contextTokens,
      limit: deps.limit ?? RESULTS_PER_SEARCH,
    })
    return { ok: true, evidence, backend: found.backend, costNanos: fresh ? found.costNanos : 0, fromMemory: !fresh }
  } catch (thrown) {
    if (!(thrown instanceof SearchError)) throw thrown
    return { ok: false, errorCode: SEARCH_ERROR_CODE[thrown.code] }
  }
}

/** Backends in order until one finds something; only the last failure is told. @throws SearchError when none answers */
async function tryRoutes(query: string, settings: SearchToolSettings, deps: SearchDeps): Promise<Found> {
  let nothing: Found | undefined
  let last = new SearchError('unavailable', 'no search backend can be used')
  for (const route of deps.routes) {
    if (deps.usable?.(route) === false) continue
    const startedMs = deps.nowMs()
    const observe = (outcome: SearchAttempt['outcome'], results: number, costNanos: number): void =>
      deps.observe?.({
        name: route.account.name,
        backendId: route.backend.id,
        outcome,
        results,
        costNanos,
        milliseconds: deps.nowMs() - startedMs,
      })
    try {
      const { hits, costNanos } = await ask(query, settings, { route, deps })
      observe('ok', hits.length, costNanos)
      const found = { hits, costNanos: costNanos + (nothing?.costNanos ?? 0), backend: route.account.name }
      if (hits.length > 0) return found
      nothing = { ...found, backend: nothing?.backend ?? found.backend }
    } catch (thrown) {
      if (deps.signal?.aborted) throw thrown
      last = thrown instanceof SearchError ? thrown : new SearchError('unavailable', `${route.account.name}: failed`, { cause: thrown })
      observe(last.code, 0, 0)
    }
  }
  if (nothing !== undefined) return nothing
  throw last
}

async function ask(
  query: string,
  settings: SearchToolSettings,
  { route, deps }: { route: SearchRoute; deps: SearchDeps },
): Promise<{ hits: readonly SearchHit[]; costNanos: number }> {
  const { backend, account } = route
  if (query.length > backend.maxQueryLength) throw new SearchError('query_too_long', `${account.name}: the query is too long`)
  const deadline = AbortSignal.timeout(route.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const signal = deps.signal ? AbortSignal.any([deps.signal, deadline]) : deadline
  const { allowed, blocked } = settings.rules
  const answer = await untilAborted(
    backend.search(
      {
        query,
        limit: deps.limit ?? RESULTS_PER_SEARCH,
        allowedDomains: domainTexts(allowed),
        blockedDomains: domainTexts(blocked.filter(({ path }) => path === undefined)),
        ...(settings.location && { location: settings.location }),
        ...(settings.timeRange && { timeRange: settings.timeRange }),
      },
      { account, call: (request) => deps.call(request, { route, signal }), ...(deps.documents && { documents: deps.documents }) },
    ),
    signal,
    account.name,
  )
  const kept = postFilter(settings.rules, answer.results).slice(0, KEPT_HITS)
  const hits = backend.returnsText || deps.readText === undefined ? kept : await withTexts(kept, deps)
  return { hits, costNanos: answer.costNanos ?? route.priceNanos ?? backend.priceNanosPerSearch }
}

/** Snippets alone answer badly: the first few pages are read, side by side and not for long. */
async function withTexts(hits: readonly SearchHit[], deps: SearchDeps): Promise<SearchHit[]> {
  const { readText } = deps
  const deadline = AbortSignal.timeout(READ_DEADLINE_MS)
  const signal = deps.signal ? AbortSignal.any([deps.signal, deadline]) : deadline
  return Promise.all(
    hits.map(async (hit, index) => {
      if (hit.text !== undefined || index >= PAGES_TO_READ || readText === undefined) return hit
      const text = await untilAborted(readText(hit.url, signal), signal, 'page').catch(() => undefined)
      return text === undefined || text.length < (hit.snippet?.length ?? 0) ? hit : { ...hit, text }
    }),
  )
}

/** The promise, or a timeout as soon as the signal fires: not everything listens to it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(signal.reason?.name === 'TimeoutError' ? new SearchError('timeout', `${name}: no answer in time`) : signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    // Also when it is too late: a rejection that nobody takes would end the process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

const keyOf = (query: string, settings: SearchToolSettings, deps: SearchDeps): string =>
  JSON.stringify([
    query.toLowerCase(),
    deps.routes.map(({ account }) => account.name),
    // Whole rules, since kept hits are filtered by them.
    settings.rules.allowed.map(({ host, path }) => [host, path]),
    settings.rules.blocked.map(({ host, path }) => [host, path]),
    settings.location ?? null,
    settings.timeRange ?? null,
    deps.limit ?? RESULTS_PER_SEARCH,
    deps.edition ?? null,
  ])
