// The operator's own documents as a search engine sees them: what the store keeps and the `local` search backend asks.
// It stands in core because store and search share a floor and may not import each other.

/** One stretch of one document that answers a query. */
export interface DocumentHit {
  readonly url: string
  readonly title: string
  /** The text of the matching chunk, whole. */
  readonly text: string
  /** Epoch milliseconds of the last change, when known. */
  readonly changedMs?: number
  /** Higher is better; only comparable within one answer. */
  readonly score: number
}

export interface DocumentQuery {
  /** Plain words as the model asked; the index does its own quoting. */
  readonly text: string
  readonly limit: number
  /** Hosts only, without paths: a coarse filter, the caller filters exactly. Empty: all. */
  readonly hosts?: readonly string[]
}

export interface DocumentIndex {
  search(query: DocumentQuery): Promise<readonly DocumentHit[]>
  /** Number of documents held; 0 means that the index cannot serve. */
  count(): Promise<number>
}
