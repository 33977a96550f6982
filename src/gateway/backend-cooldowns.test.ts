import { expect, test } from 'bun:test'
import { backends } from '../search/index.ts'
import type { SearchRoute } from '../tools/index.ts'
import { backendCooldowns } from './backend-cooldowns.ts'

const route = (name: string): SearchRoute => ({ backend: backends[0], account: { name, settings: {} } })
const routes = ['a', 'b', 'c'].map(route)
const order = (cooldowns: ReturnType<typeof backendCooldowns>, nowMs: number): string =>
  cooldowns
    .ordered(routes, nowMs)
    .map(({ account }) => account.name)
    .join('')

test('a backend that timed out is asked last for a while and never left out', () => {
  const cooldowns = backendCooldowns()
  cooldowns.observe({ name: 'a', outcome: 'timeout' }, 1000)
  expect(order(cooldowns, 1001)).toBe('bca')
  expect(order(cooldowns, 21_000)).toBe('abc')
})

test('one failure of other kinds is no pattern, two are; an answer ends it', () => {
  const cooldowns = backendCooldowns()
  cooldowns.observe({ name: 'a', outcome: 'unavailable' }, 0)
  expect(order(cooldowns, 1)).toBe('abc')
  cooldowns.observe({ name: 'a', outcome: 'unavailable' }, 1)
  expect(order(cooldowns, 2)).toBe('bca')
  cooldowns.observe({ name: 'a', outcome: 'ok' }, 3)
  expect(order(cooldowns, 4)).toBe('abc')
})

test('a query that no one could read says nothing about the backend', () => {
  const cooldowns = backendCooldowns()
  for (let i = 0; i < 5; i++) cooldowns.observe({ name: 'a', outcome: i % 2 === 0 ? 'bad_query' : 'query_too_long' }, 0)
  expect(order(cooldowns, 1)).toBe('abc')
})
