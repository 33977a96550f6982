// Quotes: which words of a source support a claim of the model. A quote is always a true substring of the source, never
// the model's words. Rare words count more than common ones, and numbers most of all.

import { createHash } from 'node:crypto'
import type { Citation } from '../core/chat.ts'
import { isNumeric, keyWords, words } from '../lib/words.ts'
import type { SealRing } from './seal.ts'
import type { Source, SourceList } from './sources.ts'

/** Longest quote; a longer sentence is cut there and gets three dots. */
export const MAX_QUOTE = 150
const NUMBER_WEIGHT = 3

export interface Quote {
  /** At most 150 units plus `...`. Empty when the source has no text. */
  readonly text: string
  /** Place of the quoted words in the passage, without the dots, end exclusive. */
  readonly start: number
  readonly end: number
  /** Index of the passage. */
  readonly passage: number
  /** Share of the claim's weight that the quoted sentence holds, 0 to 1. */
  readonly support: number
}

const NO_QUOTE: Quote = { text: '', start: 0, end: 0, passage: 0, support: 0 }

interface Sentence {
  readonly passage: number
  readonly start: number
  readonly end: number
  readonly words: ReadonlySet<string>
}

/** Long pages are cited many times; reading one takes 100 ms. */
const READ = new WeakMap<readonly string[], readonly Sentence[]>()

function sentencesOf(passages: readonly string[]): readonly Sentence[] {
  let sentences = READ.get(passages)
  if (sentences === undefined) {
    sentences = passages.flatMap((text, passage) =>
      sentenceSpans(text).map(([start, end]): Sentence => ({ passage, start, end, words: new Set(words(text.slice(start, end))) })),
    )
    READ.set(passages, sentences)
  }
  return sentences
}

/** The sentence of the passages that holds most of the claim; the first one when none holds anything. */
export function bestQuote(claim: string, passages: readonly string[]): Quote {
  const sentences = sentencesOf(passages)
  const wanted = [...new Set(keyWords(claim))]
  const weights = new Map(wanted.map((word) => [word, weightOf(word, sentences)]))
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  let best: Sentence | undefined
  let most = -1
  for (const sentence of sentences) {
    let held = 0
    for (const [word, weight] of weights) if (sentence.words.has(word)) held += weight
    if (held > most) {
      best = sentence
      most = held
    }
  }
  if (best === undefined) return NO_QUOTE
  const text = passages[best.passage] as string
  const end = cutAt(text, best.start, best.end)
  return {
    text: text.slice(best.start, end) + (end < best.end ? '...' : ''),
    start: best.start,
    end,
    passage: best.passage,
    support: total > 0 ? most / total : 0,
  }
}

function weightOf(word: string, sentences: readonly Sentence[]): number {
  let holders = 0
  for (const sentence of sentences) if (sentence.words.has(word)) holders++
  return Math.log(1 + (sentences.length + 1) / (holders + 1)) * (isNumeric(word) ? NUMBER_WEIGHT : 1)
}

/** Never between the halves of a surrogate pair, never ending in space. */
function cutAt(text: string, start: number, end: number): number {
  if (end - start <= MAX_QUOTE) return end
  let cut = start + MAX_QUOTE
  const last = text.charCodeAt(cut - 1)
  if (last >= 0xd800 && last <= 0xdbff) cut--
  while (cut > start && /\s/.test(text[cut - 1] as string)) cut--
  return cut
}

/** Spans of the sentences of a text, without surrounding space. */
export function sentenceSpans(text: string): [start: number, end: number][] {
  const spans: [number, number][] = []
  // Reference numbers of encyclopedias stand between the stop and the space.
  const border = /[.!?…]+["'”’)\]]*(?=(?:\[\d{1,3}\])*(?:\s|$))|[。！？]+[」』”）]*|\n+/g
  let start = 0
  const add = (end: number): void => {
    let from = start
    let to = end
    const references = /^(?:\[\d{1,3}\])+(?=\s|$)/.exec(text.slice(from, from + 60))
    if (references !== null && start > 0) from += references[0].length
    while (from < to && /\s/.test(text[from] as string)) from++
    while (to > from && /\s/.test(text[to - 1] as string)) to--
    if (to > from) spans.push([from, to])
    start = end
  }
  for (const match of text.matchAll(border)) {
    const end = match.index + match[0].length
    // "e.g. x" and "No. 5" end no sentence; a lower-case letter behind the space says so.
    if (match[0].startsWith('.') && /^ \p{Ll}/u.test(text.slice(end, end + 3))) continue
    add(end)
  }
  add(text.length)
  return spans
}

// ── Citations ─────────────────────────────────────────────────────────────────────────────────────

export interface CiteContext {
  readonly sources: SourceList
  readonly ring: SealRing
  readonly tenant: string
}

/** Citations for one claim, one for each source that may be shown, in the order of the markers. */
export const citationsFor = (claim: string, numbers: readonly number[], ctx: CiteContext): Citation[] =>
  numbers.flatMap((number) => {
    const source = ctx.sources.get(number)
    return source?.cited ? [citationOf(claim, source, ctx)] : []
  })

function citationOf(claim: string, source: Source, ctx: CiteContext): Citation {
  const quote = bestQuote(claim, source.passages)
  if (source.documentIndex !== undefined) return documentCitation(source, quote)
  const { url, title } = source
  const hash = createHash('sha256').update(quote.text).digest('base64url').slice(0, 8)
  const sealed = ctx.ring.seal(
    { c: source.callId, r: source.rank, p: quote.passage, s: quote.start, e: quote.end, h: hash },
    { purpose: 'index', tenant: ctx.tenant, url, title },
  )
  return { kind: 'url', url, title, citedText: quote.text, sealed }
}

/** A place in a fetched page, which has one passage: the text that the client was given. */
function documentCitation(source: Source, quote: Quote): Citation {
  return {
    kind: 'document',
    url: source.url,
    title: source.title,
    citedText: quote.text,
    extensions: {
      'anthropic-messages': {
        type: 'char_location',
        cited_text: quote.text,
        document_index: source.documentIndex ?? 0,
        document_title: source.title,
        file_id: null,
        start_char_index: quote.start,
        end_char_index: quote.end,
      },
    },
  }
}

/**
 * For models that never write markers: the one source that clearly supports a sentence. `undefined` unless nearly
 * all of the claim's weight lies in one sentence of it and no other source comes close.
 */
export function clearSource(claim: string, sources: readonly Source[]): number | undefined {
  if (keyWords(claim).length < 4) return undefined
  const ranked = sources
    .map((source) => ({ number: source.number, support: bestQuote(claim, source.passages).support }))
    .sort((a, b) => b.support - a.support)
  const [first, second] = ranked
  return first !== undefined && first.support >= 0.7 && (second === undefined || first.support - second.support >= 0.2)
    ? first.number
    : undefined
}
