// Serper: Google's results as JSON. Snippets only.

import type { JsonObject } from '../lib/json.ts'
import { defineBackend, type SearchHit, type SearchLocation } from './define.ts'
import { baseUrlOf, callJson, credentialOf, objects, overfetch, plain, textOf, withSites } from './wire.ts'

const BASE = 'https://google.serper.dev'
const MAX_QUERY = 2000
const MAX_RESULTS = 30

export const serper = defineBackend({
  id: 'serper',
  label: 'Serper',
  docs: 'https://serper.dev/playground',
  credential: 'required',
  credentialEnv: ['SERPER_API_KEY'],
  baseUrl: BASE,
  settings: [{ name: 'hl', label: 'Language', required: false }],
  priceNanosPerSearch: 1_000_000,
  filters: { allow: true, block: true, location: true, timeRange: true },
  maxQueryLength: MAX_QUERY,
  maxResults: MAX_RESULTS,
  returnsText: false,
  async search(query, io) {
    const place = query.location === undefined ? undefined : placeName(query.location)
    const body: JsonObject = {
      q: withSites(query, MAX_QUERY),
      num: overfetch(query, { maxResults: MAX_RESULTS, nativeFilters: false }),
      ...(query.location?.country && { gl: query.location.country.toLowerCase() }),
      ...(place !== undefined && { location: place }),
      ...(io.account.settings.hl && { hl: io.account.settings.hl }),
      ...(query.timeRange && { tbs: `cdr:1,cd_min:${slashed(query.timeRange.startMs)},cd_max:${slashed(query.timeRange.endMs)}` }),
    }
    const answer = await callJson(io, {
      method: 'POST',
      url: `${baseUrlOf(io, BASE)}/search`,
      headers: { 'content-type': 'application/json', 'x-api-key': credentialOf(io) },
      body: JSON.stringify(body),
    })
    return { results: objects(answer.organic).flatMap((item) => hit(item)) }
  },
})

/** Month/day/year, as the engine's date filter wants it. */
function slashed(ms: number): string {
  const date = new Date(ms)
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`
}

function placeName({ city, region, country }: SearchLocation): string | undefined {
  if (city === undefined) return undefined
  const name = country === undefined ? undefined : new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(country)
  return [city, region, name].filter((part) => part !== undefined).join(', ')
}

function hit(item: JsonObject): SearchHit[] {
  const url = textOf(item.link)
  if (url === undefined) return []
  const snippet = plain(item.snippet)
  const age = textOf(item.date)
  return [{ url, title: plain(item.title) ?? url, ...(snippet !== undefined && { snippet }), ...(age !== undefined && { ageText: age }) }]
}
