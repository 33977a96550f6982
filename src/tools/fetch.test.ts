import { describe, expect, test } from 'bun:test'
import type { Message } from '../core/chat.ts'
import { type DomainRule, parseDomain } from './domains.ts'
import { type FetchDeps, fetchPage, type GuardedGet, pageMemory } from './fetch-page.ts'
import { KnownUrls, knownUrls, urlsIn } from './provenance.ts'
import { parseRobots, robotsFrom } from './robots.ts'
import { EVERY_SOURCE, type FetchToolSettings, type UrlSources } from './settings.ts'

const rule = (entry: string): DomainRule => parseDomain(entry) as DomainRule
const settings = (extra: Partial<FetchToolSettings> = {}): FetchToolSettings => ({
  kind: 'web-fetch',
  format: 'anthropic-messages',
  rules: { allowed: [], blocked: [] },
  responseInclusion: 'full',
  citations: false,
  useCache: true,
  urlSources: EVERY_SOURCE,
  ...extra,
})

interface Site {
  [url: string]: { status?: number; type?: string | null; body: string | Uint8Array; to?: string; cache?: string } | Error
}

/** A pretended web that follows redirects as the guard does, judge included. */
function web(site: Site) {
  const asked: string[] = []
  const get: GuardedGet = async (address, { judge }) => {
    let url = new URL(address)
    for (let hop = 0; hop < 6; hop++) {
      if (judge(url) !== undefined) throw Object.assign(new Error('judged'), { code: 'url_not_allowed' })
      asked.push(url.href)
      const page = site[url.href]
      if (page instanceof Error) throw page
      if (page === undefined) return { status: 404, headers: new Headers(), bytes: new Uint8Array(), finalUrl: url.href }
      if (page.to !== undefined) {
        url = new URL(page.to, url)
        continue
      }
      const headers = new Headers(page.type === null ? {} : { 'content-type': page.type ?? 'text/html; charset=utf-8' })
      if (page.cache !== undefined) headers.set('cache-control', page.cache)
      const bytes = typeof page.body === 'string' ? new TextEncoder().encode(page.body) : page.body
      return { status: page.status ?? 200, headers, bytes, finalUrl: url.href }
    }
    throw new Error('too many')
  }
  return { get, asked }
}

function deps(site: Site, extra: Partial<FetchDeps> = {}, known: string[] = Object.keys(site)) {
  const { get, asked } = web(site)
  const urls = new KnownUrls()
  for (const url of known) urls.add(url)
  return { value: { get, memory: pageMemory(), tenant: 'org', nowMs: () => 1_000, obeyRobots: true, known: urls, ...extra }, asked }
}

const URL_A = 'https://a.example/page'
const html = '<title>A page</title><p>Hello <a href="/next">next</a>.</p>'
const codeOf = async (
  input: unknown,
  site: Site,
  options: { settings?: Partial<FetchToolSettings>; deps?: Partial<FetchDeps>; known?: string[] } = {},
) => {
  const outcome = await fetchPage(input, settings(options.settings), deps(site, options.deps, options.known).value)
  return outcome.ok ? 'ok' : outcome.errorCode
}

