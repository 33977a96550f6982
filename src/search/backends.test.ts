import { describe, expect, test } from 'bun:test'
import type { DocumentHit, DocumentQuery } from '../core/document-index.ts'
import { Secret } from '../lib/secret.ts'
import braveReply from './fixtures/brave.response.json' with { type: 'json' }
import exaReply from './fixtures/exa.response.json' with { type: 'json' }
import searxngReply from './fixtures/searxng.response.json' with { type: 'json' }
import serperReply from './fixtures/serper.response.json' with { type: 'json' }
import tavilyReply from './fixtures/tavily.response.json' with { type: 'json' }
import {
  type BackendId,
  backendById,
  backends,
  fixtureDocuments,
  type SearchCall,
  SearchError,
  type SearchIo,
  type SearchQuery,
} from './index.ts'

const REPLIES: Partial<Record<BackendId, unknown>> = {
  searxng: searxngReply,
  tavily: tavilyReply,
  brave: braveReply,
  exa: exaReply,
  serper: serperReply,
}
const HTTP = Object.keys(REPLIES) as BackendId[]

function io(
  answer: unknown,
  options: { status?: number; headers?: Record<string, string>; settings?: Record<string, string>; key?: string | null } = {},
) {
  const calls: SearchCall[] = []
  const value: SearchIo = {
    account: {
      name: 'main',
      baseUrl: 'http://backend.test/',
      settings: options.settings ?? {},
      ...(options.key !== null && { credential: new Secret(options.key ?? 'k-secret') }),
    },
    call: async (request) => {
      calls.push(request)
      if (answer instanceof Error) throw answer
      return {
        status: options.status ?? 200,
        headers: new Headers(options.headers),
        text: typeof answer === 'string' ? answer : JSON.stringify(answer),
      }
    },
  }
  return { value, calls }
}

const run = (id: BackendId, query: Partial<SearchQuery>, using: SearchIo) => {
  const backend = backendById(id)
  if (backend === undefined) throw new Error(id)
  return backend.search({ query: 'typescript 5.5', limit: 10, ...query }, using)
}
const failure = async (promise: Promise<unknown>): Promise<SearchError> => {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof SearchError) return thrown
    throw thrown
  }
  throw new Error('did not fail')
}

describe('every backend', () => {
  test('has an id of its own and whole data', () => {
    expect(new Set(backends.map(({ id }) => id)).size).toBe(backends.length)
    for (const backend of backends) {
      expect(backend.docs).toStartWith('https://')
      expect(Number.isInteger(backend.priceNanosPerSearch)).toBe(true)
      expect(backend.maxQueryLength).toBeGreaterThan(100)
      expect(Object.isFrozen(backend)).toBe(true)
    }
  })

  for (const id of HTTP) {
    test(`${id} reads the documented answer`, async () => {
      const { value, calls } = io(REPLIES[id])
      const { results } = await run(id, {}, value)
      expect(results).toMatchSnapshot()
      expect(calls).toHaveLength(1)
      expect(calls[0]?.url).toStartWith('http://backend.test/')
      expect(calls[0]?.url).not.toContain('k-secret')
    })

    test(`${id} classifies failures`, async () => {
      const table: [number, string][] = [
        [400, 'bad_query'],
        [401, 'auth'],
        [429, 'rate_limited'],
        [500, 'unavailable'],
        [502, 'unavailable'],
        [504, 'timeout'],
        [302, 'unavailable'],
      ]
      for (const [status, code] of table) expect((await failure(run(id, {}, io('{}', { status }).value))).code).toBe(code as 'auth')
      expect((await failure(run(id, {}, io('{}', { status: 429, headers: { 'retry-after': '7' } }).value))).retryAfterMs).toBe(7000)
      expect((await failure(run(id, {}, io(Object.assign(new Error('x'), { name: 'TimeoutError' })).value))).code).toBe('timeout')
      expect((await failure(run(id, {}, io(new TypeError('socket')).value))).code).toBe('unavailable')
      await expect(run(id, {}, io(Object.assign(new Error('gone'), { name: 'AbortError' })).value)).rejects.toThrow('gone')
    })

    test(`${id} survives garbage`, async () => {
      for (const text of ['', 'null', '[]', '"x"', '<html>', '7'])
        expect((await failure(run(id, {}, io(text).value))).code).toBe('unavailable')
      const odd = { results: [null, 1, 'x', [], {}, { url: 7 }, { link: null }], organic: { a: 1 }, web: { results: 'x' }, costDollars: 3 }
      expect((await run(id, {}, io(odd).value)).results).toEqual([])
    })
  }

  test('without a credential the keyed ones say so, and never print one', async () => {
    for (const id of ['tavily', 'brave', 'exa', 'serper'] as const) {
      const error = await failure(run(id, {}, io({}, { key: null }).value))
      expect(error.code).toBe('auth')
      expect(error.message).toContain('main')
    }
    const refused = await failure(run('brave', {}, io({}, { status: 401 }).value))
    expect(refused.message).not.toContain('k-secret')
  })
})

