// The address a client calls from. Forwarded addresses are believed only from proxies the operator named; without such a
// proxy it is the connection's own.

import type { Server } from 'bun'
import { type AddressRange, inRanges } from '../access/index.ts'

export interface ClientConnection {
  /** `undefined` when it cannot be told. */
  readonly address: string | undefined
  /** Whether the client's own connection is encrypted. */
  readonly secure: boolean
}

/** @param trusted proxies whose forwarded addresses are believed. */
export function connectionOf(request: Request, server: Server<undefined>, trusted: readonly AddressRange[]): ClientConnection {
  const peer = server.requestIP(request)?.address
  const direct = { address: peer, secure: request.url.startsWith('https:') }
  if (trusted.length === 0 || !inRanges(trusted, peer)) return direct
  // Each proxy adds who called it at the end: what stands before the last one that is not ours, anybody could have written.
  const hops = (request.headers.get('x-forwarded-for') ?? '')
    .split(',')
    .map((hop) => bare(hop.trim()))
    .filter(Boolean)
  const client = hops.findLast((hop) => !inRanges(trusted, hop)) ?? hops[0] ?? peer
  const scheme = request.headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase()
  return { address: client, secure: scheme === undefined ? direct.secure : scheme === 'https' }
}

/** Without the port that some proxies add, and without brackets. */
const bare = (hop: string): string =>
  /^\[([^\]]*)\]/.exec(hop)?.[1] ?? (/^\d+\.\d+\.\d+\.\d+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop)
