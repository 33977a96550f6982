// Finish reasons both ways. Gemini ends a tool call with STOP, so whether calls were made decides.

import type { Finish, FinishReason } from '../../../core/chat.ts'
import type { JsonObject } from '../../../lib/json.ts'

/** `broken`: the model failed at a call or gave up; an error when nothing usable came, else an end. */
const MEANING: Readonly<Record<string, FinishReason | 'broken'>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  // Only Gemini's own clients can go on with its token; for others the answer is cut by a limit.
  CONTINUATION: 'length',
  LANGUAGE: 'broken',
  OTHER: 'broken',
  MALFORMED_FUNCTION_CALL: 'broken',
  UNEXPECTED_TOOL_CALL: 'broken',
  TOO_MANY_TOOL_CALLS: 'broken',
  MALFORMED_RESPONSE: 'broken',
  IMAGE_OTHER: 'broken',
  NO_IMAGE: 'broken',
}

const meaningOf = (raw: string): FinishReason | 'broken' =>
  Object.hasOwn(MEANING, raw) ? (MEANING[raw] as FinishReason | 'broken') : 'stop'

/** A reason that says something: not absent, not the enum's zero value. */
export const statedReason = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && !/_UNSPECIFIED$/.test(value) ? value.toUpperCase() : undefined

export const isBroken = (raw: string | undefined): boolean => raw !== undefined && meaningOf(raw) === 'broken'

/** @param called whether a client's tool was called. */
export function decodeFinish(raw: string | undefined, called: boolean, message?: string): Finish {
  const meaning = raw === undefined ? 'stop' : meaningOf(raw)
  const ended = meaning === 'stop' || meaning === 'broken'
  return {
    reason: ended ? (called ? 'tool-calls' : 'stop') : meaning,
    ...(raw !== undefined && { raw }),
    ...(meaning === 'content-filter' && { explanation: message || `The answer was stopped by the model's filter (${raw}).` }),
  }
}

const WORDS: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  'tool-calls': 'STOP',
  length: 'MAX_TOKENS',
  context: 'MAX_TOKENS',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'STOP',
}

/** Members of a candidate that tell its end. Gemini's own word is kept when the answer came from Gemini. */
export function encodeFinish(finish: Finish, own: boolean): JsonObject {
  const native = own && finish.raw !== undefined && Object.hasOwn(MEANING, finish.raw) ? finish.raw : undefined
  return { finishReason: native ?? WORDS[finish.reason], ...(finish.explanation !== undefined && { finishMessage: finish.explanation }) }
}
