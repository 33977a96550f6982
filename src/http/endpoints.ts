// The endpoint table: what stands at which address, and which format renders its errors. Handlers here
// unpack HTTP; what is done is done below.

import type { Customer, CustomerQuestion } from '../admin/index.ts'
import { ERRORS, GatewayError } from '../core/errors.ts'
import type { HttpRequest } from '../core/http-message.ts'
import {
  anthropicMessages,
  type ChatFormat,
  countTokensRequest,
  encodeCountTokens,
  geminiGenerateContent,
  openaiChat,
  openaiResponses,
} from '../formats/index.ts'
import { type Answer, type Call, countTokens, exchange, type Gateway, requestJson, searchExchange } from '../gateway/index.ts'
import { splice } from '../lib/json-splice.ts'
import { readBody } from './body.ts'
import { dialectOf, modelEntry, modelList } from './models.ts'
import type { Endpoint, Target } from './paths.ts'

/** One HTTP request, its line taken apart. */
export interface Inbound {
  readonly request: Request
  readonly path: string
  readonly query: URLSearchParams
  readonly requestId: string
  readonly receivedMs: number
  /** The client's address, when it can be told. */
  readonly address: () => string | undefined
}

export interface ServedParts {
  readonly gateway: Gateway
  readonly settings: EndpointSettings
  /** What customers may see of their own. */
  readonly customer?: Customer
}

export interface EndpointSettings {
  readonly maxBodyBytes: number
}

/** The format whose clients call this address, for its errors. */
export function formatAt(target: Target | undefined, { path, request }: Inbound): ChatFormat {
  switch (target?.endpoint.kind) {
    case 'messages':
    case 'count-tokens':
      return anthropicMessages
    case 'responses':
      return openaiResponses
    case 'gemini':
      return geminiGenerateContent
    case 'search':
      return openaiChat
    case 'models':
    case 'model': {
      const dialect = dialectOf(request.headers, target.endpoint)
      return dialect === 'anthropic' ? anthropicMessages : dialect === 'gemini' ? geminiGenerateContent : openaiChat
    }
    default:
      if (request.headers.has('anthropic-version')) return anthropicMessages
      return /^\/v1(beta|alpha)\//.test(path) ? geminiGenerateContent : openaiChat
  }
}

/** Serves one request to a known address. @throws GatewayError */
export async function serve(target: Target, inbound: Inbound, parts: ServedParts): Promise<Answer> {
  const { gateway, settings } = parts
  const { endpoint } = target
  const { request } = inbound
  switch (endpoint.kind) {
    case 'chat':
    case 'responses':
    case 'messages': {
      if (endpoint.kind === 'responses' && request.headers.get('upgrade')?.toLowerCase() === 'websocket')
        throw new GatewayError('upgrade_required')
      allow(request, 'POST')
      return exchange(await chatCall(target, inbound, settings), gateway)
    }
    case 'count-tokens': {
      allow(request, 'POST')
      const call = await chatCall(target, inbound, settings)
      return json({ input_tokens: await countTokens(counting(call), gateway) })
    }
    case 'search': {
      allow(request, 'POST')
      const { http, requestId, signal, receivedMs } = await chatCall(target, inbound, settings)
      return searchExchange({ http, requestId, signal, receivedMs }, gateway)
    }
    case 'gemini':
      allow(request, 'POST')
      return gemini(endpoint, inbound, parts)
    case 'models':
      allow(request, 'GET')
      await gateway.access.resolve(carrierOf(inbound))
      return json(modelList(gateway.snapshot(), dialectOf(request.headers, endpoint), inbound.query))
    case 'model':
      allow(request, 'GET')
      await gateway.access.resolve(carrierOf(inbound))
      return json(modelEntry(gateway.snapshot(), dialectOf(request.headers, endpoint), endpoint.id))
    case 'request':
      allow(request, 'GET')
      return requestDetail(endpoint.id, inbound, gateway)
    case 'customer':
      return customerAnswer(endpoint.question, inbound, parts)
    case 'unsupported':
      throw new GatewayError('not_found')
  }
}

async function gemini(
  endpoint: Endpoint & { kind: 'gemini' },
  inbound: Inbound,
  { gateway, settings }: { gateway: Gateway; settings: EndpointSettings },
): Promise<Answer> {
  const { method } = endpoint
  if (method !== 'generateContent' && method !== 'streamGenerateContent' && method !== 'countTokens') {
    throw new GatewayError('not_found', { message: `The method ${method} is not served here.` })
  }
  const call = await chatCall({ endpoint }, inbound, settings, endpoint.path)
  if (method !== 'countTokens') return exchange(call, gateway)
  const http = countTokensRequest({ ...call.http, path: endpoint.path.replace(/:countTokens$/, ':generateContent') })
  return json(encodeCountTokens(await countTokens({ ...call, http }, gateway)))
}

async function chatCall(target: Target, inbound: Inbound, settings: EndpointSettings, path = inbound.path): Promise<Call> {
  const { request, query, requestId, receivedMs } = inbound
  const { text, json: body } = await readBody(request, settings.maxBodyBytes)
  let http: HttpRequest = { method: request.method, path, query, headers: request.headers, address: inbound.address, text, body }
  if (target.deployment !== undefined && typeof body.model !== 'string') {
    http = {
      ...http,
      text: splice(text, [{ op: 'set', path: ['model'], value: target.deployment }]),
      body: { ...body, model: target.deployment },
    }
  }
  return { format: formatAt(target, inbound), http, requestId, signal: request.signal, receivedMs }
}

/** A count has no output, so the limit that Messages demands may be absent. */
function counting(call: Call): Call {
  return 'max_tokens' in call.http.body ? call : { ...call, http: { ...call.http, body: { ...call.http.body, max_tokens: 1 } } }
}

async function requestDetail(id: string, inbound: Inbound, gateway: Gateway): Promise<Answer> {
  const caller = await gateway.access.resolve(carrierOf(inbound))
  const row = await gateway.requests.byId(id)
  // Another key's request looks exactly like one that does not exist.
  if (row === undefined || row.keyId !== caller.keyId) throw new GatewayError('not_found', { message: 'There is no such request.' })
  const shown = JSON.stringify(requestJson(row, await gateway.billing.receipt(id)))
  // Its own bytes: parsing and printing would change large numbers.
  const answer = (await gateway.answers.byId(id)) ?? 'null'
  return { kind: 'unary', status: 200, headers: { 'content-type': 'application/json' }, body: `${shown.slice(0, -1)},"answer":${answer}}` }
}

async function customerAnswer(question: CustomerQuestion, inbound: Inbound, { gateway, settings, customer }: ServedParts): Promise<Answer> {
  const { request, query, requestId } = inbound
  allow(request, question === 'redeem' ? 'POST' : 'GET')
  if (customer === undefined) throw new GatewayError('not_found')
  const caller = await gateway.access.resolve(carrierOf(inbound))
  const body = question === 'redeem' ? (await readBody(request, settings.maxBodyBytes)).json : {}
  return json(await customer.answer(question, { caller, query, body, requestId, address: inbound.address() }))
}

const carrierOf = ({ request, query, address }: Inbound) => ({ headers: request.headers, query, address })

const json = (body: object): Answer => ({
  kind: 'unary',
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

function allow(request: Request, method: string): void {
  if (request.method === method || (method === 'GET' && request.method === 'HEAD')) return
  throw new GatewayError('method_not_allowed', { message: `${ERRORS.method_not_allowed.sentence} Use ${method}.`, allow: method })
}
