// What a journal row says beside its amounts, as JSON: enough to print the receipt years later, when the price list has
// long changed. Written for every exchange and read for few, so the price's text is kept with the price.

import type { Price } from '../core/price.ts'
import type { Usage } from '../core/usage.ts'
import type { Priced, RoutePrice } from '../snapshot/index.ts'
import type { Quote } from './quote.ts'
import type { End } from './settlement.ts'

export interface JournalDetail {
  readonly model: string
  readonly end: End
  readonly usage?: Usage
  /** The customer's price at the time. */
  readonly price?: Price
  readonly source?: { readonly name: string; readonly date: string }
  /** Numerator and denominator. */
  readonly multiplier?: readonly [number, number]
}

const priceTexts = new WeakMap<Priced, string>()

function priceText(priced: Priced): string {
  let text = priceTexts.get(priced)
  if (text === undefined) {
    const { name, date } = priced.source
    text = `"price":${JSON.stringify(priced.price)},"source":${JSON.stringify({ name, date })}`
    priceTexts.set(priced, text)
  }
  return text
}

export function journalDetail(
  quote: Quote,
  { end }: { end: End },
  known: { offer: RoutePrice | undefined; usage: Usage | undefined },
): string {
  const { model, multiplier } = quote.ask
  let text = `{"model":${JSON.stringify(model)},"end":"${end}"`
  if (known.usage !== undefined) text += `,"usage":${JSON.stringify(known.usage)}`
  if (known.offer !== undefined) text += `,${priceText(known.offer.charge)}`
  if (multiplier !== undefined) text += `,"multiplier":[${multiplier.numerator},${multiplier.denominator}]`
  return `${text}}`
}

/** The costs by account; two tries on one channel are one sum. */
export function costsText(costs: readonly { readonly account: string; readonly nanos: number }[]): string {
  const [only] = costs
  if (only !== undefined && costs.length === 1) return `{${JSON.stringify(only.account)}:${only.nanos}}`
  const sums: Record<string, number> = {}
  for (const { account, nanos } of costs) sums[account] = (sums[account] ?? 0) + nanos
  return JSON.stringify(sums)
}
