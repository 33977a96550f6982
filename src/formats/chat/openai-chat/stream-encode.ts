// Events as `chat.completion.chunk` frames. For each choice: a chunk with the role, its deltas, one with
// the finish reason; then the usage when the client wants it; then `[DONE]`. Lists inside deltas carry an
// `index` or come once, because the Python SDK merges chunks by it.

import type { AudioBlock, Citation, ImageBlock } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Signature } from '../../../core/signature.ts'
import { laterUsage, type Usage } from '../../../core/usage.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import type { JsonObject } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { encodeAnnotation, growSpan, type Span, spanAt } from './annotations.ts'
import { encodeErrorFrame } from './errors.ts'
import { encodeFinish } from './finish.ts'
import { encodeLogprobs } from './logprobs.ts'
import { dataUrl } from './media.ts'
import { detailEntry, extraContent, needsDetail } from './reasoning.ts'
import { answerId, choiceExtras, noteLeftOut, tellsExplanation, topExtras } from './response.ts'
import { isLegacy } from './tool-decode.ts'
import { encodeUsage } from './usage.ts'
import { ownExtension } from './wire.ts'

type Of<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>

interface Call {
  readonly index: number
  readonly custom: boolean
  readonly legacy: boolean
  /** A second legacy call has no place. */
  readonly silent: boolean
  given: boolean
  /** The opening fragment, kept back while a signature may still have to go into it. */
  held: JsonObject | undefined
}

interface Reasoning {
  text: string
  readonly redacted: Signature | undefined
  readonly summary: boolean | undefined
}

interface ChoiceState {
  opened: boolean
  calls: Map<number, Call>
  texts: Map<number, Span>
  written: number
  refusals: Set<number>
  refused: boolean
  reasonings: Map<number, Reasoning>
  /** Entries told so far, and those that wait for a signed one to make them worth telling. */
  detailCount: number
  waiting: JsonObject[]
  signed: boolean
  citations: { block: number; citation: Citation }[]
  images: number
  sounded: boolean
}

const newChoice = (): ChoiceState => ({
  ...{ opened: false, calls: new Map(), texts: new Map(), written: 0, refusals: new Set(), refused: false, reasonings: new Map() },
  ...{ detailCount: 0, waiting: [], signed: false, citations: [], images: 0, sounded: false },
})

/**
 * Clients read a call's signature only from its opening fragment, and Gemini gives call, arguments and
 * signature at once: only there the opening waits for the call's end.
 */
const signsCalls = (model: string): boolean => /gemini/i.test(model)

export function encodeStream(ctx: ChatContext): Transducer<ChatEvent, Frame> {
  return new StreamEncoder(ctx)
}

class StreamEncoder implements Transducer<ChatEvent, Frame> {
  readonly #ctx: ChatContext
  readonly #legacy: boolean
  readonly #holds: boolean
  readonly #wantsUsage: boolean
  readonly #choices = new Map<number, ChoiceState>()
  #head = ''
  readonly #tail: string
  #usage: Usage | undefined
  #closed = false
  #emit: (frame: Frame) => void = () => {}

  constructor(ctx: ChatContext) {
    this.#ctx = ctx
    this.#legacy = isLegacy(ctx.request.tools)
    this.#holds = signsCalls(ctx.upstreamModel)
    this.#wantsUsage = ctx.request.usageFrame !== false
    this.#tail = this.#wantsUsage ? ',"usage":null}' : '}'
  }

