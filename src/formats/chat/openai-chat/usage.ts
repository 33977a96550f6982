// Usage between this wire and the neutral counts. Reads the places and habits of compatible hosts; writes
// OpenAI's own members only, and none that was not reported.

import type { Usage } from '../../../core/usage.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { isEmpty, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
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
  const input = isObject(wire['prompt_tokens_details']) ? wire['prompt_tokens_details'] : NONE
  const output = isObject(wire['completion_tokens_details']) ? wire['completion_tokens_details'] : NONE
  const cached = count(input, 'cached_tokens') ?? count(wire, 'prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens')
  const reasoning = count(output, 'reasoning_tokens') ?? count(wire, 'reasoning_tokens')
  const search = isObject(wire['server_tool_use']) ? count(wire['server_tool_use'], 'web_search_requests') : undefined
  const usage: Draft<Usage> = {
    inputTokens: inputOf(prompt ?? 0, cached),
    outputTokens: outputOf(prompt ?? 0, completion ?? 0, { reasoning, total: count(wire, 'total_tokens') }),
  }
  put(usage, 'cachedInputTokens', cached)
  put(usage, 'cacheWriteTokens', count(input, 'cache_write_tokens') ?? count(wire, 'cache_creation_input_tokens'))
  put(usage, 'audioInputTokens', count(input, 'audio_tokens'))
  put(usage, 'imageInputTokens', count(input, 'image_tokens'))
  put(usage, 'reasoningTokens', reasoning)
  put(usage, 'audioOutputTokens', count(output, 'audio_tokens'))
  put(usage, 'imageOutputTokens', count(output, 'image_tokens'))
  put(usage, 'acceptedPredictionTokens', count(output, 'accepted_prediction_tokens'))
  put(usage, 'rejectedPredictionTokens', count(output, 'rejected_prediction_tokens'))
  put(usage, 'webSearches', search)
  return usage
}

const NONE: JsonObject = {}

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
  const input: JsonObject = {}
  put(input, 'cached_tokens', usage.cachedInputTokens)
  put(input, 'cache_write_tokens', usage.cacheWriteTokens)
  put(input, 'audio_tokens', usage.audioInputTokens)
  put(input, 'image_tokens', usage.imageInputTokens)
  const output: JsonObject = {}
  put(output, 'reasoning_tokens', usage.reasoningTokens)
  put(output, 'audio_tokens', usage.audioOutputTokens)
  put(output, 'image_tokens', usage.imageOutputTokens)
  put(output, 'accepted_prediction_tokens', usage.acceptedPredictionTokens)
  put(output, 'rejected_prediction_tokens', usage.rejectedPredictionTokens)
  const wire: JsonObject = {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
  }
  if (!isEmpty(input)) wire['prompt_tokens_details'] = input
  if (!isEmpty(output)) wire['completion_tokens_details'] = output
  if (usage.webSearches !== undefined && usage.webSearches > 0) wire['server_tool_use'] = { web_search_requests: usage.webSearches }
  return wire
}
