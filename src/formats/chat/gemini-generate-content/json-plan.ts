// JSON output beside tools on models before Gemini 3, which answer the two together with a 400.
// https://ai.google.dev/gemini-api/docs/structured-output

import type { ChatRequest } from '../../../core/chat.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { type JsonPlan, jsonPlanOf } from '../json-plan.ts'
import type { ModelFacts } from './models.ts'

/**
 * What becomes of the wanted format. `native`: the wire's own members. `alone`: the same, and no tools, which the
 * client forbade anyway. `call`: the model is made to call, and one more function takes the JSON. `ask`: the model's
 * own tools cannot be forced, so the schema is only told to it. `drop`: a demanded call leaves no JSON text.
 */
export type JsonWay = { readonly way: 'native' | 'alone' | 'ask' | 'drop' } | { readonly way: 'call'; readonly plan: JsonPlan }

export function jsonWay(request: ChatRequest, facts: ModelFacts): JsonWay {
  const format = request.responseFormat
  if (format === undefined || format.type === 'text' || facts.jsonBesideTools || request.tools.length === 0) return { way: 'native' }
  if (request.toolChoice?.type === 'none') return { way: 'alone' }
  if (!request.tools.some((tool) => tool.type !== 'server')) return { way: 'ask' }
  const plan = jsonPlanOf(request)
  return plan === undefined ? { way: 'drop' } : { way: 'call', plan }
}

/** The wanted format in words. */
export const instructionOf = ({ responseFormat: format }: ChatRequest): JsonObject => ({
  text:
    format?.type === 'json-schema'
      ? `Answer with JSON only. It must match this JSON Schema:\n${JSON.stringify(format.schema)}`
      : 'Answer with one JSON object only.',
})
