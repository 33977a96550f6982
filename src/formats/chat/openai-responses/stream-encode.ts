// Neutral events as this wire's events, and whole answers by the same run. `response.created` opens with the
// upstream's start, and exactly one of `response.completed`, `.incomplete`, `.failed` closes.

import type { ChatResponse } from '../../../core/chat.ts'
import { type ChatEvent, unfoldResponse } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import type { JsonObject } from '../../../lib/json.ts'
import type { Transducer } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { ResponseBuilder } from './builder.ts'
import { errorEvent } from './errors.ts'
import type { Listener } from './output.ts'

export function encodeStream(ctx: ChatContext): Transducer<ChatEvent, Frame> {
  let sequence = 0
  let emitFrame: (frame: Frame) => void = () => {}
  const tell: Listener = (type, members) => {
    emitFrame({ event: type, data: JSON.stringify({ type, sequence_number: sequence++, ...members }) })
  }
  const builder = new ResponseBuilder(ctx, tell)
  const fail = (error: GatewayError): void => {
    if (builder.started) builder.fail(error)
    else emitFrame({ event: 'error', data: JSON.stringify(errorEvent(error, sequence++)) })
    builder.over = true
  }
  return {
    push(event, emit) {
      if (builder.over) return
      emitFrame = emit
      if (event.type === 'error') fail(event.error)
      else builder.add(event)
    },
    end(emit) {
      emitFrame = emit
      if (!builder.over) fail(new GatewayError('upstream_cut'))
    },
  }
}

export function encodeResponse(response: ChatResponse, ctx: ChatContext): JsonObject {
  let last: JsonObject = {}
  const builder = new ResponseBuilder(ctx, (_type, members) => {
    const whole = members['response']
    if (whole !== undefined) last = whole as JsonObject
  })
  for (const event of unfoldResponse(response)) builder.add(event)
  return last
}
