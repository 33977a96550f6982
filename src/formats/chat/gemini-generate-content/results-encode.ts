// Tool results to `functionResponse`. Gemini wants, right behind the calls of a turn, one content with a
// response for each call in the calls' order; results are found and ordered before anything is written.

import type { Block, Message, ToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { encodeSource } from './media.ts'
import type { ModelFacts } from './models.ts'
import type { NameMap } from './names.ts'
import { carriedOf } from './tools-decode.ts'

export interface Pairs {
  /** The last result of each call, found by the call itself: ids may repeat from turn to turn. */
  readonly resultOf: ReadonlyMap<ToolCallBlock, ToolResultBlock>
  /** Results that answer a known call; the others are orphans. */
  readonly paired: ReadonlySet<ToolResultBlock>
}

export function pairResults(messages: readonly Message[]): Pairs {
  const callOf = new Map<string, ToolCallBlock>()
  const resultOf = new Map<ToolCallBlock, ToolResultBlock>()
  const paired = new Set<ToolResultBlock>()
  for (const message of messages) {
    for (const block of message.content) {
      if (block.type === 'tool-call') callOf.set(block.id, block)
      else if (block.type === 'tool-result') {
        const call = callOf.get(block.callId)
        if (call === undefined) continue
        resultOf.set(call, block)
        paired.add(block)
      }
    }
  }
  return { resultOf, paired }
}

export interface ResultContext {
  readonly facts: ModelFacts
  readonly names: NameMap
  readonly field: string
}

/** The part of one result, and the parts that must follow all results of the turn. */
export function encodeResult(
  call: ToolCallBlock,
  result: ToolResultBlock | undefined,
  ctx: ResultContext,
): { part: JsonObject; after: JsonObject[] } {
  const carried = { ...carriedOf(result?.extensions) }
  // Only the API that issued an id wants it back; otherwise order and name pair the two.
  const callId = carriedOf(call.extensions)?.['id']
  delete carried['id']
  const name = ctx.names.toWire(call.name)
  const base = { ...(typeof callId === 'string' && { id: callId }), name }
  if (result === undefined) return { part: { functionResponse: { ...base, response: { error: 'The call was not answered.' } } }, after: [] }

  const media = result.content.flatMap((block) =>
    block.type === 'image' || block.type === 'audio' || block.type === 'file' ? [encodeSource(block.source, ctx.field)] : [],
  )
  const texts = media.filter((part) => part['text'] !== undefined).map((part) => part['text'] as string)
  const bytes = media.filter((part) => part['text'] === undefined)
  const inside = ctx.facts.mediaInResults ? bytes : []
  const response = responseOf(result, texts)
  const part = { functionResponse: { ...base, response, ...(inside.length > 0 && { parts: inside }), ...carried } }
  const after = ctx.facts.mediaInResults || bytes.length === 0 ? [] : [{ text: `Media returned by ${name}:` }, ...bytes]
  return { part, after }
}

/** Always an object: the client's own, or its words under `result` or `error`. */
function responseOf(result: ToolResultBlock, files: readonly string[]): JsonObject {
  if (result.structured !== undefined) return result.structured
  const text = [...textsOf(result.content), ...files].join('\n')
  return { [result.isError ? 'error' : 'result']: text }
}

const textsOf = (content: readonly Block[]): string[] =>
  content.flatMap((block) => (block.type === 'text' ? [block.text.toWellFormed()] : []))

/** A result whose call is not in the conversation, told in words: Gemini refuses it as a response. */
export function orphanText(result: ToolResultBlock): string {
  const label = result.name === undefined ? 'an earlier tool call' : `an earlier call of ${result.name}`
  return `Result of ${label}${result.isError ? ' (failed)' : ''}:\n${textsOf(result.content).join('\n')}`
}