describe('a page', () => {
  test('is read as text with title, time and absolute links', async () => {
    const outcome = await fetchPage(URL_A, settings(), deps({ [URL_A]: { body: html } }).value)
    expect(outcome).toEqual({
      ok: true,
      page: {
        url: URL_A,
        title: 'A page',
        retrievedAt: '1970-01-01T00:00:01.000Z',
        fromCache: false,
        text: 'Hello [next](https://a.example/next).',
        source: { kind: 'text', mediaType: 'text/plain', text: 'Hello [next](https://a.example/next).' },
      },
    })
  })

  test('truncated on a border', async () => {
    const body = `<p>${'First paragraph here. '.repeat(20)}</p><p>${'Second one. '.repeat(50)}</p>`
    const outcome = await fetchPage(URL_A, settings({ maxContentTokens: 120 }), deps({ [URL_A]: { body } }).value)
    expect(outcome.ok && outcome.page.text.endsWith('here.')).toBe(true)
    expect(outcome.ok && outcome.page.text.length).toBeLessThanOrEqual(480)
  })

  test.each<[string, Uint8Array | string, string]>([
    ['text/html; charset=iso-8859-1', Uint8Array.from([0x3c, 0x70, 0x3e, 0xfc]), 'ü'],
    ['text/html', Uint8Array.from([0x3c, 0x70, 0x3e, 0xfc]), 'ü'],
    ['text/html', '<meta charset="utf-8"><p>ü', 'ü'],
    ['text/html', Uint8Array.from([0xff, 0xfe, 0x3c, 0, 0x70, 0, 0x3e, 0, 0xfc, 0]), 'ü'],
    ['text/html; charset=nonsense', '<p>ü', 'ü'],
    ['text/plain', 'a < b', 'a < b'],
    ['application/json', '{"a":1}', '{"a":1}'],
    ['text/markdown', '# T', '# T'],
    ['application/atom+xml', '<feed/>', '<feed/>'],
  ])('content of %s', async (type, body, text) => {
    const outcome = await fetchPage(URL_A, settings(), deps({ [URL_A]: { type, body } }).value)
    expect(outcome.ok && outcome.page.text).toBe(text)
  })
})

describe('what is refused', () => {
  test.each<[string, unknown, string]>([
    ['no address', undefined, 'invalid_tool_input'],
    ['a number', 7, 'invalid_tool_input'],
    ['an empty one', ' ', 'invalid_tool_input'],
    ['another scheme', 'ftp://a.example/', 'invalid_tool_input'],
    ['javascript', 'javascript:alert(1)', 'invalid_tool_input'],
    ['a file', 'file:///etc/passwd', 'invalid_tool_input'],
    ['not parsable', 'http://', 'invalid_tool_input'],
    ['too long', `https://a.example/${'x'.repeat(240)}`, 'url_too_long'],
    ['never seen', 'https://a.example/other', 'url_not_in_prior_context'],
    ['seen with other query', `${URL_A}?leak=secret`, 'url_not_in_prior_context'],
  ])('%s', async (_, input, code) => expect(await codeOf(input, { [URL_A]: { body: html } })).toBe(code))

  test('by the sites', async () => {
    const one = (page: Site[string]) => codeOf(URL_A, { [URL_A]: page })
    expect(await one({ status: 404, body: '' })).toBe('url_not_accessible')
    expect(await one({ status: 500, body: html })).toBe('url_not_accessible')
    expect(await one({ status: 429, body: '' })).toBe('too_many_requests')
    expect(await one(Object.assign(new Error('x'), { code: 'url_not_accessible' }))).toBe('url_not_accessible')
    expect(await one(new TypeError('socket'))).toBe('url_not_accessible')
    expect(await one(Object.assign(new Error('x'), { code: 'content_too_large' }))).toBe('content_too_large')
    expect(await one({ type: 'image/png', body: Uint8Array.from([0x89, 0x50, 0, 0]) })).toBe('unsupported_content_type')
    expect(await one({ type: 'application/zip', body: 'PK' })).toBe('unsupported_content_type')
    expect(await one({ type: 'text/html', body: Uint8Array.from([0, 1, 2, 3]) })).toBe('unsupported_content_type')
    expect(await one({ type: 'text/plain', body: 'x'.repeat(5 * 1024 * 1024 + 1) })).toBe('content_too_large')
    expect(await one({ type: null, body: 'plain' })).toBe('ok')
  })

  test('by domain rules, redirects included', async () => {
    const site: Site = { [URL_A]: { body: '', to: 'https://b.example/x' }, 'https://b.example/x': { body: html } }
    expect(await codeOf(URL_A, site)).toBe('ok')
    expect(await codeOf(URL_A, site, { settings: { rules: { allowed: [rule('a.example')], blocked: [] } } })).toBe('url_not_allowed')
    expect(await codeOf(URL_A, site, { settings: { rules: { allowed: [], blocked: [rule('b.example')] } } })).toBe('url_not_allowed')
    expect(await codeOf(URL_A, site, { settings: { rules: { allowed: [], blocked: [rule('a.example')] } } })).toBe('url_not_allowed')
    expect(await codeOf('https://u:p@a.example/page', site, { known: [URL_A] })).toBe('url_not_allowed')
  })

  test('cached pages are judged anew', async () => {
    const site: Site = { [URL_A]: { body: '', to: 'https://b.example/x' }, 'https://b.example/x': { body: html } }
    const { value } = deps(site)
    expect((await fetchPage(URL_A, settings(), value)).ok).toBe(true)
    const blocked = await fetchPage(URL_A, settings({ rules: { allowed: [], blocked: [rule('b.example')] } }), value)
    expect(blocked).toEqual({ ok: false, errorCode: 'url_not_allowed' })
  })

  test('an abort is passed on', async () => {
    const gone = Object.assign(new Error('gone'), { name: 'AbortError' })
    await expect(fetchPage(URL_A, settings(), deps({ [URL_A]: gone }, { obeyRobots: false }).value)).rejects.toThrow('gone')
  })
})

