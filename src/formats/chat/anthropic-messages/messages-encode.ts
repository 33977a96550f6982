// The conversation as Anthropic takes it: the leading system text apart, results of tools directly behind
// their calls and first in the user's turn, every call answered exactly once, no empty text.
// https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls

import type { Block, ChatRequest, Message, ToolResultBlock } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { invalid } from '../../../core/errors.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { asString, isEmpty, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { type BlockEncoding, encodeBlock, encodeToolResult } from './blocks-encode.ts'
import type { ModelFacts } from './models.ts'
import { wireToolId } from './names.ts'
import { ATTRIBUTION_PREFIX, FORMAT_ID } from './wire.ts'

interface Turn {
  role: 'user' | 'assistant' | 'system'
  content: JsonObject[]
  /** Members of a message of this format beside role and content. */
  rest: JsonObject
  /** A user turn that so far holds nothing but results: text behind them joins it. */
  openForText: boolean
}

/** Neighbouring assistant messages are one turn: formats that list calls one by one make several of them. */
interface Group {
  readonly role: Message['role']
  readonly blocks: { readonly block: Block; readonly path: string }[]
  readonly rest: JsonObject
}

export interface Conversation {
  readonly system?: JsonValue
  readonly messages: JsonObject[]
  /** The last assistant turn has calls whose signed thinking is missing. */
  readonly unsignedLoop: boolean
}

export function encodeConversation(request: ChatRequest, facts: ModelFacts, encoding: BlockEncoding): Conversation {
  const { messages } = request
  let lead = 0
  while (lead < messages.length && messages[lead]?.role === 'system') lead++
  let system = encodeSystem(messages.slice(0, lead), request, encoding)
  const turns = buildTurns(grouped(messages.slice(lead), lead), encoding)
  const placed = placeSystem(turns, facts, encoding).filter((turn) => keepTurn(turn, encoding))
  // Nothing to continue from: newer models refuse a list that ends with the assistant.
  if (placed.at(-1)?.role === 'assistant' && placed.at(-1)?.content.length === 0) placed.pop()
  if (placed.length === 0) {
    // Instructions alone: legal elsewhere, here there must be a turn to answer.
    if (system === undefined) throw invalid('messages', 'messages: at least one message with content is required')
    encoding.receipt.changed('messages', 'system text alone was sent as the user turn')
    placed.push({
      role: 'user',
      content: typeof system === 'string' ? [{ type: 'text', text: system }] : (system as JsonObject[]),
      rest: {},
      openForText: false,
    })
    system = undefined
  }
  trimPrefill(placed.at(-1), encoding)
  const conversation: Draft<Conversation> = { messages: placed.map(turnWire), unsignedLoop: lacksThinking(placed) }
  put(conversation, 'system', system)
  return conversation
}

const isText = (wire: JsonObject): boolean => wire['type'] === 'text' && typeof wire['text'] === 'string'
const textOf = (wire: JsonObject): string => asString(wire['text']) ?? ''
/** Nothing but its text. */
function isPlain(wire: JsonObject): boolean {
  if (!isText(wire)) return false
  for (const key in wire) if (key !== 'type' && key !== 'text') return false
  return true
}
const isThinking = (wire: JsonObject | undefined): boolean => wire?.['type'] === 'thinking' || wire?.['type'] === 'redacted_thinking'

/** One plain block is written as a string, the common shape; the API treats both alike. */
function turnWire({ role, content, rest }: Turn): JsonObject {
  const only = content.length === 1 ? content[0] : undefined
  const wire: JsonObject = { role, content: only !== undefined && isPlain(only) ? textOf(only) : content }
  return isEmpty(rest) ? wire : Object.assign(wire, rest)
}

function encodeSystem(messages: readonly Message[], request: ChatRequest, encoding: BlockEncoding): JsonValue | undefined {
  const blocks = messages.flatMap((message, m) => encodeSystemBlocks(message, `messages[${m}]`, encoding))
  const attribution = asString(extensionOf(request.extensions, FORMAT_ID)['system_attribution'])
  if (attribution?.startsWith(ATTRIBUTION_PREFIX)) blocks.unshift({ type: 'text', text: attribution })
  if (blocks.every((block) => textOf(block).trim() === '')) return undefined
  const [only] = blocks
  return blocks.length === 1 && only !== undefined && isPlain(only) ? textOf(only) : blocks
}

