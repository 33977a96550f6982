// What the tests of this folder share: requests, contexts and frames made by hand.

import type { ChatRequest, Message } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { noNote, type Warning } from '../../../core/warning.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { sseDecoder } from '../../../lib/framing/sse.ts'
import { countingIds } from '../../../lib/ids.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { anthropicMessages } from './index.ts'

export function httpOf(body: JsonObject): HttpRequest {
  return {
    method: 'POST',
    path: '/v1/messages',
    query: new URLSearchParams(),
    headers: { get: () => null },
    text: JSON.stringify(body),
    body,
  }
}

export const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'client-model',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  stream: false,
  choices: 1,
  extensions: {},
  ...more,
})

export function context(chat: ChatRequest, upstreamModel = 'claude-sonnet-4-5', warnings: Warning[] = []): ChatContext {
  return {
    request: chat,
    requestedModel: chat.model,
    upstreamModel,
    ids: countingIds(),
    nowMs: 0,
    note: (warning) => void warnings.push(warning),
  }
}

export const decode = (body: JsonObject): ChatRequest => anthropicMessages.decodeRequest(httpOf(body), noNote)

/** The body sent upstream for a neutral request. */
export const encode = (more: Partial<ChatRequest>, model?: string, warnings?: Warning[]): JsonObject =>
  anthropicMessages.encodeRequest(context(request(more), model, warnings)).body

export const framesOf = (sse: string): Frame[] => runThrough(sseDecoder(), [sse])
export const eventsOf = (sse: string, ctx: ChatContext = context(request())): ChatEvent[] =>
  runThrough(anthropicMessages.decodeStream(ctx), framesOf(sse))
export const frame = (data: JsonObject): Frame => ({ event: String(data['type']), data: JSON.stringify(data) })

export const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })
export const call = (id: string, name = 'f', args = '{}') => ({
  type: 'tool-call' as const,
  id,
  name,
  arguments: args,
  kind: 'function' as const,
})
export const result = (callId: string, text: string): Message => ({
  role: 'user',
  content: [{ type: 'tool-result', callId, content: [{ type: 'text', text }], isError: false }],
})
export const fn = (name: string, more: object = {}) => ({ type: 'function' as const, name, ...more })
