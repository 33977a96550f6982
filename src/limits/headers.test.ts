import { describe, expect, test } from 'bun:test'
import { chatFormat } from '../formats/index.ts'
import { durationText, rateLimitHeaders } from './headers.ts'
import type { Refusal, Standing } from './limits.ts'
import { refusalError } from './refusal.ts'
import { concurrencyRule, type LimitRule, quotaRule, rateRule } from './rule.ts'

const whose = (limit: number, scope: 'key' | 'project' = 'key') => ({ scope, subject: 'secret-name', limit }) as const
const NOW = Date.UTC(2026, 10, 19, 12)

const STANDINGS: readonly Standing[] = [
  { rule: rateRule('requests', whose(60)), remaining: 59, resetMs: 61_000 },
  { rule: rateRule('requests', whose(1_000, 'project')), remaining: 7, resetMs: 360_000 },
  { rule: rateRule('tokens', whose(150_000)), remaining: 149_984, resetMs: 12 },
  { rule: concurrencyRule(whose(3)), remaining: 0, resetMs: 1_000 },
]

test('OpenAI: the tightest of each kind, resets as durations', () => {
  expect(rateLimitHeaders('openai', STANDINGS, NOW)).toEqual({
    'x-ratelimit-limit-requests': '1000',
    'x-ratelimit-remaining-requests': '7',
    'x-ratelimit-reset-requests': '6m0s',
    'x-ratelimit-limit-tokens': '150000',
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '12ms',
  })
})

test('Anthropic: resets as moments, rounded up to seconds', () => {
  expect(rateLimitHeaders('anthropic', STANDINGS, NOW)).toEqual({
    'anthropic-ratelimit-requests-limit': '1000',
    'anthropic-ratelimit-requests-remaining': '7',
    'anthropic-ratelimit-requests-reset': '2026-11-19T12:06:00Z',
    'anthropic-ratelimit-tokens-limit': '150000',
    'anthropic-ratelimit-tokens-remaining': '149984',
    'anthropic-ratelimit-tokens-reset': '2026-11-19T12:00:01Z',
  })
})

test('Gemini has none, and neither has who is not limited', () => {
  expect(rateLimitHeaders('gemini', STANDINGS, NOW)).toEqual({})
  expect(rateLimitHeaders('openai', [], NOW)).toEqual({})
  expect(rateLimitHeaders('openai', [STANDINGS[3] as Standing], NOW)).toEqual({})
})

test('durations are those of Go', () => {
  for (const [ms, text] of [
    [-5, '0s'],
    [0, '0s'],
    [0.2, '1ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_500, '1.5s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [61_010, '1m1.01s'],
    [3_600_000, '1h0m0s'],
    [90_061_001, '25h1m1.001s'],
  ] as const) {
    expect(durationText(ms)).toBe(text)
  }
})

describe('a refusal in each dialect', () => {
  const answer = (id: string, refusal: Refusal) => {
    const { status, headers, body } = chatFormat(id)?.encodeError(refusalError(refusal), 'req_1') ?? {}
    return { status, headers, body: JSON.stringify(body) }
  }
  const refused = (rule: LimitRule, retryAfterMs?: number): Refusal => ({
    refused: true,
    rule,
    remaining: 2,
    standings: [],
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
  const rate = refused(rateRule('requests', whose(60)), 1_200)
  const money = refused(quotaRule(whose(5_000_000_000), 'month'), 86_400_000)

  test('a rate is a 429 that names the wait', () => {
    for (const id of ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate-content']) {
      const { status, headers, body } = answer(id, rate)
      expect([id, status]).toEqual([id, 429])
      expect(headers?.['retry-after']).toBe('2')
      expect(body).toContain('Rate limit of this API key reached: 60 requests per minute, 2 left. Try again in 1.2s.')
      expect(body).not.toContain('secret-name')
    }
    expect(answer('openai-chat', rate).headers?.['retry-after-ms']).toBe('1200')
    expect(answer('gemini-generate-content', rate).body).toContain('"retryDelay":"1.2s"')
  })

  test('money is each dialect’s quota error, which clients do not try again', () => {
    expect(answer('openai-chat', money)).toMatchObject({ status: 402, headers: { 'x-should-retry': 'false' } })
    expect(answer('openai-responses', money)).toMatchObject({ status: 429, headers: { 'x-should-retry': 'false' } })
    expect(answer('anthropic-messages', money)).toMatchObject({ status: 429, headers: { 'x-should-retry': 'false' } })
    expect(answer('gemini-generate-content', money).status).toBe(402)
    expect(answer('openai-chat', money).body).toContain('The monthly quota of this API key')
    expect(answer('openai-chat', money).body).toContain('$0.000000002 of $5 left')
  })

  test('what never fits does not name a wait', () => {
    const error = refusalError(refused(rateRule('tokens', whose(100), 3_600_000)))
    expect(error.details.retryAfterMs).toBeUndefined()
    expect(error.message).toBe('The request is larger than this API key may ever use: the limit is 100 tokens per 1h0m0s.')
    expect(refusalError(refused(concurrencyRule(whose(3)), 1_000)).message).toContain('3 concurrent requests')
  })
})
