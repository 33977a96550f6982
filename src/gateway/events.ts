// Neutral events from an upstream, pulled batch by batch: one call, or several that together give all
// choices. What stands above (encoders, server-tool rounds) cannot tell the difference.

import type { ChatEvent } from '../core/chat-event.ts'
import { isContent } from '../core/chat-event.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatContext } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { chain } from '../lib/transducer.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import { deframer } from './deframe.ts'

export interface EventSource {
  /** The next events, perhaps none; `undefined` after the one that ended the stream. Never rejects. */
  next(): Promise<readonly ChatEvent[] | undefined>
  cancel(): void
}

/** The events of one streamed upstream answer. */
export function eventsOf(response: UpstreamResponse, candidate: Candidate, context: ChatContext): EventSource {
  const { format, declared } = candidate.via
  const decode = format.decodeStream(context)
  const quirk = declared.frames?.()
  const frames = quirk === undefined ? decode : chain<Frame, Frame, ChatEvent>(quirk, decode)
  const bytes = deframer(declared.framing ?? format.upstreamFraming)
  const reader = response.reader()
  let closed = false
  let batch: ChatEvent[] = []
  const takeEvent = (event: ChatEvent): void => void (closed || batch.push(event))
  const takeFrame = (frame: Frame): void => frames.push(frame, takeEvent)

  return {
    async next() {
      if (closed) return undefined
      batch = []
      try {
        const { done, value } = await reader.read()
        if (done) {
          bytes.end(takeFrame)
          frames.end(takeEvent)
        } else bytes.push(value, takeFrame)
        if (done && !ends(batch.at(-1))) batch.push({ type: 'error', error: new GatewayError('upstream_cut') })
      } catch (thrown) {
        const error = thrown instanceof GatewayError ? thrown : new GatewayError('upstream_malformed', {}, thrown)
        batch.push({ type: 'error', error })
      }
      const cut = batch.findIndex(ends)
      if (cut >= 0) {
        batch.length = cut + 1
        closed = true
        reader.cancel()
      }
      return batch
    },
    cancel() {
      closed = true
      reader.cancel()
    },
  }
}

const ends = (event: ChatEvent | undefined): boolean => event?.type === 'end' || event?.type === 'error'

/**
 * Pulls until the first content, so that a failure before it can still move to another candidate.
 * The returned source gives the held events first.
 * @throws GatewayError the stream's error, when it came before any content.
 */
export async function untilContent(source: EventSource): Promise<EventSource> {
  const held: ChatEvent[] = []
  for (;;) {
    const batch = await source.next()
    if (batch === undefined) break
    for (const event of batch) {
      if (event.type === 'error' && !held.some(isContent)) {
        source.cancel()
        throw event.error
      }
      held.push(event)
    }
    if (held.some(isContent) || ends(held.at(-1))) break
  }
  let first: readonly ChatEvent[] | undefined = held
  return {
    next() {
      if (first === undefined) return source.next()
      const events = first
      first = undefined
      return Promise.resolve(events)
    },
    cancel: source.cancel,
  }
}
