// `POST /v1/search` of the running program over scripted services on real sockets: what is sent, what comes back, what
// happens when a service fails, and what is left in log and metrics.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'

let searx: ScriptedUpstream
let tavily: ScriptedUpstream
let pages: ScriptedUpstream
let running: Running

// As SearXNG 2026 answers `/search?format=json`, the members we do not read included.
const searxAnswer = (...results: { url: string; title: string; content: string; publishedDate?: string }[]): object => ({
  query: 'q',
  number_of_results: 0,
  results: results.map((result, index) => ({
    engine: 'mojeek',
    engines: ['mojeek'],
    template: 'default.html',
    parsed_url: ['https', new URL(result.url).host, new URL(result.url).pathname, '', '', ''],
    positions: [index + 1],
    thumbnail: null,
    priority: '',
    publishedDate: null,
    score: 1 / (index + 1),
    category: 'general',
    ...result,
  })),
  answers: [],
  corrections: [],
  infoboxes: [],
  suggestions: [],
  unresponsive_engines: [],
})

const tavilyAnswer = (...urls: string[]): object => ({
  query: 'q',
  answer: null,
  images: [],
  results: urls.map((url) => ({
    url,
    title: `At ${url}`,
    content: 'A short summary.',
    raw_content: 'The whole text of the page about otters.',
    score: 0.8,
  })),
  response_time: 0.4,
  request_id: 'r-1',
})

beforeAll(async () => {
  searx = startUpstream()
  tavily = startUpstream()
  pages = startUpstream()
  running = await startSwitchyard({
    config: `
local_servers: false
channels:
  - { name: real, provider: openai-compatible, base_url: "${searx.url}/v1", credential: sk-up, models: [m] }
search:
  - { name: searx, backend: searxng, base_url: "${searx.url}", settings: { safesearch: 1, language: en }, timeout_seconds: 0.5 }
  - { name: paid, backend: tavily, base_url: "${tavily.url}", credential: env:MY_TAVILY, price_per_search: 0.004 }
web:
  allow_hosts: ["${new URL(pages.url).host}"]
`,
    environment: { MY_TAVILY: 'tvly-secret-value' },
  })
})
afterAll(async () => {
  await running.stop()
  for (const each of [searx, tavily, pages]) each.stop()
})
afterEach(() => {
  for (const each of [searx, tavily, pages]) each.received.length = 0
})

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly json: {
    readonly id: string
    readonly object: string
    readonly query: string
    readonly backend: string
    readonly results: { title: string; url: string; snippet: string; text: string; page_age: string | null }[]
    readonly usage: { searches: number; cost: string }
    readonly error?: { message: string; type: string; param: string | null; code: string | null }
  }
}

let asked = 0

/** Equal queries are answered from memory, so each test asks with words of its own. */
const fresh = (words = 'otters'): string => `${words} ${++asked}`

async function search(body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  const response = await fetch(`${running.url}/v1/search`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answered['json'] }
}

const detail = async (id: string | null): Promise<Record<string, unknown>> =>
  (await (await fetch(`${running.url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${running.key}` } })).json()) as Record<
    string,
    unknown
  >

