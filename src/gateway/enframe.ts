// Frames to the client's bytes, by the framing the client asked for.

import type { ChatFormat, Framing } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { jsonArrayEncoder } from '../lib/framing/json-array.ts'
import { sseText } from '../lib/framing/sse.ts'

export interface Enframer {
  frame(frame: Frame): string
  /** What closes the stream. */
  end(): string
  /** What may stand between frames to show that we live. */
  readonly heartbeat: string
  readonly contentType: string
}

const SSE: Omit<Enframer, 'heartbeat'> = { frame: sseText, end: () => '', contentType: 'text/event-stream; charset=utf-8' }

export function enframer(framing: Framing, format: ChatFormat): Enframer {
  if (framing !== 'json-array') return { ...SSE, heartbeat: format.heartbeat }
  const array = jsonArrayEncoder()
  // White space is legal between the elements of an array.
  return {
    frame: (frame) => (frame.comment ? '' : array.element(frame)),
    end: array.end,
    heartbeat: '\n',
    contentType: 'application/json; charset=utf-8',
  }
}
