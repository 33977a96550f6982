import { expect, test } from 'bun:test'
import { compileModelLimits, strictestLimits } from './model-limits.ts'

const limits = compileModelLimits(
  new Map([
    ['gpt-4o', { concurrency: 1 }],
    ['gpt-*', { concurrency: 2 }],
    ['fast', { concurrency: 3 }],
    ['a*b', { concurrency: 4 }],
  ]),
  [
    { model: 'fast', target: 'gpt-4o' },
    { model: 'other', target: 'claude' },
  ],
)
const names = (model: string): string[] => limits(model).map(({ name }) => name)

test('every entry that covers a name holds', () => {
  expect(names('gpt-4o')).toEqual(['gpt-4o', 'gpt-*'])
  expect(names('gpt-5')).toEqual(['gpt-*'])
  expect(names('claude')).toEqual([])
  expect(names('gpt-4o')).toEqual(['gpt-4o', 'gpt-*'])
})

test('an alias is no way around the limits of its target', () => {
  expect(names('fast')).toEqual(['gpt-4o', 'gpt-*', 'fast'])
  expect(names('other')).toEqual([])
})

test('a star in the middle is a character like others', () => {
  expect(names('axb')).toEqual([])
  expect(names('a*b')).toEqual(['a*b'])
})

test('of two entries for one name the stricter bound of each kind holds', () => {
  const both = strictestLimits(
    new Map([
      ['m', { concurrency: 5, requestsPerMinute: 10 }],
      ['only-here', { concurrency: 1 }],
    ]),
    new Map([['m', { concurrency: 3, tokensPerMinute: 7 }]]),
  )
  expect([...both]).toEqual([
    ['m', { requestsPerMinute: 10, tokensPerMinute: 7, concurrency: 3 }],
    ['only-here', { concurrency: 1 }],
  ])
  expect(strictestLimits(new Map(), both)).toBe(both)
  expect(strictestLimits(both, new Map())).toBe(both)
})