describe('requests', () => {
  const filtered: Partial<SearchQuery> = {
    allowedDomains: ['example.com', 'docs.example.org/guide'],
    blockedDomains: ['bad.example.net', 'example.com/private'],
    location: { city: 'Berlin', country: 'DE' },
  }
  const q = (call: SearchCall | undefined): string => new URL(call?.url ?? '').searchParams.get('q') ?? ''
  const body = (call: SearchCall | undefined) => JSON.parse(call?.body ?? '{}')

  test('operators where there are no filter fields', async () => {
    const { value, calls } = io(searxngReply)
    await run('searxng', filtered, value)
    expect(q(calls[0])).toBe('typescript 5.5 (site:example.com OR site:docs.example.org) -site:bad.example.net')
    const long = io(braveReply)
    await run('brave', { query: 'x'.repeat(390), allowedDomains: ['example.com'] }, long.value)
    expect(q(long.calls[0])).toBe('x'.repeat(390))
  })

  test('fields where there are some', async () => {
    const tavily = io(tavilyReply)
    await run('tavily', filtered, tavily.value)
    expect(body(tavily.calls[0])).toMatchObject({
      include_domains: ['example.com', 'docs.example.org'],
      exclude_domains: ['bad.example.net'],
      country: 'germany',
      max_results: 20,
    })
    const exa = io(exaReply)
    const answer = await run('exa', filtered, exa.value)
    expect(body(exa.calls[0])).toMatchObject({ excludeDomains: ['bad.example.net', 'example.com/private'], userLocation: 'DE' })
    expect(answer.costNanos).toBe(6_000_000)
    const serper = io(serperReply)
    await run('serper', filtered, serper.value)
    expect(body(serper.calls[0])).toMatchObject({ gl: 'de', location: 'Berlin, Germany', num: 30 })
  })

  test('tavily without a key only when the operator chose it', async () => {
    const { value, calls } = io(tavilyReply, { key: null, settings: { keyless: 'true' } })
    await run('tavily', {}, value)
    expect(calls[0]?.headers).toMatchObject({ 'x-tavily-access-mode': 'keyless' })
    expect(calls[0]?.headers.authorization).toBeUndefined()
  })

  test('searxng without an address, and with JSON switched off', async () => {
    const { value } = io(searxngReply)
    const bare: SearchIo = { account: { name: 'main', settings: {} }, call: value.call }
    expect((await failure(run('searxng', {}, bare))).message).toContain('base_url')
    expect((await failure(run('searxng', {}, io('', { status: 403 }).value))).code).toBe('auth')
    expect((await failure(run('searxng', {}, io({ results: [], unresponsive_engines: [['a', 'timeout']] }).value))).code).toBe(
      'unavailable',
    )
  })
})

describe('local', () => {
  const hit = (url: string, text: string): DocumentHit => ({ url, title: 'T', text, score: 1, changedMs: Date.UTC(2025, 0, 2) })
  const withIndex = (found: readonly DocumentHit[], seen: DocumentQuery[] = []): SearchIo => ({
    account: { name: 'mine', settings: {} },
    call: () => Promise.reject(new Error('no network')),
    documents: {
      async search(query) {
        seen.push(query)
        return found
      },
      count: async () => found.length,
    },
  })

  test('joins chunks of one document', async () => {
    const seen: DocumentQuery[] = []
    const using = withIndex([hit('https://a.example/1', 'one'), hit('https://a.example/2', 'x'), hit('https://a.example/1', 'two')], seen)
    const { results } = await run('local', { allowedDomains: ['a.example/docs'] }, using)
    expect(results.map(({ url, text }) => [url, text])).toEqual([
      ['https://a.example/1', 'one\n\ntwo'],
      ['https://a.example/2', 'x'],
    ])
    expect(results[0]?.publishedAt).toBe('2025-01-02T00:00:00.000Z')
    expect(seen[0]?.hosts).toEqual(['a.example'])
  })

  test('without an index it is unavailable', async () => {
    const { documents: _, ...none } = withIndex([])
    expect((await failure(run('local', {}, none))).code).toBe('unavailable')
    const broken: SearchIo = { ...none, documents: { search: () => Promise.reject(new Error('disk')), count: async () => 1 } }
    expect((await failure(run('local', {}, broken))).code).toBe('unavailable')
  })
})

describe('fixture', () => {
  const none = io({}).value
  test('holds a varied corpus with addresses of its own', () => {
    expect(fixtureDocuments.length).toBeGreaterThanOrEqual(40)
    expect(new Set(fixtureDocuments.map(({ url }) => url)).size).toBe(fixtureDocuments.length)
    expect(new Set(fixtureDocuments.map(({ url }) => new URL(url).host)).size).toBeGreaterThan(15)
    for (const { date } of fixtureDocuments) expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  test('answers the same way every time, best first', async () => {
    const ask = () => run('fixture', { query: 'How do I update a web app to TypeScript 5.5?' }, none)
    const { results } = await ask()
    expect(results[0]?.url).toBe('https://webdev.example.com/guides/upgrade-typescript-5-5')
    expect(results.slice(0, 4).map(({ url }) => url)).toContain('https://devblogs.microsoft.com/typescript/announcing-typescript-5-5/')
    expect(await ask()).toEqual({ results })
  })

  test('finds Chinese and Japanese text, and nothing for nonsense', async () => {
    expect((await run('fixture', { query: '长城总长度' }, none)).results[0]?.title).toBe('长城')
    expect((await run('fixture', { query: '富士山の標高' }, none)).results[0]?.title).toBe('富士山')
    expect((await run('fixture', { query: 'zxqv wplk' }, none)).results).toEqual([])
  })

  test('fails on demand', async () => {
    expect((await failure(run('fixture', { query: 'test/429' }, none))).code).toBe('rate_limited')
    expect((await failure(run('fixture', { query: 'test/timeout' }, none))).code).toBe('timeout')
    expect((await failure(run('fixture', { query: 'q'.repeat(1001) }, none))).code).toBe('query_too_long')
  })
})
