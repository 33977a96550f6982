// What a query means to the index: all of its words first, and else enough of them, since a question in a sentence seldom
// stands in a document word for word, and a document that shares one common word with it does not answer it.

/** An FTS5 string: nothing in a word can be read as an operator. */
const quoted = (term: string): string => `"${term.replaceAll('"', '""')}"`

export const matchAll = (terms: readonly string[]): string => terms.map(quoted).join(' AND ')
export const matchAny = (terms: readonly Term[]): string => terms.map(({ match }) => match).join(' OR ')

/** The share of a query's weight that a passage must hold. */
const LEAST_SHARE = 0.35

export interface Term {
  readonly match: string
  /** How many passages hold it. */
  readonly held: number
  readonly weight: number
}

/** @param total passages in the index. */
export function weigh(words: readonly string[], total: number, holders: (match: string) => number): Term[] {
  return words.map((word) => {
    const match = quoted(word)
    const held = holders(match)
    // A word that stands nowhere may be the point of the question, or chatter: half of one that stands once.
    return { match, held, weight: Math.log(1 + total / (Math.max(1, held) + 0.5)) * (held === 0 ? 0.5 : 1) }
  })
}

/** The terms worth looking for on their own: a word of every tenth passage only costs time, unless there is no other. */
export function telling(terms: readonly Term[], total: number): Term[] {
  const held = terms.filter((term) => term.held > 0)
  const rare = held.filter((term) => term.held <= Math.max(1000, total / 10))
  return rare.length > 0 ? rare : held
}

/** Whether a passage holds enough of the terms, rare ones counting more. */
export function coverage(terms: readonly Term[], holding: (match: string) => readonly number[]): (id: number) => boolean {
  const shares = new Map<number, number>()
  let whole = 0
  for (const { match, held, weight } of terms) {
    whole += weight
    if (held > 0) for (const id of holding(match)) shares.set(id, (shares.get(id) ?? 0) + weight)
  }
  return (id) => (shares.get(id) ?? 0) >= LEAST_SHARE * whole
}
