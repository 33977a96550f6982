// Looks at this wire's traffic as it passes unchanged: usage and ends come in the terminal events, errors in
// three shapes. Deltas carry none of the markers and are never parsed.

import type { GatewayError } from '../../../core/errors.ts'
import { GatewayError as Failure } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import type { Sighting, Watch } from '../format.ts'
import { inbandError } from './errors.ts'
import { decodeUsage } from './usage.ts'

const MARKERS = [
  ...['created', 'queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled', 'done'].map((word) => `"response.${word}"`),
  ...['output_item.added', 'content_part.added', 'reasoning_summary_part.added'].map((word) => `"response.${word}"`),
  ...['"error"', '"keepalive"', '[DONE]'],
]

/** Items that are content as soon as they begin. */
const isCall = (item: JsonObject | undefined): boolean => {
  const type = asString(item?.['type'])
  return type !== undefined && type !== 'message' && type !== 'reasoning'
}

function frame({ data, event }: Frame): Sighting {
  if (data.trim() === '[DONE]') return {}
  const wire = tryParseJson(data)
  if (!isObject(wire)) return { error: new Failure('upstream_malformed') }
  const type = asString(wire['type']) ?? event ?? ''
  switch (type) {
    case 'response.created':
      return { start: true }
    case 'response.queued':
    case 'response.in_progress':
    case 'response.content_part.added':
    case 'response.reasoning_summary_part.added':
    case 'keepalive':
      return {}
    case 'response.output_item.added':
      return isCall(asObject(wire['item'])) ? { content: true } : {}
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
    case 'response.cancelled':
    case 'response.done':
      return terminal({ status: type.slice('response.'.length), ...asObject(wire['response']) })
    case 'error':
      return { error: inbandError(wire) }
  }
  if (type === '' && wire['error']) return { error: inbandError(wire) }
  return { content: true }
}

function terminal(response: JsonObject): Sighting {
  const error = failure(response)
  const usage = decodeUsage(response['usage'], searches(response))
  return { end: true, ...(usage && { usage }), ...(error ? { error } : hasOutput(response) && { content: true }) }
}

const hasOutput = (response: JsonObject): boolean => (asArray(response['output'])?.length ?? 0) > 0

const searches = (response: JsonObject): number =>
  (asArray(response['output']) ?? []).filter(
    (item) => isObject(item) && item['type'] === 'web_search_call' && asObject(item['action'])?.['type'] === 'search',
  ).length

function failure(response: JsonObject): GatewayError | undefined {
  const status = response['status']
  const error = asObject(response['error'])
  if (error === undefined && status !== 'failed' && status !== 'cancelled') return undefined
  return inbandError({ error: error ?? { code: String(status) } })
}

function response(wire: JsonValue): Sighting {
  if (!isObject(wire)) return { error: new Failure('upstream_malformed') }
  const error = failure(wire)
  if (error === undefined && asArray(wire['output']) === undefined) return { error: new Failure('upstream_malformed') }
  if (error === undefined && !hasOutput(wire) && asString(wire['status']) === undefined) return { error: new Failure('upstream_empty') }
  const usage = decodeUsage(wire['usage'], searches(wire))
  return { end: true, ...(hasOutput(wire) && { content: true }), ...(usage && { usage }), ...(error && { error }) }
}

export const watch: Watch = { markers: MARKERS, modelPath: ['response', 'model'], frame, response }
