// Whole answers: read and written through the stream's own code, so that the two cannot differ.

import type { ChatResponse } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../../../core/chat-event.ts'
import { asObject, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { answerDecoder } from './stream-decode.ts'
import { chunkEncoder } from './stream-encode.ts'
import type { WireChunk } from './wire.ts'

/** @throws GatewayError the upstream's error, or `upstream_empty` / `upstream_malformed`. */
export function decodeResponse(wire: JsonValue, ctx: ChatContext): ChatResponse {
  const events: ChatEvent[] = []
  const emit = (event: ChatEvent): void => void events.push(event)
  const decoder = answerDecoder(ctx)
  // Asked without `alt=sse`, a relay may answer with the stream's array.
  for (const chunk of Array.isArray(wire) ? wire : [wire]) decoder.push(chunk, emit)
  decoder.end(emit, true)
  return foldEvents(events)
}

export function encodeResponse(response: ChatResponse, ctx: ChatContext): JsonObject {
  const chunks: WireChunk[] = []
  const encoder = chunkEncoder(ctx)
  for (const event of unfoldResponse(response)) encoder.push(event, (chunk) => void chunks.push(chunk))
  return mergeChunks(chunks)
}

/** One answer from the frames of a stream, as a client would put them together. */
export function mergeChunks(chunks: readonly JsonObject[]): JsonObject {
  const candidates = new Map<JsonValue, JsonObject>()
  let whole: JsonObject = {}
  for (const chunk of chunks) {
    const { candidates: list, ...rest } = chunk
    whole = { ...whole, ...rest }
    for (const candidate of Array.isArray(list) ? list : []) {
      if (!isObject(candidate)) continue
      const index = candidate['index'] ?? 0
      const known = candidates.get(index)
      const parts = [...partsOf(known), ...partsOf(candidate)]
      candidates.set(index, { ...known, ...candidate, content: { parts, role: 'model' } })
    }
  }
  const merged = [...candidates.values()].map((candidate) => ({
    ...candidate,
    content: { parts: mergeParts(partsOf(candidate)), role: 'model' },
  }))
  return merged.length > 0 ? { candidates: merged, ...whole } : whole
}

function partsOf(candidate: JsonObject | undefined): JsonObject[] {
  const parts = asObject(candidate?.['content'])?.['parts']
  return Array.isArray(parts) ? parts.filter(isObject) : []
}

/** Joins neighbouring pieces of one text; a signature ends its text. An answer without any part keeps an empty one. */
function mergeParts(parts: readonly JsonObject[]): JsonObject[] {
  const list: JsonObject[] = []
  for (const part of parts) {
    const last = list.at(-1)
    const joins =
      typeof part['text'] === 'string' &&
      typeof last?.['text'] === 'string' &&
      last['thoughtSignature'] === undefined &&
      last['thought'] === part['thought'] &&
      (part['thoughtSignature'] === undefined || part['text'] === '')
    if (joins) list[list.length - 1] = { ...last, ...part, text: `${last['text']}${part['text']}` }
    else if (part['text'] !== '' || part['thoughtSignature'] !== undefined) list.push(part)
  }
  return list.length > 0 ? list : [{ text: '' }]
}
