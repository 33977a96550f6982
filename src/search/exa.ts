// Exa: an index of its own, ranked by meaning, returns page text and what the call cost.

import { asObject, type JsonObject } from '../lib/json.ts'
import { defineBackend, type SearchHit } from './define.ts'
import { baseUrlOf, callJson, credentialOf, dollarsToNanos, joined, objects, overfetch, plain, textOf } from './wire.ts'

const BASE = 'https://api.exa.ai'
const MAX_RESULTS = 30

export const exa = defineBackend({
  id: 'exa',
  label: 'Exa',
  docs: 'https://docs.exa.ai/reference/search',
  credential: 'required',
  credentialEnv: ['EXA_API_KEY'],
  baseUrl: BASE,
  settings: [{ name: 'type', label: 'Search type (auto, fast, neural)', required: false, default: 'auto' }],
  priceNanosPerSearch: 5_000_000,
  filters: { allow: true, block: true, location: true, timeRange: true },
  maxQueryLength: 2000,
  maxResults: MAX_RESULTS,
  returnsText: true,
  async search(query, io) {
    const body: JsonObject = {
      query: query.query,
      type: io.account.settings.type ?? 'auto',
      numResults: overfetch(query, { maxResults: MAX_RESULTS, nativeFilters: true }),
      contents: { text: { maxCharacters: 8000 }, highlights: true },
      ...(query.allowedDomains?.length && { includeDomains: [...query.allowedDomains] }),
      ...(query.blockedDomains?.length && { excludeDomains: [...query.blockedDomains] }),
      ...(query.location?.country && { userLocation: query.location.country }),
      ...(query.timeRange && {
        startPublishedDate: new Date(query.timeRange.startMs).toISOString(),
        endPublishedDate: new Date(query.timeRange.endMs).toISOString(),
      }),
    }
    const answer = await callJson(io, {
      method: 'POST',
      url: `${baseUrlOf(io, BASE)}/search`,
      headers: { 'content-type': 'application/json', 'x-api-key': credentialOf(io) },
      body: JSON.stringify(body),
    })
    const costNanos = dollarsToNanos(asObject(answer.costDollars)?.total)
    const requestId = textOf(answer.requestId)
    return {
      results: objects(answer.results).flatMap((item) => hit(item)),
      ...(costNanos !== undefined && { costNanos }),
      ...(requestId !== undefined && { requestId }),
    }
  },
})

function hit(item: JsonObject): SearchHit[] {
  const url = textOf(item.url)
  if (url === undefined) return []
  const text = textOf(item.text)
  const snippet = plain(joined(item.highlights))
  const published = textOf(item.publishedDate)
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
