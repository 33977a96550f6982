// Grounding: Gemini tells sources and the spans they support once, in UTF-8 bytes of the answer's text; the
// neutral model has citations on text blocks, in UTF-16 units.

import type { Citation, SearchResult } from '../../../core/chat.ts'
import { asObject, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

/** A text block of the answer as far as it is known. */
export interface TextSpan {
  readonly block: number
  text: string
}

const encoder = new TextEncoder()
export const utf8Length = (text: string): number => encoder.encode(text).length

/** UTF-16 index of a byte offset; an offset inside a character rounds down. */
function indexOfByte(text: string, offset: number): number {
  let bytes = 0
  let index = 0
  for (const char of text) {
    bytes += utf8Size(char.codePointAt(0) as number)
    if (bytes > offset) return index
    index += char.length
  }
  return index
}

const utf8Size = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4)

const text = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const list = (value: JsonValue | undefined): JsonObject[] => (Array.isArray(value) ? value.map((item) => asObject(item) ?? {}) : [])
const integer = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined

// ── From the wire ─────────────────────────────────────────────────────────────────────────────────

/** Whether grounding says anything; Gemini sends empty objects, too. */
export const saysSomething = (value: JsonValue | undefined): value is JsonObject =>
  isObject(value) && Object.values(value).some((item) => item !== null && item !== undefined && !(Array.isArray(item) && item.length === 0))

export interface PlacedCitation {
  readonly block: number
  readonly citation: Citation
}

/** Citations for the text blocks of one candidate. `partStarts`: byte offsets of the parts that indexes count from. */
export function citationsOf(grounding: JsonObject, spans: readonly TextSpan[], partStarts: readonly number[]): PlacedCitation[] {
  if (spans.length === 0) return []
  const sources = list(grounding['groundingChunks']).map(sourceOf)
  const placed: PlacedCitation[] = []
  const cited = new Set<number>()
  for (const support of list(grounding['groundingSupports'])) {
    const at = placeOf(asObject(support['segment']) ?? {}, spans, partStarts)
    const indices = Array.isArray(support['groundingChunkIndices']) ? support['groundingChunkIndices'] : []
    for (const index of indices) {
      const source = typeof index === 'number' ? sources[index] : undefined
      if (source === undefined) continue
      cited.add(index as number)
      placed.push({ block: at.block, citation: { ...source, ...(at.span && { span: at.span }) } })
    }
  }
  // Sources that support no span in particular still belong to the answer.
  const last = (spans.at(-1) as TextSpan).block
  if (cited.size === 0) for (const source of sources) if (source !== undefined) placed.push({ block: last, citation: source })
  return placed
}

function sourceOf(chunk: JsonObject): Citation | undefined {
  const web = asObject(chunk['web']) ?? asObject(chunk['maps']) ?? asObject(chunk['image'])
  const document = asObject(chunk['retrievedContext'])
  const source = web ?? document
  if (source === undefined) return undefined
  const url = text(source['uri']) ?? text(source['sourceUri'])
  if (web !== undefined && url === undefined) return undefined
  return compact({
    kind: web !== undefined ? ('url' as const) : ('document' as const),
    url,
    title: text(source['title']),
    citedText: text(source['text']),
  }) as Citation
}

interface Place {
  readonly block: number
  readonly span?: { readonly start: number; readonly end: number }
}

/** Where a segment lies. Its own words win over its offsets when the two disagree. */
function placeOf(segment: JsonObject, spans: readonly TextSpan[], partStarts: readonly number[]): Place {
  const whole = spans.map((span) => span.text).join('')
  const base = partStarts[integer(segment['partIndex']) ?? 0] ?? 0
  const words = text(segment['text'])
  const end = integer(segment['endIndex'])
  let from = indexOfByte(whole, base + (integer(segment['startIndex']) ?? 0))
  let to = end === undefined ? from : indexOfByte(whole, base + end)
  if (words !== undefined && whole.slice(from, to) !== words) {
    const found = whole.indexOf(words)
    from = found < 0 ? from : found
    to = found < 0 ? from : found + words.length
  }
  let start = 0
  for (const span of spans) {
    const stop = start + span.text.length
    if (from < stop)
      return to > from ? { block: span.block, span: { start: from - start, end: Math.min(to, stop) - start } } : { block: span.block }
    start = stop
  }
  return { block: (spans.at(-1) as TextSpan).block }
}

/** Citations of recited texts (`citationMetadata`). */
export function recitations(metadata: JsonObject, spans: readonly TextSpan[]): PlacedCitation[] {
  if (spans.length === 0) return []
  return list(metadata['citations'] ?? metadata['citationSources']).flatMap((item) => {
    const url = text(item['uri'])
    if (url === undefined) return []
    const { block, span } = placeOf(item, spans, [])
    return [{ block, citation: compact({ kind: 'url' as const, url, title: text(item['title']), span }) as Citation }]
  })
}

