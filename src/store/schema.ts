// The rows we keep, as values. Engines decide types of columns; times are epoch milliseconds.

/** An API key as stored: never the key itself. */
export interface KeyRow {
  readonly id: string
  readonly name: string
  /** SHA-256 of the key, hex. */
  readonly hash: string
  /** The first characters, for people to recognise it. */
  readonly hint: string
  readonly createdMs: number
  readonly revokedMs: number | null
}

/** One finished exchange, as the log keeps it. `detail` is JSON: attempts, usage, receipt. */
export interface RequestRow {
  readonly id: string
  readonly keyId: string
  readonly startedMs: number
  readonly outcome: string
  readonly detail: string
}

/** One folder or site whose documents are indexed together. */
export interface CollectionRow {
  readonly name: string
  /** Absolute path of the folder, or address of the site map. */
  readonly source: string
  /** Below which the files of a folder have their addresses. */
  readonly baseUrl?: string
  readonly refreshedMs: number
}

/** One of the operator's own documents with what is searched. */
export interface DocumentRow {
  /** Absolute http or https address. */
  readonly url: string
  /** Name of its collection, which must be stored. */
  readonly collection: string
  readonly title: string
  readonly text: string
  /** Changes when the source or the way it is read does. */
  readonly hash: string
  readonly changedMs?: number
  readonly indexedMs: number
  /** Stretches of the text, in order. */
  readonly passages: readonly string[]
}
