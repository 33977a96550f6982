// An upstream's stream to chat events. The machine keeps the grammar of `core/chat-event.ts` whatever comes:
// a frame that cannot be read, a delta without its block, a second message or a missing end are errors,
// because what was lost may have been text. https://platform.claude.com/docs/en/build-with-claude/streaming

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, asString, isObject, type JsonObject, type JsonValue, parseJson } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { decodeError } from './errors.ts'
import { decodeFinish } from './finish.ts'
import { carriedMembers } from './response.ts'
import { type OpenBlock, openBlock } from './stream-blocks.ts'
import { addReport, type Counters, usageOf } from './usage.ts'
import { FORMAT_ID, restOf } from './wire.ts'

type Emit = (event: ChatEvent) => void

const DELTA_EVENT_MEMBERS = new Set(['type', 'delta', 'usage'])
const DELTA_MEMBERS = new Set(['stop_reason', 'stop_sequence'])

export function decodeStream(ctx: ChatContext): Transducer<Frame, ChatEvent> {
  return new StreamDecoder(ctx)
}

class StreamDecoder implements Transducer<Frame, ChatEvent> {
  readonly #ctx: ChatContext
  #phase: 'waiting' | 'open' | 'done' = 'waiting'
  #sawFrame = false
  readonly #open = new Map<number, OpenBlock>()
  #blocks = 0
  #calls = false
  #finish: JsonObject = {}
  #carried: JsonObject = {}
  readonly #counters: Counters = new Map()

  constructor(ctx: ChatContext) {
    this.#ctx = ctx
  }

  push(frame: Frame, emit: Emit): void {
    if (this.#phase === 'done' || frame.comment || frame.data === '') return
    // A terminator of another protocol that some hosts add; ours has its own.
    if (frame.data.trim() === '[DONE]') return
    this.#sawFrame = true
    try {
      this.#read(frame, emit)
    } catch (error) {
      this.#fail(error instanceof GatewayError ? error : new GatewayError('upstream_malformed', {}, error), emit)
    }
  }

  end(emit: Emit): void {
    if (this.#phase === 'done') return
    this.#fail(new GatewayError(this.#sawFrame ? 'upstream_cut' : 'upstream_empty'), emit)
  }

  #fail(error: GatewayError, emit: Emit): void {
    this.#phase = 'done'
    emit({ type: 'error', error })
  }

  #read(frame: Frame, emit: Emit): void {
    const data = parseJson(frame.data)
    if (!isObject(data)) throw new GatewayError('upstream_malformed')
    const type = asString(data['type']) ?? frame.event
    switch (type) {
      case 'content_block_delta':
        return this.#block(data).delta(asObject(data['delta']) ?? {}, emit)
      case 'message_start':
        return this.#start(asObject(data['message']) ?? {}, emit)
      case 'content_block_start':
        return this.#startBlock(data, emit)
      case 'content_block_stop':
        return this.#stopBlock(data, emit)
      case 'message_delta':
        return this.#messageDelta(data, emit)
      case 'message_stop':
        return this.#stop(emit)
      case 'error':
        throw decodeError(200, data, { get: () => null })
      default:
        // Event types may be added; one that brings an error is one.
        if ((data['error'] ?? null) !== null || frame.event === 'error') throw decodeError(200, data, { get: () => null })
    }
  }

  #start(message: JsonObject, emit: Emit): void {
    if (this.#phase !== 'waiting') throw new GatewayError('upstream_malformed', {}, 'a second message_start')
    this.#phase = 'open'
    this.#carried = carriedMembers(message) ?? {}
    emit({
      type: 'response-start',
      id: asString(message['id']) ?? '',
      model: asString(message['model']) ?? '',
      ...this.#extensions(),
    })
    this.#report(message['usage'], emit)
    // Some hosts begin with content inside the message; it would otherwise be lost.
    const content = message['content']
    if (Array.isArray(content)) for (const [index, block] of content.entries()) this.#wholeBlock(index, block, emit)
  }

  #wholeBlock(index: number, block: JsonValue, emit: Emit): void {
    this.#startBlock({ index, content_block: block }, emit)
    this.#stopBlock({ index }, emit)
  }

  #extensions(): { extensions?: Readonly<Record<string, JsonObject>> } {
    return Object.keys(this.#carried).length === 0 ? {} : { extensions: { [FORMAT_ID]: { ...this.#carried } } }
  }

  #report(usage: JsonValue | undefined, emit: Emit): void {
    if (addReport(this.#counters, usage)) emit({ type: 'usage', usage: usageOf(this.#counters) })
  }

  #startBlock(data: JsonObject, emit: Emit): void {
    const wire = asObject(data['content_block'])
    const index = data['index']
    if (this.#phase !== 'open' || wire === undefined || typeof index !== 'number' || this.#open.has(index)) {
      throw new GatewayError('upstream_malformed', {}, 'a block started out of order')
    }
    const block = openBlock(wire, this.#blocks++, this.#ctx, emit)
    if (block.isCall) this.#calls = true
    this.#open.set(index, block)
  }

  #block(data: JsonObject): OpenBlock {
    const block = this.#open.get(data['index'] as number)
    if (block === undefined) throw new GatewayError('upstream_malformed', {}, 'a delta for a block that was never started')
    return block
  }

  #stopBlock(data: JsonObject, emit: Emit): void {
    const index = data['index'] as number
    const block = this.#open.get(index)
    // A block closed twice has lost nothing.
    if (block === undefined) return
    this.#open.delete(index)
    block.stop(emit)
  }

  #messageDelta(data: JsonObject, emit: Emit): void {
    if (this.#phase !== 'open') throw new GatewayError('upstream_malformed', {}, 'message_delta before message_start')
    const delta = asObject(data['delta']) ?? {}
    for (const key of ['stop_reason', 'stop_sequence', 'stop_details']) {
      if (delta[key] !== undefined && delta[key] !== null) this.#finish[key] = delta[key]
    }
    for (const rest of [restOf(delta, DELTA_MEMBERS), restOf(data, DELTA_EVENT_MEMBERS)]) {
      for (const [key, value] of Object.entries(rest ?? {})) if (value !== null) this.#carried[key] = value
    }
    this.#report(data['usage'], emit)
  }

  #stop(emit: Emit): void {
    if (this.#phase !== 'open') throw new GatewayError('upstream_malformed', {}, 'message_stop before message_start')
    for (const block of this.#open.values()) block.stop(emit)
    this.#open.clear()
    this.#phase = 'done'
    emit({ type: 'finish', choice: 0, finish: decodeFinish(this.#finish, this.#calls) })
    emit({ type: 'end', ...this.#extensions() })
  }
}
