// Tavily search. Works without a key in its shared key-less mode when the operator chooses so.

import type { JsonObject } from '../lib/json.ts'
import { defineBackend, type SearchHit, type SearchIo } from './define.ts'
import { baseUrlOf, callJson, credentialOf, hosts, objects, overfetch, plain, textOf } from './wire.ts'

const BASE = 'https://api.tavily.com'
const MAX_RESULTS = 20
/** The service's own limit: https://docs.tavily.com/documentation/best-practices/best-practices-search */
const MAX_QUERY = 400

export const tavily = defineBackend({
  id: 'tavily',
  label: 'Tavily',
  docs: 'https://docs.tavily.com/documentation/api-reference/endpoint/search',
  credential: 'optional',
  credentialEnv: ['TAVILY_API_KEY'],
  baseUrl: BASE,
  settings: [
    { name: 'search_depth', label: 'Depth (basic, advanced)', required: false, default: 'basic' },
    { name: 'keyless', label: 'Use the shared key-less mode (true)', required: false },
  ],
  // One credit at the pay-as-you-go rate.
  priceNanosPerSearch: 8_000_000,
  filters: { allow: true, block: true, location: true, timeRange: true },
  maxQueryLength: MAX_QUERY,
  maxResults: MAX_RESULTS,
  returnsText: true,
  async search(query, io) {
    const country = query.location?.country === undefined ? undefined : countryName(query.location.country)
    const depth = io.account.settings.search_depth === 'advanced' ? 'advanced' : 'basic'
    const body: JsonObject = {
      query: query.query,
      search_depth: depth,
      topic: 'general',
      max_results: overfetch(query, { maxResults: MAX_RESULTS, nativeFilters: !hasPaths(query.allowedDomains) }),
      include_raw_content: 'text',
      ...(query.allowedDomains?.length && { include_domains: hosts(query.allowedDomains) }),
      ...(query.blockedDomains?.some((domain) => !domain.includes('/')) && {
        exclude_domains: hosts(query.blockedDomains.filter((domain) => !domain.includes('/'))),
      }),
      ...(country !== undefined && { country }),
      ...(query.timeRange && { start_date: day(query.timeRange.startMs), end_date: day(query.timeRange.endMs) }),
    }
    const answer = await callJson(
      io,
      {
        method: 'POST',
        url: `${baseUrlOf(io, BASE)}/search`,
        headers: { 'content-type': 'application/json', ...auth(io) },
        body: JSON.stringify(body),
      },
      // Plan and pay-as-you-go limits have statuses of their own.
      { 432: 'rate_limited', 433: 'rate_limited' },
    )
    const requestId = textOf(answer.request_id)
    return {
      results: objects(answer.results).flatMap((item) => hit(item)),
      ...(depth === 'advanced' && { costNanos: 16_000_000 }),
      ...(requestId !== undefined && { requestId }),
    }
  },
})

const hasPaths = (domains: readonly string[] | undefined): boolean => domains?.some((domain) => domain.includes('/')) ?? false
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

function auth(io: SearchIo): Record<string, string> {
  if (io.account.credential === undefined && io.account.settings.keyless === 'true') return { 'x-tavily-access-mode': 'keyless' }
  return { authorization: `Bearer ${credentialOf(io)}` }
}

/** The service wants English country names in lower case. */
function countryName(code: string): string | undefined {
  const name = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(code)
  return name?.toLowerCase()
}

function hit(item: JsonObject): SearchHit[] {
  const url = textOf(item.url)
  if (url === undefined) return []
  const text = textOf(item.raw_content)
  const snippet = plain(item.content)
  const published = textOf(item.published_date)
  return [
    {
      url,
      title: plain(item.title) ?? url,
      ...(text !== undefined && { text }),
      ...(snippet !== undefined && { snippet }),
      ...(published !== undefined && { publishedAt: published }),
      ...(typeof item.score === 'number' && { score: item.score }),
    },
  ]
}
