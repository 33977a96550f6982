// Usage of this wire: input includes what caches gave and took, output includes reasoning.

import type { Usage } from '../../../core/usage.ts'
import { asNumber, asObject, compact, type JsonObject, type JsonValue } from '../../../lib/json.ts'

const count = (value: JsonValue | undefined): number | undefined => {
  const number = asNumber(value)
  return number === undefined ? undefined : Math.max(0, number)
}

export function decodeUsage(wire: JsonValue | undefined, webSearches: number): Usage | undefined {
  const usage = asObject(wire)
  if (usage === undefined) return undefined
  const input = count(usage['input_tokens'])
  const output = count(usage['output_tokens'])
  if (input === undefined && output === undefined) return undefined
  const inputDetails = asObject(usage['input_tokens_details'])
  const outputDetails = asObject(usage['output_tokens_details'])
  const cached = count(inputDetails?.['cached_tokens'])
  // Some hosts report the input without its cached part (hazard H128).
  const inputTokens = (input ?? 0) < (cached ?? 0) ? (input ?? 0) + (cached ?? 0) : (input ?? 0)
  return compact({
    inputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: count(inputDetails?.['cache_write_tokens']),
    audioInputTokens: count(inputDetails?.['audio_tokens']),
    outputTokens: output ?? 0,
    reasoningTokens: count(outputDetails?.['reasoning_tokens']),
    audioOutputTokens: count(outputDetails?.['audio_tokens']),
    webSearches: webSearches === 0 ? undefined : webSearches,
  }) as Usage
}

/** Strict clients (Codex, the Python SDK) fail when a detail object is missing. */
export function encodeUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0, cache_write_tokens: usage.cacheWriteTokens ?? 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  }
}
