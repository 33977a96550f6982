// Whole answers, both ways. Decoding runs through the stream's own decoder and the fold, so that streamed
// and unary answers cannot drift apart.

import type { Block, ChatResponse, Choice, Citation, FinishReason } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents } from '../../../core/chat-event.ts'
import type { JsonObject, JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { encodeAnnotation, type Span } from './annotations.ts'
import { AnswerDecoder } from './chunk-decode.ts'
import { encodeFinish } from './finish.ts'
import { encodeLogprobs } from './logprobs.ts'
import { dataUrl } from './media.ts'
import { detailEntry, extraContent, needsDetail } from './reasoning.ts'
import { isLegacy } from './tool-decode.ts'
import { encodeUsage } from './usage.ts'
import { ownExtension } from './wire.ts'

/** @throws GatewayError the upstream's own error, `upstream_malformed` or `upstream_empty`. */
export function decodeResponse(wire: JsonValue, ctx: ChatContext): ChatResponse {
  const answer = new AnswerDecoder(ctx, true)
  const events: ChatEvent[] = []
  const emit = (event: ChatEvent): void => void events.push(event)
  answer.chunk(wire, emit)
  answer.close(true, emit)
  return foldEvents(events)
}

/** The upstream's id when it is one of this wire, else a fresh one. */
export const answerId = (id: string, ctx: ChatContext): string => (id.startsWith('chatcmpl') ? id : ctx.ids.next('chatcmpl-'))

export function encodeResponse(response: ChatResponse, ctx: ChatContext): JsonObject {
  return {
    ...topExtras(response.extensions),
    id: answerId(response.id, ctx),
    object: 'chat.completion',
    created: Math.floor(ctx.nowMs / 1000),
    model: ctx.requestedModel,
    choices: response.choices.map((choice) => encodeChoice(choice, ctx)),
    ...(response.usage && { usage: encodeUsage(response.usage) }),
  }
}

/** Members that an upstream of this wire put beside its answer (`system_fingerprint`, `service_tier`, …). */
export const topExtras = (extensions: ChatResponse['extensions']): JsonObject => ownExtension(extensions) ?? {}

/** The carried members of a choice, and those of its message apart. */
export function choiceExtras(extensions: Choice['extensions']): { choice: JsonObject; message: JsonObject } {
  const { message, ...choice } = ownExtension(extensions) ?? {}
  return { choice, message: (message as JsonObject | undefined) ?? {} }
}

function encodeChoice(choice: Choice, ctx: ChatContext): JsonObject {
  const legacy = isLegacy(ctx.request.tools)
  const extras = choiceExtras(choice.extensions)
  const message = encodeMessage(choice, { ctx, legacy })
  const calls = choice.content.some((block) => block.type === 'tool-call')
  const refusal = message['content'] === null && message['refusal'] !== null
  const tokens = ctx.request.logprobs === undefined ? undefined : choice.logprobs
  return {
    ...extras.choice,
    index: choice.index,
    message: { ...message, ...extras.message },
    logprobs: tokens === undefined ? null : encodeLogprobs(tokens, refusal),
    ...encodeFinish(choice.finish, { calls, legacy }),
  }
}

/** A refusal is explained in the message; a filter only when it left nothing else to show. */
export const tellsExplanation = (reason: FinishReason, spoke: boolean): boolean =>
  reason === 'refusal' || (reason === 'content-filter' && !spoke)

interface Gathered {
  content: string
  texts: { span: Span; citations: readonly Citation[] }[]
  refusal: string
  reasoning: string
  details: JsonObject[]
  signed: boolean
  calls: JsonObject[]
  images: JsonObject[]
  rest: JsonObject
}

function encodeMessage(choice: Choice, { ctx, legacy }: { ctx: ChatContext; legacy: boolean }): JsonObject {
  const all: Gathered = { content: '', texts: [], refusal: '', reasoning: '', details: [], signed: false, calls: [], images: [], rest: {} }
  for (const [index, block] of choice.content.entries()) gather(all, { block, index, legacy, ctx })
  const { finish } = choice
  if (all.refusal === '' && tellsExplanation(finish.reason, all.content !== '')) all.refusal = finish.explanation ?? ''
  const annotations = all.texts.flatMap(({ span, citations }) => citations.map((citation) => encodeAnnotation(citation, span)))
  const speechless = all.texts.length === 0 && (all.calls.length > 0 || all.refusal !== '' || Object.keys(all.rest).length > 0)
  return {
    role: 'assistant',
    content: speechless ? null : all.content,
    ...(all.reasoning !== '' && { reasoning_content: all.reasoning }),
    ...(all.signed && { reasoning_details: all.details }),
    refusal: all.refusal === '' ? null : all.refusal,
    annotations: annotations.filter((annotation) => annotation !== undefined),
    ...(all.calls.length > 0 && { tool_calls: all.calls }),
    ...(all.images.length > 0 && { images: all.images }),
    ...all.rest,
  }
}

function gather(all: Gathered, { block, index, legacy, ctx }: { block: Block; index: number; legacy: boolean; ctx: ChatContext }): void {
  switch (block.type) {
    case 'text':
      all.texts.push({ span: { block: index, start: all.content.length, length: block.text.length }, citations: block.citations ?? [] })
      all.content += block.text
      Object.assign(all.rest, extraContent(block.signature))
      return
    case 'refusal':
      all.refusal += block.text
      return
    case 'reasoning':
      all.reasoning += block.text
      all.details.push(detailEntry(block, all.details.length))
      if (needsDetail(block)) all.signed = true
      return
    case 'tool-call': {
      const args = block.kind === 'function' ? block.arguments || '{}' : block.arguments
      if (legacy && block.kind === 'function') {
        // The legacy shape holds one call.
        all.rest['function_call'] ??= { name: block.name, arguments: args }
        return
      }
      all.calls.push({
        id: block.id === '' ? ctx.ids.next('call_') : block.id,
        type: block.kind,
        ...(block.kind === 'custom' ? { custom: { name: block.name, input: args } } : { function: { name: block.name, arguments: args } }),
        ...extraContent(block.signature),
        ...ownExtension(block.extensions),
      })
      return
    }
    case 'image':
      if (block.source.kind === 'base64' || block.source.kind === 'url') {
        const url = block.source.kind === 'url' ? block.source.url : dataUrl(block.source)
        all.images.push({ type: 'image_url', image_url: { url }, index: all.images.length })
      }
      return
    case 'audio':
      all.rest['audio'] = {
        id: block.id ?? ctx.ids.next('audio_'),
        data: block.source.kind === 'base64' ? block.source.data : '',
        expires_at: block.expiresAt ?? 0,
        transcript: block.transcript ?? '',
      }
      return
    default:
      // What an upstream ran by itself, and content of other formats, has no place in this answer.
      return
  }
}
