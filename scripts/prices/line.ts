// The catalogue's file format: one JSON value a line, so that a refresh reads as a diff of models. The first line says
// where the rest comes from.

import type { PriceEntry } from '../../src/core/price-entry.ts'

export interface Header {
  readonly provider: string
  /** Data set and version. */
  readonly source: string
  /** Day of the refresh. */
  readonly date: string
  /** The vendor's price pages. */
  readonly urls: readonly string[]
  /** Providers whose prices hold for models that this one does not list. */
  readonly fallback?: readonly string[]
}

/** One test of a model's name: `=equals`, `^starts`, `$ends`, `*contains`, `/regular expression`. All but the last ignore case. */
export type Test = string

export interface ModelLine {
  readonly id: string
  /** Any of these; a list within the list wants all of its own. */
  readonly match: readonly (Test | readonly Test[])[]
  /** Where it differs from the header's. */
  readonly source?: string
  /** Tokens the model can see at once. */
  readonly context?: number
  /** Tokens it can write at once. */
  readonly max_output?: number
  /** The last one that holds counts. */
  readonly prices: readonly DatedPrice[]
}

export interface DatedPrice extends PriceEntry {
  /** First day, UTC. */
  readonly from?: string
  /** Hours of the day, UTC. */
  readonly daily?: readonly [from: string, to: string]
}
