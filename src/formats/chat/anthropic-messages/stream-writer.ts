// Writes the frames of one block after another, in the exact life cycle of the Messages stream. The caller
// sees to it that events of only one block come at a time; text and reasoning start with their first piece,
// so that an empty block is never shown.

import { type ChatEvent, extensionOf } from '../../../core/chat-event.ts'
import type { Signature } from '../../../core/signature.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { isObject, type JsonObject } from '../../../lib/json.ts'
import { callSignatureWire, customInput, mediaName, redactedWire, signatureText } from './answer-blocks.ts'
import { encodeCitation } from './citations.ts'
import { wireToolId } from './names.ts'
import type { Receipt } from './receipt.ts'
import { canShow, encodeServerCall, encodeServerResult } from './server-blocks.ts'
import { eventFrame, FORMAT_ID } from './wire.ts'

/** The events that belong to a block. */
export type BlockEvent =
  | Extract<ChatEvent, { readonly choice: number; readonly block: number }>
  | (Extract<ChatEvent, { type: 'opaque' }> & { readonly block: number })

type Emit = (frame: Frame) => void

interface Open {
  readonly kind: 'text' | 'reasoning' | 'call' | 'server-call' | 'skipped'
  /** Its `content_block_start` is out. */
  started: boolean
  /** Free text of a custom tool, told when whole. */
  held: string | undefined
  readonly refusal: boolean
  readonly redacted: Signature | undefined
}

const opened = (kind: Open['kind'], more: Partial<Open> = {}): Open => ({
  kind,
  started: false,
  held: undefined,
  refusal: false,
  redacted: undefined,
  ...more,
})

export class BlockWriter {
  /** A `tool_use` block was written. */
  calls = false
  /** Text of refusals so far. */
  refusal = ''
  #index = 0
  #open: Open | undefined
  readonly #receipt: Receipt

  constructor(notes: Receipt) {
    this.#receipt = notes
  }

  write(event: BlockEvent, emit: Emit): void {
    switch (event.type) {
      case 'text-delta':
        return this.#text(event.text, emit)
      case 'reasoning-delta':
        return this.#reasoning(event.text, emit)
      case 'tool-call-delta':
        return this.#input(event.text, emit)
      case 'server-tool-delta':
        if (this.#open?.kind === 'server-call' && event.text !== '') this.#inputDelta(event.text, emit)
        return
      case 'citation':
        return this.#citation(event.citation, emit)
      case 'text-end':
      case 'server-tool-end':
        return this.closeOpen(emit)
      case 'reasoning-end':
        return this.#endReasoning(event.signature, emit)
      case 'tool-call-end':
        return this.#endCall(event.signature, emit)
      default:
        this.closeOpen(emit)
        return this.#begin(event, emit)
    }
  }

  /** Ends the open block as it stands. */
  closeOpen(emit: Emit): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (open.held !== undefined && open.kind === 'call') this.#inputDelta(JSON.stringify(customInput(open.held)), emit)
    if (open.started) emit(eventFrame('content_block_stop', `{"type":"content_block_stop","index":${this.#index++}}`))
  }

  #begin(event: BlockEvent, emit: Emit): void {
    switch (event.type) {
      case 'text-start':
        this.#open = opened('text', { refusal: event.refusal === true })
        return
      case 'reasoning-start':
        this.#open = opened('reasoning', { redacted: event.redacted })
        return
      case 'tool-call-start':
        this.calls = true
        this.#open = opened('call', { held: event.kind === 'custom' ? '' : undefined })
        this.#startBlock(
          { type: 'tool_use', id: wireToolId(event.id), name: event.name, input: {}, ...extensionOf(event.extensions, FORMAT_ID) },
          emit,
        )
        return this.#inputDelta('', emit)
      case 'server-tool-start':
        if (!canShow(event)) {
          this.#open = opened('skipped')
          return this.#skip(`the server tool ${event.name}`)
        }
        this.#open = opened('server-call')
        this.#startBlock(encodeServerCall(event, {}), emit)
        return this.#inputDelta('', emit)
      case 'server-tool-result':
        return canShow(event.result) ? this.#whole(encodeServerResult(event.result), emit) : this.#skip(`a result of ${event.result.name}`)
      case 'opaque':
        return event.format === FORMAT_ID && isObject(event.wire) ? this.#whole(event.wire, emit) : this.#skip('a block of another format')
      case 'media':
        return this.#skip(mediaName(event.media))
    }
  }

  #skip(what: string): void {
    this.#receipt.dropped('content', `${what} in the answer has no place in this format`)
  }

  #startBlock(wire: JsonObject, emit: Emit): void {
    if (this.#open) this.#open.started = true
    emit(eventFrame('content_block_start', `{"type":"content_block_start","index":${this.#index},"content_block":${JSON.stringify(wire)}}`))
  }

  #delta(delta: string, emit: Emit): void {
    emit(eventFrame('content_block_delta', `{"type":"content_block_delta","index":${this.#index},"delta":${delta}}`))
  }

  #inputDelta(text: string, emit: Emit): void {
    this.#delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(text)}}`, emit)
  }

  /** A block that comes in one piece. */
  #whole(wire: JsonObject, emit: Emit): void {
    this.#open = opened('text')
    this.#startBlock(wire, emit)
    this.closeOpen(emit)
  }

  #text(text: string, emit: Emit): void {
    const open = this.#open
    if (open?.kind !== 'text' || text === '') return
    if (open.refusal) this.refusal += text
    if (!open.started) this.#startBlock({ type: 'text', text: '' }, emit)
    this.#delta(`{"type":"text_delta","text":${JSON.stringify(text)}}`, emit)
  }

  #citation(citation: Parameters<typeof encodeCitation>[0], emit: Emit): void {
    if (this.#open?.kind !== 'text') return
    // The key in the start tells cited text from other text; citations known only later still add up.
    if (!this.#open.started) this.#startBlock({ type: 'text', text: '', citations: [] }, emit)
    this.#delta(`{"type":"citations_delta","citation":${JSON.stringify(encodeCitation(citation))}}`, emit)
  }

  #reasoning(text: string, emit: Emit): void {
    const open = this.#open
    if (open?.kind !== 'reasoning' || text === '' || open.redacted) return
    if (!open.started) this.#startBlock({ type: 'thinking', thinking: '', signature: '' }, emit)
    this.#delta(`{"type":"thinking_delta","thinking":${JSON.stringify(text)}}`, emit)
  }

  #endReasoning(signature: Signature | undefined, emit: Emit): void {
    const open = this.#open
    if (open?.kind !== 'reasoning') return
    if (open.redacted) return this.#whole(redactedWire(open.redacted), emit)
    if (signature !== undefined) {
      if (!open.started) this.#startBlock({ type: 'thinking', thinking: '', signature: '' }, emit)
      this.#delta(`{"type":"signature_delta","signature":${JSON.stringify(signatureText(signature))}}`, emit)
    }
    this.closeOpen(emit)
  }

  #input(text: string, emit: Emit): void {
    const open = this.#open
    if (open?.kind !== 'call' || text === '') return
    if (open.held === undefined) this.#inputDelta(text, emit)
    else open.held += text
  }

  #endCall(signature: Signature | undefined, emit: Emit): void {
    this.closeOpen(emit)
    const sealed = callSignatureWire(signature)
    if (sealed !== undefined) this.#whole(sealed, emit)
  }
}
