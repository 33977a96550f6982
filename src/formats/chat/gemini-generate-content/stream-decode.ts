// An upstream's frames to events. Gemini has no last frame: the answer is complete when its connection ends
// after a finish reason, so the finish of each candidate is told at the end, when usage and grounding are in.

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Usage } from '../../../core/usage.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import type { Emit } from './block-writer.ts'
import { type CandidateDecoder, candidateDecoder } from './candidate-decode.ts'
import { errorOfBody } from './errors.ts'
import { statedReason } from './finish.ts'
import { modelFacts } from './models.ts'
import { namesOf } from './names.ts'
import { decodeUsage } from './usage.ts'
import { FORMAT } from './wire.ts'

/** More candidates than anybody may ask for. */
const MAX_INDEX = 63

/** Events of an answer from its parsed frames, which a unary answer has one of. */
export interface AnswerDecoder {
  push(wire: JsonValue, emit: Emit): void
  /** @param unary the body is known to be whole, so a missing finish reason is no cut. */
  end(emit: Emit, unary: boolean): void
  fail(error: GatewayError, emit: Emit): void
}

export function decodeStream(ctx: ChatContext): Transducer<Frame, ChatEvent> {
  const answer = answerDecoder(ctx)
  return {
    push(frame, emit) {
      const data = frame.data.trim()
      // OpenAI's end mark, added by some relays, says nothing here.
      if (frame.comment === true || data === '' || data === '[DONE]') return
      const wire = tryParseJson(data)
      if (wire === undefined) return answer.fail(new GatewayError('upstream_malformed'), emit)
      for (const chunk of Array.isArray(wire) ? wire : [wire]) answer.push(chunk, emit)
    },
    end: (emit) => answer.end(emit, false),
  }
}

export function answerDecoder(ctx: ChatContext): AnswerDecoder {
  const candidates = new Map<number, CandidateDecoder>()
  const candidateContext = { ctx, names: namesOf(ctx.request), idFor: idSource(ctx) }
  let started = false
  let closed = false
  let blocked: JsonObject | undefined
  let usage: Usage | undefined

  function fail(error: GatewayError, emit: Emit): void {
    if (closed) return
    closed = true
    emit({ type: 'error', error })
  }

  function start(chunk: JsonObject, emit: Emit): void {
    if (started) return
    started = true
    emit({ type: 'response-start', id: asString(chunk['responseId']) ?? '', model: asString(chunk['modelVersion']) || ctx.upstreamModel })
  }

  function take(chunk: JsonObject, emit: Emit): void {
    if (chunk['error'] !== undefined && chunk['error'] !== null) return fail(errorOfBody(chunk), emit)
    start(chunk, emit)
    const feedback = asObject(chunk['promptFeedback'])
    if (feedback !== undefined && statedReason(feedback['blockReason']) !== undefined) blocked = feedback
    for (const [position, value] of (asArray(chunk['candidates']) ?? []).entries()) {
      if (!isObject(value)) continue
      const given = value['index']
      const index = typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= MAX_INDEX ? given : position
      let candidate = candidates.get(index)
      if (candidate === undefined) {
        candidate = candidateDecoder(index, candidateContext)
        candidates.set(index, candidate)
      }
      candidate.push(value, emit)
    }
    const reported = decodeUsage(chunk['usageMetadata'])
    if (reported === undefined) return
    usage = reported
    emit({ type: 'usage', usage })
  }

  function push(wire: JsonValue, emit: Emit): void {
    if (closed) return
    if (!isObject(wire)) return fail(new GatewayError('upstream_malformed'), emit)
    try {
      take(wire, emit)
    } catch (thrown) {
      fail(thrown instanceof RangeError ? new GatewayError('upstream_malformed') : GatewayError.from(thrown), emit)
    }
  }

  function end(emit: Emit, unary: boolean): void {
    if (closed) return
    const all = [...candidates.entries()].sort(([a], [b]) => a - b).map(([, candidate]) => candidate)
    const content = all.some((candidate) => candidate.hasContent)
    const failure = failureOf({ all, content, unary })
    if (failure !== undefined) return fail(failure, emit)
    closed = true
    for (const candidate of all) candidate.close(emit)
    const searches = all.reduce((sum, candidate) => sum + candidate.searches, 0)
    // From Gemini 3 on each query is billed, before that the grounded request.
    if (searches > 0 && usage !== undefined) {
      emit({ type: 'usage', usage: { ...usage, webSearches: modelFacts(ctx.upstreamModel).billsQueries ? searches : 1 } })
    }
    if (all.length === 0) finishBlocked(emit)
    for (const candidate of all) candidate.finish(emit)
    emit({ type: 'end' })
  }

  function failureOf(seen: { all: readonly CandidateDecoder[]; content: boolean; unary: boolean }): GatewayError | undefined {
    const { all, content, unary } = seen
    if (all.length === 0) return blocked === undefined ? new GatewayError('upstream_empty') : undefined
    if (all.every((candidate) => candidate.isBarren)) {
      return new GatewayError('upstream_error', {
        message: `The model gave no usable answer (${all[0]?.reason}).`,
        upstreamCode: all[0]?.reason ?? '',
      })
    }
    if (all.every((candidate) => candidate.hasFinish)) return undefined
    if (!content && !all.some((candidate) => candidate.hasFinish))
      return blocked === undefined ? new GatewayError('upstream_empty') : undefined
    return unary ? undefined : new GatewayError('upstream_cut')
  }

  /** A blocked prompt comes back as 200 without candidates. */
  function finishBlocked(emit: Emit): void {
    const reason = statedReason(blocked?.['blockReason']) ?? 'SAFETY'
    const explanation = asString(blocked?.['blockReasonMessage']) || `The prompt was blocked (${reason}).`
    emit({
      type: 'finish',
      choice: 0,
      finish: { reason: 'content-filter', raw: reason, explanation },
      extensions: { [FORMAT]: { promptFeedback: blocked ?? {} } },
    })
  }

  return { push, end, fail }
}

/** Call ids: the upstream's own unless the conversation has it already, else a new one. */
function idSource(ctx: ChatContext): (wireId: string | undefined) => string {
  let taken: Set<string> | undefined
  return (wireId) => {
    taken ??= new Set(
      ctx.request.messages.flatMap((message) => message.content.flatMap((block) => (block.type === 'tool-call' ? [block.id] : []))),
    )
    const id = wireId !== undefined && !taken.has(wireId) ? wireId : ctx.ids.next('call_')
    taken.add(id)
    return id
  }
}
