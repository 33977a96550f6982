// Reasoning written into the answer between `<think>` and `</think>`, as hosts of R1, QwQ and their kin do.
// Only for models known for it, only at the very start of the answer, and in pieces of any size: a user who
// talks about the tag must not lose text.

import type { Frame } from '../../lib/framing/frame.ts'
import { asArray, asNumber, asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../lib/json.ts'
import type { Transducer } from '../../lib/transducer.ts'
import type { AnswerRepair } from './frames.ts'

const OPEN = '<think>'
const CLOSE = '</think>'
const TAGGING = /(deepseek-?r1|\br1-|qwq|minimax-m[12]|qwen3(?!.*(instruct|coder|max|plus|flash)))/i

/** Whether a model writes its reasoning so, by the name the answer carries. */
export const writesThinkTags = (model: string | undefined): boolean => model !== undefined && TAGGING.test(model)

interface Split {
  reasoning: string
  text: string
}

/** Splits one choice's text as it comes. */
function splitter(): { push(text: string): Split; end(): Split } {
  let state: 'start' | 'inside' | 'behind' | 'outside' = 'start'
  let held = ''

  function push(piece: string): Split {
    held += piece
    const split: Split = { reasoning: '', text: '' }
    if (state === 'start') {
      const trimmed = held.trimStart()
      if (trimmed.length < OPEN.length && OPEN.startsWith(trimmed)) return split
      state = trimmed.startsWith(OPEN) ? 'inside' : 'outside'
      if (state === 'inside') held = trimmed.slice(OPEN.length)
    }
    if (state === 'inside') takeInside(split)
    if (state === 'behind') {
      // The blank lines between reasoning and answer belong to neither.
      held = held.trimStart()
      if (held !== '') state = 'outside'
    }
    if (state === 'outside') {
      split.text += held
      held = ''
    }
    return split
  }

  function takeInside(split: Split): void {
    const close = held.indexOf(CLOSE)
    if (close >= 0) {
      split.reasoning += held.slice(0, close)
      held = held.slice(close + CLOSE.length)
      state = 'behind'
      return
    }
    const safe = held.length - overlap(held)
    split.reasoning += held.slice(0, safe)
    held = held.slice(safe)
  }

  return {
    push,
    end() {
      const rest = held
      held = ''
      if (state === 'inside') return { reasoning: rest, text: '' }
      return { reasoning: '', text: state === 'behind' ? '' : rest }
    },
  }
}

/** How many characters at the end may be the beginning of the closing tag. */
function overlap(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) if (CLOSE.startsWith(text.slice(-length))) return length
  return 0
}

const withSplit = (holder: JsonObject, { reasoning, text }: Split): JsonObject => ({
  ...holder,
  content: text,
  ...(reasoning !== '' && { reasoning_content: (asString(holder.reasoning_content) ?? '') + reasoning }),
})

function repairedResponse(wire: JsonValue): JsonValue {
  const body = asObject(wire)
  if (body === undefined || !Array.isArray(body.choices) || !writesThinkTags(asString(body.model))) return wire
  const choices = body.choices.map((choice) => {
    const message = asObject(asObject(choice)?.message)
    const content = asString(message?.content)
    if (!isObject(choice) || message === undefined || content === undefined) return choice
    const split = splitter()
    const first = split.push(content)
    const rest = split.end()
    const whole = { reasoning: first.reasoning + rest.reasoning, text: first.text + rest.text }
    return whole.reasoning === '' ? choice : { ...choice, message: withSplit(message, whole) }
  })
  return { ...body, choices }
}

class TagFrames implements Transducer<Frame, Frame> {
  readonly #splitters = new Map<number, ReturnType<typeof splitter>>()
  #last: JsonObject | undefined
  /** The answer named a model that does not tag: its frames need no look. */
  #plain = false

  push(frame: Frame, emit: (frame: Frame) => void): void {
    if (this.#plain) return emit(frame)
    const body = frame.data.startsWith('{') ? tryParseJson(frame.data) : undefined
    const choices = isObject(body) ? asArray(body.choices) : undefined
    const model = isObject(body) ? asString(body.model) : undefined
    if (!isObject(body) || choices === undefined || !writesThinkTags(model)) {
      this.#plain = model !== undefined && model !== '' && this.#splitters.size === 0
      // `[DONE]` and whatever else is no chunk: what is still held comes before it.
      if (!frame.comment) this.#flush(emit)
      return emit(frame)
    }
    this.#last = body
    emit({ data: JSON.stringify({ ...body, choices: choices.map((choice) => this.#choice(choice)) }) })
  }

  end(emit: (frame: Frame) => void): void {
    this.#flush(emit)
  }

  #choice(choice: JsonValue): JsonValue {
    const delta = asObject(asObject(choice)?.delta)
    if (!isObject(choice) || delta === undefined) return choice
    const index = asNumber(choice.index) ?? 0
    let split = this.#splitters.get(index)
    if (split === undefined) this.#splitters.set(index, (split = splitter()))
    const content = asString(delta.content)
    const piece: Split = content === undefined ? { reasoning: '', text: '' } : split.push(content)
    if ((choice.finish_reason !== undefined && choice.finish_reason !== null) || delta.tool_calls !== undefined) {
      const rest = split.end()
      piece.reasoning += rest.reasoning
      piece.text += rest.text
    }
    return content === undefined && piece.reasoning === '' && piece.text === '' ? choice : { ...choice, delta: withSplit(delta, piece) }
  }

  #flush(emit: (frame: Frame) => void): void {
    for (const [index, split] of this.#splitters) {
      const rest = split.end()
      if (rest.reasoning === '' && rest.text === '') continue
      emit({ data: JSON.stringify({ ...this.#last, choices: [{ index, delta: withSplit({}, rest), finish_reason: null }] }) })
    }
  }
}

/** Moves tagged reasoning into `reasoning_content`. */
export const thinkTags: AnswerRepair = { response: repairedResponse, frames: () => new TagFrames() }
