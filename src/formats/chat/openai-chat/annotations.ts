// Citations as `annotations` of a message, and back. The wire counts characters (code points) over the whole content, the
// neutral model UTF-16 units within one text block.

import type { Citation } from '../../../core/chat.ts'
import { codePoints, utf16Index } from '../../../lib/code-points.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { numberOf } from './wire.ts'

/** Where a text block stands in the whole content, in characters. */
export interface Span {
  readonly block: number
  readonly start: number
  length: number
  text: string
}

export const spanAt = (block: number, start: number, text = ''): Span => ({ block, start, length: codePoints(text), text })

export function growSpan(span: Span, text: string): void {
  span.length += codePoints(text)
  span.text += text
}

/** An annotation as a citation, with the text block it belongs to. `undefined` for what is none. */
export function decodeAnnotation(wire: JsonValue, texts: readonly Span[]): { block: number | undefined; citation: Citation } | undefined {
  if (!isObject(wire)) return undefined
  const cited = isObject(wire['url_citation']) ? wire['url_citation'] : wire
  const { url, title, content } = cited
  if (typeof url !== 'string' || url === '') return undefined
  const start = numberOf(cited['start_index'])
  const end = numberOf(cited['end_index'])
  const whole = start === undefined || end === undefined || end <= start
  const home = whole ? texts.at(-1) : (texts.findLast((span) => span.start <= start) ?? texts[0])
  return {
    block: home?.block,
    citation: {
      kind: 'url',
      url,
      ...(typeof title === 'string' && { title }),
      ...(typeof content === 'string' && content !== '' && { citedText: content }),
      ...(!whole && { span: { start: unitsIn(home, start), end: unitsIn(home, end) } }),
    },
  }
}

const unitsIn = (home: Span | undefined, place: number): number => utf16Index(home?.text ?? '', place - (home?.start ?? 0))

/** Only what has an address can be told here. */
export function encodeAnnotation(citation: Citation, home: Span): JsonObject | undefined {
  if (citation.url === undefined) return undefined
  return {
    type: 'url_citation',
    url_citation: {
      start_index: home.start + (citation.span === undefined ? 0 : codePoints(home.text, citation.span.start)),
      end_index: home.start + (citation.span === undefined ? home.length : codePoints(home.text, citation.span.end)),
      title: citation.title ?? '',
      url: citation.url,
      ...(citation.citedText !== undefined && { content: citation.citedText }),
    },
  }
}
