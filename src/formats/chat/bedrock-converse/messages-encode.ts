// The conversation as Converse takes it: strictly alternating roles that begin with the user, every result
// in the one user turn behind its calls, every call answered once, no empty text.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html

import type { Block, ChatRequest, Message, ToolResultBlock } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import type { JsonObject } from '../../../lib/json.ts'
import type { BlockEncoder } from './blocks-encode.ts'

interface Placed {
  readonly block: Block
  readonly field: string
}
interface Group {
  readonly role: 'user' | 'assistant'
  readonly blocks: Placed[]
}

export interface Conversation {
  readonly system: JsonObject[]
  readonly messages: JsonObject[]
}

export function encodeConversation(request: ChatRequest, encoder: BlockEncoder): Conversation {
  const { messages } = request
  let lead = 0
  while (lead < messages.length && messages[lead]?.role === 'system') lead++
  const system = messages.slice(0, lead).flatMap((message, m) => systemBlocks(message, `messages[${m}]`, encoder))
  const groups = grouped(messages.slice(lead), lead, encoder)
  let turns = turnsOf(groups, encoder)
  if (turns.length === 0) {
    if (system.length === 0) throw invalid('messages', 'messages: at least one message with content is required')
    encoder.receipt.changed('messages', 'system text alone was sent as the user turn')
    turns = [{ role: 'user', content: system.splice(0) }]
  }
  if (turns[0]?.role === 'assistant') {
    encoder.receipt.changed('messages', 'a user turn was put before the first assistant turn, which the upstream demands')
    turns.unshift({ role: 'user', content: [{ text: '(The conversation continues.)' }] })
  }
  if (request.cache !== undefined) encoder.addCachePoint(turns.at(-1)?.content ?? [], request.cache, 'cache_control')
  return { system, messages: turns.map(({ role, content }) => ({ role, content })) }
}

function systemBlocks(message: Message, field: string, encoder: BlockEncoder): JsonObject[] {
  const content: JsonObject[] = []
  for (const [i, block] of message.content.entries()) {
    if (block.type !== 'text') encoder.receipt.dropped(`${field}.content[${i}]`, 'system messages take text only')
    else if (block.text.trim() !== '') encoder.add(content, block, `${field}.content[${i}]`)
  }
  return content
}

/** Neighbours of one role are one turn. A late system message becomes marked user text in its place. */
function grouped(messages: readonly Message[], offset: number, encoder: BlockEncoder): Group[] {
  const groups: Group[] = []
  for (const [m, message] of messages.entries()) {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const blocks = message.content.map((block, i) => ({ block, field: `messages[${offset + m}].content[${i}]` }))
    const last = groups.at(-1)
    const placed = message.role === 'system' ? blocks.map((entry) => marked(entry, encoder)) : blocks
    if (last?.role === role) last.blocks.push(...placed)
    else groups.push({ role, blocks: placed })
  }
  return groups
}

function marked({ block, field }: Placed, encoder: BlockEncoder): Placed {
  if (block.type !== 'text' || block.text.trim() === '') return { block, field }
  encoder.receipt.changed('messages', 'a system message inside the conversation was sent as marked user text')
  return { field, block: { ...block, text: `<system-message>\n${block.text}\n</system-message>` } }
}

type Results = Map<Group, Map<string, (Placed & { block: ToolResultBlock }) | undefined>>

/** A result belongs to the latest call of its id before it; of several the last one counts. */
function paired(groups: readonly Group[]): { results: Results; orphans: Set<Block> } {
  const open = new Map<string, Group>()
  const results: Results = new Map()
  const orphans = new Set<Block>()
  for (const group of groups) {
    for (const { block, field } of group.blocks) {
      if (block.type === 'tool-call') {
        open.set(block.id, group)
        const calls = results.get(group) ?? new Map()
        results.set(group, calls.set(block.id, undefined))
      } else if (block.type === 'tool-result') {
        const owner = open.get(block.callId)
        if (owner === undefined) orphans.add(block)
        else results.get(owner)?.set(block.callId, { block, field })
      }
    }
  }
  return { results, orphans }
}

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: JsonObject[]
}

function turnsOf(groups: readonly Group[], encoder: BlockEncoder): Turn[] {
  const { results, orphans } = paired(groups)
  const turns: Turn[] = []
  let user: JsonObject[] = []
  const flush = (): void => {
    if (user.length > 0) push(turns, { role: 'user', content: withWords(user, encoder) })
    user = []
  }
  for (const group of groups) {
    if (group.role === 'user') {
      addUser(user, group, orphans, encoder)
      continue
    }
    flush()
    const content = assistantContent(group, encoder)
    if (content.length > 0) push(turns, { role: 'assistant', content })
    for (const [id, result] of results.get(group) ?? []) encoder.addResult(user, id, result)
  }
  flush()
  return turns
}

/** Neighbours may meet again where a turn between them turned out empty. */
function push(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1)
  if (last?.role === turn.role) last.content.push(...turn.content)
  else turns.push(turn)
}

function addUser(content: JsonObject[], group: Group, orphans: ReadonlySet<Block>, encoder: BlockEncoder): void {
  for (const { block, field } of group.blocks) {
    if (block.type === 'tool-result') {
      if (orphans.has(block)) encoder.addOrphan(content, block, field)
    } else encoder.add(content, block, field)
  }
}

function assistantContent(group: Group, encoder: BlockEncoder): JsonObject[] {
  const content: JsonObject[] = []
  for (const { block, field } of group.blocks) {
    if (block.type === 'image' || block.type === 'file' || (block.type === 'audio' && !block.transcript)) {
      encoder.receipt.dropped(field, 'media of an earlier answer')
    } else encoder.add(content, block, field)
  }
  return content
}

/** A document must stand beside text: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html */
function withWords(content: JsonObject[], encoder: BlockEncoder): JsonObject[] {
  if (!content.some((wire) => wire.document !== undefined) || content.some((wire) => wire.text !== undefined)) return content
  encoder.receipt.changed('messages', 'a sentence was put beside a document, which the upstream demands')
  return [...content, { text: 'See the attached document.' }]
}
