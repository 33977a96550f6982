// Opens one candidate: sends, judges the answer, and hands back a whole answer or a stream that has
// reached its first content. A rejection means that nothing of it reached the client.

import type { ChatResponse } from '../core/chat.ts'
import type { Usage } from '../core/usage.ts'
import type { ChatContext } from '../formats/index.ts'
import { splice } from '../lib/json-splice.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import { accepted, sourceOf } from './accept.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { enframer } from './enframe.ts'
import { type EventSource, isStreamText, isWhole, untilContent, wholeAnswer, wholeEvents } from './events.ts'
import { joined, joinedResponse } from './fan-out.ts'
import { hostedWork } from './hosted.ts'
import { hostedAnswer, hostedEvents } from './open-hosted.ts'
import { openPassing } from './passing.ts'
import type { OpenStream } from './piece.ts'
import { type ExchangeRecord, wordsOf } from './record.ts'
import { shallow } from './shallow.ts'
import { decodedAnswer, type Outbound, ownContext, parsedAnswer, passthroughRequest, translatedRequest } from './translate.ts'
import { translating } from './translating.ts'

/** A whole answer in the client's format. */
export async function openUnary(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<string> {
  const work = hostedWork(admitted, candidate, gateway)
  if (work === undefined && candidate.mode === 'passthrough') return passedAnswer(admitted, candidate, gateway)
  const { answer, context } =
    work === undefined
      ? await translatedAnswer(admitted, candidate, gateway)
      : { answer: await hostedAnswer(admitted, candidate, { gateway, work }), context: ownContext(admitted, candidate, gateway) }
  noteAnswer(admitted.record, answer)
  // Some formats echo the request, which may be nested deeper than it can be printed.
  return shallow(() => JSON.stringify(admitted.call.format.encodeResponse(answer, context)))
}

function noteAnswer(record: ExchangeRecord, { usage, choices }: ChatResponse): void {
  if (usage !== undefined) record.addUsage(usage)
  for (const { content } of choices) {
    if (content.length > 0) record.spoke = true
    if (usage === undefined) record.text += wordsOf(content)
  }
}

interface Answered {
  readonly answer: ChatResponse
  /** For the client's encoder. */
  readonly context: ChatContext
}

async function translatedAnswer(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<Answered> {
  const outbound = await translatedRequest(admitted, candidate, { gateway })
  const responses = await sentAll(outbound, candidate, gateway)
  const answers = await Promise.all(responses.map(async (response) => wholeAnswer(await response.text(), candidate, outbound.context)))
  return { answer: joinedResponse(answers), context: clientContext(admitted, outbound) }
}

async function passedAnswer(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<string> {
  const response = await accepted(await gateway.upstream.send(passthroughRequest(admitted, candidate, gateway)), candidate)
  const text = await response.text()
  // Pieces of a stream are no answer to a client that asked for a whole one.
  if (isStreamText(text) || text.startsWith('['))
    return rewritten(text, admitted, () => ownContext(admitted, candidate, gateway), candidate)
  const { usage, content, error } = admitted.call.format.watch.response(parsedAnswer(text))
  if (error !== undefined) throw error
  if (usage === undefined) noteUncounted(text, admitted, () => ownContext(admitted, candidate, gateway), candidate)
  else {
    admitted.record.addUsage(usage)
    admitted.record.spoke = content === true
  }
  if (candidate.upstreamModel === admitted.peek.model) return text
  const field = admitted.call.format.modelField
  return splice(text, [{ op: 'set', path: [field], value: admitted.peek.model }])
}

function rewritten(text: string, { record, call }: Admitted, contextOf: () => ChatContext, candidate: Candidate): string {
  const context = contextOf()
  const answer = wholeAnswer(text, candidate, context)
  noteAnswer(record, answer)
  return shallow(() => JSON.stringify(call.format.encodeResponse(answer, context)))
}

/** An answer that passes without its usage. One that only the client can read passes all the same. */
function noteUncounted(text: string, { record }: Admitted, context: () => ChatContext, candidate: Candidate): void {
  try {
    noteAnswer(record, decodedAnswer(text, candidate, context()))
  } catch {
    record.spoke = true
    record.text += text
  }
}

/** A stream at its first content. */
export async function openStream(admitted: Admitted, candidate: Candidate, gateway: Gateway): Promise<OpenStream> {
  const out = enframer(admitted.peek.framing, admitted.call.format)
  const spent = (usage: Usage): void => admitted.record.addUsage(usage)
  const work = hostedWork(admitted, candidate, gateway)
  if (work !== undefined) {
    const source = await hostedEvents(admitted, candidate, { gateway, work })
    return translating(admitted, source, { context: ownContext(admitted, candidate, gateway), out, gateway })
  }
  if (candidate.mode === 'passthrough') {
    const response = await accepted(await gateway.upstream.send(passthroughRequest(admitted, candidate, gateway)), candidate)
    if (!isWhole(response, candidate)) return openPassing(admitted, candidate, { response, out })
    const context = ownContext(admitted, candidate, gateway)
    return translating(admitted, await untilContent(wholeEvents(response, candidate, context), spent), { context, out, gateway })
  }
  const outbound = await translatedRequest(admitted, candidate, { gateway })
  const sources = (await sentAll(outbound, candidate, gateway)).map((response) => sourceOf(response, candidate, outbound.context))
  const source = await untilContent(sources.length === 1 ? (sources[0] as EventSource) : joined(sources), spent)
  return translating(admitted, source, { context: clientContext(admitted, outbound), out, gateway })
}

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
