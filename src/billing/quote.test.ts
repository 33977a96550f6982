import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { costOf, type Price } from '../core/price.ts'
import { affordableOutput, ceilingOf, type Extent } from './ceiling.ts'
import { explainQuote } from './explain.ts'
import { Quote } from './quote.ts'
import { ask, channelRow, snapshotOf } from './test-kit.ts'

const rate = fc.nat(20_000_000_000)
const price: fc.Arbitrary<Price> = fc.record(
  {
    input: rate,
    output: rate,
    cachedInput: rate,
    cacheWrite: rate,
    cacheWrite1h: rate,
    reasoning: rate,
    audioInput: rate,
    perRequest: fc.nat(1000),
  },
  { requiredKeys: ['input', 'output', 'audioInput'] },
)
const multiplier = fc.option(fc.record({ numerator: fc.integer({ min: 1, max: 400 }), denominator: fc.constantFrom(1, 10, 100) }), {
  nil: undefined,
})

describe('the ceiling', () => {
  test('no usage within the request’s extent costs more', () => {
    const part = fc.nat(1000)
    fc.assert(
      fc.property(
        price,
        multiplier,
        fc.tuple(part, part, part, part),
        fc.nat(500),
        fc.nat(500),
        (rates, factor, [a, b, c, d], output, reasoning) => {
          const extent: Extent = { inputTokens: a + b + c + d, choices: 1, audioInput: true, cacheLifetime: '1h' }
          const ceiling = ceilingOf(rates, extent, { outputTokens: output + reasoning, multiplier: factor })
          const usage = {
            inputTokens: a + b + c + d,
            cachedInputTokens: a,
            cacheWriteTokens: b + c,
            cacheWrite1hTokens: c,
            outputTokens: output + reasoning,
            reasoningTokens: reasoning,
          }
          expect(costOf(rates, usage, factor).nanos).toBeLessThanOrEqual(ceiling)
          expect(costOf(rates, { ...usage, audioInputTokens: d }, factor).nanos).toBeLessThanOrEqual(ceiling)
        },
      ),
    )
  })

  test('what an amount covers is covered, and not a token more', () => {
    fc.assert(
      fc.property(
        price,
        multiplier,
        fc.nat(2000),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(100_000_000),
        (rates, factor, inputTokens, choices, amount) => {
          const extent: Extent = { inputTokens, choices }
          const tokens = affordableOutput(rates, extent, { amount, multiplier: factor })
          const at = (outputTokens: number): number => ceilingOf(rates, extent, { outputTokens, multiplier: factor })
          if (tokens < 0) expect(at(0)).toBeGreaterThan(amount)
          else if (tokens < 1e11) {
            expect(at(tokens)).toBeLessThanOrEqual(amount)
            expect(at(tokens + 1)).toBeGreaterThan(amount)
          }
        },
      ),
    )
  })

  test('a long prompt is held at its tier', () => {
    const tiered: Price = { input: 1_000_000, output: 1_000_000, tiers: [{ aboveInputTokens: 100, input: 3_000_000, output: 2_000_000 }] }
    expect(ceilingOf(tiered, { inputTokens: 100, choices: 1 }, { outputTokens: 10 })).toBe(110)
    expect(ceilingOf(tiered, { inputTokens: 101, choices: 2 }, { outputTokens: 10 })).toBe(303 + 40)
  })
})

describe('a quote', () => {
  const snapshot = snapshotOf(
    [channelRow('openai'), channelRow('openai-compatible')],
    [{ model: 'm', channel: 'openai-compatible-main', input_per_million: 5, output_per_million: 5 }],
  )

  test('the limit is the client’s, else the model’s', () => {
    const quote = (more: object) => new Quote(ask(snapshot, 'gpt-4o-mini', { inputTokens: () => 0, ...more }))
    expect(quote({}).ceiling()).toBe(16_384 * 600)
    expect(quote({ maxOutputTokens: 10, choices: 3 }).ceiling()).toBe(30 * 600)
    expect(quote({ maxOutputTokens: 1e15 }).ceiling()).toBe(128_000 * 600)
    expect(quote({ searches: 2, maxOutputTokens: 0 }).ceiling()).toBe(20_000_000)
    expect(quote({ searchNanos: 7, maxOutputTokens: 0 }).ceiling()).toBe(7)
  })

  test('nonsense for an estimate holds no nonsense', () => {
    const quote = new Quote(ask(snapshot, 'gpt-4o-mini', { inputTokens: () => Number.NaN, maxOutputTokens: 1 }))
    expect(quote.ceiling()).toBe(600)
  })

  test('it explains itself', () => {
    const explained = explainQuote(new Quote(ask(snapshot, 'm', { maxOutputTokens: 10 })))
    expect(explained).toMatchObject({ ceiling: '0.00505', input_tokens: 1000, multiplier: '1' })
    expect(explained.routes).toMatchObject([
      { channel: 'openai-main', charge: null, cost: null, output_tokens: null },
      { charge: { price: { input_per_million: '5', output_per_million: '5' }, source: { name: 'operator' } }, output_tokens: 10 },
    ])
  })
})
