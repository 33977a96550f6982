// Failures of a search backend. The code alone decides what the model and the client are told.

/**
 * `bad_query`: the service cannot read it. `query_too_long`: longer than it takes. `rate_limited`: its limit or quota.
 * `auth`: our credential or setting is wrong. `timeout`: no answer in time. `unavailable`: anything else.
 */
export type SearchFailure = 'bad_query' | 'query_too_long' | 'rate_limited' | 'auth' | 'timeout' | 'unavailable'

export class SearchError extends Error {
  override readonly name = 'SearchError'
  readonly code: SearchFailure
  readonly retryAfterMs?: number

  /** @param message for the operator's log; never holds a credential. */
  constructor(code: SearchFailure, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
  }
}
