// Upstream bytes to frames, by the framing its format uses.

import type { Framing } from '../formats/index.ts'
import { awsEventStreamDecoder } from '../lib/framing/aws-event-stream.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { jsonArrayDecoder } from '../lib/framing/json-array.ts'
import { sseDecoder } from '../lib/framing/sse.ts'
import type { Transducer } from '../lib/transducer.ts'

/** A decoder over bytes in any chunking. One text decoder a stream, so that split characters survive. */
export function deframer(framing: Framing): Transducer<Uint8Array, Frame> {
  if (framing === 'aws-event-stream') return awsEventStreamDecoder()
  const text = new TextDecoder()
  const frames = framing === 'sse' ? sseDecoder() : jsonArrayDecoder()
  return {
    push: (bytes, emit) => frames.push(text.decode(bytes, { stream: true }), emit),
    end(emit) {
      const rest = text.decode()
      if (rest !== '') frames.push(rest, emit)
      frames.end(emit)
    },
  }
}
