// Reasoning settings to `thinkingConfig`: a level from Gemini 3 on, a budget on 2.5, never both, nothing on
// models that do not think. https://ai.google.dev/gemini-api/docs/thinking

import type { ChatRequest, ReasoningSettings } from '../../../core/chat.ts'
import type { Note } from '../../../core/warning.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { BUDGET_OF_EFFORT, LEVEL_OF_EFFORT, levelOfBudget, type ModelFacts, type WireLevel } from './models.ts'
import { FORMAT } from './wire.ts'

/** Below this output limit a thinking model may spend everything on thoughts and answer nothing. */
const SMALL_LIMIT = 2048

export function encodeThinking(request: ChatRequest, facts: ModelFacts, note: Note): JsonObject | undefined {
  const { reasoning } = request
  if (facts.thinking === 'none') {
    if (reasoning !== undefined && reasoning.effort !== 'none' && (reasoning.effort ?? reasoning.budgetTokens) !== undefined) {
      note({ kind: 'dropped', field: 'reasoning', reason: 'the model does not think' })
    }
    return undefined
  }
  const steer = facts.thinking === 'level' ? encodeLevel(request, facts, note) : encodeBudget(request, facts, note)
  // Only the client's own "off" turns thoughts invisible; the least level still thinks a little.
  const shows = reasoning !== undefined && reasoning.effort !== 'none' && reasoning.display !== 'omitted'
  const config = { ...(shows && { includeThoughts: true }), ...steer }
  return Object.keys(config).length > 0 ? config : undefined
}

const LEVELS: readonly WireLevel[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']

function encodeLevel(request: ChatRequest, facts: ModelFacts, note: Note): JsonObject {
  const wanted = wantedLevel(request.reasoning)
  if (wanted === undefined) {
    if (!isCramped(request)) return {}
    note({ kind: 'changed', field: 'reasoning', reason: 'thinking is kept low because the output limit covers it' })
    return { thinkingLevel: facts.leastLevel }
  }
  const level = LEVELS.indexOf(wanted) < LEVELS.indexOf(facts.leastLevel) ? facts.leastLevel : wanted
  if (request.reasoning?.effort === 'none')
    note({ kind: 'changed', field: 'reasoning', reason: 'the model cannot stop thinking; it thinks as little as it can' })
  return { thinkingLevel: level }
}

function wantedLevel(reasoning: ReasoningSettings | undefined): WireLevel | undefined {
  if (reasoning?.effort !== undefined) return LEVEL_OF_EFFORT[reasoning.effort]
  const tokens = reasoning?.budgetTokens
  return tokens === undefined || tokens < 0 ? undefined : levelOfBudget(tokens)
}

function encodeBudget(request: ChatRequest, facts: ModelFacts, note: Note): JsonObject {
  const { budget } = facts
  const limit = request.maxOutputTokens
  const wanted = wantedBudget(request.reasoning, facts)
  if (wanted === undefined || wanted === -1) {
    if (!isCramped(request)) return wanted === undefined ? {} : { thinkingBudget: -1 }
    note({ kind: 'changed', field: 'reasoning', reason: 'thinking is kept low because the output limit covers it' })
    return { thinkingBudget: budget.off }
  }
  if (wanted === budget.off) {
    if (wanted > 0) note({ kind: 'changed', field: 'reasoning', reason: 'the model cannot stop thinking; it thinks as little as it can' })
    return { thinkingBudget: wanted }
  }
  // The output limit covers the thoughts: leave room for an answer.
  const room = limit === undefined ? budget.max : Math.floor(limit * 0.8)
  const tokens = Math.max(budget.min, Math.min(wanted, budget.max, room))
  if (tokens !== request.reasoning?.budgetTokens && tokens !== wanted)
    note({ kind: 'changed', field: 'reasoning', reason: `the thinking budget became ${tokens} tokens` })
  return { thinkingBudget: tokens }
}

function wantedBudget(reasoning: ReasoningSettings | undefined, facts: ModelFacts): number | undefined {
  if (reasoning === undefined) return undefined
  if (reasoning.effort === 'none' || reasoning.budgetTokens === 0) return facts.budget.off
  if (reasoning.budgetTokens !== undefined) return reasoning.budgetTokens
  if (reasoning.effort === 'xhigh' || reasoning.effort === 'max') return facts.budget.max
  if (reasoning.effort !== undefined) return BUDGET_OF_EFFORT[reasoning.effort]
  return reasoning.adaptive === true ? -1 : undefined
}

/** A small limit by a client that does not know Gemini counts thoughts into it. */
const isCramped = (request: ChatRequest): boolean =>
  request.maxOutputTokens !== undefined && request.maxOutputTokens < SMALL_LIMIT && request.extensions[FORMAT] === undefined
