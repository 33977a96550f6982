// OpenAI Chat Completions: the codec that both clients and most upstreams speak.
// https://platform.openai.com/docs/api-reference/chat

import { noNote } from '../../../core/warning.ts'
import { countingIds } from '../../../lib/ids.ts'
import type { JsonObject } from '../../../lib/json.ts'
import type { Edit } from '../../../lib/json-splice.ts'
import type { ChatFormat, Peek } from '../format.ts'
import { decodeError, encodeError, encodeErrorFrame } from './errors.ts'
import { fields } from './fields.ts'
import { peek } from './peek.ts'
import { decodeBody, decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { fromResponsesShape, hasResponsesShape } from './responses-shape.ts'
import { decodeStream } from './stream-decode.ts'
import { encodeStream } from './stream-encode.ts'
import { watch } from './watch.ts'
import { FORMAT } from './wire.ts'

export { withPlainTools } from './quirks.ts'

function passthroughEdits({ model, stream }: Peek, upstreamModel: string, body: JsonObject): Edit[] {
  if (hasResponsesShape(body)) return rewriting(body, { model, upstreamModel })
  const edits: Edit[] = []
  if (body['model'] !== upstreamModel) edits.push({ op: 'set', path: ['model'], value: upstreamModel })
  const options = body['stream_options']
  const counted = typeof options === 'object' && options !== null && (options as JsonObject)['include_usage'] === true
  if (stream && !counted) edits.push({ op: 'set', path: ['stream_options', 'include_usage'], value: true })
  return edits
}

/** A body in Responses' shape does not pass on this wire: every member is written anew. */
function rewriting(body: JsonObject, { model, upstreamModel }: { model: string; upstreamModel: string }): Edit[] {
  const request = decodeBody(fromResponsesShape(body), { path: '', note: noNote })
  const ctx = { request, requestedModel: model, upstreamModel, ids: countingIds(), nowMs: 0, note: noNote }
  const { body: encoded } = encodeRequest(ctx)
  const edits: Edit[] = Object.keys(body)
    .filter((key) => !(key in encoded))
    .map((key) => ({ op: 'remove', path: [key] }))
  for (const [key, value] of Object.entries(encoded)) if (value !== undefined) edits.push({ op: 'set', path: [key], value })
  return edits
}

export const openaiChat: ChatFormat = {
  id: FORMAT,
  modelField: 'model',
  costPath: ['usage', 'cost'],
  frameCostPath: ['usage', 'cost'],
  fields,
  upstreamFraming: 'sse',
  inline: ['file', 'audio'],
  nativeChoices: true,
  path: () => '/chat/completions',
  peek,
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  decodeStream,
  encodeStream,
  decodeError,
  encodeError,
  encodeErrorFrame,
  passthroughEdits,
  watch,
  heartbeat: ': keep-alive\n\n',
  forwardedHeaders: ['openai-organization', 'openai-project', 'openai-beta'],
}
