// Citations of text blocks, both ways. Our own wire is kept beside the neutral members, because places in
// documents (`char_location`, `page_location`, …) have no neutral form.

import type { Citation } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { asString, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { FORMAT_ID } from './wire.ts'

export function decodeCitation(wire: JsonValue): Citation | undefined {
  if (!isObject(wire)) return undefined
  const type = asString(wire['type']) ?? ''
  const source = asString(wire['source'])
  return compact({
    kind:
      type === 'web_search_result_location'
        ? ('url' as const)
        : type === 'search_result_location'
          ? ('search-result' as const)
          : ('document' as const),
    url: asString(wire['url']) ?? (source?.startsWith('http') ? source : undefined),
    title: asString(wire['title']) ?? asString(wire['document_title']),
    citedText: asString(wire['cited_text']),
    sealed: asString(wire['encrypted_index']),
    extensions: { [FORMAT_ID]: wire },
  }) as Citation
}

export function decodeCitations(wire: JsonValue | undefined): Citation[] {
  if (!Array.isArray(wire)) return []
  return wire.flatMap((item) => decodeCitation(item) ?? [])
}

/** The wire of a citation that came in this format, or `undefined` for a foreign one. */
export function ownCitation(citation: Citation): JsonObject | undefined {
  const own = extensionOf(citation.extensions, FORMAT_ID)
  return typeof own['type'] === 'string' ? own : undefined
}

/** A citation as an answer shows it. Foreign ones become places in web results, the one kind all clients show. */
export function encodeCitation(citation: Citation): JsonObject {
  const own = ownCitation(citation)
  if (own !== undefined) return own
  const cited_text = citation.citedText ?? ''
  const title = citation.title ?? null
  if (citation.kind === 'document' && citation.url === undefined) {
    return {
      type: 'char_location',
      cited_text,
      document_index: 0,
      document_title: title,
      start_char_index: 0,
      end_char_index: 0,
      file_id: null,
    }
  }
  return { type: 'web_search_result_location', cited_text, url: citation.url ?? '', title, encrypted_index: citation.sealed ?? '' }
}