  push(event: ChatEvent, emit: (frame: Frame) => void): void {
    if (this.#closed) return
    this.#emit = emit
    this.#event(event)
  }

  end(emit: (frame: Frame) => void): void {
    if (this.#closed) return
    this.#closed = true
    emit(encodeErrorFrame(new GatewayError('upstream_cut'), ''))
  }

  /** Id, time and model are the same on every chunk, so their text is made once. */
  #begin(id: string, extras: JsonObject): void {
    const head = {
      ...extras,
      id: answerId(id, this.#ctx),
      object: 'chat.completion.chunk',
      created: Math.floor(this.#ctx.nowMs / 1000),
      model: this.#ctx.requestedModel,
    }
    this.#head = `${JSON.stringify(head).slice(0, -1)},"choices":[`
  }

  #event(event: ChatEvent): void {
    switch (event.type) {
      case 'response-start':
        return this.#begin(event.id, topExtras(event.extensions))
      case 'text-start':
        return this.#textStart(event)
      case 'text-delta':
        return this.#text(event)
      case 'text-end':
        if (event.signature) this.#delta(event.choice, extraContent(event.signature))
        return
      case 'reasoning-start':
        this.#choice(event.choice).reasonings.set(event.block, { text: '', redacted: event.redacted, summary: event.summary })
        return
      case 'reasoning-delta':
        return this.#reasoning(event)
      case 'reasoning-end':
        return this.#reasoningEnd(event)
      case 'tool-call-start':
        return this.#callStart(event)
      case 'tool-call-delta':
        return this.#callDelta(event)
      case 'tool-call-end':
        return this.#callEnd(event)
      case 'media':
        return event.media.type === 'image' ? this.#image(event.choice, event.media) : this.#sound(event.choice, event.media)
      case 'citation':
        this.#choice(event.choice).citations.push(event)
        return
      case 'logprobs':
        return this.#logprobs(event)
      case 'usage':
        this.#usage = laterUsage(this.#usage, event.usage)
        return
      case 'finish':
        return this.#finish(event)
      case 'end':
        return this.#end()
      case 'error':
        this.#closed = true
        return this.#emit(encodeErrorFrame(event.error, ''))
      case 'server-tool-start':
        return noteLeftOut(this.#ctx, event.name)
      case 'opaque':
        if (event.block !== undefined) noteLeftOut(this.#ctx, event.format)
        return
      default:
        return
    }
  }

  #choice(index: number): ChoiceState {
    let state = this.#choices.get(index)
    if (state === undefined) {
      state = newChoice()
      this.#choices.set(index, state)
    }
    return state
  }

  #delta(choice: number, delta: JsonObject): void {
    this.#open(choice, '')
    this.#write(choice, JSON.stringify(delta), 'null', '')
  }

  #open(choice: number, content: '' | null): void {
    const state = this.#choice(choice)
    if (state.opened) return
    state.opened = true
    this.#write(choice, JSON.stringify({ role: 'assistant', content, refusal: null }), 'null', '')
  }

  #write(choice: number, delta: string, logprobs: string, finish: string): void {
    if (this.#head === '') this.#begin('', {})
    const end = finish === '' ? '"finish_reason":null' : finish
    this.#emit({ data: `${this.#head}{"index":${choice},"delta":${delta},"logprobs":${logprobs},${end}}]${this.#tail}` })
  }

  #textStart({ choice, block, refusal }: Of<'text-start'>): void {
    const state = this.#choice(choice)
    if (refusal) state.refusals.add(block)
    else state.texts.set(block, spanAt(block, state.written))
    this.#open(choice, refusal ? null : '')
  }

