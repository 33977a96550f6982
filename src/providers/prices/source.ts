// Where a price comes from. Only the catalogue and the hand-kept table have one.

export interface PriceSource {
  /** Data set and version, or where a hand-kept price was read. */
  readonly name: string
  /** Day of the refresh, or on which it was read. */
  readonly date: string
  readonly urls: readonly string[]
}