describe('an answer', () => {
  test('is in our form, with what SearXNG found', async () => {
    searx.answer({
      body: searxAnswer({
        url: 'https://otters.example/life',
        title: 'The <b>otter</b>',
        content: 'Otters hold hands.',
        publishedDate: '2026-10-02T00:00:00',
      }),
    })
    const query = fresh()
    const { status, json, headers } = await search({ query })
    expect(status).toBe(200)
    expect(json).toMatchObject({ object: 'search.results', query, backend: 'searx', usage: { searches: 1, cost: '0' } })
    expect(json.id).toMatch(/^search_/)
    expect(json.results).toEqual([
      {
        title: 'The otter',
        url: 'https://otters.example/life',
        snippet: 'Otters hold hands.',
        text: 'Otters hold hands.',
        page_age: 'October 2, 2026',
      },
    ])
    const sent = new URL(searx.received[0]?.path as string, searx.url)
    expect(sent.pathname).toBe('/search')
    expect(Object.fromEntries(sent.searchParams)).toEqual({ q: query, format: 'json', safesearch: '1', language: 'en' })
    expect(headers.get('x-switchyard-cost')).toBe('0')
    expect(await detail(headers.get('x-request-id'))).toMatchObject({
      format: 'search',
      outcome: 'ok',
      searches: [{ backend: 'searx', outcome: 'ok', cost: '0' }],
      usage: { web_searches: 1 },
    })
  })

  test('holds the text of pages where only snippets came, read through the guard', async () => {
    pages.answer(({ path }) =>
      path === '/otters'
        ? { body: '<title>T</title><p>Otters sleep on their backs in kelp forests.</p>', headers: { 'content-type': 'text/html' } }
        : { status: 404 },
    )
    const private_ = `http://127.0.0.1:${new URL(tavily.url).port}/secret`
    searx.answer({
      body: searxAnswer(
        { url: `${pages.url}/otters`, title: 'Here', content: 'Otters.' },
        { url: private_, title: 'There', content: 'Otters there.' },
      ),
    })
    const { json } = await search({ query: fresh('where do otters sleep') })
    expect(json.results.map(({ text }) => text).sort()).toEqual(['Otters sleep on their backs in kelp forests.', 'Otters there.'])
    expect(pages.received.map(({ path }) => path)).toEqual(['/otters'])
    expect(tavily.received).toEqual([])
  })

  test('keeps to the domain lists whatever the service returns', async () => {
    const body = searxAnswer(
      ...['https://a.example/1', 'https://sub.a.example/2', 'https://b.example/3', 'https://xa.example/4'].map((url) => ({
        url,
        title: url,
        content: 'otters',
      })),
    )
    searx.answer({ body })
    const allowed = await search({ query: fresh(), allowed_domains: ['a.example'] })
    expect(allowed.json.results.map(({ url }) => url).sort()).toEqual(['https://a.example/1', 'https://sub.a.example/2'])
    expect(searx.received[0]?.path).toContain('site%3Aa.example')
    const blocked = await search({ query: fresh(), blocked_domains: ['a.example'] })
    expect(blocked.json.results.map(({ url }) => url).sort()).toEqual(['https://b.example/3', 'https://xa.example/4'])
  })

  test('holds as many results as were asked for', async () => {
    searx.answer({
      body: searxAnswer(
        ...Array.from({ length: 25 }, (_, n) => ({ url: `https://s${n}.example/`, title: `${n}`, content: `otter number ${n}` })),
      ),
    })
    expect((await search({ query: fresh() })).json.results).toHaveLength(10)
    expect((await search({ query: fresh(), max_results: 3 })).json.results).toHaveLength(3)
    expect((await search({ query: fresh(), max_results: 20 })).json.results).toHaveLength(20)
  })

  test('to an equal query comes from memory and costs nothing again', async () => {
    tavily.answer({ body: tavilyAnswer('https://otters.example/a') })
    const query = fresh()
    const first = await search({ query, backend: 'paid' })
    const second = await search({ query, backend: 'paid' })
    expect([first.json.usage.cost, second.json.usage.cost]).toEqual(['0.004', '0'])
    expect(second.json.results).toEqual(first.json.results)
    expect(tavily.received).toHaveLength(1)
    expect(tavily.received[0]?.headers.get('authorization')).toBe('Bearer tvly-secret-value')
  })

  test('tells the place to services that take one', async () => {
    tavily.answer({ body: tavilyAnswer('https://otters.example/a') })
    await search({ query: fresh(), backend: 'paid', user_location: { country: 'de', city: 'Bonn' } })
    expect(tavily.received[0]?.json).toMatchObject({ country: 'germany' })
  })
})

describe('fail-over', () => {
  const paidAnswers = (): void => tavily.answer({ body: tavilyAnswer('https://otters.example/b') })

  test('goes to the next backend after a failure, and both tries are on record', async () => {
    paidAnswers()
    searx.answer({ status: 500, body: 'broken' })
    const { json, headers } = await search({ query: fresh() })
    expect(json).toMatchObject({ backend: 'paid', usage: { searches: 1, cost: '0.004' } })
    expect(headers.get('x-switchyard-cost')).toBe('0.004')
    expect(await detail(headers.get('x-request-id'))).toMatchObject({
      searches: [
        { backend: 'searx', outcome: 'unavailable', cost: '0' },
        { backend: 'paid', outcome: 'ok', cost: '0.004' },
      ],
    })
  })

  test('after an empty answer too', async () => {
    paidAnswers()
    searx.answer({ body: searxAnswer() })
    expect((await search({ query: fresh() })).json.backend).toBe('paid')
  })

  test('when all fail the last failure is told, in OpenAI’s shape and without addresses', async () => {
    searx.answer({ status: 200, body: '<html>not json</html>' })
    tavily.answer({ status: 401, body: { detail: { error: 'Unauthorized: invalid key tvly-secret-value' } } })
    const failed = await search({ query: fresh() })
    expect(failed.status).toBe(502)
    expect(failed.json.error).toMatchObject({ message: 'No search backend answered.' })
    expect(JSON.stringify(failed.json)).not.toContain('127.0.0.1')
    expect(await detail(failed.headers.get('x-request-id'))).toMatchObject({ outcome: 'error', error: 'upstream_error' })
    expect(running.output()).not.toContain('tvly-secret-value')
  })

  test('a service that limits is a 429', async () => {
    tavily.answer({ status: 429, body: {} })
    const limited = await search({ query: fresh(), backend: 'paid' })
    expect(limited.status).toBe(429)
    expect(limited.json.error?.message).toContain('limiting')
  })

  // Last of its group: the backend that hung is asked last for a while.
  test('a backend that hangs is left after its timeout and asked last from then on', async () => {
    paidAnswers()
    searx.answer({ pieces: ['hang'] })
    const startedMs = performance.now()
    expect((await search({ query: fresh() })).json.backend).toBe('paid')
    expect(performance.now() - startedMs).toBeGreaterThan(450)
    expect(searx.received).toHaveLength(1)
    expect((await search({ query: fresh() })).json.backend).toBe('paid')
    expect(searx.received).toHaveLength(1)
  })
})

