// SearXNG, a metasearch engine that the operator hosts. Free of charge; its `json` output must be switched on.

import type { JsonObject } from '../lib/json.ts'
import { defineBackend, type SearchHit } from './define.ts'
import { SearchError } from './errors.ts'
import { baseUrlOf, callJson, objects, plain, textOf, withSites } from './wire.ts'

const MAX_QUERY = 1000

export const searxng = defineBackend({
  id: 'searxng',
  label: 'SearXNG',
  docs: 'https://docs.searxng.org/dev/search_api.html',
  credential: 'none',
  credentialEnv: [],
  settings: [
    { name: 'engines', label: 'Engines, comma separated', required: false },
    { name: 'language', label: 'Language', required: false },
    { name: 'safesearch', label: 'Safe search (0, 1, 2)', required: false },
  ],
  priceNanosPerSearch: 0,
  filters: { allow: true, block: true, location: false, timeRange: false },
  maxQueryLength: MAX_QUERY,
  maxResults: 30,
  returnsText: false,
  async search(query, io) {
    if (io.account.baseUrl === undefined) throw new SearchError('auth', `${io.account.name}: base_url is not configured`)
    const { engines, language, safesearch } = io.account.settings
    const parameters = new URLSearchParams({ q: withSites(query, MAX_QUERY), format: 'json' })
    if (engines) parameters.set('engines', engines)
    if (language) parameters.set('language', language)
    if (safesearch) parameters.set('safesearch', safesearch)
    // 403: `json` is missing from search.formats of the instance, or its limiter refuses us.
    const url = `${baseUrlOf(io, '')}/search?${parameters}`
    const body = await callJson(io, { method: 'GET', url, headers: { accept: 'application/json' } }, { 403: 'auth' })
    const results = objects(body.results).flatMap((item) => hit(item))
    if (results.length === 0 && Array.isArray(body.unresponsive_engines) && body.unresponsive_engines.length > 0) {
      throw new SearchError('unavailable', `${io.account.name}: none of its engines answered`)
    }
    return { results }
  },
})

function hit(item: JsonObject): SearchHit[] {
  const url = textOf(item.url)
  if (url === undefined) return []
  const snippet = plain(item.content)
  const published = textOf(item.publishedDate)
  return [
    {
      url,
      title: plain(item.title) ?? url,
      ...(snippet !== undefined && { snippet }),
      ...(published !== undefined && { publishedAt: published }),
      ...(typeof item.score === 'number' && { score: item.score }),
    },
  ]
}
