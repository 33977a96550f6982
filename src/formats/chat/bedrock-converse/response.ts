// A whole answer. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax

import type { Block, ChatResponse, Citation } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { decodeCitation } from './citations.ts'
import { decodeError } from './errors.ts'
import { decodeFinish } from './finish.ts'
import { type CallReader, callReader } from './tool-call.ts'
import { decodeUsage } from './usage.ts'
import { FORMAT_ID } from './wire.ts'

/** @throws GatewayError for an error body and for what is no answer. */
export function decodeResponse(wire: JsonValue, ctx: ChatContext): ChatResponse {
  const body = asObject(wire)
  const message = asObject(asObject(body?.output)?.message)
  if (body === undefined || message === undefined) {
    if (asString(body?.message) !== undefined || body?.__type !== undefined) throw decodeError(500, wire, { get: () => null })
    throw new GatewayError('upstream_malformed')
  }
  const content = asArray(message.content)
  if (content === undefined) throw new GatewayError('upstream_malformed')
  const reader = callReader(ctx)
  const blocks = shownBlocks(content, reader)
  const usage = decodeUsage(body.usage)
  const seen = { calls: blocks.some(({ type }) => type === 'tool-call'), content: blocks.length > 0 }
  return {
    id: '',
    model: ctx.upstreamModel,
    choices: [{ index: 0, content: blocks, finish: decodeFinish(asString(body.stopReason), seen, body.additionalModelResponseFields) }],
    ...(usage && { usage }),
  }
}

/** The answer's blocks. Where the structured answer came as a call, words around it are not part of it. */
function shownBlocks(content: readonly JsonValue[], reader: CallReader): Block[] {
  const decoded = content.map((wire) => ({ block: decodeBlock(wire, reader), json: isJsonCall(wire, reader) }))
  const structured = decoded.some(({ json }) => json)
  return decoded.flatMap(({ block, json }) => (structured && block.type === 'text' && !json ? [] : [block]))
}

const isJsonCall = (wire: JsonValue, reader: CallReader): boolean => {
  const name = asString(asObject(asObject(wire)?.toolUse)?.name)
  return name !== undefined && reader.kindOf(name) === 'json'
}

function decodeBlock(wire: JsonValue, reader: CallReader): Block {
  if (!isObject(wire)) throw new GatewayError('upstream_malformed')
  const { text, toolUse, reasoningContent, citationsContent, image } = wire
  if (typeof text === 'string') return { type: 'text', text }
  if (isObject(toolUse)) return decodeToolUse(toolUse, reader)
  if (isObject(reasoningContent)) return decodeReasoning(reasoningContent)
  if (isObject(citationsContent)) return decodeCited(citationsContent)
  if (isObject(image)) {
    const data = asString(asObject(image.source)?.bytes)
    if (data !== undefined)
      return { type: 'image', source: { kind: 'base64', mediaType: `image/${asString(image.format) ?? 'png'}`, data } }
  }
  return { type: 'opaque', format: FORMAT_ID, wire }
}

function decodeToolUse(toolUse: JsonObject, reader: CallReader): Block {
  const name = asString(toolUse.name)
  const id = asString(toolUse.toolUseId)
  if (name === undefined || id === undefined) throw new GatewayError('upstream_malformed')
  const input = typeof toolUse.input === 'string' ? toolUse.input : JSON.stringify(toolUse.input ?? {})
  const kind = reader.kindOf(name)
  if (kind === 'json') return { type: 'text', text: reader.textOf('json', input) }
  return { type: 'tool-call', id, name: reader.nameOf(name), kind, arguments: kind === 'custom' ? reader.textOf('custom', input) : input }
}

function decodeReasoning(wire: JsonObject): Block {
  const redacted = asString(wire.redactedContent)
  if (redacted !== undefined) return { type: 'reasoning', text: '', redacted: { format: FORMAT_ID, value: redacted } }
  const inner = asObject(wire.reasoningText)
  const signature = asString(inner?.signature)
  return {
    type: 'reasoning',
    text: asString(inner?.text) ?? '',
    ...(signature !== undefined && { signature: { format: FORMAT_ID, value: signature } }),
  }
}

function decodeCited(wire: JsonObject): Block {
  const text = (asArray(wire.content) ?? []).map((piece) => asString(asObject(piece)?.text) ?? '').join('')
  const citations = (asArray(wire.citations) ?? []).map(decodeCitation).filter((citation): citation is Citation => citation !== undefined)
  return { type: 'text', text, ...(citations.length > 0 && { citations }) }
}
