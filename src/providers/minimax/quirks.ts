// MiniMax's own switches, and its errors inside a 200.

import { asNumber, asObject, asString } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import type { BodyRepair } from '../quirks/frames.ts'

/** Reasoning beside the answer instead of `<think>` within it. https://platform.minimax.io/docs/guides/text-m2-function-call */
export const reasoningApart: RequestQuirk = (body) => (body.reasoning_split === undefined ? { ...body, reasoning_split: true } : body)

/** The range is (0, 1]: zero itself is a 400. https://platform.minimax.io/docs/api-reference/text-openai-api */
export const warmTemperature: RequestQuirk = (body, { note }) => {
  const value = asNumber(body.temperature)
  if (value === undefined || value > 0) return body
  note?.({ kind: 'changed', field: 'temperature', reason: 'raised to 0.01: the upstream takes no zero' })
  return { ...body, temperature: 0.01 }
}

const TYPES: Readonly<Record<number, string>> = {
  1002: 'rate_limit_exceeded',
  1004: 'invalid_api_key',
  1008: 'insufficient_quota',
  1039: 'rate_limit_exceeded',
  2013: 'invalid_request_error',
}

/** A status other than zero in `base_resp` is a failure. https://platform.minimax.io/docs/api-reference/errorcode */
export const baseRespAsError: BodyRepair = (body) => {
  const base = asObject(body.base_resp)
  const code = asNumber(base?.status_code)
  if (!code || body.error !== undefined) return body
  return {
    error: {
      message: asString(base?.status_msg) ?? 'The upstream failed.',
      type: TYPES[code] ?? 'server_error',
      code: TYPES[code] ?? String(code),
    },
  }
}
