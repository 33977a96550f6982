// What the tests of this folder share: contexts, requests, fixtures. Not part of the codec.

import type { ChatRequest } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import type { Warning } from '../../../core/warning.ts'
import { countingIds } from '../../../lib/ids.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'

export const http = (body: unknown, path = '/v1/chat/completions'): HttpRequest => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method: 'POST', path, query: new URLSearchParams(), headers: new Headers(), text, body: parseJson(text) as JsonObject }
}

export const HELLO = { role: 'user', content: 'Hello' }
export const bodyOf = (parts: object = {}): JsonObject => ({ model: 'gpt-4o-mini', messages: [HELLO], ...parts }) as JsonObject

export const decoded = (parts: object = {}, warnings: Warning[] = []): ChatRequest =>
  decodeRequest(http(bodyOf(parts)), (w) => void warnings.push(w))

export const contextOf = (request: ChatRequest, parts: Partial<ChatContext> = {}): ChatContext => ({
  request,
  requestedModel: 'the-model',
  upstreamModel: 'gpt-4o-mini',
  ids: countingIds(),
  nowMs: 1_700_000_000_000,
  note: () => {},
  ...parts,
})

/** The body an upstream of this format gets for a client's body. */
export const reencoded = (parts: object): JsonObject =>
  JSON.parse(JSON.stringify(encodeRequest(contextOf(decoded(parts))).body)) as JsonObject

export function refusalOf(run: () => unknown): GatewayError {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('nothing was refused')
}
