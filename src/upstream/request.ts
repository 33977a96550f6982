// What goes out and what comes back: values and two small interfaces. No I/O here.

import type { UpstreamAuth } from '../core/upstream-auth.ts'

/** One request to an upstream, complete but for its credential and our own headers. */
export interface OutboundRequest {
  /** Id of the channel it belongs to. */
  readonly channel: string
  readonly method: string
  readonly url: string
  /** Names in lower case. Hop-by-hop headers are not sent on. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly auth: UpstreamAuth
  /** Aborts when the client is gone: the upstream's connection is closed at once. */
  readonly signal?: AbortSignal
  /** Longest wait for the status line, connecting included. */
  readonly headersTimeoutMs: number
  /** Longest silence while a read of the body is waiting. Time in which nobody reads does not count. */
  readonly idleTimeoutMs: number
}

export type BodyRead = { readonly done: false; readonly value: Uint8Array } | { readonly done: true; readonly value?: undefined }

export interface BodyReader {
  /** @throws GatewayError `upstream_timeout`, `upstream_cut` or `client_closed`. One read at a time. */
  read(): Promise<BodyRead>
  /** Gives the rest up. A body that was about to end anyway keeps its connection for the next request. */
  cancel(): void
}

/** An answer whose headers are here. Its body is taken once: as text or through the reader. */
export interface UpstreamResponse {
  readonly status: number
  readonly headers: Headers
  /** The whole body. @throws GatewayError as `BodyReader.read`. */
  text(): Promise<string>
  reader(): BodyReader
}

/** The runtime's fetch, or something that answers like it. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>