describe('cache', () => {
  test('serves again, unless told not to, and per organisation', async () => {
    const { value, asked } = deps({ [URL_A]: { body: html } }, { obeyRobots: false })
    await fetchPage(URL_A, settings(), value)
    const second = await fetchPage(`${URL_A}#part`, settings(), value)
    expect(second.ok && second.page.fromCache).toBe(true)
    expect(asked).toHaveLength(1)
    await fetchPage(URL_A, settings({ useCache: false }), value)
    expect(asked).toHaveLength(2)
    await fetchPage(URL_A, settings(), { ...value, tenant: 'other' })
    expect(asked).toHaveLength(3)
    await fetchPage(URL_A, settings(), { ...value, nowMs: () => 1_000 + 16 * 60_000 })
    expect(asked).toHaveLength(4)
  })
  test('no-store is obeyed and size is bounded', async () => {
    const { value, asked } = deps({ [URL_A]: { body: html, cache: 'no-store' } }, { obeyRobots: false })
    await fetchPage(URL_A, settings(), value)
    await fetchPage(URL_A, settings(), value)
    expect(asked).toHaveLength(2)
    const memory = pageMemory(3000)
    for (let i = 0; i < 10; i++)
      memory.pages.set(`k${i}`, { finalUrl: 'x', title: '', kind: 'text', text: '', retrievedMs: 0 }, { units: 1000, untilMs: 9 })
    expect(memory.pages.size).toBe(3)
    expect(memory.pages.get('k9', 8)).toBeDefined()
    expect(memory.pages.get('k9', 9)).toBeUndefined()
  })
})

describe('PDF', () => {
  const site: Site = { [URL_A]: { type: 'application/pdf', body: '%PDF-1.7 rest' } }
  const run = async (extra: Partial<FetchDeps>, more: Partial<FetchToolSettings> = {}) =>
    fetchPage(URL_A, settings(more), deps(site, { obeyRobots: false, ...extra }).value)
  test('without a reader and a model that takes it', async () => {
    expect(await run({})).toEqual({ ok: false, errorCode: 'unsupported_content_type' })
  })
  test('handed on whole, whatever the text limit', async () => {
    const outcome = await run({ acceptsPdf: true }, { maxContentTokens: 1 })
    expect(outcome.ok && outcome.page.source).toEqual({
      kind: 'base64',
      mediaType: 'application/pdf',
      data: Buffer.from('%PDF-1.7 rest').toString('base64'),
    })
  })
  test('as text', async () => {
    const outcome = await run({ readPdf: async () => ['Page one.', 'Page two.'] })
    expect(outcome.ok && outcome.page.text).toBe('Page one.\n\nPage two.')
    expect(await run({ readPdf: () => Promise.reject(new Error('bad')) })).toEqual({ ok: false, errorCode: 'unsupported_content_type' })
  })
})