function encodeSystemBlocks(message: Message, path: string, encoding: BlockEncoding): JsonObject[] {
  const content: JsonObject[] = []
  message.content.forEach((block, i) => {
    const at = `${path}.content[${i}]`
    const fits = block.type === 'text' || block.type === 'opaque'
    if (!fits) encoding.receipt.dropped(at, 'system messages take text only')
    const wire = fits && !(block.type === 'text' && block.text === '') ? encodeBlock(block, at, encoding) : undefined
    if (wire !== undefined) content.push(wire)
  })
  return content
}

function grouped(messages: readonly Message[], offset: number): Group[] {
  const groups: Group[] = []
  messages.forEach((message, m) => {
    const path = `messages[${offset + m}]`
    const blocks = message.content.map((block, i) => ({ block, path: `${path}.content[${i}]` }))
    const last = groups.at(-1)
    if (message.role === 'assistant' && last?.role === 'assistant') last.blocks.push(...blocks)
    else groups.push({ role: message.role, blocks, rest: extensionOf(message.extensions, FORMAT_ID) })
  })
  return groups
}

interface Pairing {
  /** The result of each call, by group and call id. */
  readonly results: Map<Group, Map<string, { block: ToolResultBlock; path: string } | undefined>>
  /** Results that answer no call. */
  readonly orphans: Set<ToolResultBlock>
}

/** A result belongs to the latest call of its id before it; of several results the last one counts. */
function pair(groups: readonly Group[]): Pairing {
  const open = new Map<string, Group>()
  const results: Pairing['results'] = new Map()
  const orphans = new Set<ToolResultBlock>()
  for (const group of groups) {
    for (const { block, path } of group.blocks) {
      if (block.type === 'tool-call') {
        open.set(block.id, group)
        let calls = results.get(group)
        if (calls === undefined) results.set(group, (calls = new Map()))
        calls.set(block.id, undefined)
      } else if (block.type === 'tool-result') {
        const owner = open.get(block.callId)
        if (owner === undefined) orphans.add(block)
        else results.get(owner)?.set(block.callId, { block, path })
      }
    }
  }
  return { results, orphans }
}

function buildTurns(groups: readonly Group[], encoding: BlockEncoding): Turn[] {
  const { results, orphans } = pair(groups)
  const turns: Turn[] = []
  for (const group of groups) {
    if (group.role === 'system') {
      const content = encodeSystemBlocks(
        { role: 'system', content: group.blocks.map(({ block }) => block) },
        group.blocks[0]?.path ?? 'messages',
        encoding,
      )
      if (content.length > 0 || Object.keys(group.rest).length > 0)
        turns.push({ role: 'system', content, rest: group.rest, openForText: false })
    } else if (group.role === 'assistant') {
      turns.push({ role: 'assistant', content: encodeAssistant(group, encoding), rest: group.rest, openForText: false })
      const calls = results.get(group)
      if (calls)
        turns.push({
          role: 'user',
          content: [...calls].map(([id, result]) => resultWire(id, result, encoding)),
          rest: {},
          openForText: true,
        })
    } else addUser(turns, group, orphans, encoding)
  }
  return turns
}

function resultWire(id: string, result: { block: ToolResultBlock; path: string } | undefined, encoding: BlockEncoding): JsonObject {
  if (result !== undefined) return encodeToolResult(result.block, result.path, encoding)
  encoding.receipt.changed('messages', 'a tool call without a result was answered with an error')
  return {
    type: 'tool_result',
    tool_use_id: wireToolId(id),
    content: 'The tool call was not completed: no result was given.',
    is_error: true,
  }
}

function addUser(turns: Turn[], group: Group, orphans: ReadonlySet<ToolResultBlock>, encoding: BlockEncoding): void {
  const content: JsonObject[] = []
  for (const { block, path } of group.blocks) {
    if (block.type === 'tool-result') {
      if (orphans.has(block)) content.push(...orphanAsText(block, path, encoding))
      continue
    }
    const wire = block.type === 'text' && block.text === '' ? undefined : encodeBlock(block, path, encoding)
    if (wire !== undefined) content.push(wire)
  }
  if (content.length === 0) return
  const last = turns.at(-1)
  if (last?.openForText) {
    last.content.push(...content)
    last.openForText = false
  } else turns.push({ role: 'user', content, rest: group.rest, openForText: false })
}

