// Annotations of output text. This wire counts characters (code points), the neutral model UTF-16 units.

import type { Citation } from '../../../core/chat.ts'
import { codePoints, utf16Index } from '../../../lib/code-points.ts'
import { asNumber, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { FORMAT } from './wire.ts'

/** An annotation of `text` as a citation; the original rides along for this format's own clients. */
export function decodeAnnotation(wire: JsonValue, text: string): Citation | undefined {
  if (!isObject(wire)) return undefined
  const extensions = { [FORMAT]: wire }
  const title = asString(wire['title']) ?? asString(wire['filename'])
  const start = asNumber(wire['start_index'])
  const end = asNumber(wire['end_index'])
  const span =
    start === undefined || end === undefined || end < start ? undefined : { start: utf16Index(text, start), end: utf16Index(text, end) }
  const url = asString(wire['url'])
  return {
    kind: wire['type'] === 'url_citation' || url !== undefined ? 'url' : 'document',
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(span && { span }),
    extensions,
  }
}

/** A citation as an annotation of the part that holds `text`, or `undefined` when this wire cannot say it. */
export function encodeAnnotation(citation: Citation, text: string): JsonObject | undefined {
  const own = citation.extensions?.[FORMAT]
  const { start, end } = citation.span ?? { start: 0, end: text.length }
  if (own !== undefined && own['type'] !== 'url_citation') return own
  if (citation.url === undefined) return undefined
  return {
    type: 'url_citation',
    start_index: codePoints(text, start),
    end_index: codePoints(text, end),
    url: citation.url,
    title: citation.title ?? '',
  }
}
