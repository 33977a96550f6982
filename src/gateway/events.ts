// Neutral events from an upstream, pulled batch by batch: one call, or several that together give all
// choices. What stands above (encoders, server-tool rounds) cannot tell the difference.

import type { ChatResponse } from '../core/chat.ts'
import type { ChatEvent } from '../core/chat-event.ts'
import { foldEvents, isContent, unfoldResponse } from '../core/chat-event.ts'
import { GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/usage.ts'
import type { ChatContext } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { chain } from '../lib/transducer.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import { deframer } from './deframe.ts'
import { scrubbed } from './scrub.ts'
import { cutOf, cutResponse } from './stop-sequences.ts'
import { decodedAnswer } from './translate.ts'

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
  let silent = true
  let batch: ChatEvent[] = []
  const takeEvent = (event: ChatEvent): void => void (closed || batch.push(event))
  const takeFrame = (frame: Frame): void => {
    silent &&= frame.comment === true
    frames.push(frame, takeEvent)
  }

  return {
    async next() {
      if (closed) return undefined
      batch = []
      try {
        const { done, value } = await reader.read()
        if (done) {
          bytes.end(takeFrame)
          if (silent) throw new GatewayError('upstream_empty')
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
        batch[cut] = safe(batch[cut] as ChatEvent, candidate)
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

/** Whether a stream was answered with a whole JSON body: some hosts do that for errors, some for everything. */
export const isWhole = ({ headers }: UpstreamResponse, { via }: Candidate): boolean =>
  (via.declared.framing ?? via.format.upstreamFraming) === 'sse' && headers.get('content-type')?.includes('application/json') === true

/** The events of a whole answer. Streams under the wrong label are read as what they are. */
export function wholeEvents(response: UpstreamResponse, candidate: Candidate, context: ChatContext): EventSource {
  let closed = false
  return {
    async next() {
      if (closed) return undefined
      closed = true
      try {
        const text = await response.text()
        if (isStreamText(text)) return streamEvents(text, candidate, context).map((event) => safe(event, candidate))
        return [...unfoldResponse(decodedAnswer(text, candidate, context))]
      } catch (thrown) {
        const error = thrown instanceof GatewayError ? thrown : new GatewayError('upstream_malformed', {}, thrown)
        return [safe({ type: 'error', error }, candidate)]
      }
    },
    cancel() {
      closed = true
      response.reader().cancel()
    },
  }
}

/** Whether a body is a stream although none was asked for or announced: some relays know nothing else. */
export const isStreamText = (text: string): boolean => /^\s*(?:data|event|id|retry)?:/.test(text)

/** A whole upstream answer, whichever way it came. @throws GatewayError */
export const wholeAnswer = (text: string, candidate: Candidate, context: ChatContext): ChatResponse =>
  isStreamText(text)
    ? cutResponse(foldEvents(streamEvents(text, candidate, context)), cutOf(context))
    : decodedAnswer(text, candidate, context)

function streamEvents(text: string, { via }: Candidate, context: ChatContext): ChatEvent[] {
  const events: ChatEvent[] = []
  const decode = via.format.decodeStream(context)
  const quirk = via.declared.frames?.()
  const frames = quirk === undefined ? decode : chain<Frame, Frame, ChatEvent>(quirk, decode)
  const bytes = deframer('sse')
  const takeFrame = (frame: Frame): void => frames.push(frame, (event) => events.push(event))
  bytes.push(new TextEncoder().encode(text), takeFrame)
  bytes.end(takeFrame)
  frames.end((event) => events.push(event))
  const last = events.findIndex(ends)
  return last < 0 ? [...events, { type: 'error', error: new GatewayError('upstream_cut') }] : events.slice(0, last + 1)
}

/** Once a stream has begun nobody else looks at its error before the client does. */
const safe = (event: ChatEvent, candidate: Candidate): ChatEvent =>
  event.type === 'error' ? { type: 'error', error: scrubbed(event.error, candidate) } : event

const ends = (event: ChatEvent | undefined): boolean => event?.type === 'end' || event?.type === 'error'

/**
 * Pulls until the first content, so that a failure before it can still move to another candidate.
 * The returned source gives the held events first.
 * @param spent told what was used by a stream that fails.
 * @throws GatewayError the stream's error, when it came before any content.
 */
export async function untilContent(source: EventSource, spent: (usage: Usage) => void): Promise<EventSource> {
  const held: ChatEvent[] = []
  for (;;) {
    const batch = await source.next()
    if (batch === undefined) break
    for (const event of batch) {
      if (event.type === 'error' && !held.some(isContent)) {
        source.cancel()
        for (const seen of held) if (seen.type === 'usage') spent(seen.usage)
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
