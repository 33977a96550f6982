import { describe, expect, test } from 'bun:test'
import { calcPrice } from '@pydantic/genai-prices'
import { costOf } from '../../core/price.ts'
import { ruleAt } from '../../core/price-rule.ts'
import { PROVIDERS } from '../index.ts'
import { listPrice } from './catalogue.ts'
import { DATA } from './data.ts'
import { matches } from './match.ts'
import { MEDIA_PRICES } from './media.ts'

const NOW = new Date('2026-11-20T12:00:00Z')

describe('the catalogue', () => {
  test('every line compiles, names its source, and belongs to a provider we have', () => {
    const ids = new Set<string>(PROVIDERS.map(({ id }) => id))
    for (const [provider, text] of Object.entries(DATA)) {
      expect(ids.has(provider)).toBe(true)
      const [head, ...lines] = text.trimEnd().split('\n')
      expect(JSON.parse(head!)).toMatchObject({ source: expect.any(String), date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) })
      for (const line of lines) {
        const { id, match } = JSON.parse(line) as { id: string; match: (string | string[])[] }
        const exact = match.find((name) => typeof name === 'string' && name.startsWith('=')) as string | undefined
        if (exact !== undefined) expect(listPrice(provider, exact.slice(1))?.rules.length, id).toBeGreaterThan(0)
      }
    }
  })

  // The data set computes in doubles; to the nano-dollar the two must agree.
  test('it says what the data set says', () => {
    const usage = { inputTokens: 300_000, cachedInputTokens: 1000, outputTokens: 700 }
    const theirs = { input_tokens: 300_000, cache_read_tokens: 1000, output_tokens: 700 }
    for (const [ours, provider, model] of [
      ['openai', 'openai', 'gpt-4o-mini'],
      ['openai', 'openai', 'gpt-5-mini-2025-08-07'],
      ['anthropic', 'anthropic', 'claude-sonnet-4-5-20250929'],
      ['anthropic', 'anthropic', 'claude-opus-4-6'],
      ['gemini', 'google', 'gemini-2.5-pro'],
      ['vertex', 'google', 'claude-sonnet-4-5@20250929'],
      ['bedrock', 'aws', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
      ['deepseek', 'deepseek', 'deepseek-chat'],
      ['groq', 'groq', 'llama-3.3-70b-versatile'],
      ['xai', 'x-ai', 'grok-4'],
      ['openrouter', 'openrouter', 'openai/gpt-4o-mini'],
    ] as const) {
      const rule = ruleAt(listPrice(ours, model)?.rules ?? [], NOW.getTime())
      const expected = calcPrice(theirs, model, { providerId: provider, timestamp: NOW })
      expect(costOf(rule?.price ?? {}, usage), `${ours} ${model}`).toEqual({
        nanos: Math.round((expected?.total_price ?? -1) * 1e9),
        unpriced: [],
      })
    }
  })

  test('a provider that resells falls back on the makers’ lists', () => {
    expect(listPrice('azure', 'gpt-4o-2024-08-06')?.rules[0]?.price.input).toBe(2_500_000_000)
    expect(listPrice('azure', 'no-such-model')).toBeUndefined()
  })

  test('a one-hour cache write of Claude costs twice the input everywhere', () => {
    for (const provider of ['anthropic', 'vertex', 'bedrock']) {
      const model = provider === 'bedrock' ? 'global.anthropic.claude-haiku-4-5-20251001-v1:0' : 'claude-haiku-4-5'
      const price = listPrice(provider, model)?.rules[0]?.price
      expect(price?.cacheWrite1h, provider).toBe((price?.input ?? 0) * 2)
    }
  })

  test('names of objects’ own members are no providers', () => {
    for (const name of ['__proto__', 'constructor', 'toString', '']) expect(listPrice(name, 'gpt-4o')).toBeUndefined()
  })

  test('every hand-kept price is one', () => {
    for (const { provider, match, source } of MEDIA_PRICES) {
      const found = listPrice(provider, String(match[0]).slice(1))
      expect(found?.source).toEqual(source)
      expect(Object.keys(found?.rules[0]?.price ?? {}).length).toBeGreaterThan(0)
    }
  })
})

test('the five tests of a name', () => {
  expect(matches(['=GPT-4o'], 'gpt-4O')).toBe(true)
  expect(matches(['^gpt-'], 'gpt-5')).toBe(true)
  expect(matches(['$-v1'], 'claude-v1')).toBe(true)
  expect(matches(['*4o'], 'chatgpt-4o-latest')).toBe(true)
  expect(matches(['/^o[134]$'], 'o3')).toBe(true)
  expect(matches(['/^o[134]$'], 'O3')).toBe(false)
  expect(matches([['^a', '$z']], 'a-z')).toBe(true)
  expect(matches([['^a', '$z']], 'a-y')).toBe(false)
  expect(matches([], 'x')).toBe(false)
})
