// Mistral's own rules for a Chat body.

import { createHash } from 'node:crypto'
import { isObject } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import { omit } from '../quirks/openai-chat.ts'
import { callIdsAs } from '../quirks/openai-chat-messages.ts'

const LEGAL = /^[a-zA-Z0-9]{9}$/
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Nine letters from a hash: the first nine of an id would make twins of all ids with one prefix. */
function nineLetters(id: string): string {
  if (LEGAL.test(id)) return id
  let text = ''
  for (const byte of createHash('sha256').update(id).digest().subarray(0, 9)) text += LETTERS[byte % 62]
  return text
}

/** Call ids must match `[a-zA-Z0-9]{9}`. https://docs.mistral.ai/capabilities/function_calling/ */
export const nineLetterIds = callIdsAs(nineLetters)

/** `seed` is `random_seed`. https://docs.mistral.ai/api/#tag/chat */
export const seedAsRandomSeed: RequestQuirk = (body) =>
  body.seed === undefined ? body : { ...omit(body, ['seed']), random_seed: body.seed }

/** A last assistant message must say that it is to be continued. https://docs.mistral.ai/guides/prefix/ */
export const markedPrefill: RequestQuirk = (body) => {
  const last = Array.isArray(body.messages) ? body.messages.at(-1) : undefined
  if (!Array.isArray(body.messages) || !isObject(last) || last.role !== 'assistant' || last.tool_calls !== undefined) return body
  return { ...body, messages: [...body.messages.slice(0, -1), { ...last, prefix: true }] }
}
