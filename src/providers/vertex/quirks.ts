// Where Vertex AI differs from the Gemini API on the same format.

import { isObject, type JsonObject, type JsonValue } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import { omit } from '../quirks/openai-chat.ts'

/**
 * Vertex pairs calls and results by name and order, and refuses the `id` that the Gemini API issues.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/function-calling
 */
export const withoutCallIds: RequestQuirk = (body) => {
  if (!Array.isArray(body.contents)) return body
  return { ...body, contents: body.contents.map((content) => (isObject(content) ? withParts(content) : content)) }
}

const withParts = (content: JsonObject): JsonObject =>
  Array.isArray(content.parts) ? { ...content, parts: content.parts.map(withoutId) } : content

function withoutId(part: JsonValue): JsonValue {
  if (!isObject(part)) return part
  for (const name of ['functionCall', 'functionResponse', 'function_call', 'function_response']) {
    const inner = part[name]
    if (isObject(inner) && inner.id !== undefined) return { ...part, [name]: omit(inner, ['id']) }
  }
  return part
}
