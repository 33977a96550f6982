// Token probabilities: `logprobsResult` to the neutral list and back.

import type { TokenLogprob } from '../../../core/chat.ts'
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from '../../../lib/json.ts'

const encoder = new TextEncoder()

export function decodeLogprobs(value: JsonValue | undefined): TokenLogprob[] {
  const result = asObject(value)
  const chosen = asArray(result?.['chosenCandidates']) ?? []
  const tops = asArray(result?.['topCandidates']) ?? []
  return chosen.flatMap((item, index) => {
    const token = tokenOf(item)
    if (token === undefined) return []
    const top = (asArray(asObject(tops[index])?.['candidates']) ?? []).flatMap((candidate) => tokenOf(candidate) ?? [])
    return [top.length > 0 ? { ...token, top } : token]
  })
}

function tokenOf(value: JsonValue | undefined): TokenLogprob | undefined {
  const candidate = asObject(value)
  const token = asString(candidate?.['token'])
  const logprob = asNumber(candidate?.['logProbability'])
  return token === undefined || logprob === undefined ? undefined : { token, logprob, bytes: [...encoder.encode(token)] }
}

/** Members of a candidate; none without tokens. */
export function encodeLogprobs(tokens: readonly TokenLogprob[]): JsonObject {
  if (tokens.length === 0) return {}
  const candidate = ({ token, logprob }: TokenLogprob): JsonObject => ({ token, logProbability: logprob })
  return {
    avgLogprobs: tokens.reduce((sum, token) => sum + token.logprob, 0) / tokens.length,
    logprobsResult: {
      chosenCandidates: tokens.map(candidate),
      topCandidates: tokens.map((token) => ({ candidates: (token.top ?? []).map(candidate) })),
    },
  }
}
