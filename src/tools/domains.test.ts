import { describe, expect, test } from 'bun:test'
import { conflicts, type DomainRule, type DomainRules, domainTexts, parseDomain, permits, postFilter } from './domains.ts'

const rule = (entry: string): DomainRule => {
  const parsed = parseDomain(entry)
  if (typeof parsed === 'string') throw new Error(`${entry}: ${parsed}`)
  return parsed
}
const rules = (allowed: string[], blocked: string[] = []): DomainRules => ({ allowed: allowed.map(rule), blocked: blocked.map(rule) })

describe('reading an entry', () => {
  test.each([
    ['*.example.com', 'wildcard'],
    ['ex*.com', 'wildcard'],
    ['https://example.com', 'scheme'],
    ['//example.com', 'scheme'],
    ['ftp://x.example', 'scheme'],
    ['example.com:8080', 'port'],
    ['[::1]', 'port'],
    ['', 'empty'],
    ['exa mple.com', 'spaces'],
    [' example.com', 'spaces'],
    ['/docs', 'not a valid domain'],
    ['localhost', 'not a valid domain'],
    ['com', 'not a valid domain'],
    ['.example.com', 'not a valid domain'],
    ['example..com', 'not a valid domain'],
    ['-a.example', 'not a valid domain'],
    ['a@b.example', 'not a valid domain'],
    ['0x7f.1', 'not a valid domain'],
    ['017700000001', 'not a valid domain'],
    ['example.com%2f', 'not a valid domain'],
    ['example.com?x=1', 'not a valid domain'],
    [`${'a'.repeat(64)}.com`, 'not a valid domain'],
    ['a'.repeat(300), 'longer'],
    ['example.com/a?b', 'not allowed in a path'],
    ['example.com/a,b', 'not allowed in a path'],
  ])('%p is refused', (entry, reason) => {
    expect(parseDomain(entry)).toContain(reason)
  })

  test.each([
    ['example.com', 'example.com', undefined],
    ['Example.COM', 'example.com', undefined],
    ['example.com.', 'example.com', undefined],
    ['example.com/', 'example.com', undefined],
    ['example.com/*', 'example.com', '/*'],
    ['example.com/*/articles', 'example.com', '/*/articles'],
    ['example.com/docs/', 'example.com', '/docs/'],
    ['bücher.example', 'xn--bcher-kva.example', undefined],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah', undefined],
    ['10.1.2.3', '10.1.2.3', undefined],
  ])('%p is read', (entry, host, path) => {
    expect(parseDomain(entry)).toEqual({ entry, host, ...(path !== undefined && { path }) } as DomainRule)
  })
})

describe('matching', () => {
  test.each<[string, string, boolean]>([
    ['example.com', 'https://example.com/', true],
    ['example.com', 'https://docs.example.com/a', true],
    ['example.com', 'https://notexample.com/', false],
    ['example.com', 'https://example.com.evil.example/', false],
    ['example.com', 'https://evil.example/?u=example.com', false],
    ['example.com', 'https://example.com@evil.example/', false],
    ['example.com', 'http://EXAMPLE.com.:80/', true],
    ['docs.example.com', 'https://example.com/', false],
    ['docs.example.com', 'https://v2.docs.example.com/', true],
    ['www.example.com', 'https://example.com/', false],
    ['example.com/docs', 'https://example.com/docs', true],
    ['example.com/docs', 'https://example.com/docs/x/y?z', true],
    ['example.com/docs', 'https://example.com/docs2', false],
    ['example.com/docs/', 'https://example.com/docs/a', true],
    ['example.com/docs', 'https://sub.example.com/docs/a', true],
    ['example.com/docs', 'https://example.com/%64ocs/a', true],
    ['example.com/docs', 'https://example.com//docs//a', true],
    ['example.com/docs', 'https://example.com/a/../docs/b', true],
    ['example.com/*', 'https://example.com/anything', true],
    ['example.com/*/articles', 'https://example.com/en/articles/1', true],
    ['example.com/*/articles', 'https://example.com/articles', false],
    ['example.com/a*z', 'https://example.com/abcz', true],
    ['example.com/a*z', 'https://example.com/abc', false],
    ['bücher.example', 'https://xn--bcher-kva.example/x', true],
    ['xn--bcher-kva.example', 'https://bücher.example/x', true],
    ['example.com/日本', 'https://example.com/日本/東京', true],
    ['example.com', 'ftp://example.com/', false],
    ['example.com', 'javascript:alert(1)', false],
    ['example.com', 'not an address', false],
  ])('%p and %p: %p', (entry, url, expected) => {
    expect(permits(rules([entry]), url)).toBe(expected)
    // A block list is the mirror image for every real web address.
    if (/^https?:/.test(url)) expect(permits(rules([], [entry]), url)).toBe(!expected)
  })

  test('a hostile pattern stays quick', () => {
    const started = performance.now()
    permits(rules([`example.com/${'*a'.repeat(100)}`]), `https://example.com/${'a'.repeat(20_000)}b`)
    expect(performance.now() - started).toBeLessThan(500)
  })

  test('whatever a backend returns is filtered', () => {
    const results = ['https://a.example.com/1', 'https://b.example.net/', 'https://a.example.com/private/x', 'mailto:x', ''].map((url) => ({
      url,
    }))
    expect(postFilter(rules(['example.com'], ['example.com/private']), results)).toEqual([{ url: 'https://a.example.com/1' }])
    expect(postFilter(rules([]), results)).toHaveLength(3)
  })

  test('entries for backends, and conflicts with the organisation', () => {
    expect(domainTexts(rules(['example.com/docs/*', 'bücher.example', 'example.com/a/*/b']).allowed)).toEqual([
      'example.com/docs',
      'xn--bcher-kva.example',
      'example.com/a',
    ])
    const organisation = rules(['example.com'], ['bad.example.com'])
    expect(conflicts(rules(['docs.example.com', 'other.example', 'bad.example.com']), organisation)).toEqual([
      'other.example',
      'bad.example.com',
    ])
  })
})
