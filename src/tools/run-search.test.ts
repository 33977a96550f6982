import { describe, expect, test } from 'bun:test'
import { backendById, type SearchBackend, SearchError, type SearchHit, type SearchQuery } from '../search/index.ts'
import { type DomainRule, parseDomain, permits } from './domains.ts'
import { runSearch, type SearchAttempt, type SearchDeps, SearchMemory, type SearchRoute } from './run-search.ts'
import type { SearchToolSettings } from './settings.ts'

const rule = (entry: string): DomainRule => parseDomain(entry) as DomainRule
const settings = (extra: Partial<SearchToolSettings> = {}): SearchToolSettings => ({
  kind: 'web-search',
  format: 'anthropic-messages',
  rules: { allowed: [], blocked: [] },
  responseInclusion: 'full',
  contextTokens: 8000,
  always: false,
  ...extra,
})
const fixture = backendById('fixture') as SearchBackend
const account = (name: string) => ({ name, settings: {} })
const route = (name: string, search: SearchBackend['search'], extra: Partial<SearchBackend> = {}): SearchRoute => ({
  account: account(name),
  backend: { ...fixture, search, ...extra },
})
const failing = (name: string, code: 'rate_limited' | 'timeout' | 'auth' | 'bad_query' | 'unavailable' | 'query_too_long') =>
  route(name, () => Promise.reject(new SearchError(code, name)))
const hits = (...urls: string[]): SearchHit[] => urls.map((url) => ({ url, title: url, text: `Text of ${url}.` }))
const answering = (name: string, ...urls: string[]) => route(name, async () => ({ results: hits(...urls) }))

function deps(routes: SearchRoute[], extra: Partial<SearchDeps> = {}) {
  const attempts: SearchAttempt[] = []
  const value: SearchDeps = {
    routes,
    call: () => Promise.reject(new Error('no network')),
    nowMs: () => 0,
    observe: (attempt) => attempts.push(attempt),
    ...extra,
  }
  return { value, attempts }
}
const built = { account: account('built-in'), backend: fixture }

describe('queries', () => {
  test('over the built-in corpus', async () => {
    const { value, attempts } = deps([built])
    const outcome = await runSearch('How do I update a web app to TypeScript 5.5?', settings(), value)
    expect(outcome.ok && outcome.evidence).toHaveLength(10)
    expect(outcome).toMatchObject({ ok: true, backend: 'built-in', costNanos: 0, fromMemory: false })
    expect(attempts).toMatchObject([{ name: 'built-in', backendId: 'fixture', outcome: 'ok' }])
  })

  test('nothing found is no error', async () => {
    expect(await runSearch('zxqv wplk', settings(), deps([built]).value)).toMatchObject({ ok: true, evidence: [] })
  })

  test.each<[unknown, string]>([
    ['', 'invalid_tool_input'],
    ['   ', 'invalid_tool_input'],
    [undefined, 'invalid_tool_input'],
    [null, 'invalid_tool_input'],
    [7, 'invalid_tool_input'],
    [{ query: 'x' }, 'invalid_tool_input'],
    ['q '.repeat(600), 'query_too_long'],
    ['test/429', 'too_many_requests'],
    ['test/timeout', 'unavailable'],
    ['test/unavailable', 'unavailable'],
    ['test/bad-query', 'invalid_tool_input'],
  ])('%p gives %s', async (query, errorCode) => {
    expect(await runSearch(query, settings(), deps([built]).value)).toEqual({ ok: false, errorCode: errorCode as 'unavailable' })
  })

  test('far too many domain entries', async () => {
    const allowed = Array.from({ length: 1001 }, (_, i) => rule(`s${i}.example`))
    expect(await runSearch('x', settings({ rules: { allowed, blocked: [] } }), deps([built]).value)).toEqual({
      ok: false,
      errorCode: 'request_too_large',
    })
  })

  test('no backend', async () => {
    expect(await runSearch('x', settings(), deps([]).value)).toEqual({ ok: false, errorCode: 'unavailable' })
  })
})