describe('a request', () => {
  const wrong: [string, unknown, string | null][] = [
    ['no query', {}, 'query'],
    ['null query', { query: null }, 'query'],
    ['blank query', { query: ' \n' }, 'query'],
    ['a list of queries', { query: ['a'] }, 'query'],
    ['a number', { query: 7 }, 'query'],
    ['too long a query', { query: 'x'.repeat(5000) }, 'query'],
    ['no results wanted', { query: 'a', max_results: 0 }, 'max_results'],
    ['too many results', { query: 'a', max_results: 21 }, 'max_results'],
    ['half a result', { query: 'a', max_results: 1.5 }, 'max_results'],
    ['a domain with scheme', { query: 'a', allowed_domains: ['https://a.example'] }, 'allowed_domains[0]'],
    ['a wildcard host', { query: 'a', blocked_domains: ['*.example.com'] }, 'blocked_domains[0]'],
    ['domains of another type', { query: 'a', allowed_domains: 'a.example' }, 'allowed_domains'],
    ['a domain of another type', { query: 'a', allowed_domains: [null] }, 'allowed_domains[0]'],
    ['an empty place', { query: 'a', user_location: {} }, 'user_location'],
    ['a wrong country', { query: 'a', user_location: { country: 'Germany' } }, 'user_location.country'],
    ['an unknown backend', { query: 'a', backend: 'nope' }, 'backend'],
    ['a backend of another type', { query: 'a', backend: {} }, 'backend'],
    ['too many domains', { query: 'a', blocked_domains: Array.from({ length: 1001 }, (_, n) => `a${n}.example`) }, 'allowed_domains'],
    ['a list', [1], null],
    ['no JSON', '{"query": ', null],
    ['nothing', '', null],
  ]
  for (const [what, body, param] of wrong) {
    test(`with ${what} is a 400 that names the place`, async () => {
      const { status, json } = await search(body)
      expect(status).toBe(400)
      expect(json.error).toMatchObject({ type: 'invalid_request_error', param })
      expect(searx.received.length + tavily.received.length).toBe(0)
    })
  }

  test('needs a key, and POST', async () => {
    expect((await search({ query: 'a' }, { authorization: 'Bearer sk-wrong' })).status).toBe(401)
    const get = await fetch(`${running.url}/v1/search?query=a`, { headers: { authorization: `Bearer ${running.key}` } })
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('that is given up ends the search', async () => {
    tavily.answer({ pieces: ['hang'] })
    const given = new AbortController()
    const before = tavily.aborted()
    const promise = fetch(`${running.url}/v1/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.key}` },
      body: JSON.stringify({ query: fresh(), backend: 'paid' }),
      signal: given.signal,
    })
    setTimeout(() => given.abort(), 150)
    await expect(promise).rejects.toThrow()
    for (let i = 0; i < 100 && tavily.aborted() === before; i++) await Bun.sleep(10)
    expect(tavily.aborted()).toBe(before + 1)
  })
})

test('metrics tell tries, failures, time and cost of each backend', async () => {
  const text = await (await fetch(`${running.url}/metrics`)).text()
  expect(text).toMatch(/switchyard_searches_total\{backend="searx",outcome="ok"\} [1-9]/)
  expect(text).toMatch(/switchyard_searches_total\{backend="searx",outcome="timeout"\} 1/)
  expect(text).toMatch(/switchyard_searches_total\{backend="paid",outcome="auth"\} 1/)
  expect(text).toMatch(/switchyard_search_seconds_count\{backend="paid"\} [1-9]/)
  expect(text).toMatch(/switchyard_search_cost_dollars_total\{backend="paid"\} 0\.0\d+/)
  expect(text).toMatch(/switchyard_exchanges_total\{format="search",outcome="ok",code=""\} [1-9]/)
  expect(text).not.toContain('otters')
})
