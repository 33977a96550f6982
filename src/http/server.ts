// Accepts inbound connections. Every request gets an id, an answer in its caller's format, and nothing
// thrown ever reaches the runtime.

import type { Server } from 'bun'
import type { AddressRange } from '../access/index.ts'
import type { Admin, Customer } from '../admin/index.ts'
import { GatewayError } from '../core/errors.ts'
import { type Answer, errorAnswer, type Gateway } from '../gateway/index.ts'
import { prefixedId } from '../lib/ids.ts'
import { connectionOf } from './address.ts'
import { adminResponse, isAdminPath } from './admin.ts'
import { type EndpointSettings, formatAt, type Inbound, serve } from './endpoints.ts'
import { type Target, targetOf } from './paths.ts'
import { corsHeaders, preflight, toResponse } from './respond.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** Whether other processes of ours listen on the same port. */
  readonly sharedPort?: boolean
  readonly gateway: Gateway
  readonly settings: EndpointSettings
  readonly admin?: Admin
  readonly customer?: Customer
  /** Proxies whose forwarded addresses are believed. */
  readonly trustedProxies?: readonly AddressRange[]
  /** The text of `GET /metrics`. */
  metrics(): Promise<string>
  /** Whether new work may come: false while starting or draining. */
  ready(): boolean
}

export interface HttpServer {
  readonly port: number
  readonly url: string
  /** Requests still being answered. */
  pending(): number
  /** Stops accepting; resolves when the open requests are done. */
  stop(force: boolean): Promise<void>
}

const NO_QUERY = new URLSearchParams()

export function startServer(options: ServerOptions): HttpServer {
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    reusePort: options.sharedPort ?? false,
    // Longest silence of a stream is ours to judge; the runtime's own limit would cut slow thinkers.
    idleTimeout: 0,
    // The limit is answered in the client's format, so the runtime's stands well above it.
    maxRequestBodySize: options.settings.maxBodyBytes * 2 + 1024 * 1024,
    fetch: (request, instance) => handle(request, instance, options),
    error: () =>
      Response.json({ error: { message: 'The gateway failed.', type: 'server_error', param: null, code: null } }, { status: 500 }),
  })
  return {
    port: server.port ?? options.port,
    url: server.url.origin,
    pending: () => server.pendingRequests,
    stop: (force) => server.stop(force),
  }
}

async function handle(request: Request, server: Server<undefined>, options: ServerOptions): Promise<Response> {
  const receivedMs = options.gateway.nowMs()
  const connection = () => connectionOf(request, server, options.trustedProxies ?? [])
  const inbound = taken(request, receivedMs, () => connection().address)
  // Before the preflight: other sites have no business there.
  if (options.admin !== undefined && isAdminPath(inbound.path)) return adminResponse(inbound, options.admin, connection)
  if (request.method === 'OPTIONS') return preflight(request)
  const plain = plainAnswer(inbound, options)
  if (plain !== undefined) return plain
  let target: Target | undefined
  try {
    if (request.headers.has('x-switchyard-hop')) throw new GatewayError('loop_detected')
    target = targetOf(inbound.path)
    if (target === undefined)
      throw new GatewayError('not_found', { message: `There is nothing at ${request.method} ${inbound.path.slice(0, 200)}.` })
    if (!options.ready()) throw new GatewayError('draining', { retryAfterMs: 1000 })
    server.timeout(request, 0)
    return answered(await serve(target, inbound, options), target, inbound)
  } catch (thrown) {
    const error = GatewayError.from(thrown)
    if (error.code === 'internal')
      options.gateway.log('error', 'request failed', {
        request: inbound.requestId,
        path: inbound.path,
        cause: error.cause instanceof Error ? error.cause.stack : error.cause,
      })
    const answer = errorAnswer({ format: formatAt(target, inbound), requestId: inbound.requestId }, error)
    if (error.details.allow !== undefined) answer.headers.allow = error.details.allow
    return answered(answer, target, inbound)
  }
}

function answered(answer: Answer, target: Target | undefined, { request, requestId }: Inbound): Response {
  // Anthropic's clients know the id by another name.
  if (target?.endpoint.kind === 'messages') answer.headers['request-id'] = requestId
  return toResponse(answer, requestId, request.headers.has('origin'))
}

/** Takes the address apart by hand: `new URL` costs more than the look-up it serves, and throws on odd ones. */
function taken(request: Request, receivedMs: number, address: () => string | undefined): Inbound {
  const { url } = request
  const authority = url.indexOf('://')
  const start = authority < 0 ? 0 : url.indexOf('/', authority + 3)
  const mark = url.indexOf('?', start)
  const hash = url.indexOf('#', start)
  const end = mark >= 0 ? mark : hash >= 0 ? hash : url.length
  return {
    request,
    path: start < 0 ? '/' : url.slice(start, end),
    query: mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1)),
    requestId: prefixedId('req', receivedMs),
    receivedMs,
    address,
  }
}

async function metricsText({ metrics }: ServerOptions): Promise<Response> {
  return new Response(await metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
}

/** Addresses outside the API: health, metrics, a friendly root. */
function plainAnswer({ request, path }: Inbound, options: ServerOptions): Response | Promise<Response> | undefined {
  const reading = request.method === 'GET' || request.method === 'HEAD'
  if (!reading) return undefined
  switch (path) {
    case '/healthz':
      return Response.json({ status: 'ok' }, { headers: corsHeaders() })
    case '/readyz':
      return Response.json(
        { status: options.ready() ? 'ready' : 'not ready' },
        { status: options.ready() ? 200 : 503, headers: corsHeaders() },
      )
    case '/metrics':
      return metricsText(options)
    case '/':
    case '/v1':
    case '/v1/':
    case '/api/hello':
      return Response.json(
        {
          name: 'switchyard',
          docs: 'README.md',
          endpoints: [
            '/v1/chat/completions',
            '/v1/responses',
            '/v1/messages',
            '/v1beta/models/{model}:generateContent',
            '/v1/search',
            '/v1/models',
          ],
        },
        { headers: corsHeaders() },
      )
    default:
      return undefined
  }
}
