// Server-sent events: text to frames and back. Accepts LF, CR and CRLF, `data:` with and without a
// space, multi-line data, comments, a byte-order mark and any chunking; knows nothing of AI.
// A block that the end of the stream cut short is still delivered: whether that is an error is
// for the format to say, which knows its own last event.
// Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

import type { Transducer } from '../transducer.ts'
import type { Frame } from './frame.ts'

/** Longest block held while its end has not come, in UTF-16 units. Beyond it the stream is broken. */
export const MAX_BLOCK = 64 * 1024 * 1024

/** Splits decoded text into frames. @throws RangeError when one block passes `MAX_BLOCK`. */
export function sseDecoder(maxBlock: number = MAX_BLOCK): Transducer<string, Frame> {
  let buffer = ''
  let scanned = 0
  let first = true

  function drain(emit: (frame: Frame) => void): void {
    for (;;) {
      const end = blockEnd(buffer, scanned)
      if (end < 0) {
        // A separator is at most four units long, so look again at the last three.
        scanned = Math.max(0, buffer.length - 3)
        if (buffer.length > maxBlock) throw new RangeError('an event of the stream is too long')
        return
      }
      const raw = buffer.slice(0, end)
      buffer = buffer.slice(end)
      scanned = 0
      const frame = parseBlock(raw)
      if (frame !== undefined) emit(frame)
    }
  }

  return {
    push(text, emit) {
      if (first && text.length > 0) {
        first = false
        if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
      }
      buffer = buffer === '' ? text : buffer + text
      drain(emit)
    },
    end(emit) {
      if (buffer.trim() === '') return
      const frame = parseBlock(buffer)
      buffer = ''
      if (frame !== undefined) emit(frame)
    },
  }
}

/** Index just behind the first blank line at or after `from`, or -1. A CR at the very end stays undecided. */
function blockEnd(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 10) {
      if (text.charCodeAt(i + 1) === 10) return i + 2
      if (text.charCodeAt(i + 1) === 13) {
        if (i + 2 >= text.length) return -1
        return text.charCodeAt(i + 2) === 10 ? i + 3 : i + 2
      }
    } else if (code === 13) {
      const next = text.charCodeAt(i + 1)
      if (next === 13) {
        if (i + 2 >= text.length) return -1
        return text.charCodeAt(i + 2) === 10 ? i + 3 : i + 2
      }
    } else {
      // Jump to the next line end: almost everything is payload.
      const lf = text.indexOf('\n', i)
      if (lf < 0) {
        const cr = text.indexOf('\r', i)
        if (cr < 0) return -1
        i = cr - 1
      } else {
        const cr = text.lastIndexOf('\r', lf)
        i = cr > i && cr < lf - 1 ? text.indexOf('\r', i) - 1 : lf - 1
      }
    }
  }
  return -1
}

function parseBlock(raw: string): Frame | undefined {
  // The common shape by far: one data line, nothing else.
  if (raw.startsWith('data: ') && raw.indexOf('\n') === raw.length - 2 && raw.indexOf('\r') < 0) {
    return { data: raw.slice(6, -2), raw }
  }
  // The next most common: a name and one data line.
  if (raw.startsWith('event: ') && raw.indexOf('\r') < 0) {
    const line = raw.indexOf('\n')
    if (line > 7 && raw.startsWith('data: ', line + 1) && raw.indexOf('\n', line + 7) === raw.length - 2) {
      return { event: raw.slice(7, line), data: raw.slice(line + 7, -2), raw }
    }
  }
  let event: string | undefined
  let data: string | undefined
  let comment = false
  for (const line of raw.split(/\r\n|\n|\r/)) {
    if (line === '') continue
    const colon = line.indexOf(':')
    if (colon === 0) {
      comment = true
      continue
    }
    const field = colon < 0 ? line : line.slice(0, colon)
    let value = colon < 0 ? '' : line.slice(colon + 1)
    if (value.charCodeAt(0) === 32) value = value.slice(1)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') event = value
  }
  if (data === undefined && event === undefined) return comment ? { data: '', raw, comment: true } : undefined
  return event === undefined || event === '' ? { data: data ?? '', raw } : { event, data: data ?? '', raw }
}

/** A frame as SSE text. `data` may hold line breaks. */
export function sseText(frame: Frame): string {
  if (frame.raw !== undefined) return frame.raw
  const data = frame.data.includes('\n') ? frame.data.replaceAll('\n', '\ndata: ') : frame.data
  return frame.event === undefined ? `data: ${data}\n\n` : `event: ${frame.event}\ndata: ${data}\n\n`
}
