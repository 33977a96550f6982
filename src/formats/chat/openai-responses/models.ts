// What OpenAI's models take on this wire, by upstream name. Only what OpenAI documents as refused is listed:
// an unknown name gets what the client asked for.
// https://platform.openai.com/docs/guides/reasoning and /docs/guides/latest-model

import type { Effort } from '../../../core/chat.ts'

const bare = (model: string): string => model.slice(model.lastIndexOf('/') + 1).toLowerCase()

/** Models that refuse `reasoning` and encrypted reasoning content. */
export const neverReasons = (model: string): boolean => /^(gpt-3|gpt-4|chatgpt-|gpt-5[^-]*-chat)/.test(bare(model))

const isOSeries = (model: string): boolean => /^o\d/.test(bare(model))

/** `gpt-5.2-pro` is 5.2; `undefined` for other families. */
function version(model: string): number | undefined {
  const match = /^gpt-(\d+)(?:\.(\d+))?/.exec(bare(model))
  return match === null ? undefined : Number(match[1]) + Number(match[2] ?? 0) / 100
}

/** Reasoning models refuse sampling parameters, except from 5.1 on with effort `none`. */
export function refusesSampling(model: string, effort: Effort | undefined): boolean {
  if (neverReasons(model)) return false
  if (isOSeries(model)) return true
  const number = version(model)
  if (number === undefined || number < 5) return false
  return number < 5.01 || (effort !== 'none' && effort !== undefined)
}

/** The nearest effort the model knows. */
export function knownEffort(model: string, effort: Effort): Effort {
  if (isOSeries(model)) return effort === 'none' || effort === 'minimal' ? 'low' : effort === 'xhigh' || effort === 'max' ? 'high' : effort
  const number = version(model)
  if (number === undefined || number < 5) return effort
  if (number < 5.01) return effort === 'none' ? 'minimal' : effort === 'xhigh' || effort === 'max' ? 'high' : effort
  if (effort === 'minimal') return 'low'
  if (number < 5.02 && !bare(model).includes('max') && (effort === 'xhigh' || effort === 'max')) return 'high'
  return effort === 'max' && number < 5.06 ? 'xhigh' : effort
}

/** Effort for a thinking budget (table Q5 read backwards). */
export function effortOfBudget(budgetTokens: number): Effort | undefined {
  if (budgetTokens < 0) return undefined
  if (budgetTokens === 0) return 'none'
  if (budgetTokens < 2000) return 'low'
  if (budgetTokens < 8000) return 'medium'
  return budgetTokens < 24_000 ? 'high' : 'xhigh'
}

/** Explicit prompt caching came with 5.6; older models refuse the member. */
export const takesBreakpoints = (model: string): boolean => (version(model) ?? 0) >= 5.06
