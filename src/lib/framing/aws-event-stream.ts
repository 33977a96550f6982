// Amazon's binary event stream: length-prefixed messages with typed headers and two checksums. Strict: a
// wrong checksum, an impossible length or left-over bytes at the end is an error, because a message that
// cannot be read may have been text. Framing only; payloads stay JSON text.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html (the same encoding, in full)

import type { Transducer } from '../transducer.ts'
import type { Frame } from './frame.ts'

/** Longest message accepted. Amazon's own limit is 24 MB. */
const MAX_MESSAGE = 32 * 1024 * 1024
const PRELUDE = 12
const LEAST = PRELUDE + 4

/**
 * Cuts messages out of bytes in any chunking. The frame's `event` is `:event-type`; an exception or error
 * message becomes the event `exception` with `{type, message, …}` as data.
 * @throws SyntaxError on damaged or left-over bytes. @throws RangeError when a message is too long.
 */
export function awsEventStreamDecoder(): Transducer<Uint8Array, Frame> {
  let buffer = new Uint8Array(0)

  return {
    push(bytes, emit) {
      const all = buffer.length === 0 ? bytes : joined(buffer, bytes)
      let at = 0
      while (all.length - at >= PRELUDE) {
        const view = new DataView(all.buffer, all.byteOffset + at, all.length - at)
        const total = checkedTotal(view, all.subarray(at, at + 8))
        if (all.length - at < total) break
        const message = all.subarray(at, at + total)
        if (crc32(message.subarray(0, total - 4)) !== view.getUint32(total - 4)) throw new SyntaxError('the checksum of an event is wrong')
        emit(frameOf(message, view.getUint32(4)))
        at += total
      }
      // A copy, since the sender may use its buffer again.
      buffer = all.slice(at)
    },
    end() {
      if (buffer.length > 0) throw new SyntaxError('the event stream was cut within an event')
    },
  }
}

/** Judged before the body has come, so that a broken length is not waited for. */
function checkedTotal(view: DataView, prelude: Uint8Array): number {
  if (crc32(prelude) !== view.getUint32(8)) throw new SyntaxError('the checksum of an event prelude is wrong')
  const total = view.getUint32(0)
  if (total > MAX_MESSAGE) throw new RangeError('an event of the stream is too long')
  if (total < LEAST + view.getUint32(4)) throw new SyntaxError('the lengths of an event do not agree')
  return total
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}

function frameOf(message: Uint8Array, headersLength: number): Frame {
  const headers = readHeaders(message.subarray(PRELUDE, PRELUDE + headersLength))
  const data = strictText(message.subarray(PRELUDE + headersLength, message.length - 4))
  const kind = headers.get(':message-type')
  if (kind === 'exception') return { event: 'exception', data: described(data, headers.get(':exception-type') ?? 'unknown') }
  if (kind === 'error') {
    return {
      event: 'exception',
      data: JSON.stringify({ type: headers.get(':error-code') ?? 'unknown', message: headers.get(':error-message') ?? '' }),
    }
  }
  return { event: headers.get(':event-type') ?? '', data }
}

/** The exception's own members behind its type, whatever its payload was. */
function described(data: string, type: string): string {
  let payload: unknown
  try {
    payload = JSON.parse(data)
  } catch {
    payload = data
  }
  const members = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload : { message: data }
  return JSON.stringify({ ...members, type })
}

/** Bytes that values of each type take; types 6 and 7 carry their length. */
const FIXED: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }

function readHeaders(bytes: Uint8Array): Map<string, string> {
  const headers = new Map<string, string>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const within = (end: number): number => {
    if (end > bytes.length) throw new SyntaxError('the headers of an event are damaged')
    return end
  }
  let at = 0
  while (at < bytes.length) {
    const nameEnd = within(at + 1 + view.getUint8(at))
    const name = strictText(bytes.subarray(at + 1, nameEnd))
    within(nameEnd + 1)
    const type = view.getUint8(nameEnd)
    at = nameEnd + 1
    let length = FIXED[type]
    if (length === undefined) {
      if (type !== 6 && type !== 7) throw new SyntaxError('the headers of an event are damaged')
      within(at + 2)
      length = view.getUint16(at)
      at += 2
    }
    within(at + length)
    if (type === 7) headers.set(name, strictText(bytes.subarray(at, at + length)))
    at += length
  }
  return headers
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function strictText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new SyntaxError('an event is not UTF-8')
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_entry, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value >>> 0
})

/** CRC-32 as in ISO-HDLC, gzip and zip. */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 0xff] as number)
  return (value ^ 0xffffffff) >>> 0
}

/** Writes one message: for the sandbox and for tests. Only string headers. */
export function awsEventStreamMessage(headers: Readonly<Record<string, string>>, payload: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const parts = Object.entries(headers).map(([name, value]) => ({ name: encoder.encode(name), value: encoder.encode(value) }))
  const headersLength = parts.reduce((sum, { name, value }) => sum + 4 + name.length + value.length, 0)
  const body = encoder.encode(payload)
  const message = new Uint8Array(LEAST + headersLength + body.length)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length)
  view.setUint32(4, headersLength)
  view.setUint32(8, crc32(message.subarray(0, 8)))
  let at = PRELUDE
  for (const { name, value } of parts) {
    message[at] = name.length
    message.set(name, at + 1)
    at += 1 + name.length
    message[at] = 7
    view.setUint16(at + 1, value.length)
    message.set(value, at + 3)
    at += 3 + value.length
  }
  message.set(body, at)
  view.setUint32(message.length - 4, crc32(message.subarray(0, message.length - 4)))
  return message
}
