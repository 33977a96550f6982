// List prices by provider and upstream model, offline. The data is refreshed by `npm run prices:update`; media prices
// that no data set has stand in `media.ts`. A provider's list is parsed when first asked and kept.

import type { PriceEntry } from '../../core/price-entry.ts'
import { priceOf } from '../../core/price-entry.ts'
import type { PriceRule } from '../../core/price-rule.ts'
import { DATA } from './data.ts'
import { matches, type NameTests } from './match.ts'
import { MEDIA_PRICES } from './media.ts'
import type { PriceSource } from './source.ts'

export interface ListPrice {
  /** The last one that holds counts. */
  readonly rules: readonly PriceRule[]
  readonly source: PriceSource
  /** Tokens the model can see at once. */
  readonly contextTokens?: number
  /** Tokens it can write at once. */
  readonly maxOutputTokens?: number
}

interface Line {
  readonly match: NameTests
  readonly source?: string
  readonly context?: number
  readonly max_output?: number
  readonly prices: readonly (PriceEntry & { readonly from?: string; readonly daily?: readonly [string, string] })[]
}

interface List {
  readonly source: PriceSource
  readonly fallback: readonly string[]
  readonly lines: readonly Line[]
}

const lists = new Map<string, List | undefined>()

/** The list price; `undefined` when no list has the model. Compiled anew at each call: callers keep what they ask for. */
export function listPrice(provider: string, model: string): ListPrice | undefined {
  const media = MEDIA_PRICES.find((row) => row.provider === provider && matches(row.match, model))
  if (media !== undefined) return { rules: [{ price: priceOf(media.price) }], source: media.source }
  const own = fromList(provider, model)
  if (own !== undefined) return own
  for (const other of listOf(provider)?.fallback ?? []) {
    const found = fromList(other, model)
    if (found !== undefined) return found
  }
  return undefined
}

function fromList(provider: string, model: string): ListPrice | undefined {
  const list = listOf(provider)
  const line = list?.lines.find(({ match }) => matches(match, model))
  if (list === undefined || line === undefined) return undefined
  return {
    rules: line.prices.map(ruleOf),
    source: line.source === undefined ? list.source : { ...list.source, name: line.source },
    ...(line.context !== undefined && { contextTokens: line.context }),
    ...(line.max_output !== undefined && { maxOutputTokens: line.max_output }),
  }
}

function listOf(provider: string): List | undefined {
  if (!lists.has(provider)) lists.set(provider, parsed(Object.hasOwn(DATA, provider) ? DATA[provider] : undefined))
  return lists.get(provider)
}

function parsed(text: string | undefined): List | undefined {
  if (text === undefined) return undefined
  const [head, ...rest] = text.trimEnd().split('\n')
  const header = JSON.parse(head as string) as { source: string; date: string; urls: string[]; fallback?: string[] }
  const source = { name: header.source, date: header.date, urls: header.urls }
  return { source, fallback: header.fallback ?? [], lines: rest.map((line) => JSON.parse(line) as Line) }
}

function ruleOf({ from, daily, ...entry }: Line['prices'][number]): PriceRule {
  return {
    price: priceOf(entry),
    ...(from !== undefined && { fromMs: Date.parse(from) }),
    ...(daily !== undefined && { dailyMs: [timeOf(daily[0]), timeOf(daily[1])] }),
  }
}

const timeOf = (time: string): number => Date.parse(`1970-01-01T${time}`)
