// Neutral turns as input items. Ids of items are left out: nothing is stored upstream (`store: false`), so an
// id would name something unknown; calls and results are joined by `call_id` alone.

import type {
  AudioBlock,
  Block,
  ImageBlock,
  Message,
  ReasoningBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { asObject, asString, type JsonObject } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { encodeAnnotation } from './citations.ts'
import { qualifiedName, wireCallId, wireName } from './names.ts'
import { encodeOutput, encodePart, isText } from './parts-encode.ts'
import { without } from './read.ts'
import { searchWire } from './tool-search.ts'
import { carriedOf, FORMAT } from './wire.ts'

export interface EncodedInput {
  readonly instructions?: string
  readonly items: JsonObject[]
}

interface State {
  readonly ctx: ChatContext
  readonly items: JsonObject[]
  /** Kind of every call of the conversation, by wire id. */
  readonly calls: ReadonlyMap<string, ToolCallBlock>
  /** Wire ids of calls that some result answers. */
  readonly answered: ReadonlySet<string>
  /** Where the result of a call stands in `items`. */
  readonly results: Map<string, number>
}

export function encodeInput(ctx: ChatContext): EncodedInput {
  const { messages } = ctx.request
  const leading = messages.findIndex((message) => message.role !== 'system' || message.origin === 'developer')
  const rest = leading < 0 ? [] : messages.slice(leading)
  const system = (leading < 0 ? messages : messages.slice(0, leading)).flatMap((message) =>
    message.content.filter(isText).map((block) => block.text),
  )
  const state: State = { ctx, items: [], calls: callsOf(messages), answered: answeredBy(messages), results: new Map() }
  const offset = messages.length - rest.length
  for (const [index, message] of rest.entries()) encodeMessage(state, message, `messages[${index + offset}]`)
  const instructions = system.filter((text) => text !== '').join('\n\n')
  return instructions === '' ? { items: state.items } : { instructions, items: state.items }
}

function callsOf(messages: readonly Message[]): Map<string, ToolCallBlock> {
  const calls = new Map<string, ToolCallBlock>()
  for (const { content } of messages) for (const block of content) if (block.type === 'tool-call') calls.set(wireCallId(block.id), block)
  return calls
}

function answeredBy(messages: readonly Message[]): Set<string> {
  const answered = new Set<string>()
  for (const { content } of messages) for (const block of content) if (block.type === 'tool-result') answered.add(wireCallId(block.callId))
  return answered
}

function encodeMessage(state: State, message: Message, field: string): void {
  if (message.role === 'assistant') return encodeAssistant(state, message, field)
  if (message.role === 'system') {
    const content = message.content
      .filter((block) => !isText(block) || block.text !== '')
      .map((block, index) => encodePart(block, state.ctx, `${field}.content[${index}]`))
    if (content.length > 0) state.items.push({ type: 'message', role: message.origin ?? 'system', content })
    return
  }
  let content: JsonObject[] = []
  const flush = (): void => {
    if (content.length > 0) state.items.push({ type: 'message', role: 'user', content })
    content = []
  }
  for (const [index, block] of message.content.entries()) {
    const at = `${field}.content[${index}]`
    if (block.type === 'tool-result') {
      flush()
      encodeResult(state, block, at)
    } else if (block.type === 'opaque') {
      flush()
      state.items.push(ownItem(block.format, block.wire, at))
    } else if (block.type === 'server-tool-result' || block.type === 'server-tool-call')
      noteDropped(state, at, 'server tool results of another upstream')
    else if (block.type !== 'text' || block.text !== '') content.push(encodePart(block, state.ctx, at))
  }
  if (content.length === 0 && message.content.length > 0 && message.content.every((block) => isText(block)))
    content.push({ type: 'input_text', text: '' })
  flush()
}

const noteDropped = (state: State, field: string, what: string): void =>
  state.ctx.note({ kind: 'dropped', field, reason: `${what} cannot be sent to this format` })

function ownItem(format: string, wire: unknown, field: string): JsonObject {
  const item = format === FORMAT ? asObject(wire) : undefined
  if (item !== undefined) return item
  throw new GatewayError('unsupported_content', { field, message: `Content that only '${format}' knows cannot be sent to this model.` })
}

function encodeResult(state: State, block: ToolResultBlock, field: string): void {
  const callId = wireCallId(block.callId)
  const output = withError(block, encodeOutput(block.content, state.ctx, `${field}.content`))
  const call = state.calls.get(callId)
  if (call === undefined) {
    // OpenAI refuses a result whose call is gone (trimmed histories): its words stay, as text.
    state.ctx.note({ kind: 'changed', field, reason: 'a result without its call became text' })
    const content = typeof output === 'string' ? [{ type: 'input_text', text: output }] : output
    return void state.items.push({ type: 'message', role: 'user', content: content as JsonObject[] })
  }
  const own = searchWire(block.extensions)
  const item =
    own ?? ({ type: call.kind === 'custom' ? 'custom_tool_call_output' : 'function_call_output', call_id: callId, output } as JsonObject)
  const earlier = state.results.get(callId)
  // Clients that resend history repeat results; the last one counts.
  if (earlier !== undefined) state.items[earlier] = item
  else {
    state.results.set(callId, state.items.length)
    state.items.push(item)
  }
}

/** This wire has no error flag. */
function withError(block: ToolResultBlock, output: JsonObject[string]): JsonObject[string] {
  if (!block.isError) return output
  if (typeof output === 'string') return /^\s*error/i.test(output) ? output : `Error: ${output}`
  return Array.isArray(output) ? [{ type: 'input_text', text: 'Error:' }, ...output] : output
}

// ── Assistant ─────────────────────────────────────────────────────────────────────────────────────

function encodeAssistant(state: State, message: Message, field: string): void {
  const pictures: Block[] = []
  const unanswered: ToolCallBlock[] = []
  let open: { phase: string | undefined; content: JsonObject[] } | undefined
  const say = (part: JsonObject, phase: string | undefined): void => {
    if (open === undefined || open.phase !== phase) {
      open = { phase, content: [] }
      state.items.push({ type: 'message', role: 'assistant', content: open.content, ...(phase !== undefined && { phase }) })
    }
    open.content.push(part)
  }
  for (const [index, block] of message.content.entries()) {
    const at = `${field}.content[${index}]`
    if (block.type === 'text') {
      if (block.text !== '') say(outputText(block), asString(carriedOf(block.extensions)['phase']))
      continue
    }
    if (block.type === 'refusal') {
      say({ type: 'refusal', refusal: block.text }, undefined)
      continue
    }
    if (block.type === 'image' || block.type === 'audio') {
      pictures.push(block)
      continue
    }
    const item = assistantItem(state, block, at)
    if (item === undefined) continue
    open = undefined
    state.items.push(item)
    if (block.type === 'tool-call' && !state.answered.has(wireCallId(block.id))) unanswered.push(block)
  }
  for (const call of unanswered) answerMissing(state, call, field)
  showMedia(state, pictures, field)
}

const outputText = (block: TextBlock): JsonObject => ({
  type: 'output_text',
  text: block.text,
  annotations: (block.citations ?? [])
    .map((citation) => encodeAnnotation(citation, block.text))
    .filter((annotation) => annotation !== undefined),
})

function assistantItem(state: State, block: Block, field: string): JsonObject | undefined {
  switch (block.type) {
    case 'reasoning': {
      const item = reasoningItem(block)
      if (item === undefined) noteDropped(state, field, 'reasoning that OpenAI did not seal')
      return item
    }
    case 'tool-call':
      return callItem(block)
    case 'opaque':
      if (block.format === FORMAT) return ownItem(block.format, block.wire, field)
      noteDropped(state, field, 'content of an assistant turn that only its own format knows')
      return undefined
    case 'server-tool-call': {
      const item = asObject(carriedOf(block.extensions)['item'])
      if (item === undefined) noteDropped(state, field, 'a server tool call of another upstream')
      return item
    }
    case 'server-tool-result':
      if (carriedOf(block.extensions)['item'] === undefined) noteDropped(state, field, 'a server tool result of another upstream')
      return undefined
    default:
      throw new GatewayError('unsupported_content', {
        field,
        message: `Content of type '${block.type}' cannot stand in an assistant turn.`,
      })
  }
}

/** Only what OpenAI sealed itself: foreign or unsigned reasoning is refused or imitated by models. */
function reasoningItem({ text, signature }: ReasoningBlock): JsonObject | undefined {
  if (signature?.format !== FORMAT) return undefined
  return { type: 'reasoning', summary: text === '' ? [] : [{ type: 'summary_text', text }], encrypted_content: signature.value }
}

function callItem(block: ToolCallBlock): JsonObject {
  const search = searchWire(block.extensions)
  if (search !== undefined) return search
  const { namespace, name } = qualifiedName(block)
  const rest = without(carriedOf(block.extensions), ['namespace', 'localName'])
  const head = { call_id: wireCallId(block.id), name: wireName(name), ...(namespace !== undefined && { namespace }) }
  return block.kind === 'custom'
    ? { type: 'custom_tool_call', ...head, input: block.arguments, ...rest }
    : { type: 'function_call', ...head, arguments: block.arguments, ...rest }
}

/** OpenAI refuses a call that nothing answers (a client that was interrupted). */
function answerMissing(state: State, call: ToolCallBlock, field: string): void {
  state.ctx.note({ kind: 'changed', field, reason: 'a tool call without a result got an empty one' })
  state.items.push({
    type: call.kind === 'custom' ? 'custom_tool_call_output' : 'function_call_output',
    call_id: wireCallId(call.id),
    output: 'No result: the call was not completed.',
  })
}

/** Output of other models that an assistant turn cannot hold here follows as the user's. */
function showMedia(state: State, pictures: readonly Block[], field: string): void {
  const images = pictures.filter((block): block is ImageBlock => block.type === 'image')
  if (images.length > 0) {
    state.ctx.note({ kind: 'changed', field, reason: 'images of the assistant follow in a user message' })
    state.items.push({
      type: 'message',
      role: 'user',
      content: images.map((block, index) => encodePart(block, state.ctx, `${field}.content[${index}]`)),
    })
  }
  const spoken = pictures.filter((block): block is AudioBlock => block.type === 'audio')
  for (const { transcript } of spoken) {
    state.ctx.note({ kind: 'changed', field, reason: 'audio of the assistant is sent as its transcript' })
    if (transcript)
      state.items.push({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: transcript, annotations: [] }] })
  }
}
