import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { multiplierOf } from './multiplier.ts'
import { costOf, DIMENSIONS, MAX_COST_NANOS, type Multiplier, type Price, pricedLines, ratesFor } from './price.ts'
import { priceOf } from './price-entry.ts'
import { nextChange, type PriceRule, ruleAt } from './price-rule.ts'
import { priceFor } from './price-variant.ts'
import type { Usage } from './usage.ts'

const EVERY: Price = {
  input: 1_000_000_000,
  output: 2_000_000_000,
  cachedInput: 100_000_000,
  cacheWrite: 1_250_000_000,
  cacheWrite1h: 2_000_000_000,
  reasoning: 3_000_000_000,
  audioInput: 10_000_000_000,
  audioOutput: 20_000_000_000,
  imageInput: 4_000_000_000,
  imageOutput: 30_000_000_000,
  perRequest: 5,
  perSearch: 10_000_000,
  perImage: 40_000_000,
  perSecond: 100_000_000,
  perCharacter: 15_000,
  perAudioHour: 111_000_000,
}

describe('each dimension', () => {
  const only = (usage: Partial<Usage>): number => costOf(EVERY, { inputTokens: 0, outputTokens: 0, ...usage }).nanos - 5
  const cases: readonly (readonly [string, Partial<Usage>, number])[] = [
    ['input', { inputTokens: 1 }, 1000],
    ['cached input', { inputTokens: 1, cachedInputTokens: 1 }, 100],
    ['five-minute write', { inputTokens: 1, cacheWriteTokens: 1 }, 1250],
    ['one-hour write', { inputTokens: 1, cacheWriteTokens: 1, cacheWrite1hTokens: 1 }, 2000],
    ['one-hour write told alone', { inputTokens: 1, cacheWrite1hTokens: 1 }, 2000],
    ['both writes', { inputTokens: 3, cacheWriteTokens: 3, cacheWrite1hTokens: 1 }, 2 * 1250 + 2000],
    ['audio in', { inputTokens: 1, audioInputTokens: 1 }, 10_000],
    ['image in', { inputTokens: 1, imageInputTokens: 1 }, 4000],
    ['output', { outputTokens: 1 }, 2000],
    ['reasoning', { outputTokens: 1, reasoningTokens: 1 }, 3000],
    ['audio out', { outputTokens: 1, audioOutputTokens: 1 }, 20_000],
    ['image out', { outputTokens: 1, imageOutputTokens: 1 }, 30_000],
    ['searches', { webSearches: 2 }, 20_000_000],
    ['images', { images: 3 }, 120_000_000],
    ['seconds of video', { seconds: 5.5 }, 550_000_000],
    ['characters', { characters: 4 }, 60_000],
    // 0.111 dollars an hour, ten seconds: 308 333.33… nano-dollars.
    ['seconds of audio', { audioSeconds: 10 }, 308_333],
  ]
  for (const [name, usage, nanos] of cases) test(name, () => expect(only(usage)).toBe(nanos))

  test('audio that came from a cache is paid once, as cached', () => {
    expect(only({ inputTokens: 10, cachedInputTokens: 10, audioInputTokens: 10 })).toBe(1000)
  })

  test('an unset price falls back as documented', () => {
    const plain: Price = { input: 1_000_000, output: 3_000_000 }
    expect(costOf(plain, { inputTokens: 4, cachedInputTokens: 1, cacheWriteTokens: 2, cacheWrite1hTokens: 1, outputTokens: 0 }).nanos).toBe(
      4,
    )
    expect(costOf(plain, { inputTokens: 0, outputTokens: 2, reasoningTokens: 2 }).nanos).toBe(6)
    const write: Price = { ...plain, cacheWrite: 2_000_000 }
    expect(costOf(write, { inputTokens: 1, cacheWriteTokens: 1, cacheWrite1hTokens: 1, outputTokens: 0 }).nanos).toBe(2)
  })

  test('lines add up to the cost', () => {
    const usage = { inputTokens: 100, cachedInputTokens: 30, outputTokens: 20, reasoningTokens: 5, webSearches: 1 }
    const per = new Map<string, number>(DIMENSIONS.map((dimension) => [dimension.name, dimension.per]))
    const sum = pricedLines(EVERY, usage).reduce(
      (total, { dimension, count, rate }) => total + (count * (rate ?? 0)) / (per.get(dimension) ?? 1),
      0,
    )
    expect(costOf(EVERY, usage).nanos).toBe(sum)
  })
})

