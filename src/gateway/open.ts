// Opens one candidate: sends, judges the answer, and hands back a whole answer or a stream that has
// reached its first content. A rejection means that nothing of it reached the client.

import type { ChatRequest, ChatResponse } from '../core/chat.ts'
import { responseFold } from '../core/chat-event.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatContext } from '../formats/index.ts'
import { splice } from '../lib/json-splice.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import { type Admitted, shallow } from './admit.ts'
import type { Gateway } from './call.ts'
import { Conversation } from './conversation.ts'
import { enframer } from './enframe.ts'
import { type EventSource, eventsOf, isWhole, untilContent, wholeEvents } from './events.ts'
import { joined, joinedResponse } from './fan-out.ts'
import { type HostedWork, hostedWork } from './hosted.ts'
import { openPassing } from './passing.ts'
import type { OpenStream } from './piece.ts'
import { rounds } from './rounds.ts'
import { contextOf, decodedAnswer, type Outbound, parsedAnswer, passthroughRequest, refusal, translatedRequest } from './translate.ts'
import { translating } from './translating.ts'
import { type Turn, upstreamTurn } from './turn.ts'

/** A whole answer in the client's format. */
export async function openUnary(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<string> {
  const work = hostedWork(admitted, candidate, gateway)
  if (work === undefined && candidate.mode === 'passthrough') return passedAnswer(admitted, candidate, gateway)
  const { answer, context } =
    work === undefined ? await translatedAnswer(admitted, candidate, gateway) : await hostedAnswer(admitted, candidate, { gateway, work })
  if (answer.usage !== undefined) admitted.record.addUsage(answer.usage)
  // Some formats echo the request, which may be nested deeper than it can be printed.
  return shallow(() => JSON.stringify(admitted.call.format.encodeResponse(answer, context)))
}

interface Answered {
  readonly answer: ChatResponse
  /** For the client's encoder. */
  readonly context: ChatContext
}

async function translatedAnswer(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<Answered> {
  const outbound = await translatedRequest(admitted, candidate, { gateway })
  const responses = await sentAll(outbound, candidate, gateway)
  const answers = await Promise.all(responses.map(async (response) => decodedAnswer(await response.text(), candidate, outbound.context)))
  return { answer: joinedResponse(answers), context: clientContext(admitted, outbound) }
}

async function hostedAnswer(admitted: Admitted, candidate: Candidate, parts: HostedParts): Promise<Answered> {
  const source = await hostedEvents(admitted, candidate, parts)
  const fold = responseFold()
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) for (const event of batch) fold.add(event)
  return { answer: fold.result(), context: ownContext(admitted, candidate, parts.gateway) }
}

async function passedAnswer(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<string> {
  const response = await accepted(await gateway.upstream.send(passthroughRequest(admitted, candidate, gateway)), candidate)
  const text = await response.text()
  const { usage, error } = admitted.call.format.watch.response(parsedAnswer(text))
  if (error !== undefined) throw error
  if (usage !== undefined) admitted.record.addUsage(usage)
  if (candidate.upstreamModel === admitted.peek.model) return text
  const field = admitted.call.format.modelField
  return splice(text, [{ op: 'set', path: [field], value: admitted.peek.model }])
}

/** A stream at its first content. */
export async function openStream(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<OpenStream> {
  const out = enframer(admitted.peek.framing, admitted.call.format)
  const work = hostedWork(admitted, candidate, gateway)
  if (work !== undefined) {
    const source = await hostedEvents(admitted, candidate, { gateway, work })
    return translating(admitted, source, { context: ownContext(admitted, candidate, gateway), out })
  }
  if (candidate.mode === 'passthrough') {
    const response = await accepted(await gateway.upstream.send(passthroughRequest(admitted, candidate, gateway)), candidate)
    if (!isWhole(response, candidate)) return openPassing(admitted, candidate, { response, out })
    const context = ownContext(admitted, candidate, gateway)
    return translating(admitted, await untilContent(wholeEvents(response, candidate, context)), { context, out })
  }
  const outbound = await translatedRequest(admitted, candidate, { gateway })
  const sources = (await sentAll(outbound, candidate, gateway)).map((response) => sourceOf(response, candidate, outbound.context))
  const source = await untilContent(sources.length === 1 ? (sources[0] as EventSource) : joined(sources))
  return translating(admitted, source, { context: clientContext(admitted, outbound), out })
}

const sourceOf = (response: UpstreamResponse, candidate: Candidate, context: ChatContext): EventSource =>
  !context.request.stream || isWhole(response, candidate)
    ? wholeEvents(response, candidate, context)
    : eventsOf(response, candidate, context)

interface HostedParts {
  readonly gateway: Gateway
  readonly work: HostedWork
}

/** An answer that takes several model calls, at its first content. Each choice is a conversation of its own. */
async function hostedEvents(admitted: Admitted, candidate: Candidate, parts: HostedParts): Promise<EventSource> {
  const { choices } = admitted.request()
  if (choices === 1) return oneTurn(admitted, candidate, parts)
  return joined(await Promise.all(Array.from({ length: choices }, () => oneTurn(admitted, candidate, parts))))
}

async function oneTurn(admitted: Admitted, candidate: Candidate, { gateway, work }: HostedParts): Promise<EventSource> {
  const { call } = admitted
  const request = admitted.request()
  const abort = new AbortController()
  call.signal.addEventListener('abort', () => abort.abort(), { once: true })
  const turn: Turn =
    work.kind === 'run' ? new Conversation(work.tools, { admitted, candidate, gateway }, abort.signal) : upstreamTurn(request)
  const open = async (asked: ChatRequest): Promise<EventSource> => {
    const outbound = await translatedRequest(admitted, candidate, { gateway, request: asked })
    const response = await accepted(await gateway.upstream.send(outbound.request), candidate)
    return untilContent(sourceOf(response, candidate, outbound.context))
  }
  return rounds({
    turn,
    first: await open(await turn.first()),
    open,
    abort,
    pauses: call.format.id === 'anthropic-messages',
    nextId: () => gateway.ids.next('srvtoolu_'),
    nowMs: gateway.nowMs,
    ...(request.maxOutputTokens !== undefined && { maxOutputTokens: request.maxOutputTokens }),
  })
}

/** The client's own request as its encoder sees it. */
const ownContext = (admitted: Admitted, candidate: Candidate, gateway: Gateway): ChatContext =>
  contextOf(admitted, candidate, { request: admitted.request(), gateway })

/** What the client asked for, choices included: its own encoder must not see the fanned-out request. */
const clientContext = (admitted: Admitted, { context, calls }: Outbound): Outbound['context'] =>
  calls === 1 ? context : { ...context, request: admitted.request() }

async function sentAll(outbound: Outbound, candidate: Candidate, gateway: Gateway): Promise<UpstreamResponse[]> {
  if (outbound.calls === 1) return [await accepted(await gateway.upstream.send(outbound.request), candidate)]
  const sends = Array.from({ length: outbound.calls }, async () => accepted(await gateway.upstream.send(outbound.request), candidate))
  const settled = await Promise.allSettled(sends)
  const failed = settled.find((result) => result.status === 'rejected')
  const responses = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (failed === undefined) return responses
  for (const response of responses) response.reader().cancel()
  throw failed.reason
}

/** The response when it is a success. @throws GatewayError the classified refusal otherwise. */
async function accepted(response: UpstreamResponse, candidate: Candidate): Promise<UpstreamResponse> {
  if (response.status < 200 || response.status > 299) throw await refusal(response, candidate)
  if (response.headers.get('content-type')?.includes('text/html') === true) {
    response.reader().cancel()
    throw new GatewayError('upstream_malformed')
  }
  return response
}
