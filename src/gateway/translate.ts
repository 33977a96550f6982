// Makes the outbound request of one candidate: the client's own bytes with few edits, or the neutral
// request encoded in the upstream's format. Also the way back for whole answers.

import type { ChatRequest, ChatResponse } from '../core/chat.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatContext } from '../formats/index.ts'
import { isObject, type JsonObject, type JsonValue, printJson, tryParseJson } from '../lib/json.ts'
import { splice } from '../lib/json-splice.ts'
import type { QuirkContext } from '../providers/index.ts'
import { type Candidate, takesChoices } from '../routing/index.ts'
import type { OutboundRequest, UpstreamResponse } from '../upstream/index.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { noteCarried } from './carried.ts'
import { inlined } from './inline.ts'
import { shallow } from './shallow.ts'
import { cutOf, cutResponse } from './stop-sequences.ts'

/** A candidate's outbound request, ready to send. `contexts` has one entry for each parallel call. */
export interface Outbound {
  readonly request: OutboundRequest
  readonly context: ChatContext
  /** How often it must be sent to give all choices. */
  readonly calls: number
}

/** The client's body with the edits its way upstream needs. */
export function passthroughRequest(admitted: Admitted, candidate: Candidate, gateway: Gateway): OutboundRequest {
  const { call, peek } = admitted
  const edits = call.format.passthroughEdits(peek, candidate.upstreamModel, call.http.body)
  const body = edits.length === 0 ? call.http.text : splice(call.http.text, edits)
  return outbound(admitted, candidate, { gateway, body, headers: forwarded(admitted, candidate) })
}

/** @param parts `request`: what to ask instead of the client's own. @throws GatewayError 400 for what the upstream's format cannot express. */
export async function translatedRequest(
  admitted: Admitted,
  candidate: Candidate,
  { gateway, request: decoded = admitted.request() }: { readonly gateway: Gateway; readonly request?: ChatRequest },
): Promise<Outbound> {
  const { call } = admitted
  if (candidate.via.format !== call.format) noteCarried(admitted.request(), call.format.id, admitted.note)
  const single = decoded.choices > 1 && !takesChoices(candidate.via)
  const request = await inlined(single ? { ...decoded, choices: 1 } : decoded, candidate, gateway)
  const context = contextOf(admitted, candidate, { request, gateway })
  const wire = shallow(() => candidate.via.format.encodeRequest(context))
  const cutAt = [...(wire.cutAt ?? [])]
  const body = quirked(wire.body, candidate, { admitted, cutAt })
  const same = candidate.via.format === call.format ? forwarded(admitted, candidate) : {}
  return {
    request: outbound(admitted, candidate, { gateway, body: shallow(() => printJson(body)), headers: { ...wire.headers, ...same } }),
    context: cutAt.length === 0 ? context : { ...context, cutAt },
    calls: single ? decoded.choices : 1,
  }
}

export function contextOf(
  { peek, call, note }: Admitted,
  { upstreamModel }: Candidate,
  { request, gateway }: { readonly request: ChatRequest; readonly gateway: Gateway },
): ChatContext {
  return { request, requestedModel: peek.model, upstreamModel, ids: gateway.ids, nowMs: call.receivedMs, note }
}

/** The client's own request as its encoder sees it. */
export const ownContext = (admitted: Admitted, candidate: Candidate, gateway: Gateway): ChatContext =>
  contextOf(admitted, candidate, { request: admitted.request(), gateway })

/** @param told `cutAt`: gets the stop sequences that quirks take out. */
function quirked(body: JsonObject, candidate: Candidate, told: { admitted: Admitted; cutAt: string[] }): JsonObject {
  const quirks = candidate.via.declared.request
  if (quirks === undefined) return body
  const { admitted, cutAt } = told
  const context: QuirkContext = {
    ...quirkContext(candidate, admitted.peek.stream),
    note: admitted.note,
    cutAt: (sequences) => void cutAt.push(...sequences),
  }
  return quirks.reduce((current, quirk) => quirk(current, context), body)
}

const quirkContext = ({ upstreamModel, channel }: Candidate, stream: boolean): QuirkContext => ({
  upstreamModel,
  stream,
  settings: channel.settings,
})

interface Parts {
  readonly gateway: Gateway
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

function outbound({ call, peek, record }: Admitted, candidate: Candidate, { gateway, body, headers }: Parts): OutboundRequest {
  const { via, upstreamModel, channel } = candidate
  const path = via.declared.path?.(quirkContext(candidate, peek.stream)) ?? via.format.path(upstreamModel, peek.stream)
  return {
    channel: channel.id,
    method: 'POST',
    url: via.baseUrl + path,
    headers: {
      'content-type': 'application/json',
      accept: peek.stream ? 'text/event-stream' : 'application/json',
      ...via.format.defaultHeaders,
      ...via.headers,
      ...headers,
      // State such as "then ok" belongs to one exchange: the sandbox needs to know which.
      ...(channel.origin === 'sandbox' && { 'x-switchyard-exchange': record.id }),
    },
    body,
    auth: via.auth,
    signal: call.signal,
    headersTimeoutMs: gateway.settings.headersTimeoutMs,
    idleTimeoutMs: gateway.settings.idleTimeoutMs,
  }
}

function forwarded({ call }: Admitted, { via }: Candidate): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of call.format.forwardedHeaders) {
    if (via.declared.refusedHeaders?.includes(name) === true) continue
    const value = call.http.headers.get(name)
    if (value !== null) headers[name] = value
  }
  return headers
}

/** The parsed body of a refusal, classified. */
export async function refusal(response: UpstreamResponse, candidate: Candidate): Promise<GatewayError> {
  const text = await response.text()
  const wire = tryParseJson(text) ?? text
  const error = candidate.via.format.decodeError(response.status, wire, response.headers)
  return candidate.channel.provider.classify?.(response.status, wire, error) ?? error
}

/** An object, or the list of a stream's pieces that some relays answer with. @throws GatewayError when the text is not JSON: HTML, nothing, or cut. */
export function parsedAnswer(text: string): JsonValue {
  if (text.trim() === '') throw new GatewayError('upstream_empty')
  const wire = tryParseJson(text)
  if (!isObject(wire) && !(Array.isArray(wire) && wire.length > 0)) throw new GatewayError('upstream_malformed')
  return wire
}

/** A whole upstream answer as the neutral response. @throws GatewayError */
export function decodedAnswer(text: string, candidate: Candidate, context: ChatContext): ChatResponse {
  const wire = parsedAnswer(text)
  return cutResponse(candidate.via.format.decodeResponse(candidate.via.declared.response?.(wire) ?? wire, context), cutOf(context))
}
