// The hosted web tools in one shape, whichever format declared them. How they are read stands in `declaration*.ts`.

import type { SearchLocation } from '../search/index.ts'
import type { DomainRules } from './domains.ts'

export interface WebToolSettings {
  /** Format that declared the tool; decides which promises hold. */
  readonly format: string
  /** Searches or fetches in this request. Absent: no limit of the client's. */
  readonly maxUses?: number
  readonly rules: DomainRules
  /** As declared; we behave as if `direct` were asked for. */
  readonly callers?: readonly string[]
  readonly responseInclusion: 'full' | 'excluded'
}

export interface SearchToolSettings extends WebToolSettings {
  readonly kind: 'web-search'
  readonly location?: SearchLocation
  /** Model tokens of result text that one search may bring. */
  readonly contextTokens: number
  /** The client's tool always searches: the first round is forced. */
  readonly always: boolean
  readonly timeRange?: { readonly startMs: number; readonly endMs: number }
}

export interface FetchToolSettings extends WebToolSettings {
  readonly kind: 'web-fetch'
  readonly citations: boolean
  /** Approximate limit of the page's text. */
  readonly maxContentTokens?: number
  readonly useCache: boolean
  readonly urlSources: UrlSources
}

export type UrlSource =
  | { readonly type: 'all' }
  | { readonly type: 'none' }
  | { readonly type: 'only' | 'except'; readonly tools: readonly string[] }

/** Which parts of the conversation may name an address that is fetched. */
export interface UrlSources {
  readonly userInput: UrlSource
  readonly clientToolResults: UrlSource
  readonly serverToolResults: UrlSource
}

export const EVERY_SOURCE: UrlSources = {
  userInput: { type: 'all' },
  clientToolResults: { type: 'all' },
  serverToolResults: { type: 'all' },
}

export const DEFAULT_CONTEXT_TOKENS = 8000

export interface WebTools {
  readonly search?: SearchToolSettings
  readonly fetch?: FetchToolSettings
  /** The one that the client forces, if any: only the first round is bound to it. */
  readonly forced?: 'web_search' | 'web_fetch'
}
