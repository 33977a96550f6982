// Looks at traffic of this format that goes by unchanged: usage, the begin of content, the end, errors.
// It keeps no state, so each report is read by itself; `laterUsage` adds reports of one stream up.

import { GatewayError } from '../../../core/errors.ts'
import type { Usage } from '../../../core/usage.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import type { Sighting, Watch } from '../format.ts'
import { decodeError } from './errors.ts'
import { decodeUsage } from './usage.ts'

const noHeaders = { get: () => null }

const seenUsage = (wire: JsonValue | undefined): { usage?: Usage } => {
  const usage = decodeUsage(wire)
  return usage ? { usage } : {}
}

/** Blocks whose start is no content yet: their words come in deltas. */
const EMPTY_STARTS = new Set(['text', 'thinking'])

function startsContent(block: JsonObject | undefined): boolean {
  const type = asString(block?.['type'])
  if (type === undefined) return false
  return !EMPTY_STARTS.has(type) || Boolean(block?.['text']) || Boolean(block?.['thinking'])
}

function watchFrame(frame: Frame): Sighting {
  if (frame.comment || frame.data === '') return {}
  const data = tryParseJson(frame.data)
  if (!isObject(data)) return frame.data.trim() === '[DONE]' ? {} : { error: new GatewayError('upstream_malformed') }
  switch (asString(data['type']) ?? frame.event) {
    case 'message_start':
      return { start: true, ...seenUsage(asObject(data['message'])?.['usage']) }
    case 'message_delta':
      return seenUsage(data['usage'])
    case 'message_stop':
      return { end: true, sealed: true }
    case 'content_block_start':
      return startsContent(asObject(data['content_block'])) ? { content: true } : {}
    case 'content_block_delta':
      return { content: true }
    case 'error':
      return { error: decodeError(200, data, noHeaders) }
    default:
      return isObject(data['error']) ? { error: decodeError(200, data, noHeaders) } : {}
  }
}

function watchResponse(wire: JsonValue): Sighting {
  if (!isObject(wire)) return { error: new GatewayError('upstream_malformed') }
  if (wire['type'] === 'error' || isObject(wire['error'])) return { error: decodeError(200, wire, noHeaders) }
  const content = wire['content']
  if (!Array.isArray(content)) return { error: new GatewayError('upstream_malformed') }
  if (content.length === 0 && asString(wire['stop_reason']) === undefined) return { error: new GatewayError('upstream_empty') }
  return { end: true, ...(content.length > 0 && { content: true }), ...seenUsage(wire['usage']) }
}

export const watch: Watch = {
  markers: ['message_start', 'message_delta', 'message_stop', 'content_block_st', '"ping"', '"error"', 'event: error'],
  modelPath: ['message', 'model'],
  frame: watchFrame,
  response: watchResponse,
}
