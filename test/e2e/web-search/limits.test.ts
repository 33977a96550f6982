// Statements 15 to 17 of web search: the client's limit, failures of the backend, and domain lists that hold whatever a
// backend returns.

import { afterAll, describe, expect } from 'bun:test'
import { found, startPages, startSearx } from '../../kit/web-pages.ts'
import { calls, codes, FETCH, fetchResults, fresh, hits, QUERY, SEARCH, searchResults, textOf, webSuite } from '../../kit/web-search.ts'

describe('the limit', () => {
  const { statement } = webSuite()

  statement(15, 'one search more than max_uses', async (it) => {
    it.say([{ search: 'sourdough' }], [{ search: 'heat pumps' }], [{ search: 'Everest' }], ['That is all.'])
    const { message } = await it.messages({ tools: [{ ...SEARCH, max_uses: 2 }] })
    expect(calls(message)).toHaveLength(3)
    expect(codes(message)).toEqual([undefined, undefined, 'max_uses_exceeded'])
    expect(searchResults(message)[2]?.content).toEqual({ type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' })
    expect(message.stop_reason).toBe('end_turn')
    expect(textOf(message)).toBe('That is all.')
    expect(message.usage.server_tool_use?.web_search_requests).toBe(2)
  })

  statement(15, 'calls in parallel over the limit', async (it) => {
    it.say([{ search: 'sourdough' }, { search: 'heat pumps' }, { search: 'Everest' }], ['That is all.'])
    const { message } = await it.messages({ tools: [{ ...SEARCH, max_uses: 1 }] })
    expect(codes(message)).toEqual([undefined, 'max_uses_exceeded', 'max_uses_exceeded'])
    expect(textOf(message)).toBe('That is all.')
  })

  statement(15, 'a model that never stops asking still ends in an answer', async (it) => {
    it.say(({ functions }) => (functions.length > 0 ? [{ search: 'sourdough' }] : ['Enough now.']))
    const { message } = await it.messages({ tools: [{ ...SEARCH, max_uses: 1 }] })
    expect(codes(message).filter((code) => code === undefined)).toHaveLength(1)
    expect(codes(message).at(-1)).toBe('max_uses_exceeded')
    expect(textOf(message)).toBe('Enough now.')
    expect(message.stop_reason).toBe('end_turn')
    expect(it.asked().length).toBeLessThanOrEqual(4)
  })

  statement(15, 'the limit of fetch is its own', async (it) => {
    const bad = 'https://made-up.example.com/'
    it.say([{ fetch: bad }], [{ fetch: bad }], [{ search: 'sourdough' }], ['Done.'])
    const { message } = await it.messages({ tools: [SEARCH, { ...FETCH, max_uses: 1 }] })
    expect(codes(message)).toEqual(['url_not_in_prior_context', 'max_uses_exceeded', undefined])
    expect(fetchResults(message)[1]?.content).toEqual({ type: 'web_fetch_tool_result_error', error_code: 'max_uses_exceeded' })
  })

  for (const [query, code] of [
    ['test/timeout', 'unavailable'],
    ['test/unavailable', 'unavailable'],
    ['test/429', 'too_many_requests'],
    ['', 'invalid_tool_input'],
    ['   ', 'invalid_tool_input'],
    ['test/bad-query', 'invalid_tool_input'],
    ['long '.repeat(400), 'query_too_long'],
  ] as const) {
    statement(16, `${code}: ${JSON.stringify(query.slice(0, 20))}`, async (it) => {
      it.say([{ search: query }], ['I could not look it up.'])
      const { status, message } = await it.messages({})
      expect(status).toBe(200)
      expect(searchResults(message)[0]?.content).toEqual({ type: 'web_search_tool_result_error', error_code: code })
      expect(message.stop_reason).toBe('end_turn')
      expect(textOf(message)).toBe('I could not look it up.')
      expect(it.asked()[1]?.results[0]).toContain(code)
    })
  }

  for (const given of [{}, { query: null }, { query: 7 }, { query: { q: 1 } }, { other: 'x' }, { query: [] }]) {
    statement(16, `a call with ${JSON.stringify(given)} is invalid_tool_input`, async (it) => {
      it.say([{ search: given }], ['My mistake.'])
      const { message } = await it.messages({})
      expect(codes(message)).toEqual(['invalid_tool_input'])
      expect(textOf(message)).toBe('My mistake.')
    })
  }
})

describe('a backend that misbehaves', () => {
  const searx = startSearx()
  const pages = startPages()
  const elsewhere = startPages()
  afterAll(() => {
    for (const server of [searx, pages, elsewhere]) server.stop()
  })
  const { statement } = webSuite({
    config: () => `
search: [{ name: searx, backend: searxng, base_url: "${searx.url}" }]
web: { allow_hosts: ["${pages.host}", "localhost:${new URL(elsewhere.url).port}"], obey_robots: false }
`,
  })

  for (const [title, script, code] of [
    ['500', { status: 500, body: 'oh' }, 'unavailable'],
    ['403', { status: 403, body: 'no json here' }, 'unavailable'],
    ['429', { status: 429, headers: { 'retry-after': '3' }, body: 'slow down' }, 'too_many_requests'],
    ['words instead of JSON', { body: '<html>' }, 'unavailable'],
    ['a cut answer', { headers: { 'content-type': 'application/json' }, pieces: ['{"results":[', 'cut'] }, 'unavailable'],
    ['a list', { body: [1, 2] }, undefined],
    ['results of wrong types', { body: { results: [1, null, { url: 7 }, { url: 'ftp://x/' }, { url: 'not a url' }, {}] } }, undefined],
  ] as const) {
    statement(16, `the backend answers ${title}`, async (it) => {
      searx.answer(script)
      it.say([{ search: fresh('lamps') }], ['Never mind.'])
      const { status, message } = await it.messages({})
      expect(status).toBe(200)
      if (code !== undefined) expect(codes(message)).toEqual([code])
      else expect(hits(message)).toEqual([])
      expect(textOf(message)).toBe('Never mind.')
    })
  }

  statement(
    16,
    'a backend that never answers',
    async (it) => {
      searx.answer({ pieces: ['hang'] })
      it.say([{ search: fresh('lamps') }], ['Never mind.'])
      const started = performance.now()
      const { message } = await it.messages({})
      expect(codes(message)).toEqual(['unavailable'])
      expect(performance.now() - started).toBeLessThan(12_000)
    },
    { upstreams: ['chat'], modes: ['stream'] },
  )

  statement(
    16,
    'pages that never answer cost little time, and the snippet stands in for them',
    async (it) => {
      const slow = pages.put('/never', { headers: { 'content-type': 'text/html' }, pieces: ['<p>first', 'hang'] })
      const good = pages.html('/lamps', 'Lamps', '<p>Lamps burn for 14 hours when they are new and well kept.</p>')
      searx.answer(found({ url: slow, content: 'A snippet says 17 lamps.' }, { url: good, content: 'Lamps.' }))
      it.say([{ search: fresh('lamps') }], ['They burn for 14 hours [2]. There are 17 lamps [1].'])
      const started = performance.now()
      const { message } = await it.messages({})
      expect(performance.now() - started).toBeLessThan(4_500)
      expect(hits(message)).toHaveLength(2)
      expect(it.asked()[1]?.results[0]).toContain('14 hours when they are new')
      expect(it.asked()[1]?.results[0]).toContain('17 lamps')
    },
    { upstreams: ['gemini'], modes: ['stream'] },
  )

  statement(17, 'only allowed domains come through', async (it) => {
    searx.answer(
      found(
        ...[
          'https://lamps.example/a',
          'https://docs.lamps.example/b',
          'https://badlamps.example/c',
          'https://lamps.example.evil.example/d',
        ].map((url) => ({ url })),
        ...[
          'https://LAMPS.example/e',
          'http://lamps.example:8443/f',
          'https://user@lamps2.example/g',
          'https://lamps.example@evil.example/h',
        ].map((url) => ({ url })),
      ),
    )
    it.say([{ search: fresh('lamps') }], ['Lamps were sold 17 times [1].'])
    const { message, text } = await it.messages({ tools: [{ ...SEARCH, allowed_domains: ['lamps.example'] }] })
    expect(
      hits(message)
        .map(({ url }) => new URL(url).hostname)
        .sort(),
    ).toEqual(['docs.lamps.example', 'lamps.example', 'lamps.example', 'lamps.example'])
    expect(text).not.toMatch(/evil|badlamps|lamps2/)
    expect(it.asked()[1]?.text).not.toMatch(/evil|badlamps|lamps2/)
  })

  statement(17, 'a subdomain entry covers only itself', async (it) => {
    searx.answer(
      found(...['https://lamps.example/a', 'https://docs.lamps.example/b', 'https://x.docs.lamps.example/c'].map((url) => ({ url }))),
    )
    it.say([{ search: fresh('lamps') }], ['Fine.'])
    const { message } = await it.messages({ tools: [{ ...SEARCH, allowed_domains: ['docs.lamps.example'] }] })
    expect(hits(message).map(({ url }) => url)).toEqual(['https://docs.lamps.example/b', 'https://x.docs.lamps.example/c'])
  })

  statement(17, 'blocked domains never come through', async (it) => {
    searx.answer(
      found(
        ...['https://spam.example/a', 'https://a.b.SPAM.example/b', 'https://ham.example/c', 'https://ham.example/ads/d'].map((url) => ({
          url,
        })),
      ),
    )
    it.say([{ search: fresh('lamps') }], ['Fine.'])
    const { message } = await it.messages({ tools: [{ ...SEARCH, blocked_domains: ['spam.example', 'ham.example/ads'] }] })
    expect(hits(message).map(({ url }) => url)).toEqual(['https://ham.example/c'])
  })

  statement(17, 'paths and wildcards', async (it) => {
    const urls = ['https://e.example/docs/a', 'https://e.example/docs2/b', 'https://e.example/x/articles/c', 'https://e.example/articles/d']
    searx.answer(found(...urls.map((url) => ({ url }))))
    it.say([{ search: fresh('lamps') }], ['Fine.'])
    const { message } = await it.messages({ tools: [{ ...SEARCH, allowed_domains: ['e.example/docs', 'e.example/*/articles'] }] })
    expect(hits(message).map(({ url }) => url)).toEqual(['https://e.example/docs/a', 'https://e.example/x/articles/c'])
  })

  statement(17, 'a kept answer is filtered anew for each request', async (it) => {
    searx.answer(found({ url: 'https://one.example/' }, { url: 'https://two.example/' }))
    const query = fresh('lamps')
    for (const domain of ['one.example', 'two.example']) {
      it.say([{ search: query }], ['Fine.'])
      const { message } = await it.messages({ tools: [{ ...SEARCH, allowed_domains: [domain] }] })
      expect(hits(message).map(({ url }) => url)).toEqual([`https://${domain}/`])
    }
  })

  statement(17, 'fetch obeys its lists, redirects included', async (it) => {
    const target = elsewhere.html('/target', 'Target', '<p>secret of elsewhere</p>').replace('127.0.0.1', 'localhost')
    const start = pages.put('/away', { status: 302, headers: { location: target }, body: '' })
    const inside = pages.html('/inside', 'Inside', '<p>Words inside.</p>')
    it.say([{ fetch: start }], [{ fetch: target }], [{ fetch: inside }], ['Fine.'])
    const { message, text } = await it.messages({
      tools: [{ ...FETCH, allowed_domains: ['127.0.0.1'] }],
      messages: [{ role: 'user', content: `Read ${start} and ${target} and ${inside}` }],
    })
    expect(codes(message)).toEqual(['url_not_allowed', 'url_not_allowed', undefined])
    expect(text).not.toContain('secret of elsewhere')
    expect(elsewhere.visits()).toEqual([])
  })

  statement(17, 'a page behind a redirect is not read for a result of an allowed domain', async (it) => {
    const target = elsewhere
      .html('/behind', 'Behind', `<p>${'hidden words of elsewhere. '.repeat(20)}</p>`)
      .replace('127.0.0.1', 'localhost')
    const start = pages.put('/hop', { status: 301, headers: { location: target }, body: '' })
    searx.answer(found({ url: start, content: 'A snippet.' }))
    it.say([{ search: fresh('lamps') }], ['Fine.'])
    const { message } = await it.messages({ tools: [{ ...SEARCH, allowed_domains: ['127.0.0.1'] }] })
    expect(hits(message).map(({ url }) => url)).toEqual([start])
    expect(it.asked()[1]?.text).not.toContain('hidden words of elsewhere')
  })

  statement(17, 'equal queries of one request are asked once', async (it) => {
    searx.answer(found({ url: 'https://one.example/' }))
    searx.received.length = 0
    const query = fresh(QUERY)
    it.say([{ search: query }, { search: query }], ['Fine.'])
    const { message } = await it.messages({})
    expect(calls(message)).toHaveLength(2)
    expect(hits(message)).toHaveLength(2)
    expect(searx.queries()).toHaveLength(1)
  })
})
