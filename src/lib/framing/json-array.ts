// A JSON array delivered in pieces, as Gemini streams without `alt=sse`: `[{…}\n,\n{…}\n]`.
// Each element becomes one frame. Framing only: elements are cut, not parsed.

import type { Transducer } from '../transducer.ts'
import type { Frame } from './frame.ts'

/** Cuts the elements of one top-level array out of text in any chunking. @throws SyntaxError on text outside. */
export function jsonArrayDecoder(): Transducer<string, Frame> {
  let depth = 0
  let inString = false
  let escaped = false
  let opened = false
  let closed = false
  let element = ''

  return {
    push(text, emit) {
      let start = depth > 0 ? 0 : -1
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i)
        if (inString) {
          if (escaped) escaped = false
          else if (code === 92) escaped = true
          else if (code === 34) inString = false
          continue
        }
        if (code === 34) inString = true
        else if (code === 123 || code === 91) {
          if (!opened && code === 91) {
            opened = true
            continue
          }
          if (depth === 0) start = i
          depth++
        } else if (code === 125 || code === 93) {
          if (depth === 0) {
            closed = true
            continue
          }
          depth--
          if (depth === 0) {
            const data = element + text.slice(start, i + 1)
            element = ''
            start = -1
            emit({ data })
          }
        } else if (depth === 0 && (closed || !opened) && code > 32) {
          throw new SyntaxError('the stream is not a JSON array')
        }
      }
      if (depth > 0) element += text.slice(start)
    },
    end(emit) {
      // What is left is a cut element: hand it on, so that its reader fails on it rather than losing it.
      if (element !== '') emit({ data: element })
    },
  }
}

/** Writes frames as one array. The opening bracket goes with the first element, the closing one with `end`. */
export function jsonArrayEncoder(): { element(frame: Frame): string; end(): string } {
  let first = true
  return {
    element(frame) {
      const text = first ? `[${frame.data}` : `,\r\n${frame.data}`
      first = false
      return text
    },
    end: () => (first ? '[]' : ']'),
  }
}
