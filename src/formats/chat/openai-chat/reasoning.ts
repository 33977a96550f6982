// Reasoning beside the message: the vendors' field names read back, and our own way of handing signatures
// through a wire that has no place for them: text as `reasoning_content`, signed or sealed blocks as
// `reasoning_details` entries that a client returns unread. Tool-call signatures use Google's
// `extra_content.google.thought_signature`.

import type { ReasoningBlock } from '../../../core/chat.ts'
import { packSignature, type Signature, unpackSignature } from '../../../core/signature.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { thinkingText } from './part-decode.ts'
import { FORMAT, ownExtension } from './wire.ts'

/** One entry of `reasoning_details` or `thinking_blocks`, whoever wrote it. */
export interface ReasoningDetail {
  readonly text: string
  readonly summary: boolean
  readonly signature?: string
  readonly sealed?: string
  /** The entry's other members (`id`, `format`), which its vendor wants back. */
  readonly rest?: JsonObject
}

const DETAIL_KNOWN = new Set(['type', 'text', 'summary', 'thinking', 'signature', 'data', 'index'])

/** Reads one entry. `undefined` for what is none. */
export function readDetail(entry: JsonValue): ReasoningDetail | undefined {
  if (!isObject(entry)) return undefined
  const { type, data, signature } = entry
  const summary = type === 'reasoning.summary'
  const text =
    typeof entry['text'] === 'string' ? entry['text'] : summary ? String(entry['summary'] ?? '') : thinkingText(entry['thinking'])
  let rest: JsonObject | undefined
  for (const key in entry) {
    if (DETAIL_KNOWN.has(key) || entry[key] === null || entry[key] === undefined) continue
    rest ??= {}
    rest[key] = entry[key]
  }
  return {
    text,
    summary,
    ...(typeof signature === 'string' && signature !== '' && { signature }),
    ...(typeof data === 'string' && data !== '' && { sealed: data }),
    ...(rest && { rest }),
  }
}

/** All entries of a message's or delta's detail lists; the first list that is there counts. */
export function readDetails(wire: JsonObject): ReasoningDetail[] {
  const list = Array.isArray(wire['reasoning_details']) ? wire['reasoning_details'] : wire['thinking_blocks']
  if (!Array.isArray(list)) return []
  return list.map(readDetail).filter((detail) => detail !== undefined)
}

/** Plain reasoning text: `reasoning_content` (DeepSeek, Qwen, xAI, …) or `reasoning` (OpenRouter, vLLM, Groq). */
export function readReasoningText({ reasoning_content: content, reasoning }: JsonObject): string {
  if (typeof content === 'string' && content !== '') return content
  return typeof reasoning === 'string' ? reasoning : ''
}

const blockOf = (detail: ReasoningDetail, signature: (text: string) => Signature): ReasoningBlock => ({
  type: 'reasoning',
  text: detail.sealed === undefined ? detail.text : '',
  ...(detail.signature !== undefined && { signature: signature(detail.signature) }),
  ...(detail.sealed !== undefined && { redacted: signature(detail.sealed) }),
  ...(detail.summary && { summary: true }),
  ...(detail.rest && { extensions: { [FORMAT]: { detail: detail.rest } } }),
})

/** The reasoning blocks of a returned assistant message, signatures unpacked. */
export function decodeReasoning(message: JsonObject): ReasoningBlock[] {
  const text = readReasoningText(message)
  const details = readDetails(message)
  if (details.length === 0) return text === '' ? [] : [{ type: 'reasoning', text }]
  const worded = details.some((detail) => detail.text !== '')
  const unpack = (value: string): Signature => unpackSignature(value, FORMAT)
  const blocks = details.filter((d) => d.text !== '' || d.signature !== undefined || d.sealed !== undefined).map((d) => blockOf(d, unpack))
  if (worded || text === '') return joinedFragments(blocks)
  // Signatures without words: the words stand in the plain field.
  const signed = blocks.findIndex((block) => block.signature !== undefined)
  if (signed < 0) return [{ type: 'reasoning', text }, ...blocks]
  return blocks.map((block, index) => (index === signed ? { ...block, text } : block))
}

/** Clients that echo streamed entries unmerged return a text entry and its signature apart. */
function joinedFragments(blocks: ReasoningBlock[]): ReasoningBlock[] {
  const joined: ReasoningBlock[] = []
  for (const block of blocks) {
    const last = joined.at(-1)
    const tail = block.text === '' && block.signature !== undefined && block.redacted === undefined
    if (tail && last !== undefined && last.text !== '' && last.signature === undefined) {
      joined[joined.length - 1] = { ...last, ...block, text: last.text }
    } else joined.push(block)
  }
  return joined
}

/** A reasoning block as a `reasoning_details` entry of a reply. */
export function detailEntry(
  block: Pick<ReasoningBlock, 'text' | 'signature' | 'redacted' | 'summary' | 'extensions'>,
  index: number,
): JsonObject {
  const carried = ownExtension(block.extensions)?.['detail']
  const rest = isObject(carried) ? carried : {}
  if (block.redacted !== undefined) return { ...rest, type: 'reasoning.encrypted', data: packSignature(block.redacted, FORMAT), index }
  const signature = block.signature === undefined ? {} : { signature: packSignature(block.signature, FORMAT) }
  if (block.summary === true) return { ...rest, type: 'reasoning.summary', summary: block.text, ...signature, index }
  return { ...rest, type: 'reasoning.text', text: block.text, ...signature, index }
}

/** Whether the plain text alone would lose something of the block. */
export const needsDetail = (block: Pick<ReasoningBlock, 'signature' | 'redacted'>): boolean =>
  block.signature !== undefined || block.redacted !== undefined

/** `{extra_content: …}` for a signature, or nothing. */
export const extraContent = (signature: Signature | undefined): { extra_content?: JsonObject } =>
  signature === undefined ? {} : { extra_content: { google: { thought_signature: packSignature(signature, FORMAT) } } }

/** The signature text in an `extra_content` member. */
export function extraSignature(wire: JsonObject): string | undefined {
  const extra = wire['extra_content']
  const google = isObject(extra) ? extra['google'] : undefined
  const signature = isObject(google) ? google['thought_signature'] : undefined
  return typeof signature === 'string' && signature !== '' ? signature : undefined
}
