// A tool call on its way back: the client's own name for the tool, and what its input stands for.

import { asObject, asString, tryParseJson } from '../../../lib/json.ts'
import { jsonPlan } from '../anthropic-messages/json-plan.ts'
import { toolNames } from '../anthropic-messages/names.ts'
import type { ChatContext } from '../format.ts'
import { type JsonPlan, plannedText } from '../json-plan.ts'
import { CUSTOM_INPUT_KEY } from './wire.ts'

export interface CallReader {
  readonly plan: JsonPlan | undefined
  /** `json`: the call is the structured answer and shown as text. */
  kindOf(wireName: string): 'function' | 'custom' | 'json'
  nameOf(wireName: string): string
  /** The text of a whole input, given as JSON text. */
  textOf(kind: 'custom' | 'json', input: string): string
}

export function callReader(ctx: ChatContext): CallReader {
  const plan = jsonPlan(ctx)
  const names = toolNames(ctx.request)
  const custom = new Set(ctx.request.tools.flatMap((tool) => (tool.type === 'custom' ? [tool.name] : [])))
  return {
    plan,
    kindOf: (wireName) => (plan?.tool === wireName ? 'json' : custom.has(names.fromWire(wireName)) ? 'custom' : 'function'),
    nameOf: (wireName) => names.fromWire(wireName),
    textOf(kind, input) {
      if (kind === 'json') return plan === undefined ? input : plannedText(plan, input)
      return asString(asObject(tryParseJson(input))?.[CUSTOM_INPUT_KEY]) ?? input
    },
  }
}
