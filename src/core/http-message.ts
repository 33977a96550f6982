// The parts of an HTTP request that codecs and admission may see. Values only: no sockets, no runtime types.

import type { JsonObject } from '../lib/json.ts'

/** One inbound request, its body already read and parsed. */
export interface HttpRequest {
  readonly method: string
  /** Decoded path without query, in the format's own spelling, e.g. `/v1beta/models/x:generateContent`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Case-insensitive look-up; `null` when absent. */
  readonly headers: { get(name: string): string | null }
  /** The client's address; absent or `undefined` when it cannot be told. */
  readonly address?: (() => string | undefined) | undefined
  /** The body as it came. Empty when there was none. */
  readonly text: string
  /** The parsed body, numbers exact. `{}` when there was none. */
  readonly body: JsonObject
}

/** What an encoder wants sent upstream beside method and path. */
export interface WireRequest<Body = JsonObject> {
  /** Headers with meaning in the format (`anthropic-version`, …): never credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
  /** Stop sequences that the body could not hold: the answer must be cut where one begins. */
  readonly cutAt?: readonly string[]
}

/** An error or answer in a client's own format. */
export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}
