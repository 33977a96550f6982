// Token log probabilities between this wire and the neutral model.

import type { TokenLogprob } from '../../../core/chat.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { numberOf } from './wire.ts'

/** The tokens of a choice's `logprobs`, those of a refusal included. */
export function decodeLogprobs(wire: JsonValue | undefined): TokenLogprob[] {
  if (!isObject(wire)) return []
  const lists = [wire['content'], wire['refusal']].filter((list) => Array.isArray(list))
  return lists.flat().flatMap(decodeToken)
}

function decodeToken(wire: JsonValue): TokenLogprob[] {
  if (!isObject(wire) || typeof wire['token'] !== 'string') return []
  const bytes = wire['bytes']
  const top = wire['top_logprobs']
  return [
    {
      token: wire['token'],
      logprob: numberOf(wire['logprob']) ?? 0,
      ...(bytes === null && { bytes: null }),
      ...(Array.isArray(bytes) && { bytes: bytes.filter((byte) => typeof byte === 'number') }),
      ...(Array.isArray(top) && { top: top.flatMap(decodeToken) }),
    },
  ]
}

const encodeToken = ({ token, logprob, bytes }: TokenLogprob): JsonObject => ({
  token,
  logprob,
  bytes: bytes === undefined || bytes === null ? null : [...bytes],
})

/** A choice's `logprobs`. `refusal`: the tokens are a refusal's. */
export function encodeLogprobs(tokens: readonly TokenLogprob[], refusal: boolean): JsonObject {
  const list = tokens.map((token) => ({ ...encodeToken(token), top_logprobs: (token.top ?? []).map(encodeToken) }))
  return refusal ? { content: null, refusal: list } : { content: list, refusal: null }
}
