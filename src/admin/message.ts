// A request to the admin API and the reply to it, as values: `http/` makes the one and writes the other.

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One request, its line taken apart by `http/`. */
export interface AdminRequest {
  readonly method: string
  /** Decoded, without query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: { get(name: string): string | null }
  readonly requestId: string
  readonly receivedMs: number
  /** The client's address; `undefined` when it cannot be told. */
  address(): string | undefined
  /** Whether the client's connection is encrypted, as far as we can tell. */
  readonly secure: boolean
  /** The body's text under the size limit. @throws GatewayError */
  text(maxBytes: number): Promise<string>
}

export interface Reply {
  readonly status?: number
  /** Absent: no content. */
  readonly body?: object
  /** In place of a JSON body. */
  readonly text?: { readonly type: string; readonly content: string }
  /** The version of what is shown, for `ETag`. */
  readonly version?: number
  readonly headers?: Readonly<Record<string, string>>
}
