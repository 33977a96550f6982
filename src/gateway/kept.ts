// The answer of a client that left, where its group has it finished: a stream becomes the whole answer that it told, in the
// client's own format, so that it can be asked for later. What is larger than the bounds is not kept.

import { type ChatEvent, responseFold } from '../core/chat-event.ts'
import type { ChatContext } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { deframer } from './deframe.ts'

/** Characters of a kept answer. */
const MOST_KEPT = 1024 * 1024
/** Bytes or characters of a stream, whose frames say much more than the answer. */
const MOST_STREAMED = 32 * 1024 * 1024

/** The body when it may be kept. */
export const keepable = (body: string): string | undefined => (body.length > MOST_KEPT ? undefined : body)

/** What went to the client, or would have gone. */
export class Keeping {
  #pieces: (string | Uint8Array)[] | undefined = []
  #size = 0

  take(bytes: string | Uint8Array): void {
    this.#size += bytes.length
    if (this.#size > MOST_STREAMED) this.#pieces = undefined
    else if (bytes.length > 0) this.#pieces?.push(bytes)
  }

  /** The whole answer as JSON; `undefined` when it is too large or cannot be told in one. */
  answer(admitted: Admitted, gateway: Gateway): string | undefined {
    if (this.#pieces === undefined) return undefined
    try {
      return keepable(JSON.stringify(wholeOf(this.#pieces, admitted, contextOf(admitted, gateway))))
    } catch (cause) {
      gateway.log('warn', 'an answer could not be kept', { request: admitted.record.id, cause })
      return undefined
    }
  }
}

function contextOf({ call, peek, record }: Admitted, { ids }: Gateway): ChatContext {
  // What this reading drops has been told when it first was.
  const note = (): void => {}
  const request = { ...call.format.decodeRequest(call.http, note), stream: false }
  return {
    request,
    requestedModel: peek.model,
    upstreamModel: record.served?.upstreamModel ?? peek.model,
    ids,
    nowMs: call.receivedMs,
    note,
  }
}

function wholeOf(pieces: readonly (string | Uint8Array)[], { call, peek }: Admitted, context: ChatContext): object {
  const { format } = call
  const bytes = deframer(peek.framing)
  const events = format.decodeStream(context)
  const fold = responseFold()
  const takeEvent = (event: ChatEvent): void => fold.add(event)
  const takeFrame = (frame: Frame): void => events.push(frame, takeEvent)
  const text = new TextEncoder()
  for (const piece of pieces) bytes.push(typeof piece === 'string' ? text.encode(piece) : piece, takeFrame)
  bytes.end(takeFrame)
  events.end(takeEvent)
  return format.encodeResponse(fold.result(), context)
}
