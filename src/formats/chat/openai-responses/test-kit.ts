// Shared by this folder's tests: contexts with counted ids, and runs through the codec.

import type { ChatRequest } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import type { Warning } from '../../../core/warning.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { countingIds } from '../../../lib/ids.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { openaiResponses } from './index.ts'

export const NOW_MS = 1_790_000_000_500

export const httpOf = (body: unknown): HttpRequest => {
  const text = JSON.stringify(body)
  return {
    method: 'POST',
    path: '/v1/responses',
    query: new URLSearchParams(),
    headers: new Headers(),
    text,
    body: parseJson(text) as JsonObject,
  }
}

export const decode = (body: unknown): ChatRequest => openaiResponses.decodeRequest(httpOf(body), () => {})

export const REQUEST: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  stream: false,
  choices: 1,
  extensions: {},
}

export function contextOf(request: ChatRequest = REQUEST, upstreamModel = 'm'): ChatContext & { readonly notes: Warning[] } {
  const notes: Warning[] = []
  return {
    request,
    requestedModel: request.model,
    upstreamModel,
    ids: countingIds(),
    nowMs: NOW_MS,
    note: (warning) => void notes.push(warning),
    notes,
  }
}

export const encoded = (request: Partial<ChatRequest>, upstreamModel = 'm'): JsonObject =>
  openaiResponses.encodeRequest(contextOf({ ...REQUEST, ...request }, upstreamModel)).body

export const framesOf = (events: readonly ChatEvent[], ctx = contextOf()): Frame[] => runThrough(openaiResponses.encodeStream(ctx), events)

export const eventsOf = (payloads: readonly (JsonObject | string)[], ctx = contextOf()): ChatEvent[] =>
  runThrough(
    openaiResponses.decodeStream(ctx),
    payloads.map((payload) => ({ data: typeof payload === 'string' ? payload : JSON.stringify(payload) })),
  )

/** The stream's meaning without its block numbers and lifecycle, for short comparisons. */
export const typesOf = (events: readonly ChatEvent[]): string[] => events.map((event) => event.type)
