// When this format's models answer JSON through a tool, and the object that a call's input must be.

import { isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { type JsonPlan, jsonPlanOf } from '../json-plan.ts'
import { modelFacts } from './models.ts'
import { RAW_INPUT_KEY } from './wire.ts'

/** Absent: the format is native, or nothing is to be emulated. */
export const jsonPlan = ({ request, upstreamModel }: Pick<ChatContext, 'request' | 'upstreamModel'>): JsonPlan | undefined =>
  request.responseFormat?.type === 'json-schema' && modelFacts(upstreamModel).structuredOutput ? undefined : jsonPlanOf(request)

/** JSON text of a call's arguments as the object that `input` must be. What is no object goes under one fixed key. */
export function inputObject(text: string): JsonObject {
  if (text.trim() === '') return {}
  const value = tryParseJson(text)
  return isObject(value) ? value : { [RAW_INPUT_KEY]: text }
}
