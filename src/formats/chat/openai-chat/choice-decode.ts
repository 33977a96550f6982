// One choice of an upstream's answer as events, delta by delta. A whole message is one delta, so that
// streamed and unary answers are read by the same lines. Words and reasoning exclude each other: a change
// of kind closes the open block. Calls stay open together until the choice ends, because their fragments
// may interleave.

import type { AudioBlock } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import { decodeAnnotation, growSpan, type Span, spanAt } from './annotations.ts'
import { type Answer, CallsDecoder, type Emit } from './calls-decode.ts'
import { decodeFinish, finishFailure } from './finish.ts'
import { decodeLogprobs } from './logprobs.ts'
import { audioMediaType, imageSource } from './media.ts'
import { thinkingText } from './part-decode.ts'
import { extraSignature, type ReasoningDetail, readDetails, readReasoningText } from './reasoning.ts'
import { FORMAT } from './wire.ts'

type Open =
  | { readonly kind: 'text'; readonly block: number; readonly span: Span; signature?: string }
  | { readonly kind: 'refusal'; readonly block: number }
  | { readonly kind: 'reasoning'; readonly block: number; text: string; signature?: string; rest?: JsonObject }

const DELTA_KNOWN = new Set([
  ...['role', 'content', 'refusal', 'tool_calls', 'function_call', 'reasoning_content', 'reasoning', 'reasoning_details'],
  ...['thinking_blocks', 'audio', 'images', 'annotations', 'extra_content', 'obfuscation', 'name'],
])
const CHOICE_KNOWN = new Set(['index', 'delta', 'message', 'finish_reason', 'native_finish_reason', 'logprobs', 'usage', 'error', 'text'])

export class ChoiceDecoder {
  readonly #index: number
  readonly #answer: Answer
  readonly #calls: CallsDecoder
  readonly #texts: Span[] = []
  readonly #reasonings: string[] = []
  readonly #citations: JsonValue[] = []
  #next = 0
  #open: Open | undefined
  #audio: { block: number } | undefined
  #refused = false
  #raw: string | undefined
  #native: string | undefined
  #extras: JsonObject | undefined
  #message: JsonObject | undefined

  constructor(index: number, answer: Answer) {
    this.#index = index
    this.#answer = answer
    this.#calls = new CallsDecoder(index, answer, () => this.#next++)
  }

  get finished(): boolean {
    return this.#raw !== undefined
  }
  get produced(): boolean {
    return this.#next > 0 || this.#calls.pending
  }

