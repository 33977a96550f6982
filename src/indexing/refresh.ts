// Brings one collection of the index in line with its source: new and changed documents are stored, vanished ones
// removed, the rest left alone. Doing it twice changes nothing; stopping it half-way loses nothing.

import type { DocumentRepository } from '../store/index.ts'
import { indexChunks } from '../tools/index.ts'
import type { ListedDocument } from './source.ts'

export interface RefreshOptions {
  readonly collection: string
  readonly documents: DocumentRepository
  /** Documents read at once. */
  readonly concurrency: number
  /** Reads every document, whatever the site says about its date. */
  readonly all: boolean
  readonly onProgress: (progress: Progress) => void
  readonly onFailure: (label: string, reason: string) => void
  nowMs(): number
}

export interface Counts {
  added: number
  changed: number
  unchanged: number
  removed: number
  failed: number
}

export interface Progress extends Readonly<Counts> {
  readonly done: number
  readonly total: number
  readonly label: string
}

/** Text of one document beyond this is not indexed. */
const MAX_TEXT_UNITS = 2_000_000

export async function refresh(listed: readonly ListedDocument[], options: RefreshOptions): Promise<Counts> {
  const { collection, documents } = options
  const known = await documents.known(collection)
  const counts: Counts = { added: 0, changed: 0, unchanged: 0, removed: 0, failed: 0 }
  const gone = new Set(known.keys())
  let done = 0

  async function one(document: ListedDocument): Promise<void> {
    const outcome = await bring(document, known.get(document.url), options)
    if (outcome !== 'gone') gone.delete(document.url)
    if (outcome !== 'gone') counts[outcome]++
    options.onProgress({ ...counts, done: ++done, total: listed.length, label: document.label })
  }

  const queue = listed.values()
  const worker = async (): Promise<void> => {
    for (const document of queue) await one(document)
  }
  await Promise.all(Array.from({ length: options.concurrency }, worker))
  await documents.remove([...gone])
  counts.removed = gone.size
  return counts
}

type Outcome = 'added' | 'changed' | 'unchanged' | 'failed' | 'gone'

async function bring(
  document: ListedDocument,
  known: { readonly hash: string; readonly changedMs?: number } | undefined,
  { collection, documents, all, onFailure, nowMs }: RefreshOptions,
): Promise<Outcome> {
  const { url, label, changedMs } = document
  if (!all && document.trustsDate && changedMs !== undefined && known?.changedMs === changedMs) return 'unchanged'
  const reading = await document.read(known?.hash)
  if (reading.state === 'same') {
    if (changedMs !== undefined && changedMs !== known?.changedMs) await documents.touch(url, changedMs)
    return 'unchanged'
  }
  if (reading.state !== 'read') {
    onFailure(label, reading.reason)
    return reading.state
  }
  const text = reading.text.slice(0, MAX_TEXT_UNITS).toWellFormed()
  const passages = indexChunks(text)
  if (passages.length === 0) {
    onFailure(label, 'it holds no text')
    return 'gone'
  }
  await documents.put({
    url,
    collection,
    title: reading.title.toWellFormed().trim().slice(0, 300) || label,
    text,
    hash: reading.hash,
    ...(changedMs !== undefined && { changedMs }),
    indexedMs: nowMs(),
    passages,
  })
  return known === undefined ? 'added' : 'changed'
}
