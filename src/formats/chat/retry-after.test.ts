import { expect, test } from 'bun:test'
import { GatewayError } from '../../core/errors.ts'
import { anthropicMessages, geminiGenerateContent, openaiChat, openaiResponses } from '../index.ts'
import { headerWaitMs, waitHeaders } from './retry-after.ts'

const wait = (headers: Record<string, string>): number | undefined => headerWaitMs({ get: (name) => headers[name] ?? null })

test('a wait is read from milliseconds, seconds or a date; nonsense is none', () => {
  expect(wait({ 'retry-after-ms': '1500', 'retry-after': '9' })).toBe(1500)
  expect(wait({ 'retry-after': '1.5' })).toBe(1500)
  expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' })).toBe(10_000)
  expect(wait({ 'retry-after': '999999999' })).toBe(86_400_000)
  for (const value of ['', ' ', 'soon', '-5', 'Infinity', 'Wed, 21 Oct 2026 07:28:10 GMT'])
    expect(wait({ 'retry-after': value })).toBeUndefined()
})

test('rate limits always name a wait; other failures only a known one', () => {
  expect(waitHeaders(new GatewayError('upstream_rate_limited'))).toEqual({ 'retry-after': '1' })
  expect(waitHeaders(new GatewayError('upstream_overloaded'))).toEqual({})
  expect(waitHeaders(new GatewayError('upstream_overloaded', { retryAfterMs: 1500 }))).toEqual({
    'retry-after': '2',
    'retry-after-ms': '1500',
  })
})

test('what no waiting mends names no wait, in any format', () => {
  const error = new GatewayError('rate_limited', { message: 'too large for the limit', final: true, retryAfterMs: 5 })
  expect(waitHeaders(error)).toEqual({ 'x-should-retry': 'false' })
  for (const format of [openaiChat, openaiResponses, anthropicMessages, geminiGenerateContent]) {
    const { status, headers, body } = format.encodeError(error, 'req_1')
    expect(status).toBe(429)
    expect(headers).toEqual({ 'x-should-retry': 'false' })
    expect(JSON.stringify(body)).not.toContain('RetryInfo')
    expect(format.encodeError(new GatewayError('rate_limited', { retryAfterMs: 2000 }), 'req_1').headers).toMatchObject({
      'retry-after': '2',
    })
  }
})
