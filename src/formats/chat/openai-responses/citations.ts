// Annotations of output text. This wire counts characters (code points), the neutral model UTF-16 units.

import type { Citation } from '../../../core/chat.ts'
import { asNumber, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { FORMAT } from './wire.ts'

const HIGH_SURROGATE = /[\ud800-\udbff]/

/** Code points in `text` before the UTF-16 index. */
export function codePoints(text: string, index: number): number {
  const head = text.slice(0, index)
  if (!HIGH_SURROGATE.test(head)) return head.length
  let count = 0
  for (const _ of head) count++
  return count
}

/** The UTF-16 index behind `count` code points. */
export function utf16Index(text: string, count: number): number {
  if (!HIGH_SURROGATE.test(text)) return Math.min(count, text.length)
  let index = 0
  for (let seen = 0; seen < count && index < text.length; seen++) index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1
  return index
}

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
