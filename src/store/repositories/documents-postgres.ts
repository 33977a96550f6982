// The operator's documents on PostgreSQL: words are cut by `lib/words` as everywhere, stemmed and matched by the server. What
// answers a query is decided as on SQLite; only the order of what answers is PostgreSQL's own.

import type { DocumentHit, DocumentQuery } from '../../core/document-index.ts'
import { keyWords, words } from '../../lib/words.ts'
import type { PostgresEngine } from '../engines/postgres/postgres.ts'
import type { DocumentRow } from '../schema.ts'
import { coverage, telling, weigh } from './document-query.ts'
import { type DocumentRepository, type FoundPassage, hits, MAX_TERMS, type StoredCollection, storedCollection } from './documents.ts'

/** The index is told to all nodes when it changes; each keeps whether there is any document. */
const CHANNEL = 'documents'
const ENOUGH_WHOLE = 5
/** In UTF-16 units; a tsvector takes words of 2046 bytes. */
const LONGEST_WORD = 500
const NOTHING = { found: 0, edition: 0 }
/** Weights of D, C, B and A: a match on a title is worth two on the text. */
const WEIGHTS = '{0.5, 0.5, 0.5, 1.0}'

const RANKED = `
  SELECT passage.id, -ts_rank('${WEIGHTS}'::real[], words, $1::tsquery, 1)::float8 AS rank
  FROM passage JOIN document ON document.id = document_id
  WHERE words @@ $1::tsquery AND (cardinality($2::text[]) = 0 OR EXISTS (
    SELECT 1 FROM unnest($2::text[]) AS wanted WHERE host = wanted OR right(host, length(wanted) + 1) = '.' || wanted))
  ORDER BY rank, passage.id LIMIT $3`

export async function postgresDocuments(engine: PostgresEngine): Promise<DocumentRepository> {
  const state = engine.prepare<{ found: number; edition: number }>(
    'SELECT (SELECT count(*) FROM (SELECT 1 FROM document LIMIT 1) AS s) AS found, coalesce(sum(refreshed_ms), 0) AS edition FROM document_collection',
  )
  const total = engine.prepare<{ count: number }>('SELECT count(*) AS count FROM document')
  const byUrl = engine.prepare<{ title: string; text: string; indexed_ms: number }>(
    'SELECT title, text, indexed_ms FROM document WHERE url = ?1',
  )
  const known = engine.prepare<{ url: string; hash: string; changed_ms: number | null }>(
    'SELECT url, hash, changed_ms FROM document WHERE collection = ?1',
  )
  const collections = engine.prepare<StoredCollection>(`
    SELECT name, source, base_url, refreshed_ms, (SELECT count(*) FROM document WHERE collection = name) AS documents
    FROM document_collection ORDER BY name`)
  const putCollection = engine.prepare(`
    INSERT INTO document_collection (name, source, base_url, refreshed_ms) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (name) DO UPDATE SET source = excluded.source, base_url = excluded.base_url, refreshed_ms = excluded.refreshed_ms`)
  const removeCollection = engine.prepare('DELETE FROM document_collection WHERE name = ?1')
  const remove = engine.prepare('DELETE FROM document WHERE url = ?1')
  const put = putting(engine)
  const touch = engine.prepare('UPDATE document SET changed_ms = ?1 WHERE url = ?2')
  let { found, edition } = (await state.get()) ?? NOTHING

  async function look(): Promise<void> {
    ;({ found, edition } = (await state.get()) ?? NOTHING)
  }
  const lookAgain = (): void => void look().catch(() => {})
  engine.subscribe(CHANNEL, { notice: lookAgain, gap: lookAgain })

  /** The other nodes hear of the first document, of the last, and of each refresh. */
  async function told(work: () => Promise<unknown>): Promise<void> {
    const before = { found, edition }
    await work()
    await look()
    if (before.found !== found || before.edition !== edition) await engine.write([engine.notice(CHANNEL, '')])
  }

  return {
    isEmpty: () => found === 0,
    edition: () => String(edition),
    count: async () => (await total.get())?.count ?? 0,
    async byUrl(url) {
      const stored = await byUrl.get(url)
      return stored && { title: stored.title, text: stored.text, indexedMs: stored.indexed_ms }
    },
    known: async (collection) =>
      new Map((await known.all(collection)).map(({ url, hash, changed_ms: ms }) => [url, { hash, ...(ms !== null && { changedMs: ms }) }])),
    collections: async () => (await collections.all()).map(storedCollection),
    putCollection: (row) => told(() => engine.write([putCollection.bind(row.name, row.source, row.baseUrl ?? null, row.refreshedMs)])),
    removeCollection: (name) => told(() => engine.write([removeCollection.bind(name)])),
    touch: async (url, changedMs) => void (await engine.write([touch.bind(changedMs, url)])),
    put: (row) => told(() => put(row)),
    remove: (urls) => told(() => engine.write(urls.map((url) => remove.bind(url)))),
    search: (query) => search(engine, query),
  }
}

