// Edits of a request that goes on to an upstream of this format as it came.

import { asArray, asObject, asString, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { Edit } from '../../../lib/json-splice.ts'
import type { Peek } from '../format.ts'
import { isForeign } from './seal.ts'

export function passthroughEdits(_peek: Peek, upstreamModel: string, body: JsonObject): Edit[] {
  const edits: Edit[] = []
  if (body['model'] !== upstreamModel) edits.push({ op: 'set', path: ['model'], value: upstreamModel })
  const input = asArray(body['input'])
  // What another upstream sealed would be refused here; the conversation goes on without it.
  if (input?.some(isForeignReasoning)) edits.push({ op: 'set', path: ['input'], value: input.filter((item) => !isForeignReasoning(item)) })
  return edits
}

function isForeignReasoning(item: JsonValue): boolean {
  const wire = asObject(item)
  const encrypted = wire?.['type'] === 'reasoning' ? asString(wire['encrypted_content']) : undefined
  return encrypted !== undefined && isForeign(encrypted)
}
