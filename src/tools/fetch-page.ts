// One `web_fetch` call: every rule that can refuse it, in the order that leaks least, then the page as text. Network
// access is handed in; the guard behind it refuses private addresses and judges each redirect with what we give it.

import type { MediaSource } from '../core/chat.ts'
import { decodeText, pageKind } from './bytes-to-text.ts'
import { visible } from './clean.ts'
import { permits, webUrl } from './domains.ts'
import { htmlToText } from './page.ts'
import { ExpiringCache, pageTtlMs } from './page-cache.ts'
import { truncateText } from './passages.ts'
import type { KnownUrls } from './provenance.ts'
import { ALLOW_ALL, ROBOT_TOKEN, type RobotsRules, robotsFrom } from './robots.ts'
import type { FetchToolSettings } from './settings.ts'
import { canonicalUrl } from './sources.ts'

export type FetchErrorCode =
  | 'invalid_tool_input'
  | 'url_too_long'
  | 'url_not_allowed'
  | 'url_not_in_prior_context'
  | 'url_not_accessible'
  | 'unsupported_content_type'
  | 'too_many_requests'
  | 'max_uses_exceeded'
  | 'unavailable'
  | 'content_too_large'

export interface GuardedPage {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly bytes: Uint8Array
  /** After redirects. */
  readonly finalUrl: string
}

/**
 * The guarded way out. `judge` is asked before each hop; a sentence refuses it. What it throws has a `code`:
 * `url_not_allowed`, `content_too_large`, or anything else for a page that cannot be reached.
 */
export type GuardedGet = (
  url: string,
  options: { judge: (url: URL) => string | undefined; headers: Readonly<Record<string, string>>; maxBytes?: number; signal?: AbortSignal },
) => Promise<GuardedPage>

/** What outlives one call: robots.txt and pages already read. */
export interface PageMemory {
  readonly pages: ExpiringCache<StoredPage>
  readonly robots: ExpiringCache<RobotsRules>
}

export const pageMemory = (maxUnits = 32 * 1024 * 1024): PageMemory => ({
  pages: new ExpiringCache(maxUnits),
  robots: new ExpiringCache(5000),
})

/** A page as it was read, before a request's own limits. */
export interface StoredPage {
  readonly finalUrl: string
  readonly title: string
  readonly kind: 'text' | 'pdf'
  readonly text: string
  /** The document itself, for models that take PDFs. */
  readonly pdf?: string
  /** Units at which the pages of a PDF begin. */
  readonly pageStarts?: readonly number[]
  readonly retrievedMs: number
}

export interface FetchDeps {
  readonly get: GuardedGet
  readonly memory: PageMemory
  readonly tenant: string
  nowMs(): number
  readonly obeyRobots: boolean
  /** Hosts of the operator's own, whose robots.txt is not asked. */
  readonly ownHosts?: readonly string[]
  /** Contact address that stands in the user agent. */
  readonly contact?: string
  /** Text of each page of a PDF; absent: PDFs are handed on whole, or refused. */
  readonly readPdf?: (bytes: Uint8Array) => Promise<readonly string[]>
  /** The model behind takes PDFs. */
  readonly acceptsPdf?: boolean
  readonly signal?: AbortSignal
}

export interface FetchedDocument {
  readonly url: string
  readonly title: string
  /** ISO 8601. */
  readonly retrievedAt: string
  /** What the client is given. */
  readonly source: MediaSource
  /** What the model reads; for a PDF that it takes itself, empty. */
  readonly text: string
  readonly fromCache: boolean
}

export type FetchOutcome =
  | { readonly ok: true; readonly page: FetchedDocument }
  | { readonly ok: false; readonly errorCode: FetchErrorCode }

/** Longest address a model may give. */
export const MAX_URL_UNITS = 250

const PAGE_BYTES = 5 * 1024 * 1024
const PDF_BYTES = 20 * 1024 * 1024
/** Text of one page without a limit of the client's. */
const DEFAULT_CONTENT_TOKENS = 100_000

const failed = (errorCode: FetchErrorCode): FetchOutcome => ({ ok: false, errorCode })

