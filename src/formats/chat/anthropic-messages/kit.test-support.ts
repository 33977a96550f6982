// What the tests of this folder share: requests, contexts and frames made by hand.

import { readFileSync } from 'node:fs'
import type { ChatRequest } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { noNote, type Warning } from '../../../core/warning.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { sseDecoder } from '../../../lib/framing/sse.ts'
import { countingIds } from '../../../lib/ids.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { anthropicMessages } from './index.ts'

export const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
export const fixtureJson = (name: string): JsonObject => parseJson(fixture(name)) as JsonObject

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
