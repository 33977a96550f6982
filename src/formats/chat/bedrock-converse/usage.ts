// Usage as Converse counts it: like Anthropic, what was read from or written to a cache stands beside the
// input, not in it. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html

import type { Usage } from '../../../core/usage.ts'
import { asArray, asNumber, asObject, type JsonValue } from '../../../lib/json.ts'

export function decodeUsage(wire: JsonValue | undefined): Usage | undefined {
  const usage = asObject(wire)
  if (usage === undefined) return undefined
  const count = (name: string): number | undefined => {
    const value = asNumber(usage[name])
    return value === undefined ? undefined : Math.max(0, value)
  }
  const cached = count('cacheReadInputTokens')
  const written = count('cacheWriteInputTokens')
  const hour = asArray(usage.cacheDetails)
    ?.map(asObject)
    .filter((detail) => detail?.ttl === '1h')
    .reduce((sum, detail) => sum + (asNumber(detail?.inputTokens) ?? 0), 0)
  return {
    inputTokens: (count('inputTokens') ?? 0) + (cached ?? 0) + (written ?? 0),
    outputTokens: count('outputTokens') ?? 0,
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    ...(hour !== undefined && hour > 0 && { cacheWrite1hTokens: hour }),
  }
}
