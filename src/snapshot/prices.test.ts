import { describe, expect, test } from 'bun:test'
import { parsePrice } from '../config/index.ts'
import { compileSnapshot } from './compile.ts'
import type { ChannelRow, RoutePrice } from './snapshot.ts'

const NOW = Date.UTC(2026, 10, 20)
const row = (provider: string, more: Partial<ChannelRow> = {}): ChannelRow => ({
  id: `ch_${provider}`,
  name: provider,
  origin: 'file',
  provider,
  baseUrl: 'https://models.example.com/v1',
  priority: 0,
  weight: 1,
  settings: {},
  headers: {},
  models: [],
  ...more,
})

function prices(entries: readonly Record<string, unknown>[], channel: ChannelRow) {
  const parsed = entries.map((entry) => {
    const price = parsePrice(entry)
    if ('problem' in price) throw new Error(price.problem)
    return price
  })
  const snapshot = compileSnapshot([channel], 1, { prices: parsed })
  return (model: string, upstreamModel = model, nowMs = NOW): RoutePrice | undefined =>
    snapshot.prices.on(model, { channel: snapshot.channels[0]!, upstreamModel }, nowMs)
}

const input = (offer: RoutePrice | undefined): [number | undefined, number | undefined] => [
  offer?.charge.price.input,
  offer?.cost.price.input,
]

describe('whose price counts', () => {
  test('the catalogue, by provider and upstream model', () => {
    const on = prices([], row('openai'))
    expect(input(on('fast', 'gpt-4o-mini'))).toEqual([150_000_000, 150_000_000])
    expect(on('fast', 'gpt-4o-mini')?.cost).toMatchObject({ maxOutputTokens: 16_384, source: { name: '@pydantic/genai-prices 0.1.8' } })
    expect(on('no-such-model')).toBeUndefined()
  })

  test('what listens on this machine is free as long as nothing is priced', () => {
    const here = row('openai-compatible', { baseUrl: 'http://127.0.0.1:9/v1' })
    expect(prices([], here)('anything')?.charge.price).toEqual({ free: true })
    expect(prices([{ model: 'fast', free: true }], here)('anything')).toBeUndefined()
  })

  test('what customers pay goes by the name they asked for, what we pay by the upstream', () => {
    const on = prices([{ model: 'fast', input_per_million: 9, output_per_million: 9 }], row('openai'))
    expect(input(on('fast', 'gpt-4o-mini'))).toEqual([9e9, 150_000_000])
    expect(input(on('gpt-4o-mini'))).toEqual([150_000_000, 150_000_000])
  })

  test('an entry for the upstream model serves both where the catalogue knows nothing', () => {
    const on = prices([{ model: 'm', input_per_million: 1, output_per_million: 1 }], row('openai-compatible'))
    expect(input(on('alias', 'm'))).toEqual([1e9, 1e9])
    expect(input(on('m', 'other'))).toEqual([1e9, 1e9])
    expect(on('other')).toBeUndefined()
  })

  test('entries for a provider or a channel say what it costs us', () => {
    const entries = [
      { model: 'm', provider: 'openai', input_per_million: 2, output_per_million: 2 },
      { model: 'm', channel: 'openai', input_per_million: 3, output_per_million: 3 },
      { model: 'n', channel: 'elsewhere', input_per_million: 4, output_per_million: 4 },
    ]
    expect(input(prices(entries, row('openai'))('m'))).toEqual([3e9, 3e9])
    expect(input(prices(entries.slice(0, 1), row('openai'))('m'))).toEqual([2e9, 2e9])
    expect(prices(entries, row('openai'))('n')).toBeUndefined()
  })

  test('wildcards: exact names first, then the longest', () => {
    const on = prices(
      [
        { model: '*', input_per_million: 1, output_per_million: 1 },
        { model: 'my-*', input_per_million: 2, output_per_million: 2 },
        { model: 'my-own', input_per_million: 3, output_per_million: 3 },
      ],
      row('openai-compatible'),
    )
    expect([on('x'), on('my-x'), on('my-own')].map((offer) => offer?.charge.price.input)).toEqual([1e9, 2e9, 3e9])
  })

  test('the sandbox and local servers are free until the operator says otherwise', () => {
    expect(prices([], row('ollama'))('llama3')?.charge.price.free).toBe(true)
    expect(prices([], row('sandbox', { origin: 'sandbox' }))('gpt-4o-mini')?.charge.price.free).toBe(true)
    const on = prices([{ model: 'llama3', input_per_million: 1, output_per_million: 1 }], row('ollama'))
    expect(input(on('llama3'))).toEqual([1e9, undefined])
    expect(on('llama3')?.cost.price.free).toBe(true)
    expect(prices([{ model: 'm', free: true }], row('openai-compatible'))('m')?.charge.price.free).toBe(true)
  })

  test('a new price holds from its moment on, and what was remembered ends with it', () => {
    const on = prices(
      [
        { model: 'm', valid_from: '2026-12-01', input_per_million: 2, output_per_million: 2 },
        { model: 'm', input_per_million: 1, output_per_million: 1 },
        { model: 'm', valid_from: '2027-01-01', valid_to: '2027-02-01', input_per_million: 3, output_per_million: 3 },
      ],
      row('openai-compatible'),
    )
    const at = (text: string): number | undefined => on('m', 'm', Date.parse(text))?.charge.price.input
    expect(at('2026-11-30T23:59:59.999Z')).toBe(1e9)
    expect(at('2026-12-01T00:00:00Z')).toBe(2e9)
    expect(at('2027-01-15')).toBe(3e9)
    expect(at('2027-02-01')).toBe(2e9)
    expect(at('2026-11-01')).toBe(1e9)
  })
})
