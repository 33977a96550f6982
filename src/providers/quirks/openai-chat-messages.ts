// Repairs of the messages of a Chat Completions body that several vendors need.

import { isObject, type JsonObject, type JsonValue } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import { omit } from './openai-chat.ts'

/** A quirk that looks at one message at a time. */
export const eachMessage =
  (repair: (message: JsonObject) => JsonObject): RequestQuirk =>
  (body) => {
    if (!Array.isArray(body.messages)) return body
    let changed = false
    const messages = body.messages.map((message) => {
      if (!isObject(message)) return message
      const repaired = repair(message)
      if (repaired !== message) changed = true
      return repaired
    })
    return changed ? { ...body, messages } : body
  }

/** Only OpenAI tells `developer` from `system`; others answer the word with an error. */
export const developerAsSystem = eachMessage((message) => (message.role === 'developer' ? { ...message, role: 'system' } : message))

const REASONING_MEMBERS = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks']

/** History without reasoning, for vendors that refuse unknown members of a message. */
export const withoutReasoning = eachMessage((message) =>
  message.role === 'assistant' ? withoutForeignSignatures(omit(message, REASONING_MEMBERS)) : message,
)

/** Signed reasoning of other vendors, which only they understand, is left out; plain text stays. */
export const plainReasoning = eachMessage((message) =>
  message.role === 'assistant' ? withoutForeignSignatures(omit(message, ['reasoning_details', 'thinking_blocks'])) : message,
)

/** Google's signatures on calls, where the vendor does not know the member. */
export const withoutCallSignatures = eachMessage(withoutForeignSignatures)

/** Plain reasoning of earlier turns under the name the vendor reads. */
export const reasoningAs = (name: 'reasoning' | 'reasoning_content'): RequestQuirk =>
  eachMessage((message) => {
    const other = name === 'reasoning' ? 'reasoning_content' : 'reasoning'
    if (message.role !== 'assistant' || message[other] === undefined) return message
    const rest = omit(message, [other])
    return { ...rest, [name]: rest[name] ?? message[other] }
  })

/** `extra_content` carries Google's signatures on calls and messages. */
function withoutForeignSignatures(message: JsonObject): JsonObject {
  const bare = omit(message, ['extra_content'])
  const calls = bare.tool_calls
  if (!Array.isArray(calls) || !calls.some((call) => isObject(call) && call.extra_content !== undefined)) return bare
  return { ...bare, tool_calls: calls.map((call) => (isObject(call) ? omit(call, ['extra_content']) : call)) }
}

/** Lists of plain text parts as one string, for vendors that take media in lists and text as strings only. */
export const textAsString = eachMessage((message) => {
  const { content } = message
  if (!Array.isArray(content) || content.length === 0 || !content.every(isPlainText)) return message
  return { ...message, content: content.map((part) => (part as JsonObject).text).join('\n') }
})

const isPlainText = (part: JsonValue): boolean => isObject(part) && part.type === 'text' && typeof part.text === 'string'

/** The speaker's name, which the vendor refuses. */
export const withoutNames = eachMessage((message) => (message.role === 'tool' ? message : omit(message, ['name'])))

/** Members of messages the vendor does not list. */
export const messageMembers = (...names: readonly string[]): RequestQuirk =>
  eachMessage((message) =>
    omit(
      message,
      Object.keys(message).filter((name) => !names.includes(name)),
    ),
  )

/** Every call and its result under ids that `rename` makes. */
export const callIdsAs = (rename: (id: string) => string): RequestQuirk =>
  eachMessage((message) => {
    const result = typeof message.tool_call_id === 'string' ? { ...message, tool_call_id: rename(message.tool_call_id) } : message
    if (!Array.isArray(message.tool_calls)) return result
    const calls = message.tool_calls.map((call) =>
      isObject(call) && typeof call.id === 'string' ? { ...call, id: rename(call.id) } : call,
    )
    return { ...result, tool_calls: calls }
  })

/** Neighbours of one role as one message, where roles must alternate. */
export const alternatingRoles: RequestQuirk = (body) => {
  if (!Array.isArray(body.messages)) return body
  const merged: JsonValue[] = []
  for (const message of body.messages) {
    const last = merged.at(-1)
    if (isObject(message) && isObject(last) && last.role === message.role && message.role !== 'tool') {
      merged[merged.length - 1] = { ...last, content: [...partsOf(last.content), ...partsOf(message.content)] }
    } else merged.push(message)
  }
  return merged.length === body.messages.length ? body : { ...body, messages: merged }
}

const partsOf = (content: JsonValue | undefined): JsonValue[] =>
  Array.isArray(content) ? content : typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : []
