// The translation receipt: what was changed, emulated or not honoured on the way to an upstream.

export interface Warning {
  /** `dropped`: not sent on. `changed`: sent with another value. `emulated`: done by us instead. */
  readonly kind: 'dropped' | 'changed' | 'emulated'
  /** The client's own name of the field, as a path: `messages[2].content[0].cache_control`. */
  readonly field: string
  /** One plain clause: why, or what happened instead. No client content, no secrets. */
  readonly reason?: string
}

/** Adds one line to the receipt. In strict mode a drop throws a `GatewayError` instead of returning. */
export type Note = (warning: Warning) => void

/** For tests and for pure look-ups whose receipt nobody reads. */
export const noNote: Note = () => {}