describe('robots.txt', () => {
  const ROBOTS = 'https://a.example/robots.txt'
  test('a refusal is url_not_allowed and the page is never asked for', async () => {
    const { value, asked } = deps({ [URL_A]: { body: html }, [ROBOTS]: { type: 'text/plain', body: 'User-agent: *\nDisallow: /page' } })
    expect(await fetchPage(URL_A, settings(), value)).toEqual({ ok: false, errorCode: 'url_not_allowed' })
    expect(asked).toEqual([ROBOTS])
    expect((await fetchPage(URL_A, settings(), { ...value, ownHosts: ['a.example'] })).ok).toBe(true)
    expect((await fetchPage(URL_A, settings(), { ...value, obeyRobots: false })).ok).toBe(true)
  })
  test('asked once a day; a server error refuses, a missing file allows', async () => {
    const { value, asked } = deps({ [URL_A]: { body: html } })
    await fetchPage(URL_A, settings({ useCache: false }), value)
    await fetchPage(URL_A, settings({ useCache: false }), value)
    expect(asked).toEqual([ROBOTS, URL_A, URL_A])
    expect(await codeOf(URL_A, { [URL_A]: { body: html }, [ROBOTS]: { status: 503, body: '' } })).toBe('url_not_allowed')
    expect(await codeOf(URL_A, { [URL_A]: { body: html }, [ROBOTS]: new Error('dead') })).toBe('url_not_allowed')
  })
  test('of the site where a redirect ends', async () => {
    const site: Site = {
      [URL_A]: { body: '', to: 'https://b.example/x' },
      'https://b.example/x': { body: html },
      'https://b.example/robots.txt': { type: 'text/plain', body: 'User-agent: SwitchyardBot\nDisallow: /' },
    }
    expect(await codeOf(URL_A, site)).toBe('url_not_allowed')
  })

  test.each<[string, string, string, boolean]>([
    ['empty', '', '/x', true],
    ['general', 'User-agent: *\nDisallow: /a', '/a/b', false],
    ['general, other path', 'User-agent: *\nDisallow: /a', '/b', true],
    ['empty disallow', 'User-agent: *\nDisallow:', '/a', true],
    ['own group replaces', 'User-agent: *\nDisallow: /\n\nUser-agent: switchyardbot\nDisallow: /x', '/a', true],
    ['own empty group', 'User-agent: *\nDisallow: /\nUser-agent: SwitchyardBot\nAllow: /', '/a', true],
    ['shared group', 'User-agent: Other\nUser-agent: SwitchyardBot\nDisallow: /a', '/a', false],
    [
      'two own groups',
      'User-agent: SwitchyardBot\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: SwitchyardBot\nDisallow: /b',
      '/b',
      false,
    ],
    ['longest wins', 'User-agent: *\nDisallow: /a\nAllow: /a/b', '/a/b/c', true],
    ['tie allows', 'User-agent: *\nDisallow: /a\nAllow: /a', '/a', true],
    ['star', 'User-agent: *\nDisallow: /*.pdf', '/x/y.pdf?z', false],
    ['end', 'User-agent: *\nDisallow: /*.pdf$', '/x/y.pdf?z', true],
    ['end matches', 'User-agent: *\nDisallow: /*.pdf$', '/x/y.pdf', false],
    ['star before end', 'User-agent: *\nDisallow: /a*$', '/abc', false],
    ['query', 'User-agent: *\nDisallow: /*?s=', '/p?s=1', false],
    ['escapes', 'User-agent: *\nDisallow: /caf%C3%A9', '/café', false],
    ['comments and CR', 'User-agent: * # all\rDisallow: /a # no', '/a', false],
    ['itself', 'User-agent: *\nDisallow: /', '/robots.txt', true],
    ['rules before any group', 'Disallow: /', '/a', true],
  ])('%s', (_, robots, path, allowed) => expect(parseRobots(robots).allows(new URL(path, 'https://a.example'))).toBe(allowed))

  test('answers', () => {
    const url = new URL(URL_A)
    expect(robotsFrom({ status: 404, text: '' }).rules.allows(url)).toBe(true)
    expect(robotsFrom({ status: 403, text: '' }).rules.allows(url)).toBe(true)
    expect(robotsFrom({ status: 500, text: '' }).rules.allows(url)).toBe(false)
    expect(robotsFrom(undefined).ttlMs).toBeLessThan(robotsFrom({ status: 200, text: '' }).ttlMs)
  })
})

