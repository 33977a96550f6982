// Structured output on models that have none: the model is made to call a tool whose input is the wanted
// JSON, and the call is shown as text. Request and answer derive the same plan from the request alone.

import type { ChatRequest, ResponseFormat } from '../../../core/chat.ts'
import { asObject, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { modelFacts } from './models.ts'
import { inputSchema } from './schema.ts'
import { RAW_INPUT_KEY } from './wire.ts'

export interface JsonPlan {
  /** Name of the tool that takes the answer. */
  readonly tool: string
  readonly schema: JsonObject
  readonly description: string
  /** The wanted value is not an object, so it stands under this key of the input. */
  readonly wrapKey?: string
}

const WRAP_KEY = 'value'

/** Absent: the format is native, or nothing is to be emulated. */
export function jsonPlan(ctx: Pick<ChatContext, 'request' | 'upstreamModel'>): JsonPlan | undefined {
  const { responseFormat: format, toolChoice } = ctx.request
  if (format === undefined || format.type === 'text') return undefined
  if (format.type === 'json-schema' && modelFacts(ctx.upstreamModel).structuredOutput) return undefined
  // A client that demands one of its own tools gets a call, not JSON text.
  if (toolChoice?.type === 'required' || toolChoice?.type === 'tool' || (toolChoice?.type === 'allowed' && toolChoice.required))
    return undefined
  const description = 'Answer by calling this tool. Its input is the whole answer.'
  if (format.type === 'json') return { tool: freeName(ctx.request), schema: { type: 'object' }, description }
  return { tool: freeName(ctx.request), description: format.description ?? description, ...wrapped(format) }
}

function wrapped(format: Extract<ResponseFormat, { type: 'json-schema' }>): Pick<JsonPlan, 'schema' | 'wrapKey'> {
  const type = format.schema['type']
  if (type === undefined || type === 'object') return { schema: inputSchema(format.schema) }
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

/** JSON text of a call's arguments as the object that `input` must be. What is no object goes under one fixed key. */
export function inputObject(text: string): JsonObject {
  if (text.trim() === '') return {}
  const value = tryParseJson(text)
  return isObject(value) ? value : { [RAW_INPUT_KEY]: text }
}
