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
