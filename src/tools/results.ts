// Result blocks of the hosted tools: sealing what a search found into the block that the client keeps, and opening it
// again when it comes back, on any node and for any model.

import type { SearchResult, ServerToolResultBlock } from '../core/chat.ts'
import { invalid } from '../core/errors.ts'
import type { FetchedDocument } from './fetch-page.ts'
import type { Opened, SealRing } from './seal.ts'
import type { Source } from './sources.ts'

export interface SealContext {
  readonly ring: SealRing
  /** The organisation a blob belongs to. */
  readonly tenant: string
  readonly nowMs: number
}

export function searchResultBlock(callId: string, sources: readonly Source[], seal: SealContext): ServerToolResultBlock {
  return {
    type: 'server-tool-result',
    callId,
    name: 'web_search',
    results: sources.map((source, rank) => ({
      url: source.url,
      title: source.title,
      pageAge: source.pageAge,
      sealed: seal.ring.seal(
        { p: [...source.passages], c: callId, r: rank, t: seal.nowMs },
        { purpose: 'result', tenant: seal.tenant, url: source.url, title: source.title },
      ),
    })),
  }
}

export const fetchResultBlock = (callId: string, page: FetchedDocument, citationsEnabled: boolean): ServerToolResultBlock => ({
  type: 'server-tool-result',
  callId,
  name: 'web_fetch',
  page: { url: page.url, title: page.title, retrievedAt: page.retrievedAt, source: page.source, citationsEnabled },
})

export const errorResultBlock = (callId: string, name: 'web_search' | 'web_fetch', errorCode: string): ServerToolResultBlock => ({
  type: 'server-tool-result',
  callId,
  name,
  errorCode,
})

/**
 * The passages of a result that came back; none for what another vendor sealed.
 * @throws GatewayError 400 for a blob of ours that was altered, moved to another address or belongs to others.
 */
export function openResult(result: SearchResult, seal: SealContext, path: string): string[] {
  const { url, title, sealed } = result
  const opened = seal.ring.open(sealed ?? '', { purpose: 'result', tenant: seal.tenant, url, title })
  refuseInvalid(opened, `${path}.encrypted_content`, 'encrypted_content')
  const passages = opened.state === 'opened' ? opened.payload.p : undefined
  return Array.isArray(passages) ? passages.filter((item) => typeof item === 'string') : []
}

/** @throws GatewayError 400 when the index is ours and not intact. */
export function checkIndex(citation: { url?: string; title?: string | null; sealed?: string }, seal: SealContext, path: string): void {
  if (citation.sealed === undefined) return
  const binding = { purpose: 'index', tenant: seal.tenant, url: citation.url ?? '', title: citation.title ?? '' } as const
  refuseInvalid(seal.ring.open(citation.sealed, binding), `${path}.encrypted_index`, 'encrypted_index')
}

function refuseInvalid(opened: Opened, path: string, member: string): void {
  if (opened.state === 'invalid') throw invalid(path, `${path}: Invalid \`${member}\` in \`web_search_result\` block`)
}
