// A stream on its way to the client, pulled piece by piece. Whoever pulls decides the pace: nothing is
// read from the upstream before the piece before it was taken.

import type { GatewayError } from '../core/errors.ts'

export interface Piece {
  /** Whole frames, ready for the client. Empty when a read brought none. */
  readonly bytes: string | Uint8Array
  /** Nothing comes after this piece. */
  readonly last: boolean
  /** The stream ended in this error, which the piece already tells the client. */
  readonly error?: GatewayError
}

export interface OpenStream {
  next(): Promise<Piece>
  /** Stops the upstream. */
  cancel(): void
}
