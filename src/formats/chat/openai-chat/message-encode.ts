// Neutral turns as `messages`. This wire wants every result as its own `tool` message directly behind the
// assistant message that called, text only; images of results follow in a user message.

import type { Block, Message, TextBlock, ToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import type { Note } from '../../../core/warning.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { type ToolNames, wireCallId } from './names.ts'
import { encodePart, isMarked, type PartContext } from './part-encode.ts'
import { detailEntry, needsDetail } from './reasoning.ts'
import { FORMAT, ownExtension } from './wire.ts'

export interface MessageContext extends PartContext {
  readonly names: ToolNames
  readonly note: Note
}

/** Claude Code's attribution line, which changes from request to request and is meant for its own vendor. */
const ATTRIBUTION = /^x-anthropic-billing-header:/

/** @throws GatewayError `unsupported_content` for blocks that cannot be told here. */
export function encodeMessages(messages: readonly Message[], ctx: MessageContext): JsonObject[] {
  const out: JsonObject[] = []
  for (const { assistant, following, last } of sections(messages)) {
    const calls = assistant.flatMap(({ content }) => content.filter((block) => block.type === 'tool-call'))
    for (const message of joined(assistant)) out.push(assistantMessage(message, ctx))
    addResults(out, { calls, following, last }, ctx)
    for (const message of following) addPrompt(out, message, ctx)
  }
  return out
}

interface Section {
  /** Neighbouring assistant turns: one turn for this wire. Empty only in the first section. */
  readonly assistant: Message[]
  /** What stands before the next assistant turn. */
  readonly following: Message[]
  /** No assistant turn comes after. */
  last: boolean
}

function sections(messages: readonly Message[]): Section[] {
  let current: Section = { assistant: [], following: [], last: true }
  const list = [current]
  for (const message of messages) {
    if (message.role !== 'assistant') current.following.push(message)
    else if (current.following.length === 0) current.assistant.push(message)
    else {
      current.last = false
      current = { assistant: [message], following: [], last: true }
      list.push(current)
    }
  }
  return list
}

/** Assistant turns that call tools cannot be followed by another one before the results: they become one. */
function joined(turns: Message[]): Message[] {
  const [first] = turns
  const calling = turns.some(({ content }) => content.some((block) => block.type === 'tool-call'))
  if (first === undefined || turns.length === 1 || !calling) return turns
  return [{ ...first, content: turns.flatMap(({ content }) => content) }]
}

interface Exchange {
  readonly calls: readonly ToolCallBlock[]
  readonly following: Message[]
  readonly last: boolean
}

/** Writes the tool messages, and takes the results that have their call out of the turns that follow. */
function addResults(out: JsonObject[], { calls, following, last }: Exchange, ctx: MessageContext): void {
  const open = new Set(calls.map(({ id }) => id))
  const results = new Map<string, ToolResultBlock>()
  const emptied = new Set<Message>()
  const answered = following.length > 0 || !last
  for (const [index, message] of following.entries()) {
    const content = message.content.filter((block) => {
      if (block.type !== 'tool-result' || !open.has(block.callId)) return true
      results.set(block.callId, block)
      return false
    })
    if (content.length === message.content.length) continue
    const left = { ...message, content }
    following[index] = left
    emptied.add(left)
  }
  // A turn of results alone is told with them.
  const rest = following.filter((message) => message.content.length > 0 || !emptied.has(message))
  const media: Block[] = []
  for (const result of results.values()) out.push(toolMessage(result, media, ctx))
  for (const { id } of answered ? calls : []) {
    if (results.has(id)) continue
    ctx.note({ kind: 'changed', field: 'messages', reason: 'a tool call without a result was given an error as result' })
    out.push({ role: 'tool', tool_call_id: wireCallId(id), content: 'Error: the call was not answered.' })
  }
  following.splice(0, following.length, ...(media.length > 0 ? [{ role: 'user' as const, content: media }] : []), ...rest)
}

function toolMessage(result: ToolResultBlock, media: Block[], ctx: MessageContext): JsonObject {
  const id = wireCallId(result.callId)
  const texts: Block[] = []
  const moved: Block[] = []
  for (const block of result.content) (block.type === 'text' || block.type === 'opaque' ? texts : moved).push(block)
  if (moved.length > 0) {
    texts.push({
      type: 'text',
      text: `[${moved.length === 1 ? `One ${moved[0]?.type}` : `${moved.length} files`} of this result: see the next user message.]`,
    })
    media.push({ type: 'text', text: `Result of tool call ${id}:` }, ...moved)
  }
  const cache = result.cache === undefined ? {} : { cache: result.cache }
  const [first] = texts
  if (result.isError) {
    const text = first?.type === 'text' ? first.text : ''
    const marked: TextBlock = { type: 'text', text: /^error\b/i.test(text) ? text : `Error: ${text || 'the tool failed.'}` }
    texts.splice(0, first?.type === 'text' ? 1 : 0, marked)
  }
  const lastText = texts.at(-1)
  if (lastText?.type === 'text' && result.cache !== undefined) texts[texts.length - 1] = { ...lastText, ...cache }
  return { role: 'tool', tool_call_id: id, content: contentOf(texts, ctx), ...ownExtension(result.extensions) }
}

/** One plain text as a string, which every host takes; else parts. */
function contentOf(blocks: readonly Block[], ctx: MessageContext): string | JsonObject[] {
  const [first, second] = blocks
  if (first === undefined) return ''
  if (second === undefined && first.type === 'text' && !isMarked(first, ctx)) {
    if (first.cache !== undefined) ctx.cacheDropped()
    return first.text
  }
  return blocks.map((block) => encodePart(block, ctx))
}

/** A system or user turn. Results left in it have no call: they are told as text. */
function addPrompt(out: JsonObject[], message: Message, ctx: MessageContext): void {
  const content = message.content.flatMap((block): Block[] => {
    if (block.type === 'tool-result') return orphan(block, ctx)
    if (block.type === 'reasoning') return []
    if (block.type === 'server-tool-call' || block.type === 'server-tool-result') return serverToolDropped(ctx)
    return message.role === 'system' && block.type === 'text' && ATTRIBUTION.test(block.text) ? [] : [block]
  })
  // A turn that held only results, or nothing an upstream takes, is gone.
  if (content.length === 0 && message.content.length > 0) return
  if (content.length === 0 && out.at(-1)?.['role'] === 'tool') return
  const role = message.role === 'user' ? 'user' : message.origin === 'developer' ? 'developer' : 'system'
  out.push({
    role,
    ...(message.name !== undefined && { name: message.name }),
    content: contentOf(content, ctx),
    ...ownExtension(message.extensions),
  })
}

function orphan(result: ToolResultBlock, { note }: MessageContext): Block[] {
  note({ kind: 'changed', field: 'messages', reason: 'a tool result without its call was sent as text' })
  return [{ type: 'text', text: `Result of tool call ${wireCallId(result.callId)}:` }, ...result.content]
}

function serverToolDropped({ note }: MessageContext): Block[] {
  note({ kind: 'dropped', field: 'messages', reason: 'calls that another upstream ran by itself are not told here' })
  return []
}

function assistantMessage(message: Message, ctx: MessageContext): JsonObject {
  const texts: TextBlock[] = []
  const rest: JsonObject = {}
  const calls: JsonObject[] = []
  const details: JsonObject[] = []
  let reasoning = ''
  for (const block of message.content) {
    switch (block.type) {
      case 'text':
        texts.push(block)
        if (block.signature?.format === FORMAT) rest['extra_content'] = signed(block.signature.value)
        break
      case 'refusal':
        rest['refusal'] = `${rest['refusal'] ?? ''}${block.text}`
        break
      case 'reasoning': {
        reasoning += block.text
        const own = [block.signature, block.redacted].every((signature) => signature === undefined || signature.format === FORMAT)
        if (needsDetail(block) && own) details.push(detailEntry(block, details.length))
        else if (!own) ctx.note({ kind: 'dropped', field: 'messages', reason: 'a reasoning signature of another vendor' })
        break
      }
      case 'tool-call':
        calls.push(toolCall(block, ctx))
        break
      case 'audio':
        if (block.source.kind === 'file-id' && block.source.format === FORMAT) rest['audio'] = { id: block.source.id }
        else if (block.transcript) texts.push({ type: 'text', text: block.transcript })
        else ctx.note({ kind: 'dropped', field: 'messages', reason: 'audio of an assistant turn' })
        break
      case 'opaque':
        if (block.format === FORMAT) texts.push(opaqueText(block, ctx))
        else ctx.note({ kind: 'dropped', field: 'messages', reason: 'content of an assistant turn that only its own format knows' })
        break
      case 'server-tool-call':
      case 'server-tool-result':
        serverToolDropped(ctx)
        break
      default:
        ctx.note({ kind: 'dropped', field: 'messages', reason: `${block.type} of an assistant turn` })
    }
  }
  return {
    role: 'assistant',
    ...(message.name !== undefined && { name: message.name }),
    content: assistantContent(texts, calls.length > 0 || rest['audio'] !== undefined, ctx),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...rest,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...ownExtension(message.extensions),
  }
}

/** Null is refused without calls, an empty string beside them. */
function assistantContent(texts: readonly TextBlock[], mayBeNull: boolean, ctx: MessageContext): string | null | JsonObject[] {
  if (texts.some((block) => isMarked(block, ctx))) return texts.filter(({ text }) => text !== '').map((block) => encodePart(block, ctx))
  if (texts.some(({ cache }) => cache !== undefined)) ctx.cacheDropped()
  const text = texts.map((block) => block.text).join('')
  return text === '' && mayBeNull ? null : text
}

const signed = (value: string): JsonObject => ({ google: { thought_signature: value } })

function toolCall(block: ToolCallBlock, { names }: MessageContext): JsonObject {
  const name = names.toWire(block.name)
  return {
    id: wireCallId(block.id),
    type: block.kind,
    ...(block.kind === 'custom'
      ? { custom: { name, input: block.arguments } }
      : { function: { name, arguments: block.arguments || '{}' } }),
    ...(block.signature?.format === FORMAT && { extra_content: signed(block.signature.value) }),
    ...ownExtension(block.extensions),
  }
}

/** An unknown part of an assistant turn goes back to its own wire as it was. */
function opaqueText(block: Extract<Block, { type: 'opaque' }>, ctx: MessageContext): TextBlock {
  const part = encodePart(block, ctx)
  return { type: 'text', text: '', extensions: { [FORMAT]: part } }
}
