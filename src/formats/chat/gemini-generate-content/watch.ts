// Looks at Gemini traffic that passes through unchanged. There is no end mark: a finish reason, or a blocked
// prompt, is the end.

import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asArray, asObject, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import type { Sighting, Watch } from '../format.ts'
import { errorOfBody } from './errors.ts'
import { statedReason } from './finish.ts'
import { decodeUsage } from './usage.ts'

function sighting(wire: JsonValue): Sighting {
  if (Array.isArray(wire)) return Object.assign({}, ...wire.map(sighting)) as Sighting
  if (!isObject(wire)) return { error: new GatewayError('upstream_malformed') }
  if (wire['error'] !== undefined && wire['error'] !== null) return { error: errorOfBody(wire) }
  const candidates = (asArray(wire['candidates']) ?? []).filter(isObject)
  const blocked = statedReason(asObject(wire['promptFeedback'])?.['blockReason']) !== undefined
  const usage = decodeUsage(wire['usageMetadata'])
  return {
    ...(usage && { usage }),
    ...(candidates.some(hasContent) && { content: true }),
    ...((blocked || candidates.some((candidate) => statedReason(candidate['finishReason']) !== undefined)) && { end: true }),
  }
}

function hasContent(candidate: JsonObject): boolean {
  const parts = asArray(asObject(candidate['content'])?.['parts']) ?? []
  return parts.some(
    (part) => isObject(part) && Object.entries(part).some(([name, value]) => name !== 'thought' && value !== '' && value !== null),
  )
}

export const watch: Watch = {
  markers: ['"usageMetadata"', '"finishReason"', '"error"', '"promptFeedback"'],
  modelPath: ['modelVersion'],
  frame(frame: Frame) {
    if (frame.comment === true || frame.data.trim() === '') return {}
    const wire = tryParseJson(frame.data)
    return wire === undefined ? { error: new GatewayError('upstream_malformed') } : sighting(wire)
  },
  response(wire) {
    const seen = sighting(wire)
    // An answer without a word, a reason or a block is no answer.
    return (seen.error ?? seen.content ?? seen.end) ? seen : { error: new GatewayError('upstream_empty') }
  },
}
