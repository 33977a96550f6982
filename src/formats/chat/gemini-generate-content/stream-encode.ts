// Events to frames for Gemini's clients: unnamed frames of one GenerateContentResponse each, no end mark.
// Calls go out whole, thoughts only to clients that asked for them, finish and usage with the last frame.

import type { AudioBlock, Extensions, Finish, ImageBlock, ServerToolResultBlock, TokenLogprob } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { Signature } from '../../../core/signature.ts'
import { laterUsage, type Usage } from '../../../core/usage.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { compact, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { argsOf } from './contents-encode.ts'
import { encodeErrorFrame } from './errors.ts'
import { encodeFinish } from './finish.ts'
import { type GroundingBuilder, groundingBuilder } from './grounding.ts'
import { encodeLogprobs } from './logprobs.ts'
import { signatureMember, wireSignature } from './signatures.ts'
import { encodeUsage } from './usage.ts'
import { FORMAT, REDACTED_MARK, type WireChunk } from './wire.ts'

export function encodeStream(ctx: ChatContext): Transducer<ChatEvent, Frame> {
  const chunks = chunkEncoder(ctx)
  return {
    push(event, emit) {
      if (event.type === 'error') return emit(encodeErrorFrame(event.error, ''))
      chunks.push(event, (chunk) => emit({ data: JSON.stringify(chunk) }))
    },
    end() {},
  }
}

type EmitChunk = (chunk: WireChunk) => void

interface OpenCall {
  readonly id: string
  readonly name: string
  readonly kind: 'function' | 'custom'
  text: string
}
interface OpenSearch {
  readonly id: string
  readonly name: string
  text: string
}
interface Candidate {
  readonly index: number
  readonly calls: Map<number, OpenCall>
  readonly searches: Map<number, OpenSearch>
  readonly grounding: GroundingBuilder
  readonly fetched: JsonObject[]
  /** Addresses asked for, by call. */
  readonly asked: Map<string, string>
  readonly tokens: TokenLogprob[]
  /** Reasoning signatures that wait for a part to travel on. */
  pending: Signature | undefined
  parts: number
  finish?: Finish
  extensions?: Extensions | undefined
}