/** Accents of Latin letters do not matter, as on SQLite; marks of other scripts do. */
const plain = (word: string): string =>
  word
    .slice(0, LONGEST_WORD)
    .normalize('NFD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC')
const cut = (text: string): string[] => words(text).map(plain)

function putting(engine: PostgresEngine): (row: DocumentRow) => Promise<unknown> {
  return ({ url, collection, title, text, hash, changedMs, indexedMs, passages }) =>
    engine.call(
      `WITH gone AS (DELETE FROM passage USING document WHERE document.id = document_id AND url = $1),
       kept AS (
         INSERT INTO document (url, collection, host, title, text, hash, changed_ms, indexed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (url) DO UPDATE SET collection = excluded.collection, title = excluded.title, text = excluded.text,
           hash = excluded.hash, changed_ms = excluded.changed_ms, indexed_ms = excluded.indexed_ms
         RETURNING id)
       INSERT INTO passage (document_id, text, words)
       SELECT kept.id, p.text, document_words(string_to_array($9, ' '), 'A') || document_words(string_to_array(p.words, ' '), '')
       FROM kept, unnest($10::text[], $11::text[]) WITH ORDINALITY AS p (text, words, place) ORDER BY p.place`,
      [
        url,
        collection,
        new URL(url).hostname,
        title,
        text,
        hash,
        changedMs ?? null,
        indexedMs,
        cut(title).join(' '),
        passages,
        passages.map((passage) => cut(passage).join(' ')),
      ],
    )
}

interface Ranked {
  readonly id: number
  readonly rank: number
}

async function search(engine: PostgresEngine, { text, limit, hosts }: DocumentQuery): Promise<readonly DocumentHit[]> {
  const terms = [...new Set(keyWords(text).map(plain))].slice(0, MAX_TERMS)
  if (terms.length === 0 || limit <= 0) return []
  const stems = (await engine.call<{ stem: string }>('SELECT document_stem(w) AS stem FROM unnest($1::text[]) AS w', [terms])).map(
    ({ stem }) => stem,
  )
  const ranked = (queries: readonly string[], operator: '&' | '|'): Promise<Ranked[]> =>
    queries.length === 0 ? Promise.resolve([]) : engine.call<Ranked>(RANKED, [queries.join(` ${operator} `), hosts ?? [], limit * 3])
  let best = await ranked(stems.map(quoted), '&')
  if (best.length < ENOUGH_WHOLE && terms.length > 1) {
    const whole = new Set(best.map(({ id }) => id))
    best = [...best, ...(await someWords(engine, stems.map(quoted), ranked)).filter(({ id }) => !whole.has(id))]
  }
  if (best.length === 0) return []
  const rows = await engine.call<FoundPassage>(
    `SELECT passage.id, document_id, url, title, passage.text, changed_ms FROM passage
     JOIN document ON document.id = document_id WHERE passage.id = ANY ($1::bigint[])`,
    [best.map(({ id }) => id)],
  )
  return hits(best, new Map(rows.map((row) => [row.id, row])), limit)
}

const quoted = (stem: string): string => `'${stem.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** Passages that hold enough of the query's weight. @param queries one for each word. */
async function someWords(
  engine: PostgresEngine,
  queries: readonly string[],
  ranked: (queries: readonly string[], operator: '|') => Promise<Ranked[]>,
): Promise<Ranked[]> {
  const [size] = await engine.call<{ count: number }>('SELECT count(*) AS count FROM passage', [])
  const total = size?.count ?? 0
  const holders = await engine.call<{ place: number; held: number }>(
    `SELECT q.place, (SELECT count(*) FROM passage WHERE words @@ q.query::tsquery) AS held
     FROM unnest($1::text[]) WITH ORDINALITY AS q (query, place)`,
    [queries],
  )
  const held = new Map(holders.map((row) => [row.place - 1, row.held]))
  // Terms are known by their place here; the shared rules only ask how many passages hold each.
  const terms = weigh(
    queries.map((_, at) => String(at)),
    total,
    (match) => held.get(placeOf(match)) ?? 0,
  )
  const loose = await ranked(
    telling(terms, total).map(({ match }) => queries[placeOf(match)] ?? ''),
    '|',
  )
  const holding = await engine.call<{ place: number; id: number }>(
    `SELECT q.place, passage.id FROM unnest($1::text[]) WITH ORDINALITY AS q (query, place)
     JOIN passage ON passage.id = ANY ($2::bigint[]) AND words @@ q.query::tsquery`,
    [queries, loose.map(({ id }) => id)],
  )
  const ids = Map.groupBy(holding, ({ place }) => place - 1)
  const covers = coverage(terms, (match) => (ids.get(placeOf(match)) ?? []).map(({ id }) => id))
  return loose.filter(({ id }) => covers(id))
}

const placeOf = (match: string): number => Number(match.replaceAll('"', ''))
