// `usageMetadata` to neutral usage and back. Gemini counts thoughts beside the answer's tokens and the
// tokens of its own tools beside the prompt's; we count each inside its side.

import type { Usage } from '../../../core/usage.ts'
import { asObject, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

const count = (object: JsonObject, name: string): number | undefined => {
  const value = object[name]
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.floor(value) : undefined
}

export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  const usage = asObject(value)
  if (usage === undefined) return undefined
  const prompt = count(usage, 'promptTokenCount')
  const candidates = count(usage, 'candidatesTokenCount')
  const total = count(usage, 'totalTokenCount')
  if (prompt === undefined && candidates === undefined && total === undefined) return undefined
  const thoughts = count(usage, 'thoughtsTokenCount')
  const cached = count(usage, 'cachedContentTokenCount')
  const fresh = (prompt ?? 0) + (count(usage, 'toolUsePromptTokenCount') ?? 0)
  const answer = candidates ?? Math.max(0, (total ?? 0) - fresh - (thoughts ?? 0))
  return compact({
    // A cached count beyond the prompt can only mean that the prompt was told without it.
    inputTokens: cached !== undefined && cached > fresh ? fresh + cached : fresh,
    cachedInputTokens: cached,
    outputTokens: answer + (thoughts ?? 0),
    reasoningTokens: thoughts,
    audioInputTokens: modality(usage, 'promptTokensDetails', 'AUDIO'),
    imageInputTokens: modality(usage, 'promptTokensDetails', 'IMAGE'),
    audioOutputTokens: modality(usage, 'candidatesTokensDetails', 'AUDIO'),
    imageOutputTokens: modality(usage, 'candidatesTokensDetails', 'IMAGE'),
  }) as Usage
}

function modality(usage: JsonObject, name: string, kind: string): number | undefined {
  const list = usage[name]
  if (!Array.isArray(list)) return undefined
  const entry = list.find((item) => isObject(item) && item['modality'] === kind)
  return isObject(entry) ? count(entry, 'tokenCount') : undefined
}

export function encodeUsage(usage: Usage): JsonObject {
  const reasoning = Math.min(usage.reasoningTokens ?? 0, usage.outputTokens)
  return compact({
    promptTokenCount: usage.inputTokens,
    cachedContentTokenCount: usage.cachedInputTokens,
    candidatesTokenCount: usage.outputTokens - reasoning,
    thoughtsTokenCount: usage.reasoningTokens === undefined ? undefined : reasoning,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    promptTokensDetails: details({ all: usage.inputTokens, AUDIO: usage.audioInputTokens, IMAGE: usage.imageInputTokens }),
    candidatesTokensDetails: details({
      all: usage.outputTokens - reasoning,
      AUDIO: usage.audioOutputTokens,
      IMAGE: usage.imageOutputTokens,
    }),
  }) as JsonObject
}

function details(counts: { all: number; AUDIO: number | undefined; IMAGE: number | undefined }): JsonObject[] | undefined {
  const special = (['AUDIO', 'IMAGE'] as const).flatMap((kind) => (counts[kind] ? [{ modality: kind, tokenCount: counts[kind] }] : []))
  if (special.length === 0) return undefined
  const text = Math.max(0, counts.all - special.reduce((sum, entry) => sum + entry.tokenCount, 0))
  return [{ modality: 'TEXT', tokenCount: text }, ...special]
}
