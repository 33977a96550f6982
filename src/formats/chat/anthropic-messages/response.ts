// Whole answers, both ways. The encoder writes what the stream's encoder would add up to.

import type { Block, ChatResponse, Choice, ToolCallBlock } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { asObject, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { type JsonPlan, plannedText } from '../json-plan.ts'
import { callSignatureWire, customInput, customText, mediaName, redactedWire, showsReasoning, signatureText } from './answer-blocks.ts'
import { decodeContent } from './blocks-decode.ts'
import { encodeCitation } from './citations.ts'
import { decodeError } from './errors.ts'
import { decodeFinish, encodeFinish } from './finish.ts'
import { inputObject, jsonPlan } from './json-plan.ts'
import { toolNames, wireToolId } from './names.ts'
import { Receipt } from './receipt.ts'
import { canShow, encodeServerCall, encodeServerResult } from './server-blocks.ts'
import { decodeUsage, encodeUsage, usageRest } from './usage.ts'
import { FORMAT_ID, saidBeside } from './wire.ts'

/** Members with a neutral place. The others (`container`, `stop_details`, …) are carried. */
export const MESSAGE_MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
])

export function decodeResponse(wire: JsonValue, ctx: ChatContext): ChatResponse {
  if (!isObject(wire)) throw new GatewayError('upstream_malformed')
  if (wire['type'] === 'error' || isObject(wire['error'])) throw decodeError(200, wire, { get: () => null })
  if (!Array.isArray(wire['content'])) throw new GatewayError('upstream_malformed')
  if (wire['content'].length === 0 && asString(wire['stop_reason']) === undefined) throw new GatewayError('upstream_empty')
  const plan = jsonPlan(ctx)
  const content = upstreamContent(wire['content'].map((block) => whole(block, ctx))).map((block) =>
    block.type === 'tool-call' ? decodeCall(block, ctx, plan) : block,
  )
  const calls = content.some((block) => block.type === 'tool-call')
  const usage = decodeUsage(wire['usage'])
  const extensions = carriedMembers(wire)
  const choice: Choice = { index: 0, content, finish: decodeFinish(wire, calls) }
  const response: Draft<ChatResponse> = { id: asString(wire['id']) ?? '', model: asString(wire['model']) ?? '', choices: [choice] }
  put(response, 'usage', usage)
  if (extensions !== undefined) response.extensions = { [FORMAT_ID]: extensions }
  return response
}

/** What compatible hosts leave out, as their streams may too: a call's id, and a null where there is no text. */
function whole(block: JsonValue, { ids }: ChatContext): JsonValue {
  if (!isObject(block)) return block
  const { type, id } = block
  if ((type === 'tool_use' || type === 'server_tool_use') && (id === undefined || id === null || id === ''))
    return { ...block, id: ids.next(type === 'tool_use' ? 'toolu_' : 'srvtoolu_') }
  if (type === 'text' && block['text'] === null) return { ...block, text: '' }
  return type === 'thinking' && block['thinking'] === null ? { ...block, thinking: '' } : block
}

/** A malformed block of an upstream is its fault, not the client's. */
function upstreamContent(content: JsonValue[]): Block[] {
  try {
    return decodeContent(content, 'assistant', 'content')
  } catch (error) {
    throw new GatewayError('upstream_malformed', {}, error)
  }
}

/** The call as the client knows the tool: by its own name, as free text, or as the JSON it asked for. */
function decodeCall(block: ToolCallBlock, { request }: ChatContext, plan: JsonPlan | undefined): Block {
  if (plan !== undefined && block.name === plan.tool) return { type: 'text', text: plannedText(plan, block.arguments) }
  const name = toolNames(request).fromWire(block.name)
  const custom = request.tools.some((tool) => tool.type === 'custom' && tool.name === name)
  return custom ? { ...block, name, kind: 'custom', arguments: customText(block.arguments) } : { ...block, name }
}

/** What an answer carries beside its neutral members; nulls say nothing. */
export function carriedMembers(message: JsonObject): JsonObject | undefined {
  const rest = saidBeside(message, MESSAGE_MEMBERS)
  const usage = usageRest(message['usage'])
  return usage === undefined ? rest : { ...rest, usage }
}

/** The id a client of this format sees. */
export const messageId = (id: string, ctx: ChatContext): string => (/^msg_[A-Za-z0-9_-]+$/.test(id) ? id : ctx.ids.next('msg_'))

export function encodeResponse(response: ChatResponse, ctx: ChatContext): JsonObject {
  const choice = response.choices.find(({ index }) => index === 0) ?? response.choices[0]
  const notes = new Receipt(ctx.note)
  const blocks = choice?.content ?? []
  const content = blocks.flatMap((block) => encodeAnswerBlock(block, notes))
  const carried = extensionOf(response.extensions, FORMAT_ID)
  const { usage: usageExtra, stop_details: details, ...rest } = { ...carried, ...extensionOf(choice?.extensions, FORMAT_ID) }
  const refusal = blocks.flatMap((block) => (block.type === 'refusal' ? block.text : [])).join('')
  return {
    id: messageId(response.id, ctx),
    type: 'message',
    role: 'assistant',
    model: ctx.requestedModel,
    content,
    ...encodeFinish({
      finish: choice?.finish ?? { reason: 'stop' },
      calls: content.some((wire) => wire['type'] === 'tool_use'),
      ...(refusal !== '' && { refusal }),
      details,
    }),
    usage: encodeUsage(response.usage, asObject(usageExtra)),
    ...rest,
  }
}

function encodeAnswerBlock(block: Block, notes: Receipt): JsonObject[] {
  switch (block.type) {
    case 'text':
    case 'refusal': {
      const citations = block.type === 'text' ? (block.citations ?? []).map(encodeCitation) : []
      if (block.text === '' && citations.length === 0) return []
      return [{ type: 'text', text: block.text, ...(citations.length > 0 && { citations }) }]
    }
    case 'reasoning':
      if (block.redacted !== undefined) return [redactedWire(block.redacted)]
      return showsReasoning(block) ? [{ type: 'thinking', thinking: block.text, signature: signatureText(block.signature) }] : []
    case 'tool-call':
      return encodeAnswerCall(block)
    case 'server-tool-call':
      if (canShow(block)) return [encodeServerCall(block, block.input)]
      break
    case 'server-tool-result':
      if (canShow(block)) return [encodeServerResult(block)]
      break
    case 'opaque':
      if (block.format === FORMAT_ID && isObject(block.wire)) return [block.wire]
      break
    case 'image':
    case 'audio':
      notes.dropped('content', `${mediaName(block)} in the answer has no place in this format`)
      return []
    case 'file':
    case 'tool-result':
      break
  }
  notes.dropped('content', `a block of type ${block.type} in the answer has no place in this format`)
  return []
}

function encodeAnswerCall(block: ToolCallBlock): JsonObject[] {
  const input = block.kind === 'custom' ? customInput(block.arguments) : inputObject(block.arguments)
  const wire: JsonObject = {
    type: 'tool_use',
    id: wireToolId(block.id),
    name: block.name,
    input,
    ...extensionOf(block.extensions, FORMAT_ID),
  }
  const sealed = callSignatureWire(block.signature)
  return sealed === undefined ? [wire] : [wire, sealed]
}
