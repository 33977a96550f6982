// Reads a request's body under the size limit, undoes its content encoding, and parses it once.

import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../lib/json.ts'
import { isObject, parseJson } from '../lib/json.ts'
import { inflateBody } from '../lib/platform/runtime.ts'

export interface Body {
  readonly text: string
  readonly json: JsonObject
}

/** @throws GatewayError 413, 415 or 400. */
export async function readBody(request: Request, maxBytes: number): Promise<Body> {
  const text = await readText(request, maxBytes)
  let json: unknown
  try {
    json = parseJson(text)
  } catch (cause) {
    throw new GatewayError('malformed_json', text.trim() === '' ? { message: 'The request body is empty.' } : {}, cause)
  }
  if (!isObject(json)) throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' })
  return { text, json }
}

/** The body as text, its content encoding undone. @throws GatewayError 413, 415 or 400. */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes)
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') return inflated(request, encoding, maxBytes)
  return decoded(length === null ? await collected(request, maxBytes) : await request.bytes())
}

// It keeps nothing from one whole body to the next, so one serves all.
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Bytes that are no UTF-8 would reach the model as other characters than the client sent. */
function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new GatewayError('malformed_json', { message: 'The request body is not valid UTF-8.' }, cause)
  }
}

async function inflated(request: Request, encodings: string, maxBytes: number): Promise<string> {
  let bytes = await collected(request, maxBytes)
  for (const encoding of encodings.split(',').reverse()) {
    try {
      const next = inflateBody(bytes, encoding.trim().toLowerCase(), maxBytes)
      if (next === undefined)
        throw new GatewayError('unsupported_media_type', {
          message: `The content encoding ${encoding.trim().slice(0, 40)} is not supported.`,
        })
      bytes = new Uint8Array(next)
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      if (cause instanceof RangeError) throw tooLarge(maxBytes)
      throw new GatewayError('invalid_request', { message: 'The body does not match its content encoding.' }, cause)
    }
  }
  return decoded(bytes)
}

/** All bytes of a body of unknown length, stopping at the limit. */
async function collected(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > maxBytes) {
      void reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    parts.push(value)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const tooLarge = (maxBytes: number): GatewayError =>
  new GatewayError('body_too_large', { message: `The request body is larger than the limit of ${Math.floor(maxBytes / 1024 / 1024)} MB.` })
