// What a request may cost on each route it may take. Fails closed: a route whose price is not known does not run.

import { GatewayError } from '../core/errors.ts'
import type { Multiplier } from '../core/price.ts'
import { dollarsText } from '../lib/money.ts'
import type { PriceBook, Route, RoutePrice } from '../snapshot/index.ts'
import { affordableOutput, ceilingOf, type Extent, missingDimensions } from './ceiling.ts'

export interface Ask extends Omit<Extent, 'inputTokens'> {
  /** The model as the client named it. */
  readonly model: string
  /** Where it may go, in order. None: no model takes part, as in a search. */
  readonly routes: readonly Route[]
  readonly prices: PriceBook
  readonly nowMs: number
  /** An upper estimate of the input. Asked only when an amount is to be held. */
  inputTokens(): number
  /** What else it holds that may cost more. Asked only when an amount is to be held. */
  traits?(): Pick<Extent, 'imageInput' | 'cacheLifetime'>
  /** The most searches that the upstream of a route may run, where routes differ. */
  searchesOn?(route: Route): number
  /** The client's own limit for each choice. Absent: the model's maximum. */
  readonly maxOutputTokens?: number
  /** The most that searches we run ourselves may cost, nano-dollars: the customer pays what they cost us. */
  readonly searchNanos?: number
  /** The group's. */
  readonly multiplier?: Multiplier
}

/** A limit that the catalogue does not know is taken as this. */
const MAX_OUTPUT_TOKENS = 128_000
/** An answer that must be shorter than this is not worth beginning. */
export const LEAST_OUTPUT_TOKENS = 256

export class Quote {
  readonly ask: Ask
  /** Prices by route, in the order of the routes; `undefined` where the route must not run. */
  readonly offers: readonly (RoutePrice | undefined)[]
  #extent: Extent | undefined
  /** Of the route that may run most. */
  #searches = 0

  /** @throws GatewayError `no_price` when no route has a price for all that the request uses. */
  constructor(ask: Ask) {
    this.ask = ask
    let missing: readonly string[] | undefined
    this.offers = ask.routes.map((route) => {
      const found = ask.prices.on(ask.model, route, ask.nowMs)
      if (found === undefined) return undefined
      const searches = ask.searchesOn?.(route) ?? ask.searches ?? 0
      const lacking = missingDimensions(found.charge.price, searches === 0 ? ask : { ...ask, searches })
      if (lacking.length === 0) {
        this.#searches = Math.max(this.#searches, searches)
        return found
      }
      missing ??= lacking
      return undefined
    })
    if (ask.routes.length > 0 && this.offers.every((offer) => offer === undefined)) throw noPrice(ask.model, missing)
  }

  /** The prices of a route that was quoted. */
  offerOf(route: Route): RoutePrice | undefined {
    const { routes } = this.ask
    for (let index = 0; index < routes.length; index++) {
      const known = routes[index] as Route
      if (known === route || (known.channel === route.channel && known.upstreamModel === route.upstreamModel)) return this.offers[index]
    }
    return undefined
  }

  /** The limit of output that counts: the client's, or the model's. */
  outputTokens(offer: RoutePrice): number {
    const { maxOutputTokens: asked } = this.ask
    const { maxOutputTokens, contextTokens } = offer.cost
    // No model writes more than it can see; a limit of a billion must not hold a fortune.
    if (asked !== undefined) return Math.min(asked, contextTokens ?? asked)
    return maxOutputTokens ?? Math.min(contextTokens ?? MAX_OUTPUT_TOKENS, MAX_OUTPUT_TOKENS)
  }

  /** The dearest route's ceiling in nano-dollars. @param outputTokens at most so many for each choice. */
  ceiling(outputTokens = Number.MAX_SAFE_INTEGER): number {
    let highest = 0
    for (const offer of this.offers) {
      if (offer === undefined) continue
      const limit = Math.min(outputTokens, this.outputTokens(offer))
      highest = Math.max(highest, ceilingOf(offer.charge.price, this.extent(), { outputTokens: limit, multiplier: this.ask.multiplier }))
    }
    return highest + (this.ask.searchNanos ?? 0)
  }

  /** The least that must be held: the whole ceiling, or where the limit is ours to set, that of an answer worth beginning. */
  least(): number {
    return this.ask.maxOutputTokens === undefined && this.ask.media === undefined ? this.ceiling(LEAST_OUTPUT_TOKENS) : this.ceiling()
  }

  /** The refusal when a balance does not cover it. */
  tooDear(): GatewayError {
    const amount = dollarsText(this.least())
    return new GatewayError('insufficient_quota', {
      message: `The balance does not cover this request, which may cost up to ${amount} dollars.`,
    })
  }

  /** The limit of output that `amount` covers on every route. */
  affordable(amount: number): number {
    const forModel = amount - (this.ask.searchNanos ?? 0)
    let least = Number.MAX_SAFE_INTEGER
    for (const offer of this.offers) {
      if (offer === undefined) continue
      least = Math.min(least, affordableOutput(offer.charge.price, this.extent(), { amount: forModel, multiplier: this.ask.multiplier }))
    }
    return least
  }

  /** Whether no route costs the customer anything. */
  get free(): boolean {
    return (this.ask.searchNanos ?? 0) === 0 && this.offers.every((offer) => offer === undefined || offer.charge.price.free === true)
  }

  extent(): Extent {
    this.#extent ??= {
      ...this.ask,
      ...this.ask.traits?.(),
      inputTokens: Math.max(0, Math.ceil(this.ask.inputTokens()) || 0),
      searches: this.#searches,
    }
    return this.#extent
  }
}

function noPrice(model: string, missing: readonly string[] | undefined): GatewayError {
  const what =
    missing === undefined
      ? `The model \`${model}\` has no price here`
      : `The model \`${model}\` has no price here for what the request uses (${missing.join(', ')})`
  return new GatewayError('no_price', {
    field: 'model',
    message: `${what}, and nothing runs without one. An operator can add it under \`prices:\`, or \`free: true\` if it costs nothing.`,
  })
}
