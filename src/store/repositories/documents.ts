// The operator's documents with their passages, searched by FTS5. How a document is read and cut is decided above; how
// words are cut is `lib/words`, the same for passages and queries.

import type { DocumentHit, DocumentIndex, DocumentQuery } from '../../core/document-index.ts'
import { keyWords, words } from '../../lib/words.ts'
import type { Awaitable } from '../engine.ts'
import type { SqliteEngine } from '../engines/sqlite/sqlite.ts'
import type { CollectionRow, DocumentRow } from '../schema.ts'
import { coverage, matchAll, matchAny, telling, weigh } from './document-query.ts'

export interface StoredDocument {
  readonly title: string
  readonly text: string
  readonly indexedMs: number
}

/** What a refresh must know of a document to leave it alone. */
export interface KnownDocument {
  readonly hash: string
  readonly changedMs?: number
}

/** A collection with the number of its documents. */
export type CollectionSize = CollectionRow & { readonly documents: number }

export interface DocumentRepository extends DocumentIndex {
  /** Whether there is any document, as far as this process knows. Cheap enough for every search. */
  isEmpty(): boolean
  /** Another text after each refresh of a collection, of whichever process. */
  edition(): string
  byUrl(url: string): Awaitable<StoredDocument | undefined>
  /** All documents of a collection by address. */
  known(collection: string): Awaitable<ReadonlyMap<string, KnownDocument>>
  collections(): Awaitable<readonly CollectionSize[]>
  putCollection(row: CollectionRow): Promise<void>
  /** Forgets a collection whose documents were removed. */
  removeCollection(name: string): Promise<void>
  /** Stores the document in place of the one at its address, if any. */
  put(row: DocumentRow): Promise<void>
  /** Notes a later change of a document that turned out to read the same. */
  touch(url: string, changedMs: number): Promise<void>
  remove(urls: readonly string[]): Promise<void>
}

/** Passages of one document in one answer: more would push other documents out. */
const PASSAGES_PER_DOCUMENT = 4
/** With so many passages that hold every word, those that hold some are not looked for. */
const ENOUGH_WHOLE = 5
/** A match on a title is worth so many on the text. */
const TITLE_WEIGHT = 2
export const MAX_TERMS = 24

export interface StoredCollection {
  readonly name: string
  readonly source: string
  readonly base_url: string | null
  readonly refreshed_ms: number
  readonly documents: number
}

interface Ranked {
  readonly id: number
  readonly rank: number
}

interface Wider {
  readonly room: number
  readonly hosts: readonly string[] | undefined
  /** What holds every term. */
  readonly whole: readonly Ranked[]
}

export interface FoundPassage {
  readonly id: number
  readonly document_id: number
  readonly url: string
  readonly title: string
  readonly text: string
  readonly changed_ms: number | null
}

export function documentRepository(engine: SqliteEngine): DocumentRepository {
  const { database, commit: write } = engine
  const any = database.prepare<{ found: number }, []>('SELECT EXISTS (SELECT 1 FROM document) AS found')
  const edition = database.prepare<{ edition: number }, []>('SELECT coalesce(sum(refreshed_ms), 0) AS edition FROM document_collection')
  const total = database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM document')
  const byUrl = database.prepare<{ title: string; text: string; indexed_ms: number }, [string]>(
    'SELECT title, text, indexed_ms FROM document WHERE url = ?',
  )
  const known = database.prepare<{ url: string; hash: string; changed_ms: number | null }, [string]>(
    'SELECT url, hash, changed_ms FROM document WHERE collection = ?',
  )
  const collections = database.prepare<StoredCollection, []>(
    `SELECT name, source, base_url, refreshed_ms, (SELECT count(*) FROM document WHERE collection = name) AS documents
     FROM document_collection ORDER BY name`,
  )
  const putCollection = database.prepare<void, [string, string, string | null, number]>(
    'INSERT OR REPLACE INTO document_collection (name, source, base_url, refreshed_ms) VALUES (?, ?, ?, ?)',
  )
  const removeCollection = database.prepare<void, [string]>('DELETE FROM document_collection WHERE name = ?')
  const touch = database.prepare<void, [number, string]>('UPDATE document SET changed_ms = ? WHERE url = ?')
  const { put, remove } = writing(engine)
  const find = searching(engine)
  return {
    isEmpty: () => any.get()?.found !== 1,
    edition: () => String(edition.get()?.edition ?? ''),
    count: async () => total.get()?.count ?? 0,
    byUrl(url) {
      const stored = byUrl.get(url)
      return stored === null ? undefined : { title: stored.title, text: stored.text, indexedMs: stored.indexed_ms }
    },
    known: (collection) =>
      new Map(known.all(collection).map(({ url, hash, changed_ms: ms }) => [url, { hash, ...(ms !== null && { changedMs: ms }) }])),
    collections: () => collections.all().map(storedCollection),
    putCollection: (row) => write(() => void putCollection.run(row.name, row.source, row.baseUrl ?? null, row.refreshedMs)),
    removeCollection: (name) => write(() => void removeCollection.run(name)),
    touch: (url, changedMs) => write(() => void touch.run(changedMs, url)),
    put: (row) => write(() => put(row)),
    async remove(urls) {
      // Some at a time, so that a server on the same file gets its turn to write.
      for (let at = 0; at < urls.length; at += 100) {
        const batch = urls.slice(at, at + 100)
        await write(() => batch.forEach(remove))
      }
    },
    search: async (query) => find(query),
  }
}

export const storedCollection = ({ name, source, base_url: baseUrl, refreshed_ms: refreshedMs, documents }: StoredCollection) => ({
  name,
  source,
  ...(baseUrl !== null && { baseUrl }),
  refreshedMs,
  documents,
})

