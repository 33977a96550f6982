// Outbound requests: to upstreams with their credentials, and to addresses that clients name through the guard.

export { type AddressVerdict, judgeAddress } from './address.ts'
export {
  fetchGuarded,
  GuardError,
  type GuardErrorCode,
  type GuardedFetch,
  type GuardedOptions,
  type GuardedResponse,
  type Resolve,
} from './guard.ts'
export { HOP_HEADER } from './headers.ts'
export { createUpstream, type Handler, type Upstream, type UpstreamOptions } from './pool.ts'
export type { BodyRead, BodyReader, FetchLike, OutboundRequest, UpstreamResponse } from './request.ts'
