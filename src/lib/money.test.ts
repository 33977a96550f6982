import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { dollarsText, nanosOf, roundedRatio } from './money.ts'

test('text and nanos agree', () => {
  expect(dollarsText(1_234_567)).toBe('0.001234567')
  expect(dollarsText(5_000_000_000)).toBe('5')
  expect(dollarsText(-1)).toBe('-0.000000001')
  expect(nanosOf(0.15)).toBe(150_000_000)
  expect(nanosOf('0.1875')).toBe(187_500_000)
  expect(() => nanosOf('1e3')).toThrow(RangeError)
  expect(() => nanosOf('0.0000000001')).toThrow(RangeError)
  fc.assert(fc.property(fc.maxSafeInteger(), (nanos) => expect(nanosOf(dollarsText(nanos))).toBe(nanos)))
})

test('a ratio is rounded half up, once', () => {
  expect(roundedRatio(5n, 10n)).toBe(1)
  expect(roundedRatio(4n, 10n)).toBe(0)
  expect(roundedRatio(-5n, 10n)).toBe(-1)
  expect(roundedRatio(15n, 10n)).toBe(2)
})
