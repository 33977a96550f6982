// Messages to `contents`: neighbours of one role become one content, results stand first and in the order
// of their calls, system messages inside the conversation are told as user text.

import type {
  AudioBlock,
  Block,
  ChatRequest,
  FileBlock,
  ImageBlock,
  Message,
  ReasoningBlock,
  TextBlock,
  ToolCallBlock,
} from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Signature } from '../../../core/signature.ts'
import type { Note } from '../../../core/warning.ts'
import { isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import { encodeSource } from './media.ts'
import type { ModelFacts } from './models.ts'
import type { NameMap } from './names.ts'
import { encodeResult, orphanText, type Pairs, pairResults } from './results-encode.ts'
import { carriedOf } from './tools-decode.ts'
import { CUSTOM_INPUT, FORMAT, RAW_ARGUMENTS, SKIP_SIGNATURE } from './wire.ts'

export interface ContentsContext {
  readonly facts: ModelFacts
  readonly names: NameMap
  readonly note: Note
}

interface Turn {
  readonly role: 'user' | 'model'
  readonly parts: JsonObject[]
  readonly calls: { readonly block: ToolCallBlock; readonly field: string }[]
}

export function encodeContents(request: ChatRequest, ctx: ContentsContext): JsonObject {
  const firstTurn = request.messages.findIndex((message) => message.role !== 'system')
  const leading = request.messages.slice(0, firstTurn < 0 ? request.messages.length : firstTurn)
  const system = leading.flatMap((message) => textsOf(message.content))
  const contents = firstTurn < 0 ? [] : contentsOf(request.messages, firstTurn, ctx)
  if (contents.length === 0 && system.length > 0) {
    ctx.note({ kind: 'changed', field: 'messages', reason: 'a request of system messages only is sent as a user turn' })
    return { contents: [{ role: 'user', parts: system }] }
  }
  if (contents.length === 0) throw new GatewayError('invalid_request', { field: 'messages', message: 'The conversation has no content.' })
  return { ...(system.length > 0 && { systemInstruction: { parts: system } }), contents }
}

const textsOf = (blocks: readonly Block[]): JsonObject[] =>
  blocks.flatMap((block) => (block.type === 'text' && block.text !== '' ? [{ text: block.text.toWellFormed() }] : []))

function contentsOf(messages: readonly Message[], from: number, ctx: ContentsContext): JsonObject[] {
  const pairs = pairResults(messages)
  const turns: Turn[] = []
  for (const [index, message] of messages.entries()) {
    if (index < from) continue
    const role = message.role === 'assistant' ? 'model' : 'user'
    const place: Place = { ctx, pairs, field: `messages[${index}]`, role }
    const turn: Turn = { role, parts: [], calls: [] }
    if (message.role === 'system') turn.parts.push(...wrappedSystem(message))
    else
      for (const [at, block] of message.content.entries()) addBlock(turn, block, { ...place, field: `messages[${index}].content[${at}]` })
    // Results are written behind their calls; here they still part two steps of the model from one another.
    const answers = message.content.some((block) => block.type === 'tool-result')
    if (turn.parts.length === 0 && !answers) continue
    const last = turns.at(-1)
    if (last?.role === role) {
      last.parts.push(...turn.parts)
      last.calls.push(...turn.calls)
    } else turns.push(turn)
  }
  return withResults(turns, pairs, ctx).map(({ role, parts }) => ({ role, parts }))
}

/** A later instruction keeps its place; leading ones are the system prompt. */
function wrappedSystem(message: Message): JsonObject[] {
  const texts = textsOf(message.content)
  return texts.length === 0 ? [] : [{ text: '<system_instruction>' }, ...texts, { text: '</system_instruction>' }]
}

function withResults(turns: readonly Turn[], pairs: Pairs, ctx: ContentsContext): Turn[] {
  const list: Turn[] = []
  for (const [index, turn] of turns.entries()) {
    const before = list.at(-1)
    if (before?.role === 'user' && turn.role === 'user') before.parts.push(...turn.parts)
    else if (turn.parts.length > 0) list.push(turn)
    if (turn.calls.length === 0) continue
    signFirst(turn, ctx)
    const answered = turn.calls.some((call) => pairs.resultOf.has(call.block))
    // Calls at the very end may still be open; inside a conversation each needs an answer.
    if (!answered && index === turns.length - 1) continue
    const responses: JsonObject[] = []
    const after: JsonObject[] = []
    for (const { block, field } of turn.calls) {
      const result = pairs.resultOf.get(block)
      if (result === undefined) ctx.note({ kind: 'changed', field, reason: 'the call has no result; the model is told so' })
      const encoded = encodeResult(block, result, { facts: ctx.facts, names: ctx.names, field })
      responses.push(encoded.part)
      after.push(...encoded.after)
    }
    list.push({ role: 'user', parts: [...responses, ...after], calls: [] })
  }
  return list
}

/** Of a batch of calls the first one carries the signature; without it Gemini 3 answers 400. */
function signFirst(turn: Turn, ctx: ContentsContext): void {
  if (!ctx.facts.needsSignature) return
  const first = turn.parts.find((part) => part['functionCall'] !== undefined)
  if (first !== undefined) first['thoughtSignature'] ??= SKIP_SIGNATURE
}

interface Place {
  readonly ctx: ContentsContext
  readonly pairs: Pairs
  readonly field: string
  readonly role: 'user' | 'model'
}

function addBlock(turn: Turn, block: Block, place: Place): void {
  const { note } = place.ctx
  switch (block.type) {
    case 'text':
    case 'refusal':
      return void turn.parts.push(...textParts(block.type === 'text' ? block : { type: 'text', text: block.text }))
    case 'reasoning':
      return void turn.parts.push(...reasoningParts(block, place))
    case 'image':
    case 'audio':
    case 'file':
      return void turn.parts.push(...mediaParts(block, place))
    case 'tool-call':
      turn.calls.push({ block, field: place.field })
      return void turn.parts.push(callPart(block, place.ctx.names))
    case 'tool-result': {
      if (place.pairs.paired.has(block)) return
      note({ kind: 'changed', field: place.field, reason: 'the result of an unknown call is sent as text' })
      return void turn.parts.push({ text: orphanText(block).toWellFormed() })
    }
    case 'server-tool-call':
    case 'server-tool-result':
      return note({ kind: 'dropped', field: place.field, reason: "another vendor's tool run cannot be replayed" })
    case 'opaque':
      if (block.format === FORMAT && isObject(block.wire)) return void turn.parts.push(block.wire)
      if (place.role === 'model') return note({ kind: 'dropped', field: place.field, reason: 'content of another format' })
      throw new GatewayError('unsupported_content', { field: place.field, message: `${place.field} holds content that Gemini cannot take` })
  }
}

const signatureOf = (signature: Signature | undefined): JsonObject =>
  signature?.format === FORMAT ? { thoughtSignature: signature.value } : {}

function textParts(block: TextBlock): JsonObject[] {
  const signed = signatureOf(block.signature)
  // Signed text goes back byte for byte; an unsigned empty part is refused.
  if (block.text === '' && signed['thoughtSignature'] === undefined) return []
  const text = signed['thoughtSignature'] === undefined ? block.text.toWellFormed() : block.text
  return [{ text, ...signed, ...carriedOf(block.extensions) }]
}

function reasoningParts(block: ReasoningBlock, place: Place): JsonObject[] {
  const signed = signatureOf(block.signature)
  if (signed['thoughtSignature'] !== undefined) return [{ text: block.text, thought: true, ...signed }]
  if (block.text !== '' || block.signature !== undefined || block.redacted !== undefined) {
    place.ctx.note({ kind: 'dropped', field: place.field, reason: 'reasoning that Gemini did not sign' })
  }
  return []
}

const RESOLUTION: Readonly<Record<string, string>> = {
  low: 'MEDIA_RESOLUTION_LOW',
  high: 'MEDIA_RESOLUTION_HIGH',
  original: 'MEDIA_RESOLUTION_ULTRA_HIGH',
}

function mediaParts(block: ImageBlock | AudioBlock | FileBlock, place: Place): JsonObject[] {
  if (block.type === 'audio' && (place.role === 'model' || isEmpty(block))) return spokenParts(block, place)
  const part: JsonObject = { ...encodeSource(block.source, place.field), ...carriedOf(block.extensions) }
  if (block.type === 'image') {
    Object.assign(part, signatureOf(block.signature))
    const level = block.detail === undefined ? undefined : RESOLUTION[block.detail]
    if (level !== undefined && part['mediaResolution'] === undefined && place.ctx.facts.mediaInResults) part['mediaResolution'] = { level }
  }
  if (block.type !== 'file') return [part]
  const label = [block.source.kind === 'text' ? block.name : undefined, block.context].filter((text) => text !== undefined && text !== '')
  return label.length === 0 ? [part] : [{ text: `${label.join('\n')}:`.toWellFormed() }, part]
}

const isEmpty = (block: AudioBlock): boolean => block.source.kind === 'base64' && block.source.data === ''

/** What the assistant said aloud goes back as its words: Gemini takes no audio in a model turn. */
function spokenParts(block: AudioBlock, place: Place): JsonObject[] {
  if (block.transcript) return [{ text: block.transcript.toWellFormed() }]
  place.ctx.note({ kind: 'dropped', field: place.field, reason: 'spoken audio without its words cannot be sent back' })
  return []
}

function callPart(block: ToolCallBlock, names: NameMap): JsonObject {
  const id = carriedOf(block.extensions)?.['id']
  return {
    functionCall: { ...(typeof id === 'string' && { id }), name: names.toWire(block.name), args: argsOf(block) },
    ...signatureOf(block.signature),
  }
}

/** Arguments as an object, numbers exact. What is no object is wrapped, never emptied. */
export function argsOf(call: Pick<ToolCallBlock, 'kind' | 'arguments'>): JsonObject {
  if (call.kind === 'custom') return { [CUSTOM_INPUT]: call.arguments }
  if (call.arguments.trim() === '') return {}
  const parsed = tryParseJson(call.arguments)
  return isObject(parsed) ? parsed : { [RAW_ARGUMENTS]: call.arguments }
}
