// What a model costs, compiled: the operator's entries over the catalogue. Two questions have two answers: what a call
// costs us (by provider and upstream model), and what a customer pays (by the name they asked for).

import type { OperatorPrice } from '../config/index.ts'
import type { Price } from '../core/price.ts'
import { nextChange, type PriceRule, ruleAt } from '../core/price-rule.ts'
import { type ListPrice, listPrice, type PriceSource } from '../providers/index.ts'
import type { PriceBook, Priced, Route, RoutePrice } from './snapshot.ts'

const FREE: Price = { free: true }
const LOCAL: PriceSource = { name: 'local servers and the sandbox are free', date: '', urls: [] }
const OPERATOR: PriceSource = { name: 'operator', date: '', urls: [] }
const CACHE_SIZE = 10_000

interface Remembered {
  readonly untilMs: number
  readonly fromMs: number
  readonly value: RoutePrice | undefined
}

export function compilePrices(entries: readonly OperatorPrice[]): PriceBook {
  const byModel = entryIndex(entries.filter(({ provider, channel }) => provider === undefined && channel === undefined))
  const byProvider = entryIndex(entries.filter(({ provider, channel }) => provider !== undefined && channel === undefined))
  const byChannel = entryIndex(entries.filter(({ channel }) => channel !== undefined))
  // Names behind wildcards come from clients without bound: the oldest go when it is full.
  const remembered = new Map<Route['channel'], Map<string, Remembered>>()

  function lookUp(model: string, { channel, upstreamModel }: Route, nowMs: number): Remembered {
    let untilMs = Number.POSITIVE_INFINITY
    const current = (rules: readonly PriceRule[]): Price | undefined => {
      untilMs = Math.min(untilMs, nextChange(rules, nowMs))
      return ruleAt(rules, nowMs)?.price
    }
    const listed = channel.origin === 'sandbox' ? undefined : listPrice(channel.provider.id, upstreamModel)
    const priced = (price: Price | undefined, source: PriceSource): Priced | undefined => price && { ...limitsOf(listed), price, source }
    const operator = (rules: readonly PriceRule[]): Priced | undefined => priced(current(rules), OPERATOR)

    const asked = operator(byModel(model))
    const cost =
      operator(byChannel(upstreamModel).filter(isFor('channel', channel.name, channel.provider.id))) ??
      operator(byProvider(upstreamModel).filter(isFor('provider', channel.provider.id, channel.provider.id))) ??
      priced(runsHere(channel) ? FREE : undefined, LOCAL) ??
      priced(listed && current(listed.rules), listed?.source ?? OPERATOR) ??
      operator(byModel(upstreamModel)) ??
      asked ??
      priced(entries.length === 0 && isOnThisMachine(channel) ? FREE : undefined, LOCAL)
    const charge = asked ?? (runsHere(channel) ? undefined : operator(byModel(upstreamModel))) ?? cost
    return { fromMs: nowMs, untilMs, value: charge === undefined || cost === undefined ? undefined : { charge, cost } }
  }

  return {
    on(model, route, nowMs) {
      let ofChannel = remembered.get(route.channel)
      if (ofChannel === undefined) remembered.set(route.channel, (ofChannel = new Map()))
      const key = model === route.upstreamModel ? model : `${model}\n${route.upstreamModel}`
      const known = ofChannel.get(key)
      if (known !== undefined && nowMs >= known.fromMs && nowMs < known.untilMs) return known.value
      const found = lookUp(model, route, nowMs)
      if (ofChannel.size >= CACHE_SIZE) ofChannel.delete(ofChannel.keys().next().value as string)
      ofChannel.set(key, found)
      return found.value
    },
  }
}

const isFor =
  (kind: 'channel' | 'provider', name: string, provider: string) =>
  (entry: OperatorPrice): boolean =>
    entry[kind] === name && (entry.provider === undefined || entry.provider === provider)

/** What runs on the operator's own machines is free unless they say otherwise. */
const runsHere = ({ origin, provider }: Route['channel']): boolean =>
  origin === 'sandbox' || provider.local !== undefined || provider.id.startsWith('sandbox')

/**
 * Whatever listens on this machine is its operator's own, and free as long as they price nothing. Who prices anything
 * prices everything: then a missing price is a mistake, here too.
 */
const isOnThisMachine = ({ formats }: Route['channel']): boolean =>
  formats.some(({ baseUrl }) => /^https?:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?(?:\/|$)/.test(baseUrl))

const limitsOf = (listed: ListPrice | undefined): Omit<Priced, 'price' | 'source'> => ({
  ...(listed?.contextTokens !== undefined && { contextTokens: listed.contextTokens }),
  ...(listed?.maxOutputTokens !== undefined && { maxOutputTokens: listed.maxOutputTokens }),
})

/** Entries by model name: exact ones, else those of the longest wildcard. */
function entryIndex(entries: readonly OperatorPrice[]): (model: string) => readonly OperatorPrice[] {
  const exact = new Map<string, OperatorPrice[]>()
  const wildcards = new Map<string, OperatorPrice[]>()
  for (const entry of entries) {
    const [index, name] = entry.model.endsWith('*') ? [wildcards, entry.model.slice(0, -1)] : [exact, entry.model]
    const known = index.get(name)
    if (known === undefined) index.set(name, [entry])
    else known.push(entry)
  }
  // The later a price begins, the more it is meant; of two that begin together the later written one.
  for (const index of [exact, wildcards]) for (const list of index.values()) list.sort((a, b) => (a.fromMs ?? 0) - (b.fromMs ?? 0))
  const prefixes = [...wildcards].sort(([a], [b]) => b.length - a.length)
  return (model) => exact.get(model) ?? prefixes.find(([prefix]) => model.startsWith(prefix))?.[1] ?? []
}