  /** @throws GatewayError when the choice says that it failed. */
  push(choice: JsonObject, emit: Emit): void {
    const delta = isObject(choice['delta']) ? choice['delta'] : undefined
    // Some hosts end a stream with the whole message; it only counts when nothing came before.
    const message = isObject(choice['message']) && (this.#answer.whole || !this.produced) ? choice['message'] : undefined
    const words = delta ?? message
    if (words !== undefined) this.#delta(words, emit)
    const tokens = decodeLogprobs(choice['logprobs'])
    if (tokens.length > 0) emit({ type: 'logprobs', choice: this.#index, tokens })
    for (const key in choice) if (!CHOICE_KNOWN.has(key) && choice[key] != null) this.#extras = { ...this.#extras, [key]: choice[key] }
    if (typeof choice['native_finish_reason'] === 'string') this.#native = choice['native_finish_reason']
    const raw = choice['finish_reason']
    if (typeof raw !== 'string' || raw === '') return
    const failure = finishFailure(raw, this.produced)
    if (failure !== undefined) throw failure
    this.#raw = raw
  }

  /** Closes all blocks and tells how the choice ended. @throws GatewayError for a call that never got a name. */
  close(emit: Emit): void {
    this.#close(emit)
    this.#calls.close(emit)
    this.#cite(emit)
    this.#promote(emit)
    const stopped = this.#extras?.['stop_reason']
    const matched = typeof stopped === 'string' && this.#answer.ctx.request.stopSequences?.includes(stopped) === true
    const finish = decodeFinish({
      raw: this.#raw,
      native: this.#native,
      calls: this.#calls.any,
      refused: this.#refused,
      stopSequence: matched ? stopped : undefined,
    })
    const extension = { ...this.#extras, ...(this.#message && { message: this.#message }) }
    const carried = Object.keys(extension).length > 0
    emit({ type: 'finish', choice: this.#index, finish, ...(carried && { extensions: { [FORMAT]: extension } }) })
  }

  /** Some hosts put demanded JSON where the reasoning goes and leave the answer empty. https://github.com/vercel/ai/issues/17244 */
  #promote(emit: Emit): void {
    const format = this.#answer.ctx.request.responseFormat
    if (format === undefined || format.type === 'text' || this.#raw !== 'stop') return
    if (this.#texts.length > 0 || this.#refused || this.#calls.any) return
    const text = this.#reasonings.join('').trim()
    if (!/^[[{]/.test(text) || tryParseJson(text) === undefined) return
    this.#text(text, emit)
    this.#close(emit)
  }

  #delta(delta: JsonObject, emit: Emit): void {
    this.#reasoning(delta, emit)
    this.#content(delta, emit)
    const refusal = delta['refusal']
    if (typeof refusal === 'string' && refusal !== '') this.#refusal(refusal, emit)
    const signature = extraSignature(delta)
    if (signature !== undefined) this.#textBlock(emit).signature = signature
    if (this.#calls.wants(delta)) {
      this.#close(emit)
      this.#calls.push(delta, emit)
    }
    if (isObject(delta['audio'])) this.#sound(delta['audio'], emit)
    if (Array.isArray(delta['images'])) for (const image of delta['images']) this.#image(image, emit)
    if (Array.isArray(delta['annotations'])) this.#citations.push(...delta['annotations'])
    for (const key in delta) if (!DELTA_KNOWN.has(key) && delta[key] != null) this.#message = { ...this.#message, [key]: delta[key] }
  }

  #content(delta: JsonObject, emit: Emit): void {
    const { content, extra_content: extra } = delta
    if (typeof content === 'string') {
      if (content === '') return
      const google = isObject(extra) ? extra['google'] : undefined
      if (isObject(google) && google['thought'] === true) return this.#think(content, emit)
      return this.#text(content, emit)
    }
    if (!Array.isArray(content)) return
    // Mistral and others answer in typed parts.
    for (const part of content) {
      if (typeof part === 'string') this.#text(part, emit)
      if (!isObject(part)) continue
      if (part['type'] === 'thinking') this.#think(thinkingText(part['thinking']), emit)
      else if (part['type'] === 'refusal' && typeof part['refusal'] === 'string') this.#refusal(part['refusal'], emit)
      else if (part['type'] === 'image_url') this.#image(part, emit)
      else if (typeof part['text'] === 'string') this.#text(part['text'], emit)
    }
  }

  #text(text: string, emit: Emit): void {
    if (text === '') return
    const open = this.#textBlock(emit)
    growSpan(open.span, text)
    emit({ type: 'text-delta', text, choice: this.#index, block: open.block })
  }

  #textBlock(emit: Emit): Extract<Open, { kind: 'text' }> {
    if (this.#open?.kind === 'text') return this.#open
    this.#close(emit)
    const block = this.#next++
    const before = this.#texts.at(-1)
    const span = spanAt(block, before === undefined ? 0 : before.start + before.length)
    this.#texts.push(span)
    emit({ type: 'text-start', choice: this.#index, block })
    const open = { kind: 'text' as const, block, span }
    this.#open = open
    return open
  }

  #refusal(text: string, emit: Emit): void {
    if (text === '') return
    if (this.#open?.kind !== 'refusal') {
      this.#close(emit)
      this.#open = { kind: 'refusal', block: this.#next++ }
      this.#refused = true
      emit({ type: 'text-start', refusal: true, choice: this.#index, block: this.#open.block })
    }
    emit({ type: 'text-delta', text, choice: this.#index, block: this.#open.block })
  }

  /** The plain field and the details often carry the same words: the plain ones count, the details sign. */
  #reasoning(delta: JsonObject, emit: Emit): void {
    const text = readReasoningText(delta)
    const details = readDetails(delta)
    if (details.length === 0) return this.#think(text, emit)
    const worded = details.some((detail) => detail.text !== '')
    // In a whole message the details alone know where one block ends and the next begins.
    const plain = !(this.#answer.whole && worded)
    if (plain && text !== '') this.#think(text, emit)
    for (const detail of details) this.#detail(detail, plain && text !== '', emit)
  }

  #detail(detail: ReasoningDetail, told: boolean, emit: Emit): void {
    if (detail.sealed !== undefined) {
      this.#close(emit)
      const redacted = { format: FORMAT, value: detail.sealed }
      const at = { choice: this.#index, block: this.#next++ }
      emit({ type: 'reasoning-start', redacted, ...at })
      emit({ type: 'reasoning-end', ...at, ...(detail.rest && { extensions: { [FORMAT]: { detail: detail.rest } } }) })
      return
    }
    const open = this.#open?.kind === 'reasoning' ? this.#open : undefined
    const repeats = told || (!this.#answer.whole && (open?.text === detail.text || this.#reasonings.includes(detail.text)))
    if (detail.text !== '' && !repeats) {
      if (this.#answer.whole) this.#close(emit)
      this.#think(detail.text, emit)
    }
    // A signature alone is content too.
    if (detail.signature !== undefined && this.#open?.kind !== 'reasoning' && !(detail.text !== '' && repeats)) this.#openReasoning(emit)
    if (this.#open?.kind !== 'reasoning') return
    if (detail.signature !== undefined) this.#open.signature = detail.signature
    if (detail.rest !== undefined) this.#open.rest = { ...this.#open.rest, ...detail.rest }
  }

  #openReasoning(emit: Emit): Extract<Open, { kind: 'reasoning' }> {
    this.#close(emit)
    const open = { kind: 'reasoning' as const, block: this.#next++, text: '' }
    this.#open = open
    emit({ type: 'reasoning-start', choice: this.#index, block: open.block })
    return open
  }

  #think(text: string, emit: Emit): void {
    if (text === '') return
    // Behind a signature a new thought begins: signed text must not grow.
    const reopened = this.#open?.kind !== 'reasoning' || this.#open.signature !== undefined
    const open = reopened ? this.#openReasoning(emit) : (this.#open as Extract<Open, { kind: 'reasoning' }>)
    open.text += text
    emit({ type: 'reasoning-delta', text, choice: this.#index, block: open.block })
  }

  #close(emit: Emit): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    const at = { choice: this.#index, block: open.block }
    if (open.kind === 'refusal') return emit({ type: 'text-end', ...at })
    const signature = open.signature === undefined ? {} : { signature: { format: FORMAT, value: open.signature } }
    if (open.kind === 'text') {
      this.#cite(emit, open.span)
      return emit({ type: 'text-end', ...at, ...signature })
    }
    if (open.text !== '') this.#reasonings.push(open.text)
    emit({ type: 'reasoning-end', ...at, ...signature, ...(open.rest && { extensions: { [FORMAT]: { detail: open.rest } } }) })
  }

  #sound(audio: JsonObject, emit: Emit): void {
    const { id, data, transcript, expires_at: expiresAt } = audio
    if (this.#audio === undefined) this.#close(emit)
    this.#audio ??= { block: this.#next++ }
    const media: AudioBlock = {
      type: 'audio',
      source: {
        kind: 'base64',
        mediaType: audioMediaType(this.#answer.ctx.request.audioOutput?.format),
        data: typeof data === 'string' ? data : '',
      },
      ...(typeof transcript === 'string' && { transcript }),
      ...(typeof id === 'string' && id !== '' && { id }),
      ...(typeof expiresAt === 'number' && { expiresAt }),
    }
    emit({ type: 'media', media, choice: this.#index, block: this.#audio.block })
  }

  #image(image: JsonValue, emit: Emit): void {
    const holder = isObject(image) ? image['image_url'] : undefined
    const url = isObject(holder) ? holder['url'] : holder
    if (typeof url !== 'string' || url === '') return
    this.#close(emit)
    let source: ReturnType<typeof imageSource>
    try {
      source = imageSource(url, 'images')
    } catch (cause) {
      throw new GatewayError('upstream_malformed', {}, cause)
    }
    emit({ type: 'media', media: { type: 'image', source }, choice: this.#index, block: this.#next++ })
  }

  /** Citations may come before their text, so they are placed when a text ends. @param ending absent: the answer ends. */
  #cite(emit: Emit, ending?: Span): void {
    const waiting = this.#citations.splice(0)
    for (const wire of waiting) {
      if (decodeAnnotation(wire, this.#texts) === undefined) continue
      if (this.#texts.length === 0) this.#textBlock(emit)
      const found = decodeAnnotation(wire, this.#texts)
      const later = ending !== undefined && (found?.block !== ending.block || (found.citation.span?.start ?? 0) >= ending.text.length)
      if (later) this.#citations.push(wire)
      else if (found?.block !== undefined) emit({ type: 'citation', citation: found.citation, choice: this.#index, block: found.block })
    }
    if (ending === undefined) this.#close(emit)
  }
}
