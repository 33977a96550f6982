// Thinking, effort, the output limit and sampling: four settings that constrain each other and differ by
// model. https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting

import type { ChatRequest, Effort } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { asObject, asString, type JsonObject } from '../../../lib/json.ts'
import type { ModelFacts } from './models.ts'
import type { Receipt } from './receipt.ts'
import { FORMAT_ID } from './wire.ts'

/** Anthropic's least thinking budget. */
const LEAST_BUDGET = 1024
/** Limits this small are probes of the connection: nobody waits for thinking there. */
const PROBE_LIMIT = 64
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
}
const ORDER: readonly Effort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

export interface ThinkingPlan {
  readonly thinking?: JsonObject
  readonly effort?: Effort
  readonly maxTokens: number
}

export interface Situation {
  readonly request: ChatRequest
  readonly facts: ModelFacts
  readonly receipt: Receipt
  /** The request demands a call, which thinking with a budget forbids. */
  readonly forced: boolean
  /** An open tool loop lacks its signed thinking, which thinking with a budget demands. */
  readonly unsignedLoop: boolean
}

const hasOwn = (request: ChatRequest): boolean => request.extensions[FORMAT_ID] !== undefined

export function planThinking(situation: Situation): ThinkingPlan {
  const { request, facts } = situation
  const carried = asObject(extensionOf(request.extensions, FORMAT_ID)['thinking'])
  const maxTokens = outputLimit(situation)
  if (asString(carried?.['type']) !== undefined) {
    return { thinking: carried as JsonObject, ...levelOf(situation, request.reasoning?.effort), maxTokens }
  }
  const { reasoning } = request
  if (reasoning === undefined) return { maxTokens }
  if (reasoning.effort === 'none' || reasoning.budgetTokens === 0) return withoutThinking(situation, maxTokens)
  const effortAlone = hasOwn(request) && !reasoning.adaptive && reasoning.budgetTokens === undefined
  if (effortAlone) return { ...levelOf(situation, reasoning.effort), maxTokens }
  if (facts.thinking === 'none') {
    situation.receipt.dropped('reasoning', 'the model does not think')
    return { maxTokens }
  }
  const plan = facts.thinking === 'manual' || wantsBudget(situation) ? manual(situation, maxTokens) : adaptive(situation, maxTokens)
  return plan.thinking && carried ? { ...plan, thinking: { ...carried, ...plan.thinking } } : plan
}

function outputLimit({ request, facts, receipt }: Situation): number {
  const wanted = request.maxOutputTokens
  if (wanted === undefined) return facts.maxOutputTokens
  if (facts.compatible || wanted <= facts.maxOutputTokens) return wanted
  receipt.changed('max_tokens', `lowered to the model's limit of ${facts.maxOutputTokens}`)
  return facts.maxOutputTokens
}

function withoutThinking(situation: Situation, maxTokens: number): ThinkingPlan {
  const { facts, request, receipt } = situation
  const carried = asString(asObject(extensionOf(request.extensions, FORMAT_ID)['output_config'])?.['effort'])
  const effort = ORDER.find((level) => level === carried)
  if (facts.thinking === 'none') return { maxTokens }
  if (!facts.alwaysThinks) return { thinking: { type: 'disabled' }, ...levelOf(situation, effort), maxTokens }
  receipt.changed('reasoning', 'the model always thinks; asked for its lowest effort')
  return { effort: 'low', maxTokens }
}

/** On a model that takes both kinds, a stated budget is kept. */
function wantsBudget({ request, facts, forced, unsignedLoop }: Situation): boolean {
  if (facts.thinking !== 'both') return false
  const { adaptive: isAdaptive, budgetTokens } = request.reasoning ?? {}
  if (facts.compatible) return isAdaptive !== true
  return budgetTokens !== undefined && budgetTokens > 0 && !forced && !unsignedLoop
}

function adaptive(situation: Situation, maxTokens: number): ThinkingPlan {
  const { request, facts, receipt } = situation
  const { effort, budgetTokens, display } = request.reasoning ?? {}
  let level = effort
  if (level === undefined && budgetTokens !== undefined && budgetTokens > 0) {
    level = effortOfBudget(budgetTokens)
    receipt.changed('thinking.budget_tokens', `the model takes no budget; effort ${level} instead`)
  }
  const thinking: JsonObject = { type: 'adaptive' }
  if (display !== undefined) thinking['display'] = display === 'omitted' ? 'omitted' : 'summarized'
  if (facts.compatible) return { thinking, ...(level && hasOwn(request) && { effort: level }), maxTokens }
  return { thinking, ...levelOf(situation, level), maxTokens }
}

const effortOfBudget = (budget: number): Effort => (budget < 2000 ? 'low' : budget < 8000 ? 'medium' : budget < 24_000 ? 'high' : 'xhigh')