function writing({ database }: SqliteEngine): { put(row: DocumentRow): void; remove(url: string): void } {
  const idOf = database.prepare<{ id: number }, [string]>('SELECT id FROM document WHERE url = ?')
  const dropWords = database.prepare<void, [number]>(
    'DELETE FROM passage_words WHERE rowid IN (SELECT id FROM passage WHERE document_id = ?)',
  )
  const dropPassages = database.prepare<void, [number]>('DELETE FROM passage WHERE document_id = ?')
  const dropDocument = database.prepare<void, [number]>('DELETE FROM document WHERE id = ?')
  const insertDocument = database.prepare<{ id: number }, [string, string, string, string, string, string, number | null, number]>(
    'INSERT INTO document (url, collection, host, title, text, hash, changed_ms, indexed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id',
  )
  const insertPassage = database.prepare<{ id: number }, [number, string]>(
    'INSERT INTO passage (document_id, text) VALUES (?, ?) RETURNING id',
  )
  const insertWords = database.prepare<void, [number, string, string]>('INSERT INTO passage_words (rowid, title, body) VALUES (?, ?, ?)')

  function remove(url: string): void {
    const id = idOf.get(url)?.id
    if (id === undefined) return
    dropWords.run(id)
    dropPassages.run(id)
    dropDocument.run(id)
  }

  return {
    remove,
    put({ url, collection, title, text, hash, changedMs, indexedMs, passages }) {
      remove(url)
      const host = new URL(url).hostname
      const id = insertDocument.get(url, collection, host, title, text, hash, changedMs ?? null, indexedMs)?.id as number
      const titleWords = words(title).join(' ')
      for (const passage of passages) {
        const passageId = insertPassage.get(id, passage)?.id as number
        insertWords.run(passageId, titleWords, words(passage).join(' '))
      }
    },
  }
}

function searching({ database }: SqliteEngine): (query: DocumentQuery) => DocumentHit[] {
  const RANK = `bm25(passage_words, ${TITLE_WEIGHT}, 1)`
  const everywhere = database.prepare<Ranked, [string, number]>(
    `SELECT rowid AS id, ${RANK} AS rank FROM passage_words WHERE passage_words MATCH ? ORDER BY rank, rowid LIMIT ?`,
  )
  // A host covers everything below it.
  const onHosts = database.prepare<Ranked, [string, string, number]>(
    `SELECT passage_words.rowid AS id, ${RANK} AS rank FROM passage_words
     JOIN passage ON passage.id = passage_words.rowid JOIN document ON document.id = passage.document_id
     WHERE passage_words MATCH ?1 AND EXISTS (
       SELECT 1 FROM json_each(?2) WHERE document.host = value OR substr(document.host, -length(value) - 1) = '.' || value)
     ORDER BY rank, passage_words.rowid LIMIT ?3`,
  )
  const holders = database.prepare<{ count: number }, [string]>('SELECT count(*) AS count FROM passage_words WHERE passage_words MATCH ?')
  const holds = database.prepare<{ id: number }, [string, string]>(
    'SELECT rowid AS id FROM passage_words WHERE passage_words MATCH ? AND rowid IN (SELECT value FROM json_each(?))',
  )
  const passages = database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM passage')
  const details = database.prepare<FoundPassage, [string]>(
    `SELECT passage.id, document_id, url, title, passage.text, changed_ms FROM passage
     JOIN document ON document.id = document_id WHERE passage.id IN (SELECT value FROM json_each(?))`,
  )

  function ranked(match: string, limit: number, hosts: readonly string[] | undefined): Ranked[] {
    return hosts === undefined || hosts.length === 0 ? everywhere.all(match, limit) : onHosts.all(match, JSON.stringify(hosts), limit)
  }

  /** Passages that hold enough of the terms. */
  function partial(words: readonly string[], { room, hosts, whole }: Wider): Ranked[] {
    const total = passages.get()?.count ?? 0
    const terms = weigh(words, total, (match) => holders.get(match)?.count ?? 0)
    const wanted = telling(terms, total)
    if (wanted.length === 0) return []
    const seen = new Set(whole.map(({ id }) => id))
    const loose = ranked(matchAny(wanted), room, hosts).filter(({ id }) => !seen.has(id))
    const ids = JSON.stringify(loose.map(({ id }) => id))
    const covers = coverage(terms, (match) => holds.all(match, ids).map(({ id }) => id))
    return loose.filter(({ id }) => covers(id))
  }

  return ({ text, limit, hosts }) => {
    const terms = [...new Set(keyWords(text))].slice(0, MAX_TERMS)
    if (terms.length === 0 || limit <= 0) return []
    const room = limit * 3
    let best = ranked(matchAll(terms), room, hosts)
    if (best.length < ENOUGH_WHOLE && terms.length > 1) best = [...best, ...partial(terms, { room, hosts, whole: best })]
    const found = new Map(details.all(JSON.stringify(best.map(({ id }) => id))).map((row) => [row.id, row]))
    return hits(best, found, limit)
  }
}

export function hits(best: readonly Ranked[], found: ReadonlyMap<number, FoundPassage>, limit: number): DocumentHit[] {
  const taken = new Map<number, number>()
  const list: DocumentHit[] = []
  for (const { id, rank } of best) {
    const row = found.get(id)
    if (row === undefined || list.length >= limit) continue
    const before = taken.get(row.document_id) ?? 0
    if (before >= PASSAGES_PER_DOCUMENT) continue
    taken.set(row.document_id, before + 1)
    // Both engines rank the best lowest.
    const { url, title, text, changed_ms: changedMs } = row
    list.push({ url, title, text, score: -rank, ...(changedMs !== null && { changedMs }) })
  }
  return list
}