/** What was searched for and found; `undefined` when nothing was searched. */
export function searchesOf(grounding: JsonObject): { queries: string[]; results: SearchResult[] } | undefined {
  const given = grounding['webSearchQueries']
  const queries = Array.isArray(given) ? given.filter((query) => typeof query === 'string' && query !== '') : []
  if (queries.length === 0) return undefined
  const results = list(grounding['groundingChunks']).flatMap((chunk) => {
    const web = asObject(chunk['web'])
    const url = web && text(web['uri'])
    return url === undefined ? [] : [{ url, title: text(web?.['title']) ?? url }]
  })
  return { queries: queries as string[], results }
}

// ── To the wire ───────────────────────────────────────────────────────────────────────────────────

/** Gathers one candidate's searches and citations into `groundingMetadata`. */
export interface GroundingBuilder {
  text(block: number, piece: string): void
  cite(block: number, citation: Citation): void
  searched(query: JsonValue): void
  found(results: readonly SearchResult[]): void
  build(): JsonObject | undefined
}

export function groundingBuilder(): GroundingBuilder {
  const spans: TextSpan[] = []
  const chunks: JsonObject[] = []
  const chunkOf = new Map<string, number>()
  const cited: PlacedCitation[] = []
  const queries: string[] = []

  function chunkIndex(key: string, chunk: () => JsonObject): number {
    let index = chunkOf.get(key)
    if (index === undefined) {
      index = chunks.push(chunk()) - 1
      chunkOf.set(key, index)
    }
    return index
  }
  const webChunk = (url: string, title: string | null | undefined): number =>
    chunkIndex(url, () => ({ web: compact({ uri: url, title: title ?? hostOf(url), domain: hostOf(url) }) }))

  return {
    text(block, piece) {
      const last = spans.at(-1)
      if (last?.block === block) last.text += piece
      else spans.push({ block, text: piece })
    },
    cite(block, citation) {
      cited.push({ block, citation })
    },
    searched(query) {
      if (typeof query === 'string' && query !== '' && !queries.includes(query)) queries.push(query)
    },
    found(results) {
      for (const { url, title } of results) webChunk(url, title)
    },
    build() {
      const supports = cited.flatMap(({ block, citation }) => {
        const index =
          citation.url !== undefined
            ? webChunk(citation.url, citation.title)
            : chunkIndex(`${citation.title ?? ''}\n${citation.citedText ?? ''}`, () => ({
                retrievedContext: compact({ title: citation.title ?? undefined, text: citation.citedText }),
              }))
        const segment = segmentOf(spans, block, citation)
        return segment === undefined ? [] : [{ segment, groundingChunkIndices: [index] }]
      })
      if (chunks.length === 0 && queries.length === 0) return undefined
      return compact({
        webSearchQueries: queries.length > 0 ? queries : undefined,
        groundingChunks: chunks.length > 0 ? chunks : undefined,
        groundingSupports: supports.length > 0 ? merged(supports) : undefined,
      }) as JsonObject
    },
  }
}

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).hostname : undefined)

/** Offsets count bytes of the whole answer's text, as they do in Gemini's own streams. */
function segmentOf(spans: readonly TextSpan[], block: number, citation: Citation): JsonObject | undefined {
  let before = 0
  for (const span of spans) {
    if (span.block === block) {
      const start = Math.max(0, Math.min(citation.span?.start ?? 0, span.text.length))
      const end = Math.max(start, Math.min(citation.span?.end ?? span.text.length, span.text.length))
      const startIndex = before + utf8Length(span.text.slice(0, start))
      const words = span.text.slice(start, end)
      return { ...(startIndex > 0 && { startIndex }), endIndex: startIndex + utf8Length(words), text: words }
    }
    before += utf8Length(span.text)
  }
  return undefined
}

type Support = { segment: JsonObject; groundingChunkIndices: number[] }

/** One support for each segment, with all its sources. */
function merged(supports: readonly Support[]): JsonObject[] {
  const bySegment = new Map<string, Support>()
  for (const support of supports) {
    const key = `${support.segment['startIndex'] ?? 0}:${support.segment['endIndex']}`
    const known = bySegment.get(key)
    if (known === undefined) bySegment.set(key, support)
    else if (!known.groundingChunkIndices.includes(support.groundingChunkIndices[0] as number))
      known.groundingChunkIndices.push(...support.groundingChunkIndices)
  }
  return [...bySegment.values()].map(({ segment, groundingChunkIndices }) => ({ segment, groundingChunkIndices }))
}
