// BM25 ranking over a handful to a few thousand short texts, in memory. Deterministic: equal scores keep
// the order of the input.

import { keyWords, words } from './words.ts'

const K1 = 1.2
const B = 0.75

export interface Ranked<T> {
  readonly item: T
  readonly index: number
  readonly score: number
}

interface Entry {
  readonly counts: Map<string, number>
  readonly length: number
}

/** Indexes once; the returned function ranks the items that share a word with the query, best first. */
export function bm25<T>(items: readonly T[], textOf: (item: T) => string): (query: string) => Ranked<T>[] {
  const entries = items.map((item) => countWords(textOf(item)))
  const holders = new Map<string, number>()
  for (const { counts } of entries) for (const word of counts.keys()) holders.set(word, (holders.get(word) ?? 0) + 1)
  const average = entries.reduce((sum, entry) => sum + entry.length, 0) / Math.max(1, entries.length) || 1

  const scoreOf = (entry: Entry, query: ReadonlySet<string>): number => {
    let score = 0
    for (const word of query) {
      const count = entry.counts.get(word)
      if (count === undefined) continue
      const held = holders.get(word) ?? 0
      const rarity = Math.log(1 + (entries.length - held + 0.5) / (held + 0.5))
      score += (rarity * count * (K1 + 1)) / (count + K1 * (1 - B + (B * entry.length) / average))
    }
    return score
  }

  return (query) => {
    const wanted = new Set(keyWords(query))
    return items
      .map((item, index) => ({ item, index, score: scoreOf(entries[index] as Entry, wanted) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || a.index - b.index)
  }
}

function countWords(text: string): Entry {
  const counts = new Map<string, number>()
  const all = words(text)
  for (const word of all) counts.set(word, (counts.get(word) ?? 0) + 1)
  return { counts, length: all.length }
}
