// Frames of an upstream's stream to events. A frame that cannot be read is an error, never skipped: it may
// have been text.

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import type { JsonValue } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { AnswerDecoder } from './chunk-decode.ts'
import { errorFrame } from './errors.ts'

export function decodeStream(ctx: ChatContext): Transducer<Frame, ChatEvent> {
  const answer = new AnswerDecoder(ctx, false)
  return {
    push(frame, emit) {
      if (frame.comment || answer.closed) return
      const data = frame.data.trim()
      if (data === '[DONE]') return answer.close(true, emit)
      if (frame.event === 'error') return answer.fail(errorFrame(data), emit)
      // A named event without data is a keep-alive of some hosts.
      if (data === '') return
      let wire: JsonValue
      try {
        // Doubles do: everything exact on this wire is text.
        wire = JSON.parse(data) as JsonValue
      } catch (cause) {
        return answer.fail(new GatewayError('upstream_malformed', {}, cause), emit)
      }
      answer.chunk(wire, emit)
    },
    end: (emit) => answer.close(false, emit),
  }
}
