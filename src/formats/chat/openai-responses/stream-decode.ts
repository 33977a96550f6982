// An upstream's answer as neutral events, streamed or whole. Events of one item are joined by `output_index`:
// item ids are rotated by some providers (hazard H6). A whole answer is a stream of which only the last event
// came, so the two cannot drift apart.

import type { ChatResponse, Finish } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import { responseFold } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asArray, asNumber, asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import type { Answer, ItemReader } from './answer.ts'
import { dispatchReader, isDispatch } from './dispatch.ts'
import { inbandError } from './errors.ts'
import { callReader, messageReader, reasoningReader, wholeReader } from './items-stream.ts'
import { neutralNames } from './names.ts'
import { decodeUsage } from './usage.ts'
import { FORMAT } from './wire.ts'

type Emit = (event: ChatEvent) => void

interface Item {
  readonly reader: ItemReader
  done: boolean
}

class ResponseDecoder {
  readonly #ctx: ChatContext
  readonly #items = new Map<number, Item>()
  readonly #indexById = new Map<string, number>()
  readonly #answer: Answer
  #emit: Emit = () => {}
  #blocks = 0
  #started = false
  #closed = false
  #calls = false
  #refused = false
  #searches = 0

  constructor(ctx: ChatContext) {
    this.#ctx = ctx
    const neutralName = neutralNames(ctx.request)
    this.#answer = {
      emit: (event) => this.#tell(event),
      nextBlock: () => this.#blocks++,
      freshId: (prefix) => ctx.ids.next(prefix),
      neutralName,
      declares: (name) => ctx.request.tools.some((tool) => tool.type !== 'server' && tool.name === name),
      sawCall: () => {
        this.#calls = true
      },
      sawRefusal: () => {
        this.#refused = true
      },
      sawSearch: () => {
        this.#searches++
      },
    }
  }

  frame(frame: Frame, emit: Emit): void {
    if (this.#closed || frame.comment || frame.data === '') return
    this.#emit = emit
    if (frame.data.trim() === '[DONE]') return this.#doneMarker()
    const wire = tryParseJson(frame.data)
    if (!isObject(wire)) return this.#fail(new GatewayError('upstream_malformed'))
    this.#event(asString(wire['type']) ?? frame.event ?? '', wire)
  }

  end(emit: Emit): void {
    this.#emit = emit
    if (!this.#closed) this.#fail(new GatewayError('upstream_cut'))
  }

  /** A whole answer. */
  whole(response: JsonObject, emit: Emit): void {
    this.#emit = emit
    const status = asString(response['status']) ?? 'completed'
    if (asArray(response['output']) === undefined && status !== 'failed') return this.#fail(new GatewayError('upstream_malformed'))
    if (status === 'queued' || status === 'in_progress') return this.#fail(new GatewayError('upstream_malformed'))
    this.#terminal(response)
  }

  #tell(event: ChatEvent): void {
    this.#start({})
    this.#emit(event)
  }

  #start(response: JsonObject): void {
    if (this.#started) return
    this.#started = true
    const created = asNumber(response['created_at'])
    const tier = asString(response['service_tier'])
    this.#emit({
      type: 'response-start',
      id: asString(response['id']) ?? '',
      model: asString(response['model']) ?? this.#ctx.upstreamModel,
      ...(created !== undefined && { createdMs: Math.round(created * 1000) }),
      ...(tier !== undefined && { extensions: { [FORMAT]: { service_tier: tier } } }),
    })
  }

  #event(type: string, wire: JsonObject): void {
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#start(asObject(wire['response']) ?? {})
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
      case 'response.done':
        return this.#terminal({ status: type.slice('response.'.length), ...asObject(wire['response']) })
      case 'error':
        return this.#fail(inbandError(wire))
      case 'response.output_item.added':
        return this.#added(wire)
      case 'response.output_item.done': {
        const item = asObject(wire['item'])
        if (item !== undefined) this.#itemDone(this.#indexOf(wire, item), item)
        return
      }
    }
    if (type === '' && wire['error']) return this.#fail(inbandError(wire))
    const index = this.#indexOf(wire)
    let item = this.#items.get(index)
    if (item === undefined) {
      const kind = kindOfEvent(type)
      if (kind === undefined) return
      item = this.#open(index, kind, {})
    }
    if (!item.done) item.reader.event(type, wire)
  }

  #added(wire: JsonObject): void {
    const item = asObject(wire['item'])
    if (item === undefined) return
    const index = this.#indexOf(wire, item)
    this.#open(index, asString(item['type']) ?? '', item).reader.event('response.output_item.added', wire)
  }

  #open(index: number, type: string, wire: JsonObject): Item {
    const existing = this.#items.get(index)
    if (existing !== undefined) return existing
    const item: Item = { reader: readerOf(type, this.#answer, wire), done: false }
    this.#items.set(index, item)
    return item
  }

  #itemDone(index: number, wire: JsonObject): void {
    const item = this.#open(index, asString(wire['type']) ?? '', wire)
    if (item.done) return
    item.done = true
    item.reader.done(wire)
  }

  /** By `output_index`; by id only where an upstream leaves the index out. */
  #indexOf(wire: JsonObject, item?: JsonObject): number {
    const index = asNumber(wire['output_index'])
    const id = asString(wire['item_id']) ?? asString(item?.['id'])
    if (index !== undefined) {
      if (id !== undefined) this.#indexById.set(id, index)
      return index
    }
    const known = id === undefined ? undefined : this.#indexById.get(id)
    if (known !== undefined) return known
    const next = item === undefined ? Math.max(0, this.#items.size - 1) : this.#items.size
    if (id !== undefined) this.#indexById.set(id, next)
    return next
  }

  #terminal(response: JsonObject): void {
    this.#start(response)
    const output = (asArray(response['output']) ?? []).filter(isObject)
    const status = asString(response['status'])
    // Upstreams may leave out item events, or items in the last event: whatever says more counts.
    const unseen = output.length >= this.#items.size
    for (const [index, item] of output.entries()) if (unseen) this.#itemDone(index, item)
    for (const item of this.#items.values()) if (!item.done) item.reader.close()
    const usage = decodeUsage(response['usage'], this.#searches)
    if (usage !== undefined) this.#emit({ type: 'usage', usage })
    const error = asObject(response['error'])
    if (status === 'failed' || status === 'cancelled' || error !== undefined)
      return this.#fail(inbandError({ error: error ?? { code: status ?? 'failed' } }))
    this.#finish(this.#finishOf(status, response))
  }

  #finishOf(status: string | undefined, response: JsonObject): Finish {
    const reason = asString(asObject(response['incomplete_details'])?.['reason'])
    if (status === 'incomplete') {
      const raw = reason ?? 'incomplete'
      if (reason === 'content_filter') return { reason: 'content-filter', raw }
      return { reason: reason === 'steered' || reason === 'max_messages' ? 'stop' : 'length', raw }
    }
    const raw = status ?? 'completed'
    if (this.#calls) return { reason: 'tool-calls', raw }
    return { reason: this.#refused ? 'refusal' : 'stop', raw }
  }

  #finish(finish: Finish): void {
    this.#emit({ type: 'finish', choice: 0, finish })
    this.#closed = true
    this.#emit({ type: 'end' })
  }

  /** `[DONE]` is no part of this wire; compatible hosts send it, some instead of the last event (hazard H218). */
  #doneMarker(): void {
    const whole = this.#items.size > 0 && [...this.#items.values()].every((item) => item.done)
    if (whole) this.#finish(this.#finishOf('completed', {}))
    else this.#fail(new GatewayError('upstream_cut'))
  }

  #fail(error: GatewayError): void {
    this.#closed = true
    this.#emit({ type: 'error', error })
  }
}

