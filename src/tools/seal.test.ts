import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type SealBinding, SealRing } from './seal.ts'

const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
const ring = new SealRing(`k1:${key(1)}`)
const binding: SealBinding = { purpose: 'result', tenant: 'org_1', url: 'https://a.example/', title: 'Ä title' }
const payload = { passages: ['The tower is 330 metres tall.', '長城'], at: 5 }
const sealed = ring.seal(payload, binding)

describe('sealing', () => {
  test('opens what it sealed, on any node with the key', () => {
    expect(new SealRing(` k1:${key(1)} `).open(sealed, binding)).toEqual({ state: 'opened', payload })
    expect(ring.seal(payload, binding)).not.toBe(sealed)
  })

  test('any JSON and any binding come back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.string(), (value, url, title) => {
        const payload = JSON.parse(JSON.stringify(value))
        const bound = { ...binding, url, title }
        expect(ring.open(ring.seal(payload, bound), bound)).toEqual({ state: 'opened', payload })
      }),
      { numRuns: 100 },
    )
  })

  test('the newest key seals and older ones still open', () => {
    const rotated = new SealRing(`k2:${key(2)},k1:${key(1)}`)
    expect(rotated.open(sealed, binding).state).toBe('opened')
    const fresh = rotated.seal(payload, binding)
    expect(ring.open(fresh, binding)).toEqual({ state: 'invalid', reason: 'unknown-key' })
  })

  test('an install with the same key id and another key refuses', () => {
    expect(new SealRing(`k1:${key(9)}`).open(sealed, binding)).toEqual({ state: 'invalid', reason: 'damaged' })
  })

  test('every altered, lost or doubled character is refused, never taken for a foreign blob', () => {
    for (let i = 0; i < sealed.length; i++) {
      const other = sealed[i] === 'A' ? 'B' : 'A'
      for (const text of [
        sealed.slice(0, i) + other + sealed.slice(i + 1),
        sealed.slice(0, i) + sealed.slice(i + 1),
        `${sealed.slice(0, i)}!${sealed.slice(i + 1)}`,
      ]) {
        if (text !== sealed) expect(ring.open(text, binding).state).toBe('invalid')
      }
    }
    for (let i = 0; i < Buffer.from(sealed, 'base64').length; i++) {
      const bytes = Buffer.from(sealed, 'base64')
      bytes[i] = (bytes[i] as number) ^ 1
      expect(ring.open(bytes.toString('base64'), binding).state).toBe('invalid')
    }
    expect(ring.open(`${sealed}A`, binding).state).toBe('invalid')
    expect(ring.open(sealed.slice(0, 8), binding).state).toBe('invalid')
  })

  test.each<[string, Partial<SealBinding>]>([
    ['address', { url: 'https://b.example/' }],
    ['title', { title: 'other' }],
    ['tenant', { tenant: 'org_2' }],
    ['purpose', { purpose: 'index' }],
  ])('moved to another %s', (_, other) => {
    expect(ring.open(sealed, { ...binding, ...other })).toEqual({ state: 'invalid', reason: 'damaged' })
  })

  test.each(['', 'EpMECioIARgCKiQyMzQ5', 'eyJxIjoxfQ==', 'not base64 at all ☃', 'U1da', '{}'])('%p is foreign', (text) => {
    expect(ring.open(text, binding).state).toBe('foreign')
  })

  test('stays small', () => {
    const english = 'The tower was the tallest structure in the world until the Chrysler Building was finished in 1930. '.repeat(20)
    expect(ring.seal({ p: [english] }, binding).length).toBeLessThan(600)
    expect(ring.seal({ r: 'srvtoolu_1', s: 10, e: 90, h: 'abcdef' }, { ...binding, purpose: 'index' }).length).toBeLessThan(160)
  })

  test('a bad ring is refused without showing it', () => {
    for (const text of ['', 'k1', `:${key(1)}`, 'k1:c2hvcnQ=']) expect(() => new SealRing(text)).toThrow('seal key 1')
    expect(() => new SealRing(`k1:${key(1)},secretsecret`)).toThrow(/^seal key 2: want/)
  })
})
