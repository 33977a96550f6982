// What a folder and a site have in common: a list of documents that can be read one by one.

/** What became of reading one document. */
export type Reading =
  | { readonly state: 'read'; readonly hash: string; readonly title: string; readonly text: string }
  /** Its hash is the known one. */
  | { readonly state: 'same' }
  /** It is listed and not there, or may not be read: what is stored of it goes. */
  | { readonly state: 'gone'; readonly reason: string }
  /** It cannot be read at the moment: what is stored of it stays. */
  | { readonly state: 'failed'; readonly reason: string }

export interface ListedDocument {
  /** Absolute web address under which it is found and cited. */
  readonly url: string
  /** For people: a path or an address. */
  readonly label: string
  readonly changedMs?: number
  /** Whether an equal `changedMs` is enough to leave it unread. */
  readonly trustsDate: boolean
  /** Never rejects. @param knownHash of what is stored of it. */
  read(knownHash: string | undefined): Promise<Reading>
}

/** A source that cannot be listed; nothing of what is stored is touched then. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** Part of every hash: raised when documents are read in another way, so that all are read again. */
export const READING_VERSION = 1

export const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : 'it cannot be read')