function readerOf(type: string, answer: Answer, item: JsonObject): ItemReader {
  switch (type) {
    case 'message':
      return messageReader(answer)
    case 'reasoning':
      return reasoningReader(answer)
    case 'function_call':
      return isDispatch(answer, item) ? dispatchReader(answer) : callReader(answer, 'function')
    case 'custom_tool_call':
      return callReader(answer, 'custom')
    default:
      return wholeReader(answer)
  }
}

/** The item an event belongs to, for streams that never announced it. */
function kindOfEvent(type: string): string | undefined {
  if (/^response\.(output_text|refusal)\./.test(type)) return 'message'
  if (type.startsWith('response.content_part.')) return 'message'
  if (type.startsWith('response.reasoning_')) return 'reasoning'
  if (type.startsWith('response.function_call_arguments.')) return 'function_call'
  return type.startsWith('response.custom_tool_call_input.') ? 'custom_tool_call' : undefined
}

export function decodeStream(ctx: ChatContext): Transducer<Frame, ChatEvent> {
  const decoder = new ResponseDecoder(ctx)
  return { push: (frame, emit) => decoder.frame(frame, emit), end: (emit) => decoder.end(emit) }
}

/** @throws GatewayError when the answer is an error, failed, or no answer. */
export function decodeResponse(wire: JsonValue, ctx: ChatContext): ChatResponse {
  if (!isObject(wire)) throw new GatewayError('upstream_malformed')
  if (wire['output'] === undefined && isObject(wire['error'])) throw inbandError(wire)
  const fold = responseFold()
  new ResponseDecoder(ctx).whole(wire, fold.add)
  return fold.result()
}
