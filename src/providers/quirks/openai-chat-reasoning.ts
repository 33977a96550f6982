// Reasoning effort in the words of vendors that have other words for it than OpenAI's `reasoning_effort`.

import { asString, type JsonObject } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import { omit } from './openai-chat.ts'

/** The level under another vendor's name; `null`: not to be sent. Levels that are not listed stay. */
export const effortAs =
  (levels: Readonly<Record<string, string | null>>, applies: (model: string) => boolean = () => true): RequestQuirk =>
  (body, { upstreamModel, note }) => {
    const effort = asString(body.reasoning_effort)
    if (effort === undefined || !applies(upstreamModel)) return body
    const level = levels[effort]
    if (level === undefined || level === effort) return body
    note?.({
      kind: level === null ? 'dropped' : 'changed',
      field: 'reasoning_effort',
      reason: `the upstream has no ${effort}${level === null ? '' : `; ${level} instead`}`,
    })
    return level === null ? omit(body, ['reasoning_effort']) : { ...body, reasoning_effort: level }
  }

/** `thinking: {type}` as DeepSeek, Moonshot and Zhipu switch it. The level itself goes where the vendor has none. */
export const effortAsThinking =
  (keepsLevel: boolean): RequestQuirk =>
  (body) => {
    const effort = asString(body.reasoning_effort)
    if (effort === undefined) return body
    const type = effort === 'none' ? 'disabled' : 'enabled'
    const rest = keepsLevel && effort !== 'none' ? body : omit(body, ['reasoning_effort'])
    return body.thinking === undefined ? { ...rest, thinking: { type } } : rest
  }

/** `enable_thinking` with a budget, as Qwen has it. */
export const effortAsEnableThinking =
  (budgets: Readonly<Record<string, number>>): RequestQuirk =>
  (body) => {
    const effort = asString(body.reasoning_effort)
    if (effort === undefined) return body
    const rest: JsonObject = omit(body, ['reasoning_effort'])
    if (rest.enable_thinking !== undefined) return rest
    if (effort === 'none') return { ...rest, enable_thinking: false }
    const budget = budgets[effort]
    return {
      ...rest,
      enable_thinking: true,
      ...(budget !== undefined && rest.thinking_budget === undefined && { thinking_budget: budget }),
    }
  }
