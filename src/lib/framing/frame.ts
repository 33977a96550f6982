// One record of a stream's framing. `raw` is the text exactly as it came, blank line included, so that
// a frame which needs no change can go on byte for byte; a frame we made ourselves has no `raw`.

export interface Frame {
  /** The SSE event name; absent where the framing has none. */
  readonly event?: string
  /** The payload: joined `data:` lines of an SSE block, or one JSON value. Empty for a comment. */
  readonly data: string
  /** The record as it arrived, terminator included. */
  readonly raw?: string
  /** A keep-alive: comment lines only. Carries no meaning. */
  readonly comment?: true
}
