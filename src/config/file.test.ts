import { expect, test } from 'bun:test'
import { ConfigError, parseConfig } from './config.ts'

const file = (document: object) => parseConfig({}, document).file
const channel = (limits: unknown) => ({ channels: [{ name: 'c', provider: 'openai', limits }] })

test('limits stand on channels and on models', () => {
  const { channels, model_limits } = file({
    ...channel({ requests_per_minute: 60, concurrency: 5 }),
    model_limits: [{ model: 'gpt-*', tokens_per_minute: 1000 }, { model: '*', concurrency: 1 }, { model: 'a' }],
  })
  expect(channels[0]?.limits).toEqual({ requests_per_minute: 60, concurrency: 5 })
  expect(model_limits).toHaveLength(3)
  expect(file(channel(undefined)).channels[0]?.limits).toBeUndefined()
})

test.each([
  channel({ concurency: 5 }),
  channel({ concurrency: 0 }),
  channel({ concurrency: -1 }),
  channel({ concurrency: 1.5 }),
  channel({ concurrency: '5' }),
  channel({ concurrency: null }),
  channel({ tokens_per_minute: 1e12 }),
  channel(5),
  channel(null),
  channel([]),
  { model_limits: { a: 1 } },
  { model_limits: [null] },
  { model_limits: ['a'] },
  { model_limits: [{ concurrency: 5 }] },
  { model_limits: [{ model: '', concurrency: 5 }] },
  { model_limits: [{ model: '**', concurrency: 5 }] },
  { model_limits: [{ model: 'a*b', concurrency: 5 }] },
  {
    model_limits: [
      { model: 'a', concurrency: 5 },
      { model: 'a', requests_per_minute: 5 },
    ],
  },
  { model_limits: [{ model: 'a', limits: { concurrency: 5 } }] },
  { routing: { sticky: 'yes' } },
  { routing: { stick: 'off' } },
  { limits: { finish_seconds: 0 } },
])('%j is refused with its place', (document) => {
  expect(() => file(document)).toThrow(ConfigError)
  expect(() => file(document)).toThrow(/^configuration file: (channels\.0\.limits|model_limits|routing|limits)/)
})
