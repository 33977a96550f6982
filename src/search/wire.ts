// What the HTTP backends share: calling for JSON, classifying refusals, reading members that may be of any type,
// and writing domain filters as search operators. No service's name appears here.

import { asObject, asString, type JsonObject, type JsonValue, tryParseJson } from '../lib/json.ts'
import type { SearchCall, SearchIo, SearchQuery, SearchReply } from './define.ts'
import { SearchError, type SearchFailure } from './errors.ts'

/** Statuses that mean something else at one service than at most. */
export type StatusMeaning = Readonly<Record<number, SearchFailure>>

const MEANING: StatusMeaning = {
  400: 'bad_query',
  401: 'auth',
  402: 'auth',
  403: 'auth',
  408: 'timeout',
  413: 'query_too_long',
  414: 'query_too_long',
  422: 'bad_query',
  429: 'rate_limited',
  504: 'timeout',
}

/** Calls and returns the JSON object of a successful answer. @throws SearchError */
export async function callJson(io: SearchIo, request: SearchCall, meaning: StatusMeaning = {}): Promise<JsonObject> {
  const reply = await callOnce(io, request)
  if (reply.status < 200 || reply.status > 299) {
    const code = meaning[reply.status] ?? MEANING[reply.status] ?? 'unavailable'
    const retryAfterMs = retryAfter(reply)
    throw new SearchError(code, `${io.account.name}: status ${reply.status}`, retryAfterMs === undefined ? {} : { retryAfterMs })
  }
  const body = asObject(tryParseJson(reply.text))
  if (body === undefined) throw new SearchError('unavailable', `${io.account.name}: the answer is not a JSON object`)
  return body
}

async function callOnce(io: SearchIo, request: SearchCall): Promise<SearchReply> {
  try {
    return await io.call(request)
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : ''
    // The client went away: nobody wants another backend tried.
    if (name === 'AbortError') throw cause
    if (cause instanceof SearchError) throw cause
    throw new SearchError(name === 'TimeoutError' ? 'timeout' : 'unavailable', `${io.account.name}: no answer`, { cause })
  }
}

function retryAfter(reply: SearchReply): number | undefined {
  const seconds = Number(reply.headers.get('retry-after') ?? '')
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 86_400) * 1000 : undefined
}

/** The credential, or the refusal that names what is missing. */
export function credentialOf(io: SearchIo): string {
  const value = io.account.credential?.reveal()
  if (value === undefined || value === '') throw new SearchError('auth', `${io.account.name}: no credential is configured`)
  return value
}

/** The base address without trailing slash. */
export const baseUrlOf = (io: SearchIo, fallback: string): string => (io.account.baseUrl ?? fallback).replace(/\/+$/, '')

/** The objects of a list; anything else in it is skipped. */
export const objects = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.map((item) => asObject(item)).filter((item) => item !== undefined) : []

/** A non-blank string without surrounding space. */
export function textOf(value: JsonValue | undefined): string | undefined {
  const text = asString(value)?.trim()
  return text === undefined || text === '' ? undefined : text
}

/** Texts of a list of strings, joined as paragraphs. */
export function joined(value: JsonValue | undefined): string | undefined {
  const parts = Array.isArray(value) ? value.flatMap((item) => textOf(item) ?? []) : []
  return parts.length === 0 ? undefined : parts.join('\n\n')
}

/** Snippets of search engines carry emphasis tags and entities. */
export function plain(value: JsonValue | undefined): string | undefined {
  return textOf(
    textOf(value)
      ?.replace(/<\/?(?:b|strong|em|i|mark|span)\b[^>]*>/gi, '')
      .replace(/&(?:amp|lt|gt|quot|#x?27|#39|nbsp);/gi, (entity) => ENTITIES[entity.toLowerCase()] ?? entity),
  )
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
  '&#27;': "'",
  '&#39;': "'",
  '&nbsp;': ' ',
}

/** How many `site:` terms engines cope with; above, the caller's filter does the work alone. */
const MAX_SITE_TERMS = 16

/** The query with `site:` operators for engines without filter fields. Falls back to the bare query when it would grow too long. */
export function withSites(query: SearchQuery, maxLength: number): string {
  const allowed = hosts(query.allowedDomains)
  const blocked = hosts(query.blockedDomains?.filter((domain) => !domain.includes('/')))
  const terms: string[] = [query.query]
  if (allowed.length > 0 && allowed.length <= MAX_SITE_TERMS) {
    const sites = allowed.map((host) => `site:${host}`).join(' OR ')
    terms.push(allowed.length > 1 ? `(${sites})` : sites)
  }
  if (blocked.length > 0 && blocked.length <= MAX_SITE_TERMS) terms.push(blocked.map((host) => `-site:${host}`).join(' '))
  const whole = terms.join(' ')
  return whole.length <= maxLength ? whole : query.query
}

/** The distinct hosts of domain entries, paths cut off. */
export const hosts = (domains: readonly string[] | undefined): string[] => [
  ...new Set((domains ?? []).map((domain) => domain.split('/')[0] as string)),
]

/** Results to ask for so that enough are left after filtering what the service cannot. */
export function overfetch(query: SearchQuery, backend: { readonly maxResults: number; readonly nativeFilters: boolean }): number {
  const filtered = (query.allowedDomains?.length ?? 0) + (query.blockedDomains?.length ?? 0) > 0
  return Math.max(1, Math.min(backend.maxResults, filtered && !backend.nativeFilters ? query.limit * 3 : query.limit))
}

/** Dollars as JSON number to nano-dollars. */
export function dollarsToNanos(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value * 1e9) : undefined
}
