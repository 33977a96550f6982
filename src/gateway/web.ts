// Server-side web search and web fetch as an exchange uses them: which backends may be asked, how the network is reached,
// what is remembered between calls. How a search or a fetch goes stands in `tools/`; the loop over rounds stands beside this.

import { backendById, type SearchCall, type SearchReply } from '../search/index.ts'
import type { DocumentRepository } from '../store/index.ts'
import {
  type FetchDeps,
  type FetchOutcome,
  type FetchToolSettings,
  fetchPage,
  type GuardedGet,
  type KnownUrls,
  pageMemory,
  permits,
  readPage,
  readPdf,
  runSearch,
  type SealContext,
  type SealRing,
  type SearchAttempt,
  SearchMemory,
  type SearchOutcome,
  type SearchRoute,
  type SearchToolSettings,
  webUrl,
} from '../tools/index.ts'
import type { GuardedFetch, Upstream } from '../upstream/index.ts'
import type { BackendCooldowns } from './backend-cooldowns.ts'
import { indexedPages, samplePages, sampleReply, withHeldPages } from './held-pages.ts'
import { callBackend } from './search-call.ts'
import type { WebMetrics } from './web-metrics.ts'

/** For whom and under which bounds one search or fetch runs. */
export interface WebUse {
  /** The organisation that stored pages belong to. */
  readonly tenant: string
  /** The sandbox serves the exchange: the sample corpus answers, free and without the network. */
  readonly sandbox: boolean
  readonly signal?: AbortSignal
  /** Only the backend of this name is asked. */
  readonly backend?: string
  /** Results wanted. Absent: as many as the hosted tool shows. */
  readonly limit?: number
  /** Told of every try of a backend, for the record of the exchange. */
  readonly observe?: (attempt: SearchAttempt) => void
}

export interface FetchUse extends WebUse {
  readonly known: KnownUrls
  /** The model behind takes PDFs. */
  readonly acceptsPdf?: boolean
}

export interface WebTools {
  /** Whether a search can be answered at all; if not, a request that declares one is refused with `NO_BACKEND`. */
  canSearch(use: Pick<WebUse, 'sandbox'>): boolean
  /** Names of the backends that can serve, in the order in which they are tried. */
  backendNames(): readonly string[]
  /** What the dearest backend takes for one search, nano-dollars. */
  dearestSearch(use: Pick<WebUse, 'sandbox'>): number
  /** @param input the query as the model wrote it, of any type. @throws only when the signal is aborted. */
  search(input: unknown, settings: SearchToolSettings, use: WebUse): Promise<SearchOutcome>
  /** @param input the `url` as the model wrote it, of any type. @throws only when the signal is aborted. */
  fetch(input: unknown, settings: FetchToolSettings, use: FetchUse): Promise<FetchOutcome>
  /** What seals an organisation's results now and opens what comes back. */
  seal(tenant: string): SealContext
}

/** Said with 400 to a request that needs a search backend where there is none. */
export const NO_BACKEND =
  'No web-search backend is configured here. List one under `search` in the configuration file, set SEARXNG_URL or the key of a search service in the environment, or build a local index with `switchyard index <folder>`.'

export interface WebParts {
  /** Backends that can serve now, in order. Asked anew for every search: an index may have been filled meanwhile. */
  routes(): readonly SearchRoute[]
  readonly documents: DocumentRepository
  readonly upstream: Upstream
  readonly fetchGuarded: GuardedFetch
  readonly ring: SealRing
  readonly cooldowns: BackendCooldowns
  readonly metrics: WebMetrics
  readonly pages: {
    readonly obeyRobots: boolean
    /** Hosts that the operator excepts from the address guard; their robots.txt is not asked either. */
    readonly allowHosts: readonly string[]
    readonly contact?: string
    readonly deadlineMs: number
    /** Memory for pages that were read, in characters. */
    readonly cacheUnits: number
  }
  nowMs(): number
}

export function createWebTools(parts: WebParts): WebTools {
  const { ring, nowMs } = parts
  const searches = new SearchMemory()
  const memory = pageMemory(parts.pages.cacheUnits)
  const sandboxMemory = pageMemory(1024 * 1024)
  const fixture = backendById('fixture')
  const sandboxRoutes: readonly SearchRoute[] =
    fixture === undefined ? [] : [{ backend: fixture, account: { name: 'sandbox', settings: {} }, priceNanos: 0 }]

  const web: GuardedGet = (url, options) =>
    parts.fetchGuarded(url, { ...options, allowHosts: parts.pages.allowHosts, deadlineMs: parts.pages.deadlineMs })
  const get = withHeldPages(web, indexedPages(parts.documents))
  const sampleGet = withHeldPages(web, samplePages)

  function pageDeps({ tenant, sandbox, signal }: WebUse): FetchDeps {
    return {
      tenant,
      get: sandbox ? sampleGet : get,
      memory: sandbox ? sandboxMemory : memory,
      nowMs,
      obeyRobots: parts.pages.obeyRobots,
      ownHosts: parts.pages.allowHosts,
      readPdf,
      ...(parts.pages.contact !== undefined && { contact: parts.pages.contact }),
      ...(signal && { signal }),
    }
  }

  function routesFor({ sandbox, backend }: Pick<WebUse, 'sandbox' | 'backend'>): readonly SearchRoute[] {
    const routes = sandbox ? sandboxRoutes : parts.cooldowns.ordered(parts.routes(), nowMs())
    return backend === undefined ? routes : routes.filter(({ account }) => account.name === backend)
  }

  const call = (request: SearchCall, options: { route: SearchRoute; signal: AbortSignal }): Promise<SearchReply> =>
    callBackend(parts.upstream, request, options)

  return {
    canSearch: ({ sandbox }) => sandbox || parts.routes().length > 0,
    backendNames: () => parts.routes().map(({ account }) => account.name),
    dearestSearch: (use) => Math.max(0, ...routesFor(use).map(({ priceNanos, backend }) => priceNanos ?? backend.priceNanosPerSearch)),
    async search(input, settings, use) {
      return runSearch(input, settings, {
        routes: routesFor(use),
        call: use.sandbox ? sampleReply : call,
        documents: parts.documents,
        edition: parts.documents.edition(),
        memory: searches,
        nowMs,
        observe(attempt) {
          parts.metrics.searched(attempt)
          if (!use.sandbox) parts.cooldowns.observe(attempt, nowMs())
          use.observe?.(attempt)
        },
        async readText(address, signal) {
          const url = webUrl(address)
          if (url === undefined) return undefined
          // The request's own rules hold for every redirect on the way to the text, too.
          const mayVisit = (hop: URL): boolean => permits(settings.rules, hop)
          const { page } = await readPage(url, { ...pageDeps({ ...use, signal }), useCache: true, mayVisit })
          return mayVisit(new URL(page.finalUrl)) ? page.text : undefined
        },
        ...(use.limit !== undefined && { limit: use.limit }),
        ...(use.signal && { signal: use.signal }),
      })
    },
    async fetch(input, settings, use) {
      const startedMs = nowMs()
      const outcome = await fetchPage(input, settings, {
        ...pageDeps(use),
        known: use.known,
        ...(use.acceptsPdf !== undefined && { acceptsPdf: use.acceptsPdf }),
      })
      parts.metrics.fetched(outcome, nowMs() - startedMs)
      return outcome
    },
    seal: (tenant) => ({ ring, tenant, nowMs: nowMs() }),
  }
}
