// The numbered sources of one conversation. Numbers are given in the order of first appearance, so that the same history
// always yields the same numbers, on every node. One address has one number.

import { webUrl } from './domains.ts'
import type { MarkerSources } from './marker-lexer.ts'

/** What a search or fetch found, before it has a number. */
export interface Evidence {
  readonly url: string
  readonly title: string
  readonly pageAge: string | null
  /** Stretches of the page, each a true substring of it. May be empty. */
  readonly passages: readonly string[]
}

export interface Source extends Evidence {
  readonly number: number
  /** The call that brought it first, and its place among that call's results. */
  readonly callId: string
  readonly rank: number
  /** Citations of it are shown to the client; off for pages fetched without citations. */
  readonly cited: boolean
  /** Set for a fetched document: its index among the documents of the conversation. */
  readonly documentIndex?: number
}

export class SourceList implements MarkerSources {
  readonly #sources: Source[] = []
  readonly #byUrl = new Map<string, number>()

  /** Adds or finds; a source seen again keeps its number and gains passages. */
  add(evidence: Evidence, from: { callId: string; rank: number; cited?: boolean; documentIndex?: number }): Source {
    const key = canonicalUrl(evidence.url)
    const known = this.#byUrl.get(key)
    const earlier = known === undefined ? undefined : this.get(known)
    const source: Source =
      earlier === undefined
        ? {
            ...evidence,
            number: this.#sources.length + 1,
            callId: from.callId,
            rank: from.rank,
            cited: from.cited ?? true,
            ...(from.documentIndex !== undefined && { documentIndex: from.documentIndex }),
          }
        : {
            ...earlier,
            pageAge: earlier.pageAge ?? evidence.pageAge,
            passages: [...new Set([...earlier.passages, ...evidence.passages])],
            cited: earlier.cited || (from.cited ?? true),
          }
    this.#sources[source.number - 1] = source
    this.#byUrl.set(key, source.number)
    return source
  }

  /** One search's results in order, each with its number and only the passages that this search brought. */
  addAll(found: readonly Evidence[], callId: string): Source[] {
    return found.map((evidence, rank) => ({ ...this.add(evidence, { callId, rank }), passages: evidence.passages }))
  }

  count(): number {
    return this.#sources.length
  }

  byUrl(url: string): number | undefined {
    return this.#byUrl.get(canonicalUrl(url))
  }

  get(number: number): Source | undefined {
    return this.#sources[number - 1]
  }

  all(): readonly Source[] {
    return this.#sources
  }
}

const TRACKING = /^(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|ref_src)$/

/** One spelling for addresses that lead to the same page. Text that is no address stays as it is. */
export function canonicalUrl(address: string): string {
  const url = webUrl(address.trim())
  if (url === undefined) return address
  url.hash = ''
  url.username = ''
  url.password = ''
  for (const name of [...url.searchParams.keys()]) if (TRACKING.test(name)) url.searchParams.delete(name)
  const host = url.hostname.replace(/\.$/, '').replace(/^www\./, '')
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : ''
  // The scheme does not tell pages apart.
  return `//${host}${url.port === '' ? '' : `:${url.port}`}${path}${url.search}`
}

/** Age as shown to the client: the backend's own words, else a date in words, else null. */
export function pageAge(ageText: string | undefined, publishedAt: string | undefined): string | null {
  if (ageText !== undefined && ageText !== '') return ageText
  const ms = publishedAt === undefined ? Number.NaN : Date.parse(publishedAt)
  if (!Number.isFinite(ms)) return null
  return new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' }).format(ms)
}
