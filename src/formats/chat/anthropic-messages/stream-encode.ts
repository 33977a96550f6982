// Chat events to the stream that Anthropic's clients read: one block open at a time, indexes 0, 1, 2, …,
// everything closed before `message_delta`. Blocks that other formats interleave wait for their turn: the
// first one open is streamed, the others are held and told when it ends.
// https://platform.claude.com/docs/en/build-with-claude/streaming

import type { Finish } from '../../../core/chat.ts'
import { type ChatEvent, extensionOf } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { laterUsage, type Usage } from '../../../core/usage.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, type JsonObject } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { encodeErrorFrame } from './errors.ts'
import { encodeFinish } from './finish.ts'
import { Receipt } from './receipt.ts'
import { messageId } from './response.ts'
import { type BlockEvent, BlockWriter } from './stream-writer.ts'
import { encodeDeltaUsage, encodeUsage } from './usage.ts'
import { eventFrame, FORMAT_ID } from './wire.ts'

type Emit = (frame: Frame) => void

interface Slot {
  readonly block: number
  /** Events held while another block is open. */
  readonly held: BlockEvent[]
  ended: boolean
}

/** Members that a stream tells at its end, outside `delta`. */
const BESIDE_DELTA = new Set(['context_management', 'input_transformations'])

export function encodeStream(ctx: ChatContext): Transducer<ChatEvent, Frame> {
  return new StreamEncoder(ctx)
}

class StreamEncoder implements Transducer<ChatEvent, Frame> {
  readonly #ctx: ChatContext
  readonly #writer: BlockWriter
  #opening: (ChatEvent & { type: 'response-start' }) | undefined
  #started = false
  #closed = false
  readonly #slots: Slot[] = []
  #usage: Usage | undefined
  #finish: Finish | undefined
  #carried: JsonObject = {}

  constructor(ctx: ChatContext) {
    this.#ctx = ctx
    this.#writer = new BlockWriter(new Receipt(ctx.note))
  }

  push(event: ChatEvent, emit: Emit): void {
    if (this.#closed) return
    switch (event.type) {
      case 'response-start':
        // Held until the next event, which is often the usage that belongs into it.
        this.#opening = event
        this.#carried = { ...extensionOf(event.extensions, FORMAT_ID) }
        return
      case 'usage':
        this.#usage = laterUsage(this.#usage, event.usage)
        return
      case 'logprobs':
        return
      case 'finish':
        if (event.choice === 0) {
          this.#finish = event.finish
          Object.assign(this.#carried, extensionOf(event.extensions, FORMAT_ID))
        }
        return
      case 'end':
        Object.assign(this.#carried, extensionOf(event.extensions, FORMAT_ID))
        return this.#stop(emit)
      case 'error':
        this.#closed = true
        return emit(encodeErrorFrame(event.error, this.#ctx.ids.next('req_')))
      case 'opaque':
        if (event.block === undefined) return
        return this.#place({ ...event, block: event.block }, emit)
      default:
        return this.#place(event, emit)
    }
  }

  end(emit: Emit): void {
    if (this.#closed) return
    this.#closed = true
    emit(encodeErrorFrame(new GatewayError('upstream_cut'), this.#ctx.ids.next('req_')))
  }

  #start(emit: Emit): void {
    if (this.#started) return
    this.#started = true
    const { usage, stop_details: _details, ...rest } = this.#carried
    const message: JsonObject = {
      id: messageId(this.#opening?.id ?? '', this.#ctx),
      type: 'message',
      role: 'assistant',
      model: this.#ctx.requestedModel,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: encodeUsage(this.#usage, asObject(usage)),
      ...rest,
    }
    emit(eventFrame('message_start', JSON.stringify({ type: 'message_start', message })))
  }

  /** Writes the event if its block is the open one, else holds it. */
  #place(event: BlockEvent, emit: Emit): void {
    if (event.choice !== 0) return
    this.#start(emit)
    const slots = this.#slots
    let slot = slots[0]?.block === event.block ? slots[0] : slots.find(({ block }) => block === event.block)
    if (slot === undefined) {
      slot = { block: event.block, held: [], ended: false }
      slots.push(slot)
    }
    if (closes(event)) slot.ended = true
    if (slot === slots[0]) this.#writer.write(event, emit)
    else slot.held.push(event)
    if (slots[0]?.ended) this.#advance(emit)
  }

  /** Goes on to the next block after the open one has ended, as far as they are whole. */
  #advance(emit: Emit): void {
    while (this.#slots[0]?.ended) {
      this.#slots.shift()
      const next = this.#slots[0]
      if (next === undefined) return
      for (const event of next.held.splice(0)) this.#writer.write(event, emit)
    }
  }

  #stop(emit: Emit): void {
    this.#start(emit)
    for (const slot of this.#slots) slot.ended = true
    this.#advance(emit)
    this.#writer.closeOpen(emit)
    this.#closed = true
    const { stop_details: details, container } = this.#carried
    const delta: JsonObject = {
      ...encodeFinish({
        finish: this.#finish ?? { reason: 'stop' },
        calls: this.#writer.calls,
        ...(this.#writer.refusal !== '' && { refusal: this.#writer.refusal }),
        details,
      }),
      ...(container !== undefined && { container }),
    }
    const event: JsonObject = { type: 'message_delta', delta, usage: encodeDeltaUsage(this.#usage) }
    for (const key of BESIDE_DELTA) if (this.#carried[key] !== undefined) event[key] = this.#carried[key]
    emit(eventFrame('message_delta', JSON.stringify(event)))
    emit(eventFrame('message_stop', '{"type":"message_stop"}'))
  }
}

function closes(event: BlockEvent): boolean {
  switch (event.type) {
    case 'text-end':
    case 'reasoning-end':
    case 'tool-call-end':
    case 'server-tool-end':
    case 'server-tool-result':
    case 'media':
    case 'opaque':
      return true
    default:
      return false
  }
}