describe('exactness', () => {
  const count = fc.oneof(fc.nat(5000), fc.nat(2_000_000_000))
  const rate = fc.oneof(fc.nat(1_000_000), fc.nat(150_000_000_000))
  const factor: fc.Arbitrary<Multiplier> = fc.record({
    numerator: fc.integer({ min: 0, max: 5000 }),
    denominator: fc.constantFrom(1, 10, 100, 1000),
  })

  test('doubles where they hold, integers where they do not: always the rational number rounded half up', () => {
    fc.assert(
      fc.property(count, count, count, rate, rate, rate, factor, (input, cached, output, a, b, c, multiplier) => {
        const price: Price = { input: a, cachedInput: b, output: c }
        const { nanos } = costOf(price, { inputTokens: input + cached, cachedInputTokens: cached, outputTokens: output }, multiplier)
        const top = (BigInt(input) * BigInt(a) + BigInt(cached) * BigInt(b) + BigInt(output) * BigInt(c)) * BigInt(multiplier.numerator)
        const bottom = 1_000_000n * BigInt(multiplier.denominator)
        const rounded = (2n * top + bottom) / (2n * bottom)
        expect(BigInt(nanos)).toBe(rounded > BigInt(MAX_COST_NANOS) ? BigInt(MAX_COST_NANOS) : rounded)
      }),
      { numRuns: 500 },
    )
  })

  test('whatever an upstream reports, the cost is a whole number from nothing to the most', () => {
    const wild = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -1, 1e300, undefined, null, '7'))
    const names = [
      'inputTokens',
      'outputTokens',
      'cachedInputTokens',
      'reasoningTokens',
      'webSearches',
      'seconds',
      'audioSeconds',
      'images',
    ]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), wild), (usage) => {
        const { nanos } = costOf(EVERY, usage as unknown as Usage)
        expect(Number.isSafeInteger(nanos) && nanos >= 0 && nanos <= MAX_COST_NANOS).toBe(true)
      }),
    )
  })

  test('a multiplier is exact', () => {
    expect(multiplierOf('1.75')).toEqual({ numerator: 175, denominator: 100 })
    expect(multiplierOf('0')).toEqual({ numerator: 0, denominator: 1 })
    expect(multiplierOf('1.000')).toBeUndefined()
    for (const text of ['', '-1', '1e3', '1.0000001', 'x']) expect(() => multiplierOf(text)).toThrow(RangeError)
    // A third of nothing is nothing; half a nano-dollar is one.
    expect(costOf({ input: 1_000_000 }, { inputTokens: 1, outputTokens: 0 }, { numerator: 1, denominator: 2 }).nanos).toBe(1)
    expect(costOf({ input: 1_000_000 }, { inputTokens: 1, outputTokens: 0 }, { numerator: 499, denominator: 1000 }).nanos).toBe(0)
  })
})

describe('tiers and variants', () => {
  test('the highest tier that the input passes counts, for all of it', () => {
    const price: Price = {
      input: 1,
      output: 1,
      tiers: [
        { aboveInputTokens: 100, input: 3 },
        { aboveInputTokens: 10, input: 2, output: 5 },
      ],
    }
    expect(ratesFor(price, 10)).toMatchObject({ input: 1, output: 1 })
    expect(ratesFor(price, 11)).toMatchObject({ input: 2, output: 5 })
    expect(ratesFor(price, 101)).toMatchObject({ input: 3, output: 1 })
  })

  test('the most specific variant counts', () => {
    const price = priceOf({
      per_image: 1,
      variants: [
        { when: { quality: 'hd' }, per_image: 2 },
        { when: { quality: 'hd', size: '1792x1024' }, per_image: 3 },
      ],
    })
    expect(priceFor(price, {}).perImage).toBe(1e9)
    expect(priceFor(price, { quality: 'HD' }).perImage).toBe(2e9)
    expect(priceFor(price, { size: '1792x1024', quality: 'hd' }).perImage).toBe(3e9)
  })
})

describe('prices over time', () => {
  const day = (text: string): number => Date.parse(`${text}Z`)
  const price = (input: number): Price => ({ input })
  const rules: readonly PriceRule[] = [
    { price: price(1) },
    { price: price(2), fromMs: day('2026-03-01T00:00'), toMs: day('2026-04-01T00:00') },
    { price: price(3), dailyMs: [22 * 3_600_000, 2 * 3_600_000] },
  ]

  test('the last rule that holds counts, and its end is known', () => {
    expect(ruleAt(rules, day('2026-02-28T12:00'))?.price.input).toBe(1)
    expect(ruleAt(rules, day('2026-03-01T02:00'))?.price.input).toBe(2)
    expect(ruleAt(rules, day('2026-04-01T02:00'))?.price.input).toBe(1)
    expect(ruleAt(rules, day('2026-03-01T23:00'))?.price.input).toBe(3)
    expect(ruleAt(rules, day('2026-03-02T01:59'))?.price.input).toBe(3)
    expect(ruleAt([{ price: price(1), fromMs: 10 }], 9)).toBeUndefined()
  })

  test('between two changes nothing changes', () => {
    const start = day('2026-02-27T00:00')
    fc.assert(
      fc.property(fc.nat(40 * 86_400_000), fc.nat(1000), (offset, part) => {
        const now = start + offset
        const next = nextChange(rules, now)
        const between = now + Math.floor(((next - now - 1) * part) / 1000)
        expect(ruleAt(rules, between)).toBe(ruleAt(rules, now) as PriceRule)
      }),
    )
  })
})

describe('prices as people write them', () => {
  test('dollars become whole nano-dollars, never rounded away', () => {
    expect(priceOf({ input_per_million: 0.15, output_per_million: '0.6', per_character: 0.000015 })).toEqual({
      input: 150_000_000,
      output: 600_000_000,
      perCharacter: 15_000,
    })
    expect(() => priceOf({ per_character: 1e-10 })).toThrow(RangeError)
    expect(() => priceOf({ input_per_million: -1 })).toThrow(RangeError)
    expect(() => priceOf({ input_per_million: Number.NaN })).toThrow(RangeError)
  })

  test('a price for the request alone is a flat one', () => {
    expect(costOf(priceOf({ per_request: 0.01 }), { inputTokens: 5000, outputTokens: 70, reasoningTokens: 7 })).toEqual({
      nanos: 1e7,
      unpriced: [],
    })
    expect(costOf(priceOf({ per_request: 0.01 }), { inputTokens: 1, outputTokens: 0, webSearches: 1 }).unpriced).toEqual(['search'])
  })
})
