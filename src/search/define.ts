// What a search backend is: a frozen declaration plus one function that is handed the means to call. No I/O here.
// A backend passes on what its service can filter by itself; exact filtering of results is the caller's duty.

import type { DocumentIndex } from '../core/document-index.ts'
import type { Secret } from '../lib/secret.ts'
import type { SearchFailure } from './errors.ts'

/** Where the asking user is, as far as the client told. */
export interface SearchLocation {
  readonly city?: string
  readonly region?: string
  /** ISO 3166 alpha-2, upper case. */
  readonly country?: string
  /** IANA name. */
  readonly timezone?: string
}

export interface SearchQuery {
  readonly query: string
  /** Results wanted after the caller's filter; a backend may return more. */
  readonly limit: number
  /** ASCII hosts, perhaps with a path (`example.com/docs`). Empty or absent: no filter. */
  readonly allowedDomains?: readonly string[]
  readonly blockedDomains?: readonly string[]
  readonly location?: SearchLocation
  /** Only results from this span, epoch milliseconds. */
  readonly timeRange?: { readonly startMs: number; readonly endMs: number }
}

export interface SearchHit {
  readonly url: string
  readonly title: string
  /** Body text or passages of the page, where the service returns them. */
  readonly text?: string
  /** A line or two about the page. */
  readonly snippet?: string
  /** As the service words it: `3 hours ago`, `April 30, 2025`. */
  readonly ageText?: string
  /** An ISO date or time. */
  readonly publishedAt?: string
  readonly score?: number
}

export interface SearchAnswer {
  /** Best first. */
  readonly results: readonly SearchHit[]
  /** What this call cost us, when the service says; else the definition's price counts. */
  readonly costNanos?: number
  readonly requestId?: string
}

export interface SearchCall {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface SearchReply {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly text: string
}

/** The operator's configuration of one backend. */
export interface SearchAccount {
  readonly name: string
  /** Without trailing slash. Absent: the service's own address. */
  readonly baseUrl?: string
  readonly credential?: Secret
  readonly settings: Readonly<Record<string, string>>
}

export interface SearchIo {
  readonly account: SearchAccount
  /** Performs one request under the caller's deadline; rejects with `TimeoutError`, `AbortError` or anything else. */
  call(request: SearchCall): Promise<SearchReply>
  /** The operator's own documents, for the backend that asks them. */
  readonly documents?: DocumentIndex
}

export interface SearchSetting {
  readonly name: string
  readonly label: string
  readonly required: boolean
  readonly default?: string
}

export interface SearchBackend {
  readonly id: string
  readonly label: string
  readonly docs: string
  /** Whether a credential must, may or need not be configured. */
  readonly credential: 'required' | 'optional' | 'none'
  readonly credentialEnv: readonly string[]
  /** The service's own address; absent: the operator must give one, or none is called. */
  readonly baseUrl?: string
  readonly settings: readonly SearchSetting[]
  /** Default price of one search in nano-dollars; the price list overrides it. */
  readonly priceNanosPerSearch: number
  /** What the service filters by itself; the rest is over-fetched and filtered by the caller. */
  readonly filters: { readonly allow: boolean; readonly block: boolean; readonly location: boolean; readonly timeRange: boolean }
  readonly maxQueryLength: number
  readonly maxResults: number
  /** Whether results bring enough text to answer from, so that pages need not be fetched. */
  readonly returnsText: boolean
  /** @throws SearchError with one of the codes of `SearchFailure`. */
  search(query: SearchQuery, io: SearchIo): Promise<SearchAnswer>
}

export type { SearchFailure }

/** Freezes a definition and keeps its literal id for the union type. */
export function defineBackend<const Id extends string>(backend: SearchBackend & { readonly id: Id }): SearchBackend & { readonly id: Id } {
  return Object.freeze(backend)
}
