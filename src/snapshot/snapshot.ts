// The frozen view of operator data that the hot path reads. A request keeps the snapshot it started with.

import type { Price } from '../core/price.ts'
import type { UpstreamAuth } from '../core/upstream-auth.ts'
import type { ChatFormat } from '../formats/index.ts'
import type { PriceSource, Provider, ProviderFormat } from '../providers/index.ts'
import type { Bounds, ModelLimits } from './model-limits.ts'

export type { Bounds }

/**
 * Who searches the web for a declared tool. `auto`: the upstream where it keeps every promise in the client's own format,
 * and Anthropic's for all; else we. `native`: the upstream wherever it keeps every promise. `gateway`: always we. `off`: nobody.
 */
export type WebSearchPolicy = 'auto' | 'native' | 'gateway' | 'off'

/** A channel row as an operator, the environment or we ourselves wrote it. */
export interface ChannelRow {
  readonly id: string
  readonly name: string
  readonly origin: 'database' | 'file' | 'env' | 'local' | 'sandbox'
  readonly provider: string
  readonly baseUrl?: string
  readonly auth?: Pick<UpstreamAuth, 'credential'>
  /** Absent: everything the provider lists. */
  readonly models?: readonly { readonly model: string; readonly upstreamModel: string }[]
  readonly priority: number
  readonly weight: number
  readonly formats?: readonly string[]
  readonly webSearch?: WebSearchPolicy
  readonly limits?: Bounds
  readonly settings: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** One format a channel offers, with everything resolved that does not depend on the request. */
export interface ChannelFormat {
  readonly format: ChatFormat
  readonly declared: ProviderFormat
  readonly baseUrl: string
  readonly auth: UpstreamAuth
  readonly headers: Readonly<Record<string, string>>
}

export interface Channel {
  readonly id: string
  readonly name: string
  readonly origin: ChannelRow['origin']
  readonly provider: Provider
  readonly priority: number
  readonly weight: number
  readonly webSearch: WebSearchPolicy
  /** On what goes through it. */
  readonly limits?: Bounds
  readonly settings: Readonly<Record<string, string>>
  /** By preference, best first. */
  readonly formats: readonly ChannelFormat[]
}

/** A model on a channel. */
export interface Route {
  readonly channel: Channel
  readonly upstreamModel: string
}

export interface Snapshot {
  readonly revision: number
  readonly channels: readonly Channel[]
  /** Routes for a model name, best knowledge first: exact names, then wildcards, the sandbox only when nobody else. */
  routes(model: string): readonly Route[]
  /** Routes for a key in test mode: the sandbox under every name that anybody serves. */
  testRoutes(model: string): readonly Route[]
  /** Every name that can be listed: wildcards are left out. */
  readonly models: readonly ListedModel[]
  readonly prices: PriceBook
  /** On all calls for a model, by its name as clients use it. */
  readonly modelLimits: ModelLimits
}

export interface ListedModel {
  readonly id: string
  readonly ownedBy: string
}

/** A price with what is known of where it comes from. */
export interface Priced {
  readonly price: Price
  readonly source: PriceSource
  /** What the catalogue knows of the upstream model, whoever set the price. */
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
}

export interface RoutePrice {
  /** What the customer pays, before the group's multiplier. */
  readonly charge: Priced
  /** What the upstream takes from us. */
  readonly cost: Priced
}

export interface PriceBook {
  /** Prices of a model on a route at this time; `undefined` when nobody knows one: then the route must not run. */
  on(model: string, route: Route, nowMs: number): RoutePrice | undefined
}
