// `contents` and `systemInstruction` to messages. A client that streams keeps one content for each frame
// it read, so neighbouring model contents are one turn, and the pieces of a text are joined again.

import type { Block, Message } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { type Pairing, pairing } from './pairing.ts'
import { decodePart, explicitIds } from './parts.ts'
import { member, stringOf } from './spelling.ts'

type Role = Message['role']
const ROLES: Readonly<Record<string, Role>> = { user: 'user', model: 'assistant', function: 'user', system: 'system' }

export function decodeContents(body: JsonObject): Message[] {
  const given = member(body, 'contents')
  const list = typeof given === 'string' || isObject(given) ? [given] : given
  if (list === undefined) throw invalid('contents', 'contents is missing')
  if (!Array.isArray(list)) throw invalid('contents', 'contents must be an array')
  if (list.length === 0) throw invalid('contents', 'contents must not be empty')
  const calls = pairing(explicitIds(list))
  const messages: Message[] = []
  for (const [index, value] of list.entries()) {
    const message = decodeContent(value, `contents[${index}]`, calls)
    const last = messages.at(-1)
    if (message.role === 'assistant' && last?.role === 'assistant')
      messages[messages.length - 1] = { ...last, content: joined(last.content, message.content) }
    else messages.push(message.role === 'assistant' ? { ...message, content: joined([], message.content) } : message)
  }
  return messages
}

function decodeContent(value: JsonValue, path: string, calls: Pairing): Message {
  const content = typeof value === 'string' ? { parts: [{ text: value }] } : value
  if (!isObject(content)) throw invalid(path, `${path} must be an object`)
  const blocks = decodeParts(content, path, calls)
  const stated = stringOf(content, 'role', path)
  const called = blocks.findIndex((block) => block.type === 'tool-call')
  if (stated === undefined || stated === '') return { role: called >= 0 ? 'assistant' : nonEmpty('user', blocks, path), content: blocks }
  if (!Object.hasOwn(ROLES, stated)) throw invalid(`${path}.role`, `${path}.role must be user or model`)
  const role = ROLES[stated] as Role
  if (role !== 'assistant' && called >= 0)
    throw invalid(`${path}.parts`, `${path}.parts: a functionCall belongs into a content of role model`)
  if (role === 'assistant' && blocks.some((block) => block.type === 'tool-result')) {
    throw invalid(`${path}.parts`, `${path}.parts: a functionResponse belongs into a content of role user`)
  }
  return { role: nonEmpty(role, blocks, path), content: blocks }
}

/** The SDK itself keeps empty model turns in its history; an empty user turn is an error everywhere. */
function nonEmpty(role: Role, blocks: readonly Block[], path: string): Role {
  if (role !== 'assistant' && blocks.length === 0) throw invalid(`${path}.parts`, `${path}.parts must not be empty`)
  return role
}

function decodeParts(content: JsonObject, path: string, calls: Pairing): Block[] {
  const given = member(content, 'parts')
  if (given === undefined) return []
  const list = isObject(given) || typeof given === 'string' ? [given] : given
  if (!Array.isArray(list)) throw invalid(`${path}.parts`, `${path}.parts must be an array`)
  return list.flatMap((part, index) => decodePart(part, `${path}.parts[${index}]`, calls))
}

/** Appends blocks, joining pieces of one text. A signature closes its text; it may come in an empty part behind it. */
function joined(blocks: readonly Block[], more: readonly Block[]): Block[] {
  const list = [...blocks]
  for (const block of more) {
    const last = list.at(-1)
    const joins =
      last !== undefined &&
      ((block.type === 'text' && last.type === 'text') ||
        (block.type === 'reasoning' && last.type === 'reasoning' && !block.redacted && !last.redacted)) &&
      last.signature === undefined &&
      (block.signature === undefined || block.text === '' || block.type === 'reasoning')
    if (joins) list[list.length - 1] = { ...last, ...block, text: last.text + block.text } as Block
    else if (block.type !== 'text' || block.text !== '' || block.signature !== undefined) list.push(block)
  }
  return list
}

/** The system prompt as a leading message, or nothing. */
export function decodeSystem(body: JsonObject): Message[] {
  const path = 'systemInstruction'
  const given = member(body, path)
  if (given === undefined) return []
  const content: JsonValue = typeof given === 'string' ? { parts: [{ text: given }] } : Array.isArray(given) ? { parts: given } : given
  if (!isObject(content)) throw invalid(path, `${path} must be an object`)
  const whole =
    member(content, 'parts') === undefined && member(content, 'text') !== undefined
      ? { parts: [{ text: member(content, 'text') }] }
      : content
  const blocks = decodeParts(whole as JsonObject, path, pairing(new Set()))
  for (const [index, block] of blocks.entries()) {
    if (block.type !== 'text') throw invalid(`${path}.parts[${index}]`, `${path} takes text only`)
  }
  const texts = blocks.filter((block) => block.type === 'text' && block.text !== '')
  return texts.length === 0 ? [] : [{ role: 'system', content: texts }]
}
