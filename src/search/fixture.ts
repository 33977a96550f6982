// A small corpus inside the program, ranked by BM25: for the sandbox, for tests and for a first look without
// network or account. It filters nothing by itself, which is what tests of the caller's filter need.

import { bm25 } from '../lib/bm25.ts'
import { defineBackend, type SearchHit } from './define.ts'
import { SearchError } from './errors.ts'
import general from './fixtures/corpus-general.json' with { type: 'json' }
import software from './fixtures/corpus-software.json' with { type: 'json' }

export interface FixtureDocument {
  readonly url: string
  readonly title: string
  /** `YYYY-MM-DD`. */
  readonly date: string
  readonly text: string
}

export const fixtureDocuments: readonly FixtureDocument[] = Object.freeze([...software, ...general])

const rank = bm25(fixtureDocuments, ({ title, text, url }) => `${title} ${title} ${text} ${url}`)

/** Queries that make the backend fail, so that every error can be tried by hand. */
const FAILURES: Readonly<Record<string, () => SearchError>> = {
  'test/429': () => new SearchError('rate_limited', 'fixture: asked to be limited', { retryAfterMs: 1000 }),
  'test/timeout': () => new SearchError('timeout', 'fixture: asked to time out'),
  'test/unavailable': () => new SearchError('unavailable', 'fixture: asked to fail'),
  'test/bad-query': () => new SearchError('bad_query', 'fixture: asked to refuse the query'),
}

const MAX_QUERY = 1000

export const fixture = defineBackend({
  id: 'fixture',
  label: 'Built-in sample corpus',
  docs: 'https://en.wikipedia.org/wiki/Okapi_BM25',
  credential: 'none',
  credentialEnv: [],
  settings: [],
  priceNanosPerSearch: 0,
  filters: { allow: false, block: false, location: false, timeRange: false },
  maxQueryLength: MAX_QUERY,
  maxResults: 50,
  returnsText: true,
  async search(query) {
    const failure = FAILURES[query.query.trim()]
    if (failure !== undefined) throw failure()
    if (query.query.length > MAX_QUERY) throw new SearchError('query_too_long', 'fixture: the query is too long')
    return { results: fixtureSearch(query.query) }
  },
})

/** Every document that shares a word with the query, best first. */
export function fixtureSearch(query: string): SearchHit[] {
  return rank(query).map(({ item, score }) => ({ url: item.url, title: item.title, text: item.text, publishedAt: item.date, score }))
}
