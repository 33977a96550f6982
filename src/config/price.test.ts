import { describe, expect, test } from 'bun:test'
import { parsePrice } from './price.ts'

const problem = (entry: unknown): string => {
  const parsed = parsePrice(entry)
  return 'problem' in parsed ? parsed.problem : 'none'
}

describe('an entry of `prices`', () => {
  test('every word of the file is understood', () => {
    const words = [
      'input',
      'output',
      'cached_input',
      'cache_write',
      'cache_write_1h',
      'reasoning',
      'audio_input',
      'audio_output',
      'image_input',
      'image_output',
    ]
    const entry = Object.fromEntries([
      ...words.map((word) => [`${word}_per_million`, 1]),
      ...['request', 'search', 'image', 'second', 'character'].map((word) => [`per_${word}`, '0.5']),
    ])
    const parsed = parsePrice({ model: 'm', ...entry, tiers: [{ above_input_tokens: 10, input_per_million: 2 }], valid_from: '2026-01-31' })
    expect('problem' in parsed ? parsed : Object.keys(parsed.price).length).toBe(16)
    expect(parsed).toMatchObject({ fromMs: Date.UTC(2026, 0, 31), price: { perSecond: 500_000_000, tiers: [{ input: 2e9 }] } })
  })

  test('what cannot be meant is refused with its place', () => {
    expect(problem({ model: 'm', input_per_milion: 1 })).toContain('input_per_milion')
    expect(problem({ model: 'm' })).toContain('free: true')
    expect(problem({ model: 'm', free: true, per_request: 1 })).toContain('free')
    expect(problem({ model: 'm', input_per_million: -1 })).toContain('input_per_million')
    expect(problem({ model: 'm', input_per_million: 1e-12 })).toContain('nine decimals')
    expect(problem({ model: 'm', per_image: 1e300 })).not.toBe('none')
    expect(problem({ model: 'm', per_image: 1, valid_from: 'soon' })).toContain('valid_from')
    expect(problem({ model: 'm', per_image: 1, valid_from: '2026-02-01', valid_to: '2026-01-01' })).toContain('valid_to')
    expect(problem({ model: 'm', per_image: 1, tiers: [{ input_per_million: 1 }] })).toContain('above_input_tokens')
    for (const entry of [null, 7, 'm', [], { model: 3, free: true }, { model: '', free: true }]) expect(problem(entry)).not.toBe('none')
  })
})
