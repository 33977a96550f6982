import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { costOf, type Price } from './price.ts'

// gpt-4o-mini: 0.15 and 0.60 dollars a million tokens, cached 0.075.
const MINI: Price = { input: 150_000_000, output: 600_000_000, cachedInput: 75_000_000 }

test('each token is paid once, in its own dimension', () => {
  const { nanos, unpriced } = costOf(MINI, { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 100, reasoningTokens: 60 })
  expect(nanos).toBe(600 * 150 + 400 * 75 + 100 * 600)
  expect(unpriced).toEqual([])
})

test('an unset price of a used dimension is named', () => {
  expect(costOf(MINI, { inputTokens: 10, audioInputTokens: 5, outputTokens: 0, webSearches: 1 }).unpriced).toEqual([
    'audio_input',
    'search',
  ])
  expect(costOf({ free: true }, { inputTokens: 10, outputTokens: 10 })).toEqual({ nanos: 0, unpriced: [] })
})

test('a long prompt pays its tier for all of it', () => {
  const price: Price = { ...MINI, tiers: [{ aboveInputTokens: 200_000, input: 300_000_000 }] }
  expect(costOf(price, { inputTokens: 200_000, outputTokens: 0 }).nanos).toBe(200_000 * 150)
  expect(costOf(price, { inputTokens: 200_001, outputTokens: 0 }).nanos).toBe(200_001 * 300)
})

test('the multiplier applies before the one rounding', () => {
  expect(costOf({ input: 1_000_000 }, { inputTokens: 1, outputTokens: 0 }, { numerator: 175, denominator: 100 }).nanos).toBe(2)
  expect(costOf({ input: 250_000 }, { inputTokens: 2, outputTokens: 0 }).nanos).toBe(1)
  expect(costOf({ input: 249_999 }, { inputTokens: 2, outputTokens: 0 }).nanos).toBe(0)
})

test('more usage never costs less', () => {
  const tokens = fc.nat(1_000_000)
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, (input, cached, output, more) => {
      const usage = { inputTokens: input + cached, cachedInputTokens: cached, outputTokens: output }
      const base = costOf(MINI, usage).nanos
      expect(costOf(MINI, { ...usage, outputTokens: output + more }).nanos).toBeGreaterThanOrEqual(base)
      expect(costOf(MINI, { ...usage, inputTokens: input + cached + more }).nanos).toBeGreaterThanOrEqual(base)
    }),
  )
})