describe('filters hold whatever the backend returns', () => {
  const urls = [
    'https://a.example.com/docs/1',
    'https://example.com.evil.example/',
    'https://a.example.com/private',
    'https://other.example/',
    'javascript:x',
  ]
  test.each<[string[], string[], string[]]>([
    [[], [], [urls[0] as string, urls[1] as string, urls[2] as string, urls[3] as string]],
    [['example.com'], [], [urls[0] as string, urls[2] as string]],
    [['example.com/docs'], [], [urls[0] as string]],
    [[], ['example.com', 'evil.example'], [urls[3] as string]],
    [['nowhere.example'], [], []],
  ])('allow %j, block %j', async (allowed, blocked, expected) => {
    const rules = { allowed: allowed.map(rule), blocked: blocked.map(rule) }
    const outcome = await runSearch('text', settings({ rules }), deps([answering('a', ...urls)]).value)
    expect(outcome.ok && outcome.evidence.map(({ url }) => url).sort()).toEqual(expected.sort())
  })
  test('over the corpus', async () => {
    const rules = { allowed: [rule('example.com')], blocked: [] }
    const outcome = await runSearch('TypeScript update npm', settings({ rules }), deps([built]).value)
    expect(outcome.ok && outcome.evidence.length > 0 && outcome.evidence.every(({ url }) => permits(rules, url))).toBe(true)
  })
  test('are passed on as well', async () => {
    let seen: SearchQuery | undefined
    const spy = route('s', async (query) => {
      seen = query
      return { results: [] }
    })
    await runSearch(
      'x',
      settings({ rules: { allowed: [rule('bücher.example/a/*')], blocked: [] }, location: { country: 'DE' } }),
      deps([spy]).value,
    )
    expect(seen).toMatchObject({ allowedDomains: ['xn--bcher-kva.example/a'], location: { country: 'DE' }, limit: 10 })
  })
})

describe('fail-over', () => {
  test('the next backend answers, every try is told', async () => {
    const { value, attempts } = deps([failing('one', 'timeout'), failing('two', 'rate_limited'), answering('three', 'https://a.example/')])
    expect(await runSearch('x', settings(), value)).toMatchObject({ ok: true, backend: 'three' })
    expect(attempts.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['one', 'timeout'],
      ['two', 'rate_limited'],
      ['three', 'ok'],
    ])
  })
  test('the last failure is the one told', async () => {
    expect(await runSearch('x', settings(), deps([failing('a', 'timeout'), failing('b', 'rate_limited')]).value)).toEqual({
      ok: false,
      errorCode: 'too_many_requests',
    })
    expect(await runSearch('x', settings(), deps([failing('a', 'rate_limited'), failing('b', 'auth')]).value)).toEqual({
      ok: false,
      errorCode: 'unavailable',
    })
  })
  test('a broken backend is a failure, not a crash', async () => {
    const broken = route('broken', () => Promise.reject(new TypeError('bug')))
    expect(await runSearch('x', settings(), deps([broken]).value)).toEqual({ ok: false, errorCode: 'unavailable' })
  })
  test('backends over their budget are left out', async () => {
    const { value } = deps([answering('one', 'https://1.example/'), answering('two', 'https://2.example/')], {
      usable: ({ account }) => account.name !== 'one',
    })
    expect(await runSearch('x', settings(), value)).toMatchObject({ ok: true, backend: 'two' })
    expect(await runSearch('x', settings(), { ...value, usable: () => false })).toEqual({ ok: false, errorCode: 'unavailable' })
  })
  test('one that never answers times out', async () => {
    const silent: SearchRoute = { ...route('silent', () => new Promise(() => {})), timeoutMs: 20 }
    expect(await runSearch('x', settings(), deps([silent]).value)).toEqual({ ok: false, errorCode: 'unavailable' })
  })
  test('a client that leaves stops everything', async () => {
    const client = new AbortController()
    const { value, attempts } = deps([route('slow', () => new Promise(() => {})), answering('two', 'https://2.example/')], {
      signal: client.signal,
    })
    const running = runSearch('x', settings(), value)
    client.abort(Object.assign(new Error('left'), { name: 'AbortError' }))
    await expect(running).rejects.toThrow('left')
    expect(attempts).toEqual([])
  })
})

