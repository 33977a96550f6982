// From a backend's hits to what the model should read: duplicates out, pages cut into passages, the passages that answer
// the query kept, domains mixed, all within a budget. A passage is always a true substring of its page.

import { bm25 } from '../lib/bm25.ts'
import { approximateTokens, words } from '../lib/words.ts'
import type { SearchHit } from '../search/index.ts'
import { sentenceSpans } from './cite.ts'
import { webUrl } from './domains.ts'
import { canonicalUrl, type Evidence, pageAge } from './sources.ts'

export interface PassageOptions {
  readonly query: string
  /** Model tokens for all passages together. */
  readonly budgetTokens: number
  /** Sources to keep. */
  readonly limit: number
  readonly maxPerDomain?: number
  readonly maxPassages?: number
}

export const RESULTS_PER_SEARCH = 10
const PASSAGE_UNITS = 800
/** Text beyond this is not looked at: a hostile page must not cost seconds. */
const MAX_PAGE_UNITS = 200_000

interface Candidate {
  readonly hit: SearchHit
  readonly passages: readonly string[]
  readonly rank: number
}

export function selectEvidence(hits: readonly SearchHit[], options: PassageOptions): Evidence[] {
  const candidates = distinct(hits).map((hit, rank): Candidate => {
    const body = hit.text ?? hit.snippet ?? ''
    return { hit, rank, passages: cutPassages(body.slice(0, MAX_PAGE_UNITS)) }
  })
  const ranked = rankCandidates(candidates, options)
  const mixed = mixDomains(ranked, options.maxPerDomain ?? 3).slice(0, options.limit)
  const budget = spread(
    mixed.map(({ passages }) => passages.slice(0, options.maxPassages ?? 3)),
    options.budgetTokens,
  )
  return mixed.map(({ hit }, index) => ({
    url: hit.url,
    title: hit.title,
    pageAge: pageAge(hit.ageText, hit.publishedAt),
    passages: budget[index] as string[],
  }))
}

/** Best first, each with its passages best first. Fuses the backend's order with ours, since either may be blind. */
function rankCandidates(candidates: readonly Candidate[], { query }: PassageOptions): Candidate[] {
  const chunks = candidates.flatMap((candidate) => candidate.passages.map((text, order) => ({ candidate, text, order })))
  const found = bm25(chunks, ({ candidate, text }) => `${candidate.hit.title} ${text}`)(query)
  const best = new Map<Candidate, { place: number; texts: string[] }>()
  for (const { item } of found) {
    const entry = best.get(item.candidate)
    if (entry === undefined) best.set(item.candidate, { place: best.size, texts: [item.text] })
    else entry.texts.push(item.text)
  }
  const scoreOf = (candidate: Candidate): number => {
    const place = best.get(candidate)?.place ?? candidates.length
    return 1 / (10 + candidate.rank) + 1 / (10 + place) - (candidate.passages.length === 0 ? 1 : 0)
  }
  return candidates
    .map((candidate) => ({
      ...candidate,
      score: scoreOf(candidate),
      passages: best.get(candidate)?.texts ?? candidate.passages.slice(0, 1),
    }))
    .sort((a, b) => b.score - a.score || a.rank - b.rank)
}

/** A few of each site first; the rest of a site comes behind the others rather than not at all. */
function mixDomains(ranked: readonly Candidate[], maxPerDomain: number): Candidate[] {
  const counts = new Map<string, number>()
  const first: Candidate[] = []
  const later: Candidate[] = []
  for (const candidate of ranked) {
    const host = webUrl(candidate.hit.url)?.hostname.replace(/^www\./, '') ?? candidate.hit.url
    const count = (counts.get(host) ?? 0) + 1
    counts.set(host, count)
    if (count <= maxPerDomain) first.push(candidate)
    else later.push(candidate)
  }
  return [...first, ...later]
}

/** Hits with an address, without repeats by address or by nearly equal text. */
function distinct(hits: readonly SearchHit[]): SearchHit[] {
  const seen = new Set<string>()
  const prints: ReadonlySet<string>[] = []
  return hits.filter((hit) => {
    const key = canonicalUrl(hit.url)
    if (webUrl(hit.url) === undefined || seen.has(key)) return false
    seen.add(key)
    const print = shingles(hit.text ?? hit.snippet ?? '')
    if (print.size >= 8 && prints.some((other) => alike(print, other))) return false
    prints.push(print)
    return true
  })
}

function shingles(text: string): ReadonlySet<string> {
  const all = words(text.slice(0, 3000))
  const set = new Set<string>()
  for (let i = 0; i + 4 <= all.length; i++) set.add(all.slice(i, i + 4).join(' '))
  return set
}

function alike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  let shared = 0
  for (const item of a) if (b.has(item)) shared++
  return shared / (a.size + b.size - shared) > 0.8
}

/** First passages of all sources before second ones of any, until the budget is used; the last one is cut to fit. */
function spread(lists: readonly (readonly string[])[], budgetTokens: number): string[][] {
  const kept: string[][] = lists.map(() => [])
  let left = budgetTokens
  for (let round = 0; lists.some((list) => list.length > round); round++) {
    for (const [index, list] of lists.entries()) {
      const passage = list[round]
      if (passage === undefined || left <= 0) continue
      const cost = approximateTokens(passage)
      const fitting = cost <= left ? passage : truncateText(passage, left)
      left -= cost
      if (fitting !== '') (kept[index] as string[]).push(fitting)
    }
  }
  return kept
}

/** Cuts a text into passages of some 800 units on borders of paragraphs, else of sentences. */
export function cutPassages(text: string, units = PASSAGE_UNITS): string[] {
  const passages: string[] = []
  let start = -1
  let end = -1
  const close = (): void => {
    if (start >= 0) passages.push(text.slice(start, end))
    start = -1
  }
  for (const [from, to] of sentenceSpans(text)) {
    const blank = start >= 0 && /\n\s*\n/.test(text.slice(end, from))
    if (start >= 0 && (to - start > units || (blank && end - start > units / 2))) close()
    if (start < 0) start = from
    end = to
    while (end - start > units * 2) {
      const cut = wordCut(text, start, units)
      passages.push(text.slice(start, cut).trimEnd())
      start = cut
      while (start < end && /\s/.test(text[start] as string)) start++
    }
  }
  close()
  return passages.filter((passage) => passage !== '')
}

/** A place to cut near `units` behind `start`: behind a space, never inside a surrogate pair. */
function wordCut(text: string, start: number, units: number): number {
  const space = text.lastIndexOf(' ', start + units)
  if (space > start + units / 2) return space
  const end = start + units
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}

/** The beginning of a text that fits a number of tokens, cut on a border of paragraphs or sentences when one is near. */
export function truncateText(text: string, maxTokens: number): string {
  if (approximateTokens(text) <= maxTokens) return text
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (approximateTokens(text.slice(0, middle)) <= maxTokens) low = middle
    else high = middle - 1
  }
  const head = text.slice(0, low)
  const paragraph = head.lastIndexOf('\n\n')
  if (paragraph > low * 0.5) return head.slice(0, paragraph)
  const sentence = Math.max(head.lastIndexOf('. ') + 1, head.lastIndexOf('。') + 1, head.lastIndexOf('\n'))
  if (sentence > low * 0.5) return head.slice(0, sentence).trimEnd()
  const last = head.charCodeAt(head.length - 1)
  return (last >= 0xd800 && last <= 0xdbff ? head.slice(0, -1) : head).trimEnd()
}