/** @param input the `url` as the model wrote it, of any type. */
export async function fetchPage(
  input: unknown,
  settings: FetchToolSettings,
  given: FetchDeps & { readonly known: KnownUrls },
): Promise<FetchOutcome> {
  if (typeof input !== 'string' || input.trim() === '') return failed('invalid_tool_input')
  const address = input.trim()
  const url = webUrl(address)
  if (url === undefined) return failed('invalid_tool_input')
  if (address.length > MAX_URL_UNITS) return failed('url_too_long')
  if (!given.known.has(address)) return failed('url_not_in_prior_context')
  const mayVisit = (candidate: URL): boolean => permits(settings.rules, candidate)
  if (url.username !== '' || url.password !== '' || !mayVisit(url)) return failed('url_not_allowed')
  try {
    const stored = await readPage(url, { ...given, useCache: settings.useCache, mayVisit })
    // The rules are the request's own, so what another request stored is judged again.
    const final = webUrl(stored.page.finalUrl)
    if (final === undefined || !mayVisit(final)) return failed('url_not_allowed')
    return shaped(stored, settings, given)
  } catch (thrown) {
    return failed(codeOf(thrown))
  }
}

interface ReadOptions extends FetchDeps {
  readonly useCache: boolean
  readonly mayVisit: (url: URL) => boolean
}

/** A refusal on the way. */
class FetchRefusal extends Error {
  readonly code: FetchErrorCode
  constructor(code: FetchErrorCode) {
    super(code)
    this.code = code
  }
}

function codeOf(thrown: unknown): FetchErrorCode {
  if (thrown instanceof Error && thrown.name === 'AbortError') throw thrown
  const code = thrown instanceof FetchRefusal ? thrown.code : (thrown as { code?: unknown } | null)?.code
  return code === 'url_not_allowed' ||
    code === 'content_too_large' ||
    code === 'unsupported_content_type' ||
    code === 'too_many_requests' ||
    code === 'unavailable'
    ? code
    : 'url_not_accessible'
}

/** The page from memory or the web. @throws something with a `code` */
export async function readPage(url: URL, options: ReadOptions): Promise<{ page: StoredPage; fromCache: boolean }> {
  const key = `${options.tenant} ${url.protocol}${canonicalUrl(url.href)}`
  const kept = options.useCache ? options.memory.pages.get(key, options.nowMs()) : undefined
  if (kept !== undefined) return { page: kept, fromCache: true }
  const headers = headersOf(options)
  const judged = new Map<string, RobotsRules>()
  if (!(await robotsAllow(url, options, judged))) throw new FetchRefusal('url_not_allowed')
  const judge = (hop: URL): string | undefined => {
    if (!options.mayVisit(hop)) return 'a domain rule refuses it'
    // A redirect may lead to a site whose robots.txt we have not read: then it is asked after the fact, below.
    return judged.get(hop.origin)?.allows(hop) === false ? 'robots.txt refuses it' : undefined
  }
  const answer = await options.get(url.href, { judge, headers, maxBytes: PDF_BYTES, ...(options.signal && { signal: options.signal }) })
  const final = webUrl(answer.finalUrl)
  if (final === undefined || !options.mayVisit(final)) throw new FetchRefusal('url_not_allowed')
  if (final.origin !== url.origin && !(await robotsAllow(final, options, judged))) throw new FetchRefusal('url_not_allowed')
  if (answer.status === 429) throw new FetchRefusal('too_many_requests')
  if (answer.status < 200 || answer.status > 299) throw new FetchRefusal('url_not_accessible')
  const page = await toPage(answer, options)
  const ttlMs = pageTtlMs(answer.headers.get('cache-control'))
  if (ttlMs > 0)
    options.memory.pages.set(key, page, { units: page.text.length + (page.pdf?.length ?? 0) + 1000, untilMs: options.nowMs() + ttlMs })
  return { page, fromCache: false }
}

const headersOf = ({ contact }: FetchDeps): Record<string, string> => ({
  'user-agent': `Mozilla/5.0 (compatible; ${ROBOT_TOKEN}/1.0${contact === undefined ? '' : `; +${contact}`})`,
  accept: 'text/html,application/xhtml+xml,text/*;q=0.9,application/pdf;q=0.8,application/json;q=0.8,*/*;q=0.1',
})

async function robotsAllow(url: URL, options: ReadOptions, judged: Map<string, RobotsRules>): Promise<boolean> {
  if (!options.obeyRobots || options.ownHosts?.some((host) => host === url.hostname || host === url.host)) return true
  const rules = options.memory.robots.get(url.origin, options.nowMs()) ?? (await readRobots(url, options))
  judged.set(url.origin, rules)
  return rules.allows(url)
}