describe('addresses in the conversation', () => {
  test.each<[string, string]>([
    ['see https://x.example/a.', 'https://x.example/a'],
    ['(https://x.example/a)', 'https://x.example/a'],
    ['[t](https://x.example/a), and', 'https://x.example/a'],
    ['https://x.example/a_(b)', 'https://x.example/a_(b)'],
    ['<https://x.example/?q=1&r=2>', 'https://x.example/?q=1&r=2'],
    ['"http://x.example/a"', 'http://x.example/a'],
    ['看https://x.example/a。', 'https://x.example/a'],
    ['www.x.example is good', 'https://www.x.example'],
    ['read x.example/a/b please', 'https://x.example/a/b'],
    ['HTTPS://X.example/a', 'https://x.example/a'],
  ])('%p', (text, url) => {
    const known = new KnownUrls()
    known.addFrom(text)
    expect(known.has(url)).toBe(true)
  })
  test('not every dotted word', () => expect(urlsIn('index.html and me@mail.example and 3.14/2 and v1.2')).toEqual([]))

  const history: Message[] = [
    { role: 'system', content: [{ type: 'text', text: 'https://system.example/' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'https://user.example/' },
        { type: 'file', source: { kind: 'url', url: 'https://file.example/' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'https://made-up.example/' },
        { type: 'tool-call', id: 'c1', name: 'lookup', arguments: '{"u":"https://argument.example/"}', kind: 'function' },
        { type: 'server-tool-call', id: 's1', name: 'web_search', input: { query: 'https://query.example/' } },
        { type: 'server-tool-result', callId: 's1', name: 'web_search', results: [{ url: 'https://found.example/', title: 't' }] },
        {
          type: 'server-tool-result',
          callId: 's2',
          name: 'web_fetch',
          page: { url: 'https://page.example/', source: { kind: 'text', mediaType: 'text/plain', text: 'to https://linked.example/' } },
        },
        { type: 'server-tool-result', callId: 's3', name: 'code_execution', results: [{ url: 'https://code.example/', title: '' }] },
      ],
    },
    {
      role: 'user',
      content: [{ type: 'tool-result', callId: 'c1', content: [{ type: 'text', text: 'https://tool.example/' }], isError: false }],
    },
  ]
  const seen = (sources: Partial<UrlSources> = {}): string[] => {
    const known = knownUrls(history, { ...EVERY_SOURCE, ...sources })
    return ['system', 'user', 'file', 'made-up', 'argument', 'query', 'found', 'page', 'linked', 'code', 'tool'].filter((name) =>
      known.has(`https://${name}.example/`),
    )
  }
  test('from the places that count', () => expect(seen()).toEqual(['user', 'file', 'found', 'page', 'linked', 'tool']))
  test('as url_sources says', () => {
    expect(seen({ userInput: { type: 'none' } })).toEqual(['found', 'page', 'linked', 'tool'])
    expect(seen({ clientToolResults: { type: 'none' } })).toEqual(['user', 'file', 'found', 'page', 'linked'])
    expect(
      seen({ clientToolResults: { type: 'only', tools: ['lookup'] }, serverToolResults: { type: 'only', tools: ['web_search'] } }),
    ).toEqual(['user', 'file', 'found', 'tool'])
    expect(
      seen({ clientToolResults: { type: 'except', tools: ['lookup'] }, serverToolResults: { type: 'except', tools: ['web_search'] } }),
    ).toEqual(['user', 'file', 'page', 'linked'])
  })
})
