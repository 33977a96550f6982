// The story of one `POST /v1/search`: who asks, what is sought, which backends answered, what it cost. No model takes part.

import type { Caller } from '../access/index.ts'
import { GatewayError, invalid } from '../core/errors.ts'
import type { HttpRequest } from '../core/http-message.ts'
import { openaiChat } from '../formats/index.ts'
import { prefixedId } from '../lib/ids.ts'
import { dollarsText } from '../lib/money.ts'
import { type Evidence, readSearchRequest, type SearchErrorCode, type SearchOutcome, type SearchRequest } from '../tools/index.ts'
import type { Answer, Gateway } from './call.ts'
import { claim } from './claim.ts'
import { errorAnswer } from './exchange.ts'
import { finish } from './finish.ts'
import { ExchangeRecord } from './record.ts'
import { NO_BACKEND } from './web.ts'

export interface SearchCall {
  readonly http: HttpRequest
  readonly requestId: string
  readonly signal: AbortSignal
  readonly receivedMs: number
}

type Found = Extract<SearchOutcome, { ok: true }>

/** Never rejects: a failure is an answer in OpenAI's shape. */
export async function searchExchange(call: SearchCall, gateway: Gateway): Promise<Answer> {
  const record = new ExchangeRecord(call.requestId, 'search', call.receivedMs)
  gateway.metrics.started()
  try {
    const caller = await gateway.access.resolve(call.http)
    record.caller = caller
    const request = readSearchRequest(call.http.body)
    const sandbox = servedBySandbox(request, gateway)
    await reserve(call, { gateway, record, caller, searchNanos: gateway.web.dearestSearch({ sandbox }) })
    const found = await search(request, { call, gateway, record, sandbox })
    record.usage = { inputTokens: 0, outputTokens: 0, webSearches: 1 }
    record.spoke = true
    await finish(record, gateway)
    const headers = { 'content-type': 'application/json', 'x-switchyard-cost': dollarsText(record.settlement?.chargeNanos ?? 0) }
    return {
      kind: 'unary',
      status: 200,
      headers: sandbox ? { ...headers, 'x-switchyard-sandbox': 'true' } : headers,
      body: JSON.stringify(answerBody(request, found, gateway)),
    }
  } catch (thrown) {
    const error = call.signal.aborted ? new GatewayError('client_closed') : GatewayError.from(thrown)
    await finish(record, gateway, error)?.catch((cause: unknown) =>
      gateway.log('error', 'a bill could not be closed', { id: record.id, cause }),
    )
    return errorAnswer({ format: openaiChat, requestId: call.requestId }, error)
  }
}

/** Before anything real is configured the sandbox answers here as everywhere. @throws GatewayError 400 where nobody can search. */
function servedBySandbox({ backend }: SearchRequest, gateway: Gateway): boolean {
  const names = gateway.web.backendNames()
  if (backend !== undefined) {
    if (names.includes(backend)) return false
    const known = names.length > 0 ? `Configured: ${names.join(', ')}.` : NO_BACKEND
    throw invalid('backend', `backend: There is no search backend \`${backend.slice(0, 100)}\`. ${known}`)
  }
  if (names.length > 0) return false
  const { channels } = gateway.snapshot()
  if (channels.length > 0 && channels.every(({ origin }) => origin === 'sandbox')) return true
  throw new GatewayError('invalid_request', { message: NO_BACKEND })
}

interface Reserving {
  readonly gateway: Gateway
  readonly record: ExchangeRecord
  readonly caller: Caller
  readonly searchNanos: number
}

/** A search is paid for and limited as an exchange with a model is. @throws GatewayError */
async function reserve({ http, receivedMs }: SearchCall, { gateway, record, caller, searchNanos }: Reserving): Promise<void> {
  const { prices } = gateway.snapshot()
  const nothing = (): number => 0
  const bill = gateway.billing.open(
    { model: 'search', routes: [], prices, nowMs: receivedMs, choices: 1, maxOutputTokens: 0, searchNanos, inputTokens: nothing },
    { id: record.id, account: caller.account, mode: caller.billing },
  )
  record.reserve(bill, caller.cutStreams, nothing)
  record.customer = http.headers.get('x-switchyard-customer') ?? undefined
  record.slot = await claim(
    {
      caller,
      bill,
      customer: record.customer,
      models: [],
      nowMs: receivedMs,
      promptTokens: nothing,
      outputTokens: nothing,
      refused(standings) {
        record.standings = standings
      },
    },
    gateway,
  )
}

interface Searching {
  readonly call: SearchCall
  readonly gateway: Gateway
  readonly record: ExchangeRecord
  readonly sandbox: boolean
}

async function search(request: SearchRequest, { call, gateway, record, sandbox }: Searching): Promise<Found> {
  const searches: ExchangeRecord['searches'] = []
  record.searches = searches
  const outcome = await gateway.web.search(request.query, request.settings, {
    tenant: record.caller?.organisationId ?? '',
    sandbox,
    signal: call.signal,
    limit: request.limit,
    ...(request.backend !== undefined && { backend: request.backend }),
    observe({ name, outcome, milliseconds, costNanos }) {
      record.upstreamMs += milliseconds
      searches.push({ backend: name, outcome, durationMs: milliseconds, costNanos })
    },
  })
  if (!outcome.ok) throw failure(outcome.errorCode)
  return outcome
}

function failure(code: SearchErrorCode): GatewayError {
  switch (code) {
    case 'query_too_long':
      return invalid('query', 'query: The query is longer than the search backend takes.')
    case 'invalid_tool_input':
      return invalid('query', 'query: The search backend cannot read the query.')
    case 'request_too_large':
      return invalid('allowed_domains', 'The domain lists are too long.')
    case 'too_many_requests':
    case 'max_uses_exceeded':
      return new GatewayError('upstream_rate_limited', { message: 'The search backend is limiting requests.' })
    case 'unavailable':
      return new GatewayError('upstream_error', { message: 'No search backend answered.' })
  }
}

function answerBody(request: SearchRequest, { evidence, backend, costNanos }: Found, { nowMs }: Gateway): object {
  return {
    id: prefixedId('search', nowMs()),
    object: 'search.results',
    created: Math.floor(nowMs() / 1000),
    query: request.query,
    backend,
    results: evidence.map(resultJson),
    usage: { searches: 1, cost: dollarsText(costNanos) },
  }
}

const resultJson = ({ title, url, pageAge, passages }: Evidence): object => ({
  title,
  url,
  snippet: passages[0] ?? '',
  text: passages.join('\n\n'),
  page_age: pageAge,
})