/** The nearest level of effort the model lists. */
function levelOf({ facts, receipt, request }: Situation, effort: Effort | undefined): { effort?: Effort } {
  if (effort === undefined || effort === 'none') return {}
  if (facts.compatible && hasOwn(request)) return { effort }
  if (facts.efforts.length === 0) {
    receipt.dropped('output_config.effort', 'the model has no effort setting')
    return {}
  }
  if (facts.efforts.includes(effort)) return { effort }
  const rank = ORDER.indexOf(effort)
  const lower = facts.efforts.filter((level) => ORDER.indexOf(level) <= rank).at(-1)
  const level = lower ?? (facts.efforts[0] as Effort)
  receipt.changed('reasoning.effort', `the model has no effort ${effort}; ${level} instead`)
  return { effort: level }
}

function manual(situation: Situation, maxTokens: number): ThinkingPlan {
  const { request, facts, receipt, forced, unsignedLoop } = situation
  const { effort, budgetTokens, display } = request.reasoning ?? {}
  if (forced) return off(receipt, maxTokens, 'a demanded tool call excludes thinking on this model')
  if (unsignedLoop) return off(receipt, maxTokens, 'the tool calls before lack the signed thinking that the model wants back')
  const stated = budgetTokens !== undefined && budgetTokens > 0
  const wanted = stated ? budgetTokens : BUDGETS[effort ?? 'medium']
  const fitted = fitBudget(situation, Math.max(wanted, LEAST_BUDGET), maxTokens)
  if (fitted === undefined) return off(receipt, maxTokens, 'the output limit leaves no room for thinking')
  const thinking: JsonObject = { type: 'enabled', budget_tokens: fitted.budget }
  if (display !== undefined && hasOwn(request)) thinking['display'] = display === 'omitted' ? 'omitted' : 'summarized'
  const level = stated && effort && (facts.efforts.includes(effort) || (facts.compatible && hasOwn(request))) ? { effort } : {}
  return { thinking, ...level, maxTokens: fitted.maxTokens }
}

function off(receipt: Receipt, maxTokens: number, reason: string): ThinkingPlan {
  receipt.dropped('reasoning', reason)
  return { maxTokens }
}

/**
 * A budget below the limit. A limit counts thinking too, so the budget gives way first; only where the least
 * budget fills the limit is the limit raised, and only when the client asked for effort rather than tokens.
 */
function fitBudget(
  { request, facts, receipt }: Situation,
  wanted: number,
  maxTokens: number,
): { budget: number; maxTokens: number } | undefined {
  if (wanted < maxTokens) return { budget: wanted, maxTokens }
  const stated = (request.reasoning?.budgetTokens ?? 0) > 0
  if (maxTokens >= 2 * LEAST_BUDGET) {
    const budget = Math.max(LEAST_BUDGET, Math.floor(maxTokens * 0.8))
    receipt.changed('thinking.budget_tokens', `lowered to ${budget} to stay below the output limit`)
    return { budget, maxTokens }
  }
  if (maxTokens > LEAST_BUDGET) return { budget: LEAST_BUDGET, maxTokens }
  const raised = maxTokens + LEAST_BUDGET
  if (stated || maxTokens <= PROBE_LIMIT || raised > facts.maxOutputTokens) return undefined
  receipt.changed('max_tokens', `raised to ${raised} to hold the thinking that was asked for`)
  return { budget: LEAST_BUDGET, maxTokens: raised }
}

/** Sampling as the model takes it. https://platform.claude.com/docs/en/api/errors */
export function encodeSampling({ request, facts, receipt }: Situation, thinks: boolean): JsonObject {
  const body: JsonObject = {}
  const { temperature, topP, topK } = request
  // A host that only speaks the format may still keep its rule, and thinking was our translation, not the client's word.
  const excluded = thinks && !(facts.compatible && hasOwn(request))
  const fixed = !facts.sampling ? 'the model takes no sampling settings' : excluded ? 'thinking excludes sampling settings' : undefined
  if (temperature !== undefined) {
    const clamped = facts.compatible && hasOwn(request) ? temperature : Math.min(1, Math.max(0, temperature))
    if (fixed === undefined) {
      if (clamped !== temperature) receipt.changed('temperature', `clamped to ${clamped}: the range is 0 to 1`)
      body['temperature'] = clamped
    } else if (clamped !== 1) receipt.dropped('temperature', fixed)
  }
  if (topP !== undefined) {
    const pair = body['temperature'] !== undefined && !facts.temperatureWithTopP
    if (fixed === undefined && !pair) body['top_p'] = topP
    else if (fixed !== undefined && topP < 0.99) receipt.dropped('top_p', fixed)
    else if (pair && topP !== 1) receipt.dropped('top_p', 'the model takes temperature or top_p, not both')
  }
  if (topK !== undefined) {
    if (fixed === undefined) body['top_k'] = topK
    else receipt.dropped('top_k', fixed)
  }
  return body
}
