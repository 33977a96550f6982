// A streamed answer. Text and reasoning blocks have no start event of their own; the usage comes after the
// stop reason, and some gateways in between leave it out. A stream without a stop reason was cut.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asNumber, asObject, asString, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { decodeException } from './errors.ts'
import { decodeFinish } from './finish.ts'
import { StreamBlocks } from './stream-blocks.ts'
import { decodeUsage } from './usage.ts'
import { FORMAT_ID } from './wire.ts'

export function decodeStream(ctx: ChatContext): Transducer<Frame, ChatEvent> {
  return new ConverseStream(ctx)
}

type Emit = (event: ChatEvent) => void

class ConverseStream implements Transducer<Frame, ChatEvent> {
  readonly #model: string
  readonly #blocks: StreamBlocks
  #started = false
  #finished = false
  #closed = false

  constructor(ctx: ChatContext) {
    this.#model = ctx.upstreamModel
    this.#blocks = new StreamBlocks(ctx)
  }

  push(frame: Frame, emit: Emit): void {
    if (this.#closed || frame.comment) return
    const data = tryParseJson(frame.data)
    if (!isObject(data)) return this.#fail(new GatewayError('upstream_malformed'), emit)
    if (frame.event === 'exception') return this.#fail(decodeException(data), emit)
    try {
      this.#take(frame.event ?? '', data, emit)
    } catch (thrown) {
      this.#fail(GatewayError.from(thrown), emit)
    }
  }

  end(emit: Emit): void {
    if (this.#closed) return
    if (this.#finished) this.#end(emit)
    else this.#fail(new GatewayError('upstream_cut'), emit)
  }

  #take(event: string, data: JsonObject, emit: Emit): void {
    if (event === 'metadata') {
      const usage = decodeUsage(data.usage)
      if (usage !== undefined && this.#started) emit({ type: 'usage', usage })
      if (this.#finished) this.#end(emit)
      return
    }
    this.#start(emit)
    if (event === 'messageStart' || this.#finished) return
    switch (event) {
      case 'contentBlockStart':
        return this.#blocks.start(indexOf(data), asObject(data.start) ?? {}, emit)
      case 'contentBlockDelta':
        return this.#blocks.delta(indexOf(data), asObject(data.delta) ?? {}, emit)
      case 'contentBlockStop':
        return this.#blocks.stop(indexOf(data), emit)
      case 'messageStop':
        this.#blocks.closeAll(emit)
        emit({
          type: 'finish',
          choice: 0,
          finish: decodeFinish(asString(data.stopReason), this.#blocks.seen(), data.additionalModelResponseFields),
        })
        this.#finished = true
        return
      default:
        emit({ type: 'opaque', choice: 0, format: FORMAT_ID, wire: { [event]: data } })
    }
  }

  #start(emit: Emit): void {
    if (this.#started) return
    this.#started = true
    emit({ type: 'response-start', id: '', model: this.#model })
  }

  #end(emit: Emit): void {
    this.#closed = true
    emit({ type: 'end' })
  }

  #fail(error: GatewayError, emit: Emit): void {
    this.#closed = true
    emit({ type: 'error', error })
  }
}

/** @throws GatewayError: a delta without a place could belong to any block. */
function indexOf(data: JsonObject): number {
  const index = asNumber(data.contentBlockIndex)
  if (index === undefined) throw new GatewayError('upstream_malformed')
  return index
}
