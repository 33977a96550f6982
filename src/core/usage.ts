// What one exchange consumed. Absent, zero and unknown differ: an absent member was not reported.

export interface Usage {
  /** All input tokens: fresh, read from a cache, written to a cache, and audio or image input. */
  readonly inputTokens: number
  /** The part of the input read from a cache. */
  readonly cachedInputTokens?: number
  /** The part of the input written to a cache, all lifetimes together. */
  readonly cacheWriteTokens?: number
  /** The part of the cache writes that lives for an hour (Anthropic `ephemeral_1h`). */
  readonly cacheWrite1hTokens?: number
  readonly audioInputTokens?: number
  readonly imageInputTokens?: number
  /** All output tokens, reasoning and audio included. */
  readonly outputTokens: number
  /** The part of the output that was reasoning. */
  readonly reasoningTokens?: number
  readonly audioOutputTokens?: number
  readonly imageOutputTokens?: number
  readonly acceptedPredictionTokens?: number
  readonly rejectedPredictionTokens?: number
  readonly webSearches?: number
  readonly webFetches?: number
  /** Images that were made. */
  readonly images?: number
  /** Seconds of video that were made. */
  readonly seconds?: number
  /** Seconds of audio that were listened to. */
  readonly audioSeconds?: number
  /** Characters that were spoken. */
  readonly characters?: number
  /** Set when we counted because the upstream did not say. */
  readonly estimated?: true
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 }

/** Member-wise sum; a member absent on both sides stays absent. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Record<string, number | true> = {}
  for (const usage of [a, b]) {
    for (const [key, value] of Object.entries(usage)) {
      if (value === true) sum[key] = true
      else if (typeof value === 'number') sum[key] = ((sum[key] as number | undefined) ?? 0) + value
    }
  }
  return sum as unknown as Usage
}

/**
 * Folds a later report of the same response into an earlier one. Reports are cumulative: the later
 * value wins, except that a zero or absent one never erases a positive one (placeholders are common).
 */
export function laterUsage(earlier: Usage | undefined, later: Usage): Usage {
  if (earlier === undefined) return later
  const merged: Record<string, number | true> = { ...earlier } as Record<string, number | true>
  for (const [key, value] of Object.entries(later)) {
    if (value === undefined || (value === 0 && merged[key] !== undefined)) continue
    merged[key] = value as number | true
  }
  return merged as unknown as Usage
}
