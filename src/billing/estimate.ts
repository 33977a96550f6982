// Usage that nobody reported, counted by ourselves: of streams that were cut before their report, and of upstreams that
// send none. Marked as estimated wherever it goes.

import { estimateTokenCount } from 'tokenx'
import type { Usage } from '../core/usage.ts'

/** What was seen of an answer. */
export interface Produced {
  /** Tokens of text, reasoning and arguments of calls, all of it. */
  outputTokens(): number
  /** An upper estimate of the request's input. */
  inputTokens(): number
}

export const textTokens = (text: string): number => (text === '' ? 0 : estimateTokenCount(text))

/** Usage of an answer without a report, from what it holds. */
export const estimatedUsage = ({ outputTokens, inputTokens }: Produced): Usage => ({
  inputTokens: inputTokens(),
  outputTokens: outputTokens(),
  estimated: true,
})

/**
 * Usage of an answer that ended early. An upstream reports its input at the start and its output, often as a
 * placeholder, as it goes: what we saw counts where it is more.
 */
export function producedUsage(reported: Usage | undefined, produced: Produced): Usage {
  if (reported === undefined) return estimatedUsage(produced)
  const seen = produced.outputTokens()
  const inputTokens = reported.inputTokens > 0 ? reported.inputTokens : produced.inputTokens()
  if (inputTokens === reported.inputTokens && seen <= reported.outputTokens) return reported
  return { ...reported, inputTokens, outputTokens: Math.max(seen, reported.outputTokens), estimated: true }
}