function orphanAsText(block: ToolResultBlock, path: string, encoding: BlockEncoding): JsonObject[] {
  encoding.receipt.changed(path, 'a tool result whose call is not in the history was sent as text')
  const label: JsonObject = {
    type: 'text',
    text: `Result of an earlier call of ${block.name ?? 'a tool'}${block.isError ? ' (failed)' : ''}:`,
  }
  const content = block.content
    .map((item, i) => (item.type === 'text' && item.text === '' ? undefined : encodeBlock(item, `${path}.content[${i}]`, encoding)))
    .filter((wire) => wire !== undefined)
  return content.length === 0 ? [] : [label, ...content]
}

function encodeAssistant(group: Group, encoding: BlockEncoding): JsonObject[] {
  const content: JsonObject[] = []
  for (let i = 0; i < group.blocks.length; i++) {
    const { block, path } = group.blocks[i] as Group['blocks'][number]
    if ((block.type === 'text' || block.type === 'refusal') && block.text === '') {
      // Between signed thinking an empty text is part of what was signed; anywhere else it is a 400.
      if (!(isThinking(content.at(-1)) && group.blocks[i + 1]?.block.type === 'reasoning')) continue
    }
    if (block.type === 'audio' && !block.transcript) {
      encoding.receipt.dropped(path, 'audio of an earlier answer')
      continue
    }
    if (block.type === 'image') {
      encoding.receipt.dropped(path, 'an image of an earlier answer')
      continue
    }
    if (block.type === 'opaque' && block.format !== FORMAT_ID) {
      encoding.receipt.dropped(path, 'content that only its own format knows')
      continue
    }
    const wire = encodeBlock(block, path, encoding)
    if (wire !== undefined) content.push(wire)
  }
  return content
}

/**
 * System messages inside the conversation: they must follow a user turn and precede an assistant's or end
 * the list. https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
function placeSystem(turns: Turn[], facts: ModelFacts, encoding: BlockEncoding): Turn[] {
  if (!turns.some((turn) => turn.role === 'system')) return turns
  const placed: Turn[] = []
  for (const [i, turn] of turns.entries()) {
    const next = turns[i + 1]
    const last = placed.at(-1)
    const legal = facts.systemRole && last?.role === 'user' && (next === undefined || next.role === 'assistant')
    if (turn.role !== 'system' || legal) {
      placed.push(turn)
      continue
    }
    if (turn.content.length === 0) continue
    encoding.receipt.changed('messages', 'a system message inside the conversation was sent as a marked user turn')
    const text = turn.content.map(textOf).join('\n\n')
    const { cache_control } = turn.content.at(-1) ?? {}
    const wire: JsonObject = {
      type: 'text',
      text: `<system-message>\n${text}\n</system-message>`,
      ...(cache_control !== undefined && { cache_control }),
    }
    placed.push({ role: 'user', content: [wire], rest: {}, openForText: false })
  }
  return placed
}

/** A turn of nothing but white space is a 400; an assistant's turn may be empty instead. */
function keepTurn(turn: Turn, encoding: BlockEncoding): boolean {
  if (turn.role === 'system') return true
  if (turn.content.length > 0 && turn.content.every((wire) => isText(wire) && textOf(wire).trim() === '')) {
    encoding.receipt.dropped('messages', 'text of white space alone')
    turn.content = []
  }
  return turn.content.length > 0 || turn.role === 'assistant'
}

/** A last assistant turn is continued, and may not end in white space. Signed text is never touched. */
function trimPrefill(last: Turn | undefined, encoding: BlockEncoding): void {
  const wire = last?.role === 'assistant' ? last.content.at(-1) : undefined
  if (last === undefined || wire === undefined || !isText(wire) || last.content.some(isThinking)) return
  const text = textOf(wire)
  const trimmed = text.trimEnd()
  if (trimmed === text) return
  encoding.receipt.changed('messages', 'white space at the end of the last assistant turn was removed')
  if (trimmed === '') last.content.pop()
  else last.content[last.content.length - 1] = { ...wire, text: trimmed }
}

function lacksThinking(turns: readonly Turn[]): boolean {
  const last = turns.findLast((turn) => turn.role === 'assistant')
  const calls = last?.content.some((wire) => wire['type'] === 'tool_use') ?? false
  return calls && !isThinking(last?.content[0])
}
