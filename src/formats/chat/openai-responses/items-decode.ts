// The input of a request: one string, or items that stand side by side on this wire and become turns in the
// neutral model. Neighbouring items of the assistant's side are one message, neighbouring results one more.

import type { Block, Message, ServerToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import { invalid, unsupported } from '../../../core/errors.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { decodeContent } from './parts-decode.ts'
import { kindOf, listAt, missing, needObject, needText, oneOf, textAt, without } from './read.ts'
import { unseal } from './seal.ts'
import { isClientSearch, searchCall, searchResult } from './tool-search.ts'
import type { ToolList } from './tools.ts'
import { FORMAT } from './wire.ts'

export interface DecodedInput {
  readonly messages: Message[]
  /** Tool lists that stand inside the input. */
  readonly additionalTools: ToolList[]
}

interface State extends DecodedInput {
  /** The client declares its search for tools, without which the model could not make sense of one. */
  readonly searches: boolean
  /** The turn under construction, when its side may still grow. */
  open?: { role: 'assistant' | 'results'; blocks: Block[] }
}

/** @throws GatewayError 400 naming the item. */
export function decodeInput(wire: JsonValue | undefined, tools?: JsonValue): DecodedInput {
  if (wire === undefined || wire === null) return { messages: [], additionalTools: [] }
  if (typeof wire === 'string') return { messages: [{ role: 'user', content: [{ type: 'text', text: wire }] }], additionalTools: [] }
  if (!Array.isArray(wire))
    throw invalid('input', `Invalid type for 'input': expected a string or an array, but got ${kindOf(wire)} instead.`)
  const searches = (asArray(tools) ?? []).some((tool) => isObject(tool) && isClientSearch(tool))
  const state: State = { messages: [], additionalTools: [], searches }
  for (const [index, entry] of wire.entries()) decodeItem(state, needObject(entry, `input[${index}]`), `input[${index}]`)
  return state
}

function decodeItem(state: State, item: JsonObject, field: string): void {
  const type = itemType(item, field)
  switch (type) {
    case 'message':
      return decodeMessage(state, item, field)
    case 'function_call':
      return void assistant(state).push(toolCall(item, field, 'function'))
    case 'custom_tool_call':
      return void assistant(state).push(toolCall(item, field, 'custom'))
    case 'function_call_output':
    case 'custom_tool_call_output':
      return decodeResult(state, item, field)
    case 'reasoning':
      return decodeReasoning(state, item, field)
    case 'web_search_call':
      return void assistant(state).push(webSearch(item))
    case 'additional_tools':
      return void state.additionalTools.push({ wire: item['tools'], field: `${field}.tools` })
    case 'tool_search_call':
    case 'tool_search_output':
      return decodeSearch(state, item, field)
    case 'item_reference':
      throw unsupported(`${field}.type`, 'Item references need stored items, which are not kept here; send the item itself.')
    default:
      // Calls that only OpenAI hosts know, and their outputs: together on one side, so that other formats go on without both.
      return void assistant(state).push({ type: 'opaque', format: FORMAT, wire: item })
  }
}

function itemType(item: JsonObject, field: string): string {
  const type = textAt(item['type'], `${field}.type`)
  if (type !== undefined) return type
  if (item['role'] !== undefined && item['role'] !== null) return 'message'
  if (typeof item['id'] === 'string' && Object.keys(item).every((key) => key === 'id' || key === 'type')) return 'item_reference'
  throw missing(`${field}.type`)
}

function turn(state: State, role: 'assistant' | 'results'): Block[] {
  if (state.open?.role !== role) {
    const blocks: Block[] = []
    state.open = { role, blocks }
    state.messages.push({ role: role === 'assistant' ? 'assistant' : 'user', content: blocks })
  }
  return state.open.blocks
}
const assistant = (state: State): Block[] => turn(state, 'assistant')
const results = (state: State): Block[] => turn(state, 'results')

const ROLES = ['user', 'assistant', 'system', 'developer'] as const

function decodeMessage(state: State, item: JsonObject, field: string): void {
  const role = oneOf(item['role'], `${field}.role`, ROLES)
  if (role === undefined) throw missing(`${field}.role`)
  if (item['content'] === undefined || item['content'] === null) throw missing(`${field}.content`)
  if (role === 'assistant') {
    const phase = textAt(item['phase'], `${field}.phase`)
    assistant(state).push(...decodeContent(item['content'], `${field}.content`, phase))
    return
  }
  delete state.open
  const content = decodeContent(item['content'], `${field}.content`)
  if (role === 'user') state.messages.push({ role, content })
  else state.messages.push({ role: 'system', content, ...(role === 'developer' && { origin: 'developer' as const }) })
}

const CALL_MEMBERS = ['type', 'id', 'status', 'call_id', 'name', 'namespace', 'arguments', 'input']

function toolCall(item: JsonObject, field: string, kind: 'function' | 'custom'): Block {
  const localName = needText(item['name'], `${field}.name`)
  const namespace = textAt(item['namespace'], `${field}.namespace`)
  const member = kind === 'function' ? 'arguments' : 'input'
  const raw = item[member]
  // Some clients replay arguments parsed; an absent text means none.
  const text = raw === undefined || raw === null ? '' : typeof raw === 'string' ? raw : JSON.stringify(raw)
  const extension: JsonObject = {
    ...without(item, CALL_MEMBERS),
    ...(namespace !== undefined && { namespace: { name: namespace }, localName }),
  }
  return {
    type: 'tool-call',
    id: needText(item['call_id'] ?? item['id'], `${field}.call_id`),
    name: namespace === undefined ? localName : `${namespace}__${localName}`,
    arguments: kind === 'function' && text === '' ? '{}' : text,
    kind,
    ...(Object.keys(extension).length > 0 && { extensions: { [FORMAT]: extension } }),
  }
}

function decodeResult(state: State, item: JsonObject, field: string): void {
  const localName = textAt(item['name'], `${field}.name`)
  const namespace = textAt(item['namespace'], `${field}.namespace`)
  const name = localName === undefined || namespace === undefined ? localName : `${namespace}__${localName}`
  const callId = textAt(item['call_id'], `${field}.call_id`) ?? (name === undefined ? undefined : openCallOf(state, name))
  if (callId === undefined) throw missing(`${field}.call_id`)
  const result: ToolResultBlock = {
    type: 'tool-result',
    callId,
    ...(name !== undefined && { name }),
    content: resultContent(item['output'], `${field}.output`),
    isError: item['status'] === 'failed' || item['is_error'] === true,
    kind: item['type'] === 'custom_tool_call_output' ? 'custom' : 'function',
  }
  results(state).push(result)
}

/** A search for tools by the client. The hosted kind is OpenAI's alone. */
function decodeSearch(state: State, item: JsonObject, field: string): void {
  const callId = textAt(item['call_id'], `${field}.call_id`)
  if (callId === undefined || item['execution'] === 'server' || !state.searches) {
    assistant(state).push({ type: 'opaque', format: FORMAT, wire: item })
  } else if (item['type'] === 'tool_search_call') assistant(state).push(searchCall(item))
  else {
    state.additionalTools.push({ wire: item['tools'], field: `${field}.tools`, loaded: true })
    results(state).push(searchResult(item))
  }
}

/** Since 2026 a result may name its tool instead of the call (SDK 7.7): the first call of that name still without one. */
function openCallOf(state: State, name: string): string | undefined {
  const blocks = state.messages.flatMap((message) => message.content)
  const answered = new Set(blocks.map((block) => (block.type === 'tool-result' ? block.callId : undefined)))
  const call = blocks.find((block) => block.type === 'tool-call' && block.name === name && !answered.has(block.id))
  return call?.type === 'tool-call' ? call.id : undefined
}

function resultContent(output: JsonValue | undefined, field: string): ToolResultBlock['content'] {
  // An object is not legal here, but its meaning is plain.
  if (isObject(output)) return [{ type: 'text', text: JSON.stringify(output) }]
  return decodeContent(output, field).filter(
    (block): block is ToolResultBlock['content'][number] =>
      block.type === 'text' || block.type === 'image' || block.type === 'file' || block.type === 'audio',
  )
}

function decodeReasoning(state: State, item: JsonObject, field: string): void {
  const blocks = assistant(state)
  const summary = joined(item['summary'], `${field}.summary`)
  const text = summary === '' ? joined(item['content'], `${field}.content`) : summary
  const encrypted = textAt(item['encrypted_content'], `${field}.encrypted_content`)
  if (encrypted !== undefined && encrypted !== '') {
    const block = unseal(encrypted, text, blocks)
    if (block !== undefined) blocks.push(block)
  } else if (text !== '') blocks.push({ type: 'reasoning', text, summary: summary !== '' })
}

function joined(wire: JsonValue | undefined, field: string): string {
  if (typeof wire === 'string') return wire
  return (listAt(wire, field) ?? [])
    .map((part) => (typeof part === 'string' ? part : (asString(asObject(part)?.['text']) ?? '')))
    .join('\n\n')
}

/** A search of an earlier turn. What it found does not come back with it. */
export function webSearch(item: JsonObject): ServerToolCallBlock {
  const action = asObject(item['action'])
  return {
    type: 'server-tool-call',
    id: asString(item['id']) ?? '',
    name: 'web_search',
    input: { query: searchQuery(action) },
    extensions: { [FORMAT]: { item } },
  }
}

/** The words of a search: several queries read as one line. */
export function searchQuery(action: JsonObject | undefined): string {
  const queries = (asArray(action?.['queries']) ?? []).filter((query): query is string => typeof query === 'string')
  return queries.length > 0 ? queries.join(' · ') : (asString(action?.['query']) ?? asString(action?.['url']) ?? '')
}
