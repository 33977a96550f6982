import { describe, expect, test } from 'bun:test'
import { addressRange, inRanges } from './addresses.ts'
import { keyCache } from './key-cache.ts'
import { allowing } from './names.ts'
import { periodEndMs, periodStartMs } from './period.ts'
import { atLeast, reaches } from './roles.ts'

describe('addresses', () => {
  const within = (range: string, address: string | undefined): boolean => {
    const parsed = addressRange(range)
    return parsed !== undefined && inRanges([parsed], address)
  }
  test('lie in their ranges, in both protocols', () => {
    expect(within('10.0.0.0/8', '10.255.0.1')).toBe(true)
    expect(within('10.0.0.0/8', '11.0.0.1')).toBe(false)
    expect(within('192.0.2.7', '192.0.2.7')).toBe(true)
    expect(within('2001:db8::/32', '2001:db8:ffff::1')).toBe(true)
    expect(within('2001:db8::/32', '2001:db9::1')).toBe(false)
    expect(within('::1', '::1')).toBe(true)
  })
  test('an IPv4 address in IPv6 clothing counts as what it is', () => {
    expect(within('10.0.0.0/8', '::ffff:10.1.2.3')).toBe(true)
    expect(within('::ffff:10.0.0.0/104', '10.1.2.3')).toBe(true)
    expect(within('::/0', '10.1.2.3')).toBe(false)
  })
  test('an unknown address lies nowhere', () => {
    for (const address of [undefined, '', 'unknown', 'localhost', '10.0.0.1:80']) expect(within('0.0.0.0/0', address)).toBe(false)
  })
  test('what programs read differently is no range', () => {
    for (const text of [
      '',
      '10',
      '10.1',
      '010.0.0.1',
      '0x0a.0.0.1',
      '167772161',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0/8',
      'fe80::/129',
      'x/8',
      '1.2.3.4/',
    ])
      expect(addressRange(text)).toBeUndefined()
  })
})

test('lists of names narrow each other', () => {
  expect(allowing([null, null])).toBeUndefined()
  const both = allowing([
    ['gpt-*', 'claude-1'],
    ['gpt-4o', 'claude-*'],
  ])
  expect(['gpt-4o', 'claude-1', 'gpt-5', 'claude-2'].map((name) => both?.(name))).toEqual([true, true, false, false])
  expect(allowing([[]])?.('anything')).toBe(false)
  expect(allowing([['*']])?.('anything')).toBe(true)
})

test('periods begin and end by UTC', () => {
  const nowMs = Date.parse('2026-02-28T23:59:59.999Z')
  const at = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 10))
  expect([at(periodStartMs('day', nowMs)), at(periodEndMs('day', nowMs))]).toEqual(['2026-02-28', '2026-03-01'])
  // A Saturday.
  expect([at(periodStartMs('week', nowMs)), at(periodEndMs('week', nowMs))]).toEqual(['2026-02-23', '2026-03-02'])
  expect([at(periodStartMs('month', nowMs)), at(periodEndMs('month', nowMs))]).toEqual(['2026-02-01', '2026-03-01'])
  expect([periodStartMs('total', nowMs), periodEndMs('total', nowMs)]).toEqual([0, undefined])
  expect(at(periodStartMs('week', Date.parse('2026-02-23T00:00:00Z')))).toBe('2026-02-23')
})

test('roles reach down and sideways, never up', () => {
  expect(reaches('admin', 'owner')).toBe(false)
  expect(reaches('admin', 'admin')).toBe(true)
  expect(reaches(undefined, 'viewer')).toBe(false)
  expect(reaches(undefined, null)).toBe(true)
  expect(atLeast(undefined, 'viewer')).toBe(false)
})

describe('the memory of keys', () => {
  const key = { caller: {} as never }
  test('believes nothing for a second', () => {
    const cache = keyCache()
    cache.begin(0)('a', key)
    expect(cache.get('a', 700)?.key).toBe(key)
    expect(cache.get('a', 999)).toBeUndefined()
  })
  test('does not keep what was read before it was told to forget', () => {
    const cache = keyCache()
    const keep = cache.begin(0)
    cache.forget('a')
    keep('a', key)
    expect(cache.get('a', 1)).toBeUndefined()
  })
  test('stays bounded whatever is guessed, and guesses push no known key out', () => {
    const cache = keyCache()
    cache.begin(0)('known', key)
    for (let at = 0; at < 25_000; at++) cache.begin(0)(`guess-${at}`, undefined)
    expect(cache.get('known', 1)?.key).toBe(key)
    expect(cache.get('guess-0', 1)).toBeUndefined()
    expect(cache.get('guess-24999', 1)).toMatchObject({ key: undefined })
  })
  test('a key that is there after all is no guess any more', () => {
    const cache = keyCache()
    cache.begin(0)('a', undefined)
    cache.begin(1)('a', key)
    expect(cache.get('a', 2)?.key).toBe(key)
  })
})
