import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, parseConfig } from './config/index.ts'
import { Secret } from './lib/secret.ts'
import { sealRing, searchRoutes, servingRoutes } from './web.ts'

const routes = (document: unknown, environment: Record<string, string> = {}) => searchRoutes(parseConfig(environment, document))
const names = (list: ReturnType<typeof routes>): string[] => list.map(({ account }) => account.name)

describe('backends of the file', () => {
  test('stand in its order with all their settings', () => {
    const list = routes(
      {
        search: [
          {
            name: 'searx',
            backend: 'searxng',
            base_url: 'http://127.0.0.1:8888/',
            settings: { safesearch: 1, engines: 'a,b' },
            timeout_seconds: 2.5,
          },
          { name: 'paid', backend: 'tavily', credential: 'env:MY_KEY', price_per_search: 0.005, settings: { search_depth: 'advanced' } },
          { name: 'off', backend: 'serper', enabled: false },
          { name: 'sample', backend: 'fixture' },
        ],
      },
      { MY_KEY: 'tvly-x', BRAVE_API_KEY: 'unused' },
    )
    expect(names(list)).toEqual(['searx', 'paid', 'sample'])
    expect(list[0]).toMatchObject({
      account: { baseUrl: 'http://127.0.0.1:8888', settings: { safesearch: '1', engines: 'a,b' } },
      timeoutMs: 2500,
    })
    expect(list[1]).toMatchObject({ priceNanos: 5_000_000 })
    expect(list[1]?.account.credential?.reveal()).toBe('tvly-x')
  })

  test('take their key from its usual variable', () => {
    expect(routes({ search: [{ name: 'b', backend: 'brave' }] }, { BRAVE_API_KEY: 'k' })[0]?.account.credential?.reveal()).toBe('k')
  })

  test('an empty list means none', () => {
    expect(routes({ search: [] }, { TAVILY_API_KEY: 'k' })).toEqual([])
  })

  const wrong: [string, unknown, RegExp][] = [
    ['unknown backend', { name: 'x', backend: 'bing' }, /search x: there is no backend `bing`; known: searxng, local/],
    ['missing key', { name: 'x', backend: 'exa' }, /search x: Exa needs a credential; set `credential` or EXA_API_KEY/],
    ['missing variable', { name: 'x', backend: 'exa', credential: 'env:NOPE' }, /search x: the environment has no NOPE/],
    ['no address', { name: 'x', backend: 'searxng' }, /search x: SearXNG needs its base_url/],
    ['unknown setting', { name: 'x', backend: 'fixture', settings: { depth: 'y' } }, /search x: .*no setting `depth`; known: none/],
    ['unknown member', { name: 'x', backend: 'fixture', url: 'http://a' }, /search\.0: .*url/],
    ['bad address', { name: 'x', backend: 'searxng', base_url: 'ftp://a/' }, /search\.0\.base_url/],
    ['bad timeout', { name: 'x', backend: 'fixture', timeout_seconds: 0 }, /search\.0\.timeout_seconds/],
    ['bad price', { name: 'x', backend: 'fixture', price_per_search: -1 }, /search\.0\.price_per_search/],
    ['keyless unsaid', { name: 'x', backend: 'tavily' }, /keyless/],
    ['bad name', { name: 'a b', backend: 'fixture' }, /search\.0\.name/],
  ]
  for (const [what, entry, message] of wrong) {
    test(`${what} is refused with its place`, () => {
      const run = (): unknown => routes({ search: [entry] })
      expect(run).toThrow(ConfigError)
      expect(run).toThrow(message)
    })
  }

  test('two of one name are refused', () => {
    const twice = { name: 'x', backend: 'fixture' }
    expect(() => routes({ search: [twice, twice] })).toThrow(/two backends have this name/)
  })
})

describe('backends of the environment', () => {
  test('stand behind the local index, which serves when it has documents', () => {
    const list = routes({}, { SERPER_API_KEY: 's', TAVILY_API_KEY: 't', SEARXNG_URL: 'http://127.0.0.1:8080/searx/' })
    expect(names(list)).toEqual(['local', 'searxng', 'tavily', 'serper'])
    expect(list[1]?.account.baseUrl).toBe('http://127.0.0.1:8080/searx')
    expect(names([...servingRoutes(list, () => false)])).toEqual(['searxng', 'tavily', 'serper'])
    expect(names([...servingRoutes(list, () => true)])[0]).toBe('local')
  })

  test('a wrong address is refused by the name of its variable', () => {
    expect(() => routes({}, { SEARXNG_URL: 'localhost' })).toThrow(/SEARXNG_URL must be/)
  })
})

describe('web', () => {
  test('is parsed strictly', () => {
    const web = (value: unknown) => parseConfig({}, { web: value }).file.web
    expect(web({ allow_hosts: ['Intra.Example:8080', '127.0.0.1:8888', '[::1]:80'] }).allow_hosts).toEqual([
      'intra.example:8080',
      '127.0.0.1:8888',
      '[::1]:80',
    ])
    for (const host of ['http://a', 'a/b', '*.example.com', 'a b', '', 'user@host'])
      expect(() => web({ allow_hosts: [host] })).toThrow(/web\.allow_hosts\.0/)
    expect(() => web({ allowed: [] })).toThrow(ConfigError)
    expect(() => web({ contact: 'a b' })).toThrow(/web\.contact/)
  })
})

describe('sealing keys', () => {
  const binding = { purpose: 'result', tenant: 't', url: 'https://a.example/', title: 'A' } as const

  test('are made once in the data directory, for its owner alone', () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'ring-'))
    const sealed = sealRing({ dataDirectory }).seal({ a: 1 }, binding)
    expect(statSync(join(dataDirectory, 'secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(dataDirectory, 'secret'), 'utf8')).toMatch(/^k1:[A-Za-z0-9+/]{43}=\n$/)
    expect(sealRing({ dataDirectory }).open(sealed, binding)).toEqual({ state: 'opened', payload: { a: 1 } })
    expect(sealRing({ dataDirectory: mkdtempSync(join(tmpdir(), 'ring-')) }).open(sealed, binding).state).toBe('invalid')
  })

  test('of the environment form a ring and leave no file', () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'ring-'))
    const key = (text: string): string => btoa(text.repeat(16))
    const old = sealRing({ dataDirectory, masterKeys: new Secret(`old:${key('ab')}`) }).seal({ a: 1 }, binding)
    const both = sealRing({ dataDirectory, masterKeys: new Secret(`new:${key('cd')}, old:${key('ab')}`) })
    expect(both.open(old, binding).state).toBe('opened')
    expect(() => readFileSync(join(dataDirectory, 'secret'))).toThrow()
  })

  test('that cannot be read are refused without being shown', () => {
    const run = (): unknown => sealRing({ dataDirectory: '/nowhere', masterKeys: new Secret('k:short') })
    expect(run).toThrow(/SWITCHYARD_SECRET: seal key 1: want kid:base64/)
    expect(run).not.toThrow(/short/)
    const dataDirectory = mkdtempSync(join(tmpdir(), 'ring-'))
    writeFileSync(join(dataDirectory, 'secret'), 'garbage')
    expect(() => sealRing({ dataDirectory })).toThrow(/secret: seal key 1/)
  })
})
