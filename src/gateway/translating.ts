// A stream on its way from one format to another: events in, the client's frames out.

import { type ChatEvent, isContent } from '../core/chat-event.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatContext } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import type { Admitted } from './admitted.ts'
import type { Enframer } from './enframe.ts'
import type { EventSource } from './events.ts'
import type { OpenStream, Piece } from './piece.ts'

/** Encodes a source's events for the client, feeding the record as they go by. */
export function translating(admitted: Admitted, source: EventSource, parts: { context: ChatContext; out: Enframer }): OpenStream {
  const { context, out } = parts
  const { call, record } = admitted
  const encode = call.format.encodeStream(context)
  let text = ''
  let error: GatewayError | undefined
  let last = false
  const takeFrame = (frame: Frame): void => {
    text += out.frame(frame)
  }

  function take(event: ChatEvent): void {
    record.spoke ||= isContent(event)
    switch (event.type) {
      case 'usage':
        record.addUsage(event.usage)
        break
      case 'error':
        error = event.error
        break
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta':
        record.text += event.text
        break
    }
    encode.push(event, takeFrame)
  }

  function batchText(batch: readonly ChatEvent[] | undefined): void {
    for (const event of batch ?? []) take(event)
    const final = batch?.at(-1)
    if (batch !== undefined && final?.type !== 'end' && final?.type !== 'error') return
    if (!last) encode.end(takeFrame)
    last = true
  }

  return {
    async next(): Promise<Piece> {
      text = ''
      const batch = await source.next()
      try {
        batchText(batch)
      } catch (thrown) {
        // An encoder may refuse midway (a drop in strict mode): it alone knows how an answer that has begun must fail.
        error = GatewayError.from(thrown)
        last = true
        source.cancel()
        encode.push({ type: 'error', error }, takeFrame)
      }
      return { bytes: last ? text + out.end() : text, last, ...(error && { error }) }
    },
    cancel: source.cancel,
  }
}
