// Whole answers, both ways. Decoding runs through the stream's own decoder and the fold, so that streamed
// and unary answers cannot drift apart.

import type { Block, ChatResponse, Choice, Citation, FinishReason } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents } from '../../../core/chat-event.ts'
import { isEmpty, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { encodeAnnotation, spanAt } from './annotations.ts'
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
  const wire: JsonObject = {
    ...topExtras(response.extensions),
    id: answerId(response.id, ctx),
    object: 'chat.completion',
    created: Math.floor(ctx.nowMs / 1000),
    model: ctx.requestedModel,
    choices: response.choices.map((choice) => encodeChoice(choice, ctx)),
  }
  if (response.usage !== undefined) wire['usage'] = encodeUsage(response.usage)
  return wire
}

/** Members that an upstream of this wire put beside its answer (`system_fingerprint`, `service_tier`, …). */
export const topExtras = (extensions: ChatResponse['extensions']): JsonObject => ownExtension(extensions) ?? {}

/** The carried members of a choice, and those of its message apart. */
export function choiceExtras(extensions: Choice['extensions']): { choice: JsonObject; message: JsonObject } {
  const own = ownExtension(extensions)
  if (own === undefined) return NO_EXTRAS
  const { message, ...choice } = own
  return { choice, message: (message as JsonObject | undefined) ?? {} }
}

const NO_EXTRAS = { choice: {}, message: {} }

function encodeChoice(choice: Choice, ctx: ChatContext): JsonObject {
  const legacy = isLegacy(ctx.request.tools)
  const extras = choiceExtras(choice.extensions)
  const message = encodeMessage(choice, { ctx, legacy })
  const calls = choice.content.some((block) => block.type === 'tool-call')
  const refusal = message['content'] === null && message['refusal'] !== null
  const tokens = ctx.request.logprobs === undefined ? undefined : choice.logprobs
  const wire: JsonObject = {
    ...extras.choice,
    index: choice.index,
    message: Object.assign(message, extras.message),
    logprobs: tokens === undefined ? null : encodeLogprobs(tokens, refusal),
  }
  return Object.assign(wire, encodeFinish(choice.finish, { calls, legacy }))
}

/** A refusal is explained in the message; a filter only when it left nothing else to show. */
export const tellsExplanation = (reason: FinishReason, spoke: boolean): boolean =>
  reason === 'refusal' || (reason === 'content-filter' && !spoke)

interface Gathered {
  content: string
  texts: { index: number; text: string; citations: readonly Citation[] | undefined }[]
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
  choice.content.forEach((block, index) => {
    gather(all, { block, index, legacy, ctx })
  })
  const { finish } = choice
  if (all.refusal === '' && tellsExplanation(finish.reason, all.content !== '')) all.refusal = finish.explanation ?? ''
  const speechless = all.texts.length === 0 && (all.calls.length > 0 || all.refusal !== '' || !isEmpty(all.rest))
  const message: JsonObject = { role: 'assistant', content: speechless ? null : all.content }
  if (all.reasoning !== '') message['reasoning_content'] = all.reasoning
  if (all.signed) message['reasoning_details'] = all.details
  message['refusal'] = all.refusal === '' ? null : all.refusal
  message['annotations'] = annotationsOf(all.texts)
  if (all.calls.length > 0) message['tool_calls'] = all.calls
  if (all.images.length > 0) message['images'] = all.images
  return Object.assign(message, all.rest)
}

/** Characters are only counted where something is cited: that walks through the whole text. */
function annotationsOf(texts: Gathered['texts']): JsonObject[] {
  const annotations: JsonObject[] = []
  if (texts.every(({ citations }) => citations === undefined)) return annotations
  let start = 0
  for (const { index, text, citations } of texts) {
    const span = spanAt(index, start, text)
    start += span.length
    for (const citation of citations ?? []) {
      const annotation = encodeAnnotation(citation, span)
      if (annotation !== undefined) annotations.push(annotation)
    }
  }
  return annotations
}

function gather(all: Gathered, { block, index, legacy, ctx }: { block: Block; index: number; legacy: boolean; ctx: ChatContext }): void {
  switch (block.type) {
    case 'text':
      all.texts.push({ index, text: block.text, citations: block.citations })
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
    case 'server-tool-call':
      return noteLeftOut(ctx, block.name)
    case 'opaque':
      return noteLeftOut(ctx, block.format)
    default:
      return
  }
}

/** What an upstream ran by itself, and content of other formats, has no place in this answer; searches are told as annotations. */
export function noteLeftOut({ note }: ChatContext, what: string): void {
  if (!what.startsWith('web_'))
    note({ kind: 'dropped', field: 'choices.message', reason: `content of ${what} has no place in this format` })
}
