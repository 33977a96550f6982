// Structured output on models that have none, or none beside tools: the model is made to call a tool whose input is
// the wanted JSON, and the call is shown as text. Request and answer derive the same plan from the request alone.

import type { ChatRequest, ResponseFormat } from '../../core/chat.ts'
import { asObject, type JsonObject, tryParseJson } from '../../lib/json.ts'

export interface JsonPlan {
  /** Name of the tool that takes the answer. */
  readonly tool: string
  readonly schema: JsonObject
  readonly description: string
  /** The wanted value is not an object, so it stands under this key of the input. */
  readonly wrapKey?: string
}

const WRAP_KEY = 'value'

/** How the request's JSON would be had through a tool. Absent: it wants none, or demands a call of one of its own tools. */
export function jsonPlanOf(request: ChatRequest): JsonPlan | undefined {
  const { responseFormat: format, toolChoice } = request
  if (format === undefined || format.type === 'text') return undefined
  // A client that demands one of its own tools gets a call, not JSON text.
  if (toolChoice?.type === 'required' || toolChoice?.type === 'tool' || (toolChoice?.type === 'allowed' && toolChoice.required))
    return undefined
  const description = 'Answer by calling this tool. Its input is the whole answer.'
  if (format.type === 'json') return { tool: freeName(request), schema: { type: 'object' }, description }
  return { tool: freeName(request), description: format.description ?? description, ...wrapped(format) }
}

function wrapped(format: Extract<ResponseFormat, { type: 'json-schema' }>): Pick<JsonPlan, 'schema' | 'wrapKey'> {
  const type = format.schema['type']
  if (type === 'object') return { schema: format.schema }
  if (type === undefined) return { schema: { ...format.schema, type: 'object' } }
  return {
    wrapKey: WRAP_KEY,
    schema: { type: 'object', properties: { [WRAP_KEY]: format.schema }, required: [WRAP_KEY], additionalProperties: false },
  }
}

function freeName(request: ChatRequest): string {
  let name = 'json_output'
  while (request.tools.some((tool) => tool.type !== 'server' && tool.name === name)) name += '_'
  return name
}

/** The JSON text that a call of the plan's tool stands for. */
export function plannedText(plan: JsonPlan, input: string): string {
  if (plan.wrapKey === undefined) return input === '' ? '{}' : input
  const value = asObject(tryParseJson(input))?.[plan.wrapKey]
  return value === undefined ? input : JSON.stringify(value)
}