describe('cost', () => {
  test.each<[string, number | undefined, number | undefined, number]>([
    ['what the service says', 700, 600, 700],
    ["the operator's price", undefined, 600, 600],
    ["the definition's price", undefined, undefined, 500],
  ])('%s', async (_, told, priced, expected) => {
    const paid: SearchRoute = {
      ...route('p', async () => ({ results: hits('https://a.example/'), ...(told !== undefined && { costNanos: told }) }), {
        priceNanosPerSearch: 500,
      }),
      ...(priced !== undefined && { priceNanos: priced }),
    }
    const { value, attempts } = deps([paid])
    expect(await runSearch('x', settings(), value)).toMatchObject({ costNanos: expected })
    expect(attempts[0]?.costNanos).toBe(expected)
  })
  test('failures are free', async () => {
    const { value, attempts } = deps([{ ...failing('a', 'unavailable'), priceNanos: 9 }])
    await runSearch('x', settings(), value)
    expect(attempts[0]?.costNanos).toBe(0)
  })
})

describe('memory', () => {
  const counted = () => {
    let count = 0
    const search: SearchBackend['search'] = async () => {
      count++
      await Promise.resolve()
      return { results: hits('https://a.example/', 'https://b.example/') }
    }
    const paid = route('p', search, { priceNanosPerSearch: 500 })
    return { paid, asked: () => count }
  }
  test('equal queries are asked once, also at the same time, and cost once', async () => {
    const { paid, asked } = counted()
    const { value } = deps([paid], { memory: new SearchMemory() })
    const both = await Promise.all([runSearch('Some Query', settings(), value), runSearch(' some  query ', settings(), value)])
    expect(both.map((outcome) => outcome.ok && outcome.costNanos)).toEqual([500, 0])
    expect(await runSearch('some query', settings(), value)).toMatchObject({ fromMemory: true, costNanos: 0 })
    expect(asked()).toBe(1)
    await runSearch('some query', settings(), { ...value, nowMs: () => 6 * 60_000 })
    expect(asked()).toBe(2)
  })
  test('other filters are another question', async () => {
    const { paid, asked } = counted()
    const { value } = deps([paid], { memory: new SearchMemory() })
    await runSearch('q', settings({ rules: { allowed: [rule('a.example/*/x')], blocked: [] } }), value)
    const outcome = await runSearch('q', settings({ rules: { allowed: [rule('a.example')], blocked: [] } }), value)
    expect(outcome.ok && outcome.evidence.map(({ url }) => url)).toEqual(['https://a.example/'])
    expect(asked()).toBe(2)
  })
  test('failures are not kept', async () => {
    const { value } = deps([failing('a', 'timeout')], { memory: new SearchMemory() })
    await runSearch('q', settings(), value)
    expect(await runSearch('q', settings(), { ...value, routes: [answering('a', 'https://a.example/')] })).toMatchObject({ ok: true })
  })
})

describe('snippets', () => {
  const snippets = (count: number) =>
    route(
      's',
      async () => ({ results: Array.from({ length: count }, (_, i) => ({ url: `https://s${i}.example/`, title: 't', snippet: 'short' })) }),
      { returnsText: false },
    )
  test('the first pages are read', async () => {
    const read: string[] = []
    const readText = async (url: string) => {
      read.push(url)
      return url.includes('s1') ? undefined : `The long text of ${url}.`
    }
    const { value } = deps([snippets(8)], { readText })
    const outcome = await runSearch('text', settings(), value)
    expect(read).toHaveLength(5)
    const passages = outcome.ok ? Object.fromEntries(outcome.evidence.map(({ url, passages }) => [url, passages[0]])) : {}
    expect(passages['https://s0.example/']).toBe('The long text of https://s0.example/.')
    expect(passages['https://s1.example/']).toBe('short')
    expect(passages['https://s7.example/']).toBe('short')
  })
  test('a page that fails or hangs leaves its snippet', async () => {
    const { value } = deps([snippets(2)], {
      readText: (url) => (url.includes('s0') ? Promise.reject(new Error('x')) : new Promise(() => {})),
    })
    const outcome = await runSearch('text', settings(), value)
    expect(outcome.ok && outcome.evidence.map(({ passages }) => passages)).toEqual([['short'], ['short']])
  }, 30_000)
})
