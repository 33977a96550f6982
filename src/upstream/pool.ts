// The upstream as the rest of the house sees it: one `send`, which picks the network or, by origin, a
// handler in our own process (the sandbox). Connections are the runtime's own pool.

import { GatewayError } from '../core/errors.ts'
import { createAuthorize } from './auth/authorize.ts'
import { HOP_HEADER } from './headers.ts'
import type { FetchLike, OutboundRequest, UpstreamResponse } from './request.ts'
import { send } from './send.ts'

/** Answers for an origin in our own process. */
export type Handler = (request: Request) => Promise<Response>

export interface UpstreamOptions {
  /** By origin, e.g. `http://sandbox.invalid`. */
  readonly handlers?: ReadonlyMap<string, Handler>
  /** In place of the runtime's fetch, for tests. */
  readonly fetch?: FetchLike
  readonly nowMs?: () => number
}

export interface Upstream {
  /** @throws GatewayError; the error names neither the address nor the credential. */
  send(request: OutboundRequest): Promise<UpstreamResponse>
  /** The body of a 200 to a plain GET within a short time, else `undefined`: is a server there at all? */
  probe(url: string): Promise<string | undefined>
}

const PROBE_MS = 700

export function createUpstream(options: UpstreamOptions = {}): Upstream {
  const network: FetchLike = options.fetch ?? ((url, init) => fetch(url, init))
  const authorize = createAuthorize({ fetch: network, nowMs: options.nowMs ?? Date.now })
  const local = new Map([...(options.handlers ?? [])].map(([origin, handler]) => [origin, inProcess(handler)]))

  function transportFor(url: string): FetchLike {
    if (local.size === 0) return network
    return local.get(originOf(url)) ?? network
  }

  return {
    send: (request) => send(request, transportFor, authorize),
    async probe(url) {
      try {
        const response = await send(
          {
            channel: 'probe',
            method: 'GET',
            url,
            headers: { accept: 'application/json', [HOP_HEADER]: '1' },
            auth: { scheme: { type: 'none' } },
            headersTimeoutMs: PROBE_MS,
            idleTimeoutMs: PROBE_MS,
          },
          transportFor,
          authorize,
        )
        const text = await response.text()
        return response.status === 200 ? text : undefined
      } catch {
        return undefined
      }
    },
  }
}

function originOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('://') + 3)
  return end < 0 ? url : url.slice(0, end)
}

/** A handler as a fetch that can be aborted: the handler itself need not listen. */
function inProcess(handler: Handler): FetchLike {
  return (url, init) =>
    new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new GatewayError('upstream_unreachable')), { once: true })
      handler(new Request(url, init)).then(resolve, reject)
    })
}
