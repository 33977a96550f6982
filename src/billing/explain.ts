// A quote for people: what a request may cost at most, and whose price counts on each route. For dry runs and `explain`.

import { writtenPrice } from '../core/price-entry.ts'
import { dollarsText } from '../lib/money.ts'
import type { Priced } from '../snapshot/index.ts'
import type { Quote } from './quote.ts'

export interface ExplainedPrice {
  readonly price: Readonly<Record<string, unknown>>
  readonly source: { readonly name: string; readonly date: string; readonly urls: readonly string[] }
}

export interface ExplainedQuote {
  /** Dollars: what would be held. */
  readonly ceiling: string
  readonly input_tokens: number
  readonly multiplier: string
  readonly routes: readonly {
    readonly channel: string
    readonly upstream_model: string
    readonly output_tokens: number | null
    /** What the customer pays, before the multiplier; `null` when the route has no price and does not run. */
    readonly charge: ExplainedPrice | null
    readonly cost: ExplainedPrice | null
  }[]
}

export function explainQuote(quote: Quote): ExplainedQuote {
  const { routes, multiplier } = quote.ask
  return {
    ceiling: dollarsText(quote.ceiling()),
    input_tokens: quote.extent().inputTokens,
    multiplier: multiplier === undefined ? '1' : String(multiplier.numerator / multiplier.denominator),
    routes: routes.map((route, index) => {
      const offer = quote.offers[index]
      return {
        channel: route.channel.name,
        upstream_model: route.upstreamModel,
        output_tokens: offer === undefined ? null : quote.outputTokens(offer),
        charge: offer === undefined ? null : explained(offer.charge),
        cost: offer === undefined ? null : explained(offer.cost),
      }
    }),
  }
}

const explained = ({ price, source }: Priced): ExplainedPrice => ({ price: writtenPrice(price), source })
