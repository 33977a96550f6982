// Sends one request and hands back the answer at its headers. Redirects are never followed: they would
// carry the credential to an address nobody configured.

import { GatewayError } from '../core/errors.ts'
import type { Authorize } from './auth/authorize.ts'
import { Flight } from './flight.ts'
import { outboundHeaders } from './headers.ts'
import type { FetchLike, OutboundRequest, UpstreamResponse } from './request.ts'

/** The transport that serves a URL: the network, or a handler in our own process. */
export type TransportFor = (url: string) => FetchLike

/** @throws GatewayError `upstream_unreachable`, `upstream_timeout`, `client_closed`, `upstream_auth`, `upstream_error` on a redirect. */
export async function send(request: OutboundRequest, transportFor: TransportFor, authorize: Authorize): Promise<UpstreamResponse> {
  if (request.signal?.aborted === true) throw new GatewayError('client_closed')
  const headers = outboundHeaders(request.headers)
  const authorizing = authorize(request, headers)
  if (authorizing !== undefined) await authorizing
  const flight = new Flight(request)
  let response: Response
  try {
    response = await transportFor(request.url)(request.url, {
      method: request.method,
      headers,
      redirect: 'manual',
      signal: flight.signal,
      ...(request.body !== undefined && { body: request.body }),
    })
  } catch (thrown) {
    throw flight.failure(thrown, 'upstream_unreachable')
  }
  flight.landed(response)
  if (response.status >= 300 && response.status < 400) {
    flight.cancel()
    throw new GatewayError('upstream_error', { message: 'The upstream answered with a redirect, which is not followed.' })
  }
  return flight
}