async function readRobots(url: URL, options: ReadOptions): Promise<RobotsRules> {
  let answer: { status: number; text: string } | undefined
  try {
    // robots.txt itself is no content of the site, so domain rules do not stand in its way.
    const got = await options.get(`${url.origin}/robots.txt`, {
      judge: () => undefined,
      headers: headersOf(options),
      maxBytes: 512 * 1024,
      ...(options.signal && { signal: options.signal }),
    })
    answer = { status: got.status, text: decodeText(got.bytes, got.headers.get('content-type')) }
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') throw thrown
    const code = (thrown as { code?: unknown } | null)?.code
    // The guard's refusal is about the address, and a file too large cannot be meant for us.
    if (code === 'url_not_allowed') throw new FetchRefusal('url_not_allowed')
    if (code === 'content_too_large') return ALLOW_ALL
  }
  const { rules, ttlMs } = robotsFrom(answer)
  options.memory.robots.set(url.origin, rules, { units: 1, untilMs: options.nowMs() + ttlMs })
  return rules
}

async function toPage(answer: GuardedPage, options: ReadOptions): Promise<StoredPage> {
  const contentType = answer.headers.get('content-type')
  const kind = pageKind(contentType, answer.bytes)
  const base = { finalUrl: answer.finalUrl, retrievedMs: options.nowMs() }
  if (kind === 'unsupported') throw new FetchRefusal('unsupported_content_type')
  if (kind === 'pdf') return { ...base, ...(await pdfPage(answer, options)) }
  if (answer.bytes.length > PAGE_BYTES) throw new FetchRefusal('content_too_large')
  const text = decodeText(answer.bytes, contentType)
  const fallback = titleFromUrl(answer.finalUrl)
  if (kind === 'text') return { ...base, kind: 'text', title: fallback, text: visible(text).replace(/\r\n?/g, '\n').trim() }
  const page = htmlToText(text, { url: answer.finalUrl, links: true })
  return { ...base, kind: 'text', title: page.title ?? fallback, text: page.text }
}

async function pdfPage(
  answer: GuardedPage,
  options: ReadOptions,
): Promise<Pick<StoredPage, 'kind' | 'title' | 'text' | 'pdf' | 'pageStarts'>> {
  const title = titleFromUrl(answer.finalUrl)
  const pdf = Buffer.from(answer.bytes).toString('base64')
  if (options.readPdf === undefined) {
    if (!options.acceptsPdf) throw new FetchRefusal('unsupported_content_type')
    return { kind: 'pdf', title, text: '', pdf }
  }
  let pages: readonly string[]
  try {
    pages = await options.readPdf(answer.bytes)
  } catch {
    throw new FetchRefusal('unsupported_content_type')
  }
  const pageStarts: number[] = []
  let text = ''
  for (const page of pages) {
    if (text !== '') text += '\n\n'
    pageStarts.push(text.length)
    text += visible(page).trim()
  }
  return { kind: 'pdf', title, text, pdf, pageStarts }
}

function titleFromUrl(address: string): string {
  const url = new URL(address)
  const last = url.pathname.split('/').findLast((part) => part !== '')
  try {
    return last === undefined ? url.hostname : decodeURIComponent(last)
  } catch {
    return url.hostname
  }
}

function shaped(stored: { page: StoredPage; fromCache: boolean }, settings: FetchToolSettings, { acceptsPdf }: FetchDeps): FetchOutcome {
  const { page, fromCache } = stored
  const common = { url: page.finalUrl, title: page.title, retrievedAt: new Date(page.retrievedMs).toISOString(), fromCache }
  // The client's limit is about text; it does not apply to a PDF that is handed on whole.
  if (page.kind === 'pdf' && acceptsPdf && page.pdf !== undefined) {
    return { ok: true, page: { ...common, text: '', source: { kind: 'base64', mediaType: 'application/pdf', data: page.pdf } } }
  }
  if (page.kind === 'pdf' && page.text === '') return failed('unsupported_content_type')
  const text = truncateText(page.text, settings.maxContentTokens ?? DEFAULT_CONTENT_TOKENS)
  return { ok: true, page: { ...common, text, source: { kind: 'text', mediaType: 'text/plain', text } } }
}
