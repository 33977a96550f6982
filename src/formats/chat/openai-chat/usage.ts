// Usage between this wire and the neutral counts. Reads the places and habits of compatible hosts; writes
// OpenAI's own members only, and none that was not reported.

import type { Usage } from '../../../core/usage.ts'
import { compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { numberOf } from './wire.ts'

const count = (from: JsonObject, ...keys: string[]): number | undefined => {
  for (const key of keys) {
    const number = numberOf(from[key])
    if (number !== undefined && number >= 0) return Math.floor(number)
  }
  return undefined
}

/** Wherever a chunk or an answer keeps its usage: on top, in Groq's `x_groq`, or (Moonshot) in a choice. */
export function usageIn(wire: JsonObject): Usage | undefined {
  const groq = wire['x_groq']
  const first = Array.isArray(wire['choices']) ? wire['choices'][0] : undefined
  return (
    decodeUsage(wire['usage']) ??
    decodeUsage(isObject(groq) ? groq['usage'] : undefined) ??
    decodeUsage(isObject(first) ? first['usage'] : undefined)
  )
}

/** `undefined` for null, garbage, and an object that counts nothing. */
export function decodeUsage(wire: JsonValue | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined
  const prompt = count(wire, 'prompt_tokens', 'input_tokens')
  const completion = count(wire, 'completion_tokens', 'output_tokens')
  if (prompt === undefined && completion === undefined) return undefined
  const input = isObject(wire['prompt_tokens_details']) ? wire['prompt_tokens_details'] : {}
  const output = isObject(wire['completion_tokens_details']) ? wire['completion_tokens_details'] : {}
  const cached = count(input, 'cached_tokens') ?? count(wire, 'prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens')
  const reasoning = count(output, 'reasoning_tokens') ?? count(wire, 'reasoning_tokens')
  const search = isObject(wire['server_tool_use']) ? count(wire['server_tool_use'], 'web_search_requests') : undefined
  return compact({
    inputTokens: inputOf(prompt ?? 0, cached),
    cachedInputTokens: cached,
    cacheWriteTokens: count(input, 'cache_write_tokens') ?? count(wire, 'cache_creation_input_tokens'),
    audioInputTokens: count(input, 'audio_tokens'),
    imageInputTokens: count(input, 'image_tokens'),
    outputTokens: outputOf(prompt ?? 0, completion ?? 0, { reasoning, total: count(wire, 'total_tokens') }),
    reasoningTokens: reasoning,
    audioOutputTokens: count(output, 'audio_tokens'),
    imageOutputTokens: count(output, 'image_tokens'),
    acceptedPredictionTokens: count(output, 'accepted_prediction_tokens'),
    rejectedPredictionTokens: count(output, 'rejected_prediction_tokens'),
    webSearches: search,
  }) as Usage
}

/** One model family reports the prompt without its cached part: https://github.com/vercel/ai/issues/12485 */
const inputOf = (prompt: number, cached: number | undefined): number => (cached !== undefined && cached > prompt ? prompt + cached : prompt)

/** xAI and some hosts leave reasoning out of `completion_tokens`; the total, or an impossible share, tells. */
function outputOf(
  prompt: number,
  completion: number,
  { reasoning, total }: { reasoning?: number | undefined; total?: number | undefined },
): number {
  if (reasoning === undefined || reasoning === 0) return completion
  if (total !== undefined && total - prompt === completion + reasoning) return completion + reasoning
  return reasoning > completion ? completion + reasoning : completion
}

export function encodeUsage(usage: Usage): JsonObject {
  const input = compact({
    cached_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    audio_tokens: usage.audioInputTokens,
    image_tokens: usage.imageInputTokens,
  })
  const output = compact({
    reasoning_tokens: usage.reasoningTokens,
    audio_tokens: usage.audioOutputTokens,
    image_tokens: usage.imageOutputTokens,
    accepted_prediction_tokens: usage.acceptedPredictionTokens,
    rejected_prediction_tokens: usage.rejectedPredictionTokens,
  })
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    ...(Object.keys(input).length > 0 && { prompt_tokens_details: input as JsonObject }),
    ...(Object.keys(output).length > 0 && { completion_tokens_details: output as JsonObject }),
    ...(usage.webSearches !== undefined && usage.webSearches > 0 && { server_tool_use: { web_search_requests: usage.webSearches } }),
  }
}