  #text({ choice, block, text }: Of<'text-delta'>): void {
    if (text === '') return
    const state = this.#choice(choice)
    if (state.refusals.has(block)) {
      state.refused = true
      return this.#delta(choice, { refusal: text })
    }
    this.#open(choice, '')
    const span = state.texts.get(block)
    const before = span?.length ?? 0
    if (span !== undefined) growSpan(span, text)
    state.written += (span?.length ?? text.length) - before
    this.#write(choice, `{"content":${JSON.stringify(text)}}`, 'null', '')
  }

  #reasoning({ choice, block, text }: Of<'reasoning-delta'>): void {
    if (text === '') return
    const open = this.#choice(choice).reasonings.get(block)
    if (open !== undefined) open.text += text
    this.#open(choice, null)
    this.#delta(choice, { reasoning_content: text })
  }

  #reasoningEnd({ choice, block, signature, extensions }: Of<'reasoning-end'>): void {
    const state = this.#choice(choice)
    const open = state.reasonings.get(block)
    if (open === undefined) return
    state.reasonings.delete(block)
    const whole = {
      text: open.text,
      ...(open.redacted && { redacted: open.redacted }),
      ...(open.summary !== undefined && { summary: open.summary }),
      ...(signature && { signature }),
      ...(extensions && { extensions }),
    }
    state.waiting.push(detailEntry(whole, state.detailCount++))
    state.signed ||= needsDetail(whole)
    if (!state.signed) return
    this.#open(choice, null)
    this.#delta(choice, { reasoning_details: state.waiting })
    state.waiting = []
  }

  #callStart({ choice, block, id, name, kind, extensions }: Of<'tool-call-start'>): void {
    const state = this.#choice(choice)
    this.#open(choice, null)
    const legacy = this.#legacy && kind === 'function'
    const index = state.calls.size
    const call: Call = { index, custom: kind === 'custom', legacy, silent: legacy && index > 0, given: false, held: undefined }
    state.calls.set(block, call)
    if (legacy) return call.silent ? undefined : this.#delta(choice, { function_call: { name, arguments: '' } })
    const opening: JsonObject = {
      index,
      id: id === '' ? this.#ctx.ids.next('call_') : id,
      type: kind,
      ...(kind === 'custom' ? { custom: { name, input: '' } } : { function: { name, arguments: '' } }),
      ...ownExtension(extensions),
    }
    if (this.#holds) call.held = opening
    else this.#delta(choice, { tool_calls: [opening] })
  }

  #callDelta({ choice, block, text }: Of<'tool-call-delta'>): void {
    const call = this.#choice(choice).calls.get(block)
    if (call === undefined || text === '') return
    this.#arguments(choice, call, text)
  }

  #arguments(choice: number, call: Call, text: string): void {
    call.given = true
    if (call.silent) return
    if (call.legacy) return this.#delta(choice, { function_call: { arguments: text } })
    if (call.held !== undefined) {
      const body = (call.custom ? call.held['custom'] : call.held['function']) as JsonObject
      const key = call.custom ? 'input' : 'arguments'
      body[key] = `${body[key] as string}${text}`
      return
    }
    this.#delta(choice, {
      tool_calls: [{ index: call.index, ...(call.custom ? { custom: { input: text } } : { function: { arguments: text } }) }],
    })
  }

  #callEnd({ choice, block, signature }: Of<'tool-call-end'>): void {
    const call = this.#choice(choice).calls.get(block)
    if (call === undefined) return
    // A function without arguments has the empty object.
    if (!call.given && !call.custom) this.#arguments(choice, call, '{}')
    if (call.held !== undefined) {
      this.#delta(choice, { tool_calls: [{ ...call.held, ...extraContent(signature) }] })
      call.held = undefined
    } else if (signature && !call.legacy) {
      const empty = call.custom ? { custom: { input: '' } } : { function: { arguments: '' } }
      this.#delta(choice, { tool_calls: [{ index: call.index, ...empty, ...extraContent(signature) }] })
    }
  }

  #image(choice: number, { source }: ImageBlock): void {
    if (source.kind !== 'base64' && source.kind !== 'url') return
    const url = source.kind === 'url' ? source.url : dataUrl(source)
    const index = this.#choice(choice).images++
    this.#delta(choice, { images: [{ index, type: 'image_url', image_url: { url } }] })
  }

  #sound(choice: number, { source, id, transcript, expiresAt }: AudioBlock): void {
    const state = this.#choice(choice)
    const first = !state.sounded
    state.sounded = true
    this.#open(choice, null)
    this.#delta(choice, {
      audio: {
        ...(first && { id: id ?? this.#ctx.ids.next('audio_') }),
        ...(source.kind === 'base64' && source.data !== '' && { data: source.data }),
        ...(transcript && { transcript }),
        ...(expiresAt !== undefined && { expires_at: expiresAt }),
      },
    })
  }

  #logprobs({ choice, tokens }: Of<'logprobs'>): void {
    if (this.#ctx.request.logprobs === undefined) return
    this.#open(choice, '')
    this.#write(choice, '{}', JSON.stringify(encodeLogprobs(tokens, this.#choice(choice).refused)), '')
  }

  #finish({ choice, finish, extensions }: Of<'finish'>): void {
    const state = this.#choice(choice)
    this.#open(choice, '')
    const home = (block: number): Span => state.texts.get(block) ?? { ...spanAt(block, 0), length: state.written }
    const annotations = state.citations
      .map(({ block, citation }) => encodeAnnotation(citation, home(block)))
      .filter((item) => item !== undefined)
    if (annotations.length > 0) this.#delta(choice, { annotations })
    const explains = tellsExplanation(finish.reason, state.written > 0)
    if (explains && !state.refused && finish.explanation) this.#delta(choice, { refusal: finish.explanation })
    const extras = choiceExtras(extensions)
    if (Object.keys(extras.message).length > 0) this.#delta(choice, extras.message)
    const end = { ...encodeFinish(finish, { calls: state.calls.size > 0, legacy: this.#legacy }), ...extras.choice }
    this.#write(choice, '{}', 'null', JSON.stringify(end).slice(1, -1))
  }

  #end(): void {
    this.#closed = true
    if (this.#wantsUsage && this.#usage !== undefined) {
      this.#emit({ data: `${this.#head}],"usage":${JSON.stringify(encodeUsage(this.#usage))}}` })
    }
    this.#emit({ data: '[DONE]' })
  }
}
