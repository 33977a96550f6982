// A client's `messages` as neutral turns. Neighbouring tool messages become one user turn of results, and
// the legacy `function_call` pair gets an id that depends on nothing but its place in the conversation, so
// that the same history always encodes to the same bytes.

import type { Block, Message, ToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { unpackSignature } from '../../../core/signature.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { imageSource } from './media.ts'
import { cacheHint, cacheOf, decodeContent } from './part-decode.ts'
import { decodeReasoning, extraSignature } from './reasoning.ts'
import { carriedFrom, extensionsFrom, FORMAT, missing, readArray, readObject, readString, requireString, wrongType } from './wire.ts'

const KNOWN = {
  prompt: new Set(['role', 'content', 'name', 'cache_control']),
  assistant: new Set([
    ...['role', 'content', 'name', 'refusal', 'audio', 'tool_calls', 'function_call', 'annotations', 'images', 'extra_content'],
    ...['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks', 'cache_control'],
  ]),
  result: new Set(['role', 'content', 'name', 'tool_call_id', 'cache_control']),
  call: new Set(['id', 'type', 'index', 'function', 'custom', 'extra_content']),
}

interface History {
  readonly turns: Message[]
  /** Results waiting to be closed into one turn. */
  results: ToolResultBlock[]
  /** Calls so far without a result, for the legacy pair and for names. */
  readonly calls: { id: string; name: string; legacy: boolean }[]
}

/** @throws GatewayError 400 naming the field. */
export function decodeMessages(messages: readonly JsonValue[]): Message[] {
  const history: History = { turns: [], results: [], calls: [] }
  messages.forEach((message, index) => {
    const field = `messages[${index}]`
    if (!isObject(message)) throw wrongType(field, 'an object', message)
    decodeMessage(message, { field, index, history })
  })
  closeResults(history)
  return history.turns
}

interface Place {
  readonly field: string
  readonly index: number
  readonly history: History
}

function decodeMessage(message: JsonObject, place: Place): void {
  const { field, history } = place
  const role = requireString(message, 'role', field)
  if (role === 'tool' || role === 'function') {
    history.results.push(role === 'tool' ? toolResult(message, place) : functionResult(message, place))
    return
  }
  closeResults(history)
  switch (role) {
    case 'system':
    case 'developer':
    case 'user':
      history.turns.push(prompt(message, role, field))
      return
    case 'assistant':
    case 'model':
      history.turns.push(assistant(message, place))
      return
    default:
      throw invalid(`${field}.role`, `Invalid value for '${field}.role': expected system, developer, user, assistant, tool or function.`)
  }
}

function closeResults(history: History): void {
  if (history.results.length === 0) return
  history.turns.push({ role: 'user', content: history.results })
  history.results = []
}

function prompt(message: JsonObject, role: 'system' | 'developer' | 'user', field: string): Message {
  const name = readString(message, 'name', field)
  const content = withCache(decodeContent(message['content'], `${field}.content`, false), message)
  const turn: Draft<Message> = { role: role === 'user' ? 'user' : 'system', content }
  if (role === 'developer') turn.origin = 'developer'
  put(turn, 'name', name)
  put(turn, 'extensions', extensionsFrom(message, KNOWN.prompt))
  return turn
}

/** A message-level cache breakpoint stands behind its last block. */
function withCache(blocks: Block[], message: JsonObject): Block[] {
  const cache = cacheOf(message)
  const last = blocks.at(-1)
  if (cache === undefined || (last?.type !== 'text' && last?.type !== 'image' && last?.type !== 'file')) return blocks
  return [...blocks.slice(0, -1), { ...last, cache: last.cache ?? cache }]
}

function assistant(message: JsonObject, place: Place): Message {
  const { field } = place
  const name = readString(message, 'name', field)
  const refusal = readString(message, 'refusal', field)
  const audio = readObject(message, 'audio', field)
  const content: Block[] = decodeReasoning(message)
  content.push(...signedText(decodeContent(message['content'], `${field}.content`, true), message))
  if (refusal) content.push({ type: 'refusal', text: refusal })
  if (Array.isArray(message['images'])) content.push(...returnedImages(message['images'], field))
  const audioId = audio === undefined ? undefined : readString(audio, 'id', `${field}.audio`)
  if (audioId) content.push({ type: 'audio', id: audioId, source: { kind: 'file-id', format: FORMAT, id: audioId } })
  readArray(message, 'tool_calls', field)?.forEach((call, index) => {
    content.push(toolCall(call, `${field}.tool_calls[${index}]`, { ...place, index: place.index * 1000 + index }))
  })
  const legacy = readObject(message, 'function_call', field)
  if (legacy !== undefined && typeof legacy['name'] === 'string' && legacy['name'] !== '')
    content.push(legacyCall(legacy, legacy['name'], place))
  const turn: Draft<Message> = { role: 'assistant', content: withCache(content, message) }
  put(turn, 'name', name)
  put(turn, 'extensions', extensionsFrom(message, KNOWN.assistant))
  return turn
}

function signedText(blocks: Block[], message: JsonObject): Block[] {
  const signature = extraSignature(message)
  if (signature === undefined) return blocks
  const signed = { signature: unpackSignature(signature, FORMAT) }
  const last = blocks.at(-1)
  return last?.type === 'text' ? [...blocks.slice(0, -1), { ...last, ...signed }] : [...blocks, { type: 'text', text: '', ...signed }]
}

function returnedImages(images: readonly JsonValue[], field: string): Block[] {
  return images.flatMap((image): Block[] => {
    const holder = isObject(image) ? image['image_url'] : undefined
    const url = isObject(holder) ? holder['url'] : holder
    return typeof url === 'string' && url !== '' ? [{ type: 'image', source: imageSource(url, `${field}.images`) }] : []
  })
}

function toolCall(call: JsonValue, field: string, place: Place): ToolCallBlock {
  if (!isObject(call)) throw wrongType(field, 'an object', call)
  const custom = readObject(call, 'custom', field)
  const kind = custom !== undefined && call['function'] === undefined ? 'custom' : 'function'
  const body = custom !== undefined && kind === 'custom' ? custom : readObject(call, 'function', field)
  if (body === undefined) throw missing(`${field}.function`)
  const name = requireString(body, 'name', `${field}.${kind}`)
  const id = readString(call, 'id', field) || `call_${place.index}`
  const signature = extraSignature(call)
  place.history.calls.push({ id, name, legacy: false })
  return {
    type: 'tool-call',
    id,
    name,
    kind,
    arguments: kind === 'custom' ? (readString(body, 'input', `${field}.custom`) ?? '') : argumentsText(body, `${field}.function`),
    ...(signature !== undefined && { signature: unpackSignature(signature, FORMAT) }),
    ...carriedFrom(call, KNOWN.call),
  }
}

function argumentsText(body: JsonObject, field: string): string {
  const value = body['arguments']
  if (isObject(value)) return JSON.stringify(value)
  return readString(body, 'arguments', field) || '{}'
}

function legacyCall(call: JsonObject, name: string, { field, index, history }: Place): ToolCallBlock {
  const id = `call_legacy_${index}`
  history.calls.push({ id, name, legacy: true })
  return { type: 'tool-call', id, name, kind: 'function', arguments: argumentsText(call, `${field}.function_call`) }
}

function toolResult(message: JsonObject, { field, history }: Place): ToolResultBlock {
  const callId = requireString(message, 'tool_call_id', field)
  const name = readString(message, 'name', field) ?? history.calls.findLast((call) => call.id === callId)?.name
  return {
    type: 'tool-result',
    callId,
    ...(name !== undefined && { name }),
    content: resultContent(message, field),
    isError: false,
    ...cacheHint(message),
    ...carriedFrom(message, KNOWN.result),
  }
}

/** Pairs with the last unanswered legacy call of that name, else the last unanswered one. */
function functionResult(message: JsonObject, { field, index, history }: Place): ToolResultBlock {
  const name = requireString(message, 'name', field)
  const open = history.calls.filter((call) => call.legacy)
  const call = open.findLast((candidate) => candidate.name === name) ?? open.at(-1)
  if (call !== undefined) call.legacy = false
  return { type: 'tool-result', callId: call?.id ?? `call_legacy_${index}`, name, content: resultContent(message, field), isError: false }
}

function resultContent(message: JsonObject, field: string): ToolResultBlock['content'] {
  const blocks = decodeContent(message['content'], `${field}.content`, true)
  return blocks.map((block) => {
    if (block.type === 'text' || block.type === 'image' || block.type === 'audio' || block.type === 'file' || block.type === 'opaque')
      return block
    return { type: 'text', text: 'text' in block ? block.text : '' }
  })
}
