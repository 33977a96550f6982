// Aliases an operator made: another name for a model, on every channel that serves it. They become entries of the channels
// before these are compiled, so that nothing after it knows of aliases.

import type { OperatorPrice } from '../config/index.ts'
import { providerById } from '../providers/index.ts'
import type { ChannelRow } from './snapshot.ts'

export interface Alias {
  /** What clients ask for. */
  readonly model: string
  /** What it stands for: a model's name as clients know it, not another alias. */
  readonly target: string
}

type ModelEntry = NonNullable<ChannelRow['models']>[number]

/** The rows with a further entry for each alias whose target they serve. A name that a channel has itself stays its own. */
export function withAliases(rows: readonly ChannelRow[], aliases: readonly Alias[]): ChannelRow[] {
  if (aliases.length === 0) return [...rows]
  return rows.map((row) => {
    const entries: readonly ModelEntry[] =
      row.models ?? providerById(row.provider)?.models.map((model) => ({ model, upstreamModel: model })) ?? []
    const own = new Set(entries.map(({ model }) => model))
    const added = aliases.flatMap(({ model, target }) => {
      const upstreamModel = own.has(model) ? undefined : upstreamOf(entries, target)
      return upstreamModel === undefined ? [] : [{ model, upstreamModel }]
    })
    return added.length === 0 ? row : { ...row, models: [...entries, ...added] }
  })
}

function upstreamOf(entries: readonly ModelEntry[], target: string): string | undefined {
  const exact = entries.find(({ model }) => model === target)
  if (exact !== undefined) return exact.upstreamModel
  const wildcard = entries.find(({ model }) => model.endsWith('*') && target.startsWith(model.slice(0, -1)))
  if (wildcard === undefined) return undefined
  return wildcard.upstreamModel.endsWith('*') ? target : wildcard.upstreamModel
}

/** The prices with a further entry for each alias that has none of its own: what its target costs, it costs. */
export function withAliasPrices(prices: readonly OperatorPrice[], aliases: readonly Alias[]): OperatorPrice[] {
  const asked = prices.filter(({ provider, channel }) => provider === undefined && channel === undefined)
  return [
    ...prices,
    ...aliases.flatMap(({ model, target }) =>
      asked.some((entry) => entry.model === model) ? [] : pricesOf(asked, target).map((entry) => ({ ...entry, model })),
    ),
  ]
}

/** The entries of the name itself, or else of the longest beginning that one is written for. */
function pricesOf(entries: readonly OperatorPrice[], model: string): OperatorPrice[] {
  const fitting = entries.filter(
    (entry) => entry.model === model || (entry.model.endsWith('*') && model.startsWith(entry.model.slice(0, -1))),
  )
  const best = fitting.some((entry) => entry.model === model)
    ? model
    : fitting.map((entry) => entry.model).sort((a, b) => b.length - a.length)[0]
  return fitting.filter((entry) => entry.model === best)
}
