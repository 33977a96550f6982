import { expect, test } from 'bun:test'
import { Vault, VaultError } from './vault.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const OTHER = Buffer.alloc(32, 8).toString('base64')

test('what is sealed opens at its place and nowhere else', () => {
  const vault = new Vault(`k1:${KEY}`)
  const sealed = vault.seal('sk-secret', 'channel/ch_1')
  expect(sealed).not.toContain('sk-secret')
  expect(vault.open(sealed, 'channel/ch_1').reveal()).toBe('sk-secret')
  expect(() => vault.open(sealed, 'channel/ch_2')).toThrow(VaultError)
  expect(vault.seal('sk-secret', 'channel/ch_1')).not.toBe(sealed)
})

test('every altered character is noticed', () => {
  const vault = new Vault(`k1:${KEY}`)
  const sealed = vault.seal('x', 'p')
  for (let at = 0; at < sealed.length; at++) {
    // The last character has bits that no byte holds.
    if (at === sealed.length - 1) continue
    const altered = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    expect(() => vault.open(altered, 'p')).toThrow(VaultError)
  }
})

test('a rotated ring opens the old and seals with the new', () => {
  const sealed = new Vault(`k1:${KEY}`).seal('x', 'p')
  const ring = new Vault(`k2:${OTHER}, k1:${KEY}`)
  expect(ring.open(sealed, 'p').reveal()).toBe('x')
  expect(ring.isStale(sealed)).toBe(true)
  expect(ring.isStale(ring.seal('x', 'p'))).toBe(false)
  expect(() => new Vault(`k2:${OTHER}`).open(sealed, 'p')).toThrow('k1')
  expect(() => new Vault(`k1:${OTHER}`).open(sealed, 'p')).toThrow('another one')
})

test('a ring that is none is refused without its value', () => {
  for (const text of ['', 'k1', 'k1:', `k1:${Buffer.alloc(8).toString('base64')}`, 'k1:secret-that-is-long!'])
    expect(() => new Vault(text)).toThrow('master key 1')
})
