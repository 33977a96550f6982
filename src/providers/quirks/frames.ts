// A repair of answer bodies, applied to a whole answer and to every frame of a stream alike.

import type { Frame } from '../../lib/framing/frame.ts'
import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../lib/json.ts'
import type { Transducer } from '../../lib/transducer.ts'

/** Repairs one JSON body; the same value back means that nothing was to do. */
export type BodyRepair = (body: JsonObject) => JsonObject

export interface AnswerRepair {
  readonly response: (wire: JsonValue) => JsonValue
  readonly frames: () => Transducer<Frame, Frame>
}

/** @param marker text without which a frame needs no look. */
export function answerRepair(marker: string, ...repairs: readonly BodyRepair[]): AnswerRepair {
  const repaired = (body: JsonObject): JsonObject => repairs.reduce((current, repair) => repair(current), body)
  return {
    response: (wire) => (isObject(wire) ? repaired(wire) : wire),
    frames: () => ({
      push(frame, emit) {
        // What cannot be read is the codec's to judge: it must not be lost here.
        const body = frame.data.includes(marker) ? tryParseJson(frame.data) : undefined
        const result = isObject(body) ? repaired(body) : undefined
        emit(
          result === undefined || result === body
            ? frame
            : { ...(frame.event !== undefined && { event: frame.event }), data: JSON.stringify(result) },
        )
      },
      end() {},
    }),
  }
}

/** Both repairs, one after the other. */
export const both = (first: AnswerRepair, second: AnswerRepair): AnswerRepair => ({
  response: (wire) => second.response(first.response(wire)),
  frames() {
    const one = first.frames()
    const two = second.frames()
    return {
      push: (frame, emit) => one.push(frame, (middle) => two.push(middle, emit)),
      end(emit) {
        one.end((middle) => two.push(middle, emit))
        two.end(emit)
      },
    }
  },
})
