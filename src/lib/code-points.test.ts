import { expect, test } from 'bun:test'
import { codePoints, utf16Index } from './code-points.ts'

test.each([
  ['plain', 3, 3],
  ['🚀 go', 2, 1],
  ['a🚀b', 3, 2],
  ['👩‍👩‍👧!', 8, 5],
  ['中文', 2, 2],
])('%s: %d units are %d characters', (text, units, characters) => {
  expect(codePoints(text, units)).toBe(characters)
  expect(utf16Index(text, characters)).toBe(units)
})

test('places behind the end are the end', () => {
  expect(codePoints('a🚀', 99)).toBe(2)
  expect(codePoints('a🚀')).toBe(2)
  expect(utf16Index('a🚀', 99)).toBe(3)
  expect(utf16Index('ab', 99)).toBe(2)
})
