// Which conversation a request belongs to, told by what its turns have in common. Prompt caches live at one account of one
// provider, so a conversation that moves between equal channels pays for its whole history anew with every turn.
// A prompt that is too short to be cached anywhere belongs to none: chance spreads it better.

import type { HttpRequest } from '../core/http-message.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { sha256Hex } from '../lib/platform/runtime.ts'

/** `auto`: where the client names its conversation, or where the prompt may be cached. `always`: short prompts too. */
export type Stickiness = 'auto' | 'always' | 'off'

/**
 * Vendors cache prompts from 1,024 tokens on, at four characters each.
 * https://platform.openai.com/docs/guides/prompt-caching  https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
const CACHED_CHARACTERS = 4_096

/** Headers in which clients name their session: Claude Code's, Codex's by two spellings, and the field's common ones. */
const SESSION_HEADERS = ['x-claude-code-session-id', 'session-id', 'session_id', 'x-session-id', 'x-session-affinity']

/** Told apart by caller: `undefined` when chance should decide. */
export function conversationOf(http: HttpRequest, caller: string, stickiness: Stickiness): string | undefined {
  if (stickiness === 'off') return undefined
  const named = nameOf(http)
  if (named !== undefined) return sha256Hex(`${caller}\nnamed\n${named}`)
  if (stickiness === 'auto' && http.text.length < CACHED_CHARACTERS) return undefined
  return sha256Hex(`${caller}\nopening\n${openingOf(http.body)}`)
}

function nameOf({ headers, body }: HttpRequest): string | undefined {
  for (const name of SESSION_HEADERS) {
    const value = headers.get(name)
    if (value) return value
  }
  const conversation = body['conversation']
  const named = [
    body['prompt_cache_key'],
    isObject(conversation) ? conversation['id'] : conversation,
    body['cachedContent'],
    asObject(body['metadata'])?.['user_id'],
  ]
  return named.map(asString).find((text) => text !== undefined && text !== '')
}

/** What of one part tells conversations apart: beginnings do, and the rest of a picture says no more. */
const MOST_CHARACTERS = 4_096
const MOST_MESSAGES = 8

/** The system prompt and the messages up to the first of the user, whichever format the body is in. */
function openingOf(body: JsonObject): string {
  const system = body['system'] ?? body['instructions'] ?? body['systemInstruction'] ?? body['system_instruction']
  const turns = body['messages'] ?? body['input'] ?? body['contents']
  if (!Array.isArray(turns)) return `${wordsIn(system)}\n${wordsIn(turns)}`
  const opening: string[] = [wordsIn(system)]
  for (const turn of (asArray(turns) ?? []).slice(0, MOST_MESSAGES)) {
    opening.push(wordsIn(turn))
    const role = asObject(turn)?.['role']
    if (role === 'user' || role === undefined) break
  }
  return opening.join('\n')
}

/** What comes and goes between turns of one conversation: marks of the cache, and how a text is wrapped. */
const WRAPPING = new Set(['role', 'type', 'id', 'cache_control'])
/** Claude Code's first block, which differs with every request. */
const BILLING_LINE = 'x-anthropic-billing-header:'

function wordsIn(value: JsonValue | undefined): string {
  let words = ''
  const gather = (part: JsonValue | undefined, depth: number): void => {
    if (words.length >= MOST_CHARACTERS || depth > 8) return
    if (typeof part === 'string') {
      if (!part.startsWith(BILLING_LINE)) words += `${part.length}:${part.slice(0, MOST_CHARACTERS)}`
    } else if (Array.isArray(part)) for (const each of part) gather(each, depth + 1)
    else if (isObject(part)) for (const [key, each] of Object.entries(part)) if (!WRAPPING.has(key)) gather(each, depth + 1)
  }
  gather(value, 0)
  return words
}

const DIGITS = 13

/** A number from 0 to 1 that is the same whenever a conversation meets a channel. */
export const chanceOf = (conversation: string, channelId: string): number =>
  Number.parseInt(sha256Hex(`${conversation}\n${channelId}`).slice(0, DIGITS), 16) / 16 ** DIGITS
