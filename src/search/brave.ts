// Brave web search: an index of its own, so a good second beside anything that resells Google.

import type { JsonObject } from '../lib/json.ts'
import { defineBackend, type SearchHit } from './define.ts'
import { baseUrlOf, callJson, credentialOf, joined, objects, overfetch, plain, textOf, withSites } from './wire.ts'

const BASE = 'https://api.search.brave.com/res/v1'
/** https://api-dashboard.search.brave.com/app/documentation/web-search/query: 400 characters and 50 words. */
const MAX_QUERY = 400
const MAX_RESULTS = 20

export const brave = defineBackend({
  id: 'brave',
  label: 'Brave Search',
  docs: 'https://api-dashboard.search.brave.com/app/documentation/web-search/get-started',
  credential: 'required',
  credentialEnv: ['BRAVE_API_KEY', 'BRAVE_SEARCH_API_KEY'],
  baseUrl: BASE,
  settings: [{ name: 'search_lang', label: 'Language', required: false }],
  priceNanosPerSearch: 5_000_000,
  filters: { allow: true, block: true, location: true, timeRange: true },
  maxQueryLength: MAX_QUERY,
  maxResults: MAX_RESULTS,
  returnsText: false,
  async search(query, io) {
    const whole = withSites(query, MAX_QUERY)
    const parameters = new URLSearchParams({
      q: whole.split(/\s+/).length > 50 ? query.query : whole,
      count: String(overfetch(query, { maxResults: MAX_RESULTS, nativeFilters: false })),
      extra_snippets: 'true',
      text_decorations: 'false',
    })
    if (query.location?.country) parameters.set('country', query.location.country)
    if (io.account.settings.search_lang) parameters.set('search_lang', io.account.settings.search_lang)
    if (query.timeRange) parameters.set('freshness', `${day(query.timeRange.startMs)}to${day(query.timeRange.endMs)}`)
    const answer = await callJson(io, {
      method: 'GET',
      url: `${baseUrlOf(io, BASE)}/web/search?${parameters}`,
      headers: { accept: 'application/json', 'x-subscription-token': credentialOf(io) },
    })
    const web = answer.web
    const list = typeof web === 'object' && web !== null && !Array.isArray(web) ? web.results : undefined
    return { results: objects(list).flatMap((item) => hit(item)) }
  },
})

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

function hit(item: JsonObject): SearchHit[] {
  const url = textOf(item.url)
  if (url === undefined) return []
  const description = plain(item.description)
  const extra = plain(joined(item.extra_snippets))
  const snippet = [description, extra].filter((part) => part !== undefined).join('\n\n')
  const age = textOf(item.age)
  const published = textOf(item.page_age)
  return [
    {
      url,
      title: plain(item.title) ?? url,
      ...(snippet !== '' && { snippet }),
      ...(age !== undefined && { ageText: age }),
      ...(published !== undefined && { publishedAt: published }),
    },
  ]
}