export function chunkEncoder(ctx: ChatContext): { push(event: ChatEvent, emit: EmitChunk): void } {
  const display = ctx.request.reasoning?.display
  const showsThoughts = display === 'summarized' || display === 'full'
  const candidates = new Map<number, Candidate>()
  let responseId = ''
  let usage: Usage | undefined

  function candidateAt(index: number): Candidate {
    let candidate = candidates.get(index)
    if (candidate === undefined) {
      candidate = {
        index,
        calls: new Map(),
        searches: new Map(),
        grounding: groundingBuilder(),
        fetched: [],
        asked: new Map(),
        tokens: [],
        pending: undefined,
        parts: 0,
      }
      candidates.set(index, candidate)
    }
    return candidate
  }

  function chunkOf(members: JsonObject): WireChunk {
    if (responseId === '') responseId = ctx.ids.next('')
    return { ...members, ...(usage && { usageMetadata: encodeUsage(usage) }), modelVersion: ctx.requestedModel, responseId } as WireChunk
  }

  function sendPart(candidate: Candidate, part: JsonObject, emit: EmitChunk): void {
    candidate.parts++
    emit(chunkOf({ candidates: [{ content: { parts: [part], role: 'model' }, index: candidate.index }] }))
  }

  /** A part with the signature that waits for one; a part that has its own gets an empty one before it. */
  function sendSigned(candidate: Candidate, part: JsonObject, emit: EmitChunk): void {
    const { pending } = candidate
    candidate.pending = undefined
    if (pending === undefined) return sendPart(candidate, part, emit)
    const thoughtSignature = wireSignature(pending)
    if (part['thoughtSignature'] === undefined) return sendPart(candidate, { ...part, thoughtSignature }, emit)
    sendPart(candidate, { text: '', thoughtSignature }, emit)
    sendPart(candidate, part, emit)
  }

  function endReasoning(candidate: Candidate, signature: Signature | undefined, emit: EmitChunk): void {
    if (signature === undefined) return
    if (showsThoughts) return sendPart(candidate, { text: '', thought: true, thoughtSignature: wireSignature(signature) }, emit)
    flushPending(candidate, emit)
    candidate.pending = signature
  }

  function flushPending(candidate: Candidate, emit: EmitChunk): void {
    const { pending } = candidate
    candidate.pending = undefined
    if (pending !== undefined) sendPart(candidate, { text: '', thoughtSignature: wireSignature(pending) }, emit)
  }

  function endCall(candidate: Candidate, call: OpenCall, signed: { signature: Signature | undefined; emit: EmitChunk }): void {
    const args = argsOf({ kind: call.kind, arguments: call.text })
    sendSigned(candidate, { functionCall: { id: call.id, name: call.name, args }, ...signatureMember(signed.signature) }, signed.emit)
  }

  function endSearch(candidate: Candidate, search: OpenSearch): void {
    const input = tryParseJson(search.text)
    if (search.name === 'web_search' && isObject(input)) {
      const queries = input['queries']
      for (const query of Array.isArray(queries) ? queries : [input['query']]) candidate.grounding.searched(query ?? null)
    }
    if (search.name === 'web_fetch' && isObject(input) && typeof input['url'] === 'string') candidate.asked.set(search.id, input['url'])
  }

  function addResult(candidate: Candidate, result: ServerToolResultBlock): void {
    if (result.results !== undefined) candidate.grounding.found(result.results)
    const retrievedUrl = result.page?.url ?? candidate.asked.get(result.callId)
    if (result.name !== 'web_fetch' || retrievedUrl === undefined) return
    const status = result.page === undefined ? 'ERROR' : 'SUCCESS'
    candidate.fetched.push({ retrievedUrl, urlRetrievalStatus: `URL_RETRIEVAL_STATUS_${status}` })
  }

  function sendMedia(candidate: Candidate, media: ImageBlock | AudioBlock, emit: EmitChunk): void {
    const part = mediaPart(media)
    if (part !== undefined) sendSigned(candidate, part, emit)
    if (media.type === 'audio' && media.transcript) sendPart(candidate, { text: media.transcript }, emit)
  }

  function lastChunk(candidate: Candidate): JsonObject {
    const own = candidate.extensions?.[FORMAT]
    const { promptFeedback: _, ...carried } = own ?? {}
    const grounding = own?.['groundingMetadata'] ?? candidate.grounding.build()
    const finish = candidate.finish ?? { reason: 'stop' as const }
    return compact({
      // The SDK only keeps a streamed turn in its history when every frame of it has a part.
      content: { parts: [{ text: '' }], role: 'model' },
      ...encodeFinish(finish, own !== undefined),
      groundingMetadata: grounding,
      urlContextMetadata: candidate.fetched.length > 0 ? { urlMetadata: candidate.fetched } : undefined,
      ...encodeLogprobs(candidate.tokens),
      ...carried,
      index: candidate.index,
    }) as JsonObject
  }

  function finishAll(emit: EmitChunk): void {
    const list = [...candidates.values()].sort((a, b) => a.index - b.index)
    for (const candidate of list) flushPending(candidate, emit)
    const feedback = list.length === 1 && list[0]?.parts === 0 ? list[0].extensions?.[FORMAT]?.['promptFeedback'] : undefined
    if (feedback !== undefined) return emit(chunkOf({ promptFeedback: feedback }))
    if (list.length === 0) return emit(chunkOf({ candidates: [] }))
    for (const candidate of list) emit(chunkOf({ candidates: [lastChunk(candidate)] }))
  }

  function push(event: ChatEvent, emit: EmitChunk): void {
    switch (event.type) {
      case 'response-start':
        responseId = event.id
        return
      case 'usage':
        usage = laterUsage(usage, event.usage)
        return
      case 'end':
        return finishAll(emit)
      case 'error':
        return
      default:
        return pushTo(candidateAt(event.choice), event, emit)
    }
  }

  function pushTo(
    candidate: Candidate,
    event: Exclude<ChatEvent, { type: 'response-start' | 'usage' | 'end' | 'error' }>,
    emit: EmitChunk,
  ): void {
    switch (event.type) {
      case 'text-delta':
        if (event.text === '') return
        candidate.grounding.text(event.block, event.text)
        return sendSigned(candidate, { text: event.text }, emit)
      case 'text-end':
        return event.signature === undefined ? undefined : sendSigned(candidate, { text: '', ...signatureMember(event.signature) }, emit)
      case 'reasoning-start':
        if (event.redacted === undefined) return
        return endReasoning(candidate, { format: event.redacted.format, value: REDACTED_MARK + event.redacted.value }, emit)
      case 'reasoning-delta':
        return showsThoughts && event.text !== '' ? sendPart(candidate, { text: event.text, thought: true }, emit) : undefined
      case 'reasoning-end':
        return endReasoning(candidate, event.signature, emit)
      case 'tool-call-start':
        return void candidate.calls.set(event.block, { id: event.id, name: event.name, kind: event.kind, text: '' })
      case 'tool-call-delta': {
        const call = candidate.calls.get(event.block)
        if (call !== undefined) call.text += event.text
        return
      }
      case 'tool-call-end': {
        const call = candidate.calls.get(event.block)
        candidate.calls.delete(event.block)
        return call === undefined ? undefined : endCall(candidate, call, { signature: event.signature, emit })
      }
      case 'server-tool-start':
        return void candidate.searches.set(event.block, { id: event.id, name: event.name, text: '' })
      case 'server-tool-delta': {
        const search = candidate.searches.get(event.block)
        if (search !== undefined) search.text += event.text
        return
      }
      case 'server-tool-end': {
        const search = candidate.searches.get(event.block)
        return search === undefined ? undefined : endSearch(candidate, search)
      }
      case 'server-tool-result':
        return addResult(candidate, event.result)
      case 'media':
        return sendMedia(candidate, event.media, emit)
      case 'citation':
        return candidate.grounding.cite(event.block, event.citation)
      case 'logprobs':
        return void candidate.tokens.push(...event.tokens)
      case 'opaque':
        if (event.block === undefined) return
        if (event.format === FORMAT && isObject(event.wire)) return sendSigned(candidate, event.wire, emit)
        return ctx.note({ kind: 'dropped', field: 'content', reason: 'content of another format' })
      case 'finish':
        candidate.finish = event.finish
        candidate.extensions = event.extensions
        return
      case 'text-start':
        return
    }
  }

  return { push }
}

function mediaPart(media: ImageBlock | AudioBlock): JsonObject | undefined {
  const { source } = media
  const signed = media.type === 'image' ? signatureMember(media.signature) : {}
  if (source.kind === 'base64')
    return source.data === '' ? undefined : { inlineData: { mimeType: source.mediaType, data: source.data }, ...signed }
  if (source.kind === 'url')
    return { fileData: { ...(source.mediaType !== undefined && { mimeType: source.mediaType }), fileUri: source.url }, ...signed }
  return undefined
}
