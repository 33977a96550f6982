// Content blocks to neutral blocks: a client's messages and, with the same functions, an upstream's answer.
// A block of an unknown type is kept whole as opaque; a known one with a member of the wrong kind is a 400.

import type {
  AudioBlock,
  Block,
  FileBlock,
  ImageBlock,
  MediaSource,
  OpaqueBlock,
  ReasoningBlock,
  TextBlock,
  ToolResultBlock,
} from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { unpackSignature } from '../../../core/signature.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { asObject, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import {
  cacheOf,
  fieldPath,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalObject,
  optionalText,
  required,
  requiredName,
  requiredText,
} from './check.ts'
import { decodeCitations } from './citations.ts'
import { decodeServerCall, decodeServerResult, isServerCall, isServerResult } from './server-blocks.ts'
import { FORMAT_ID, restOf } from './wire.ts'

type Role = 'user' | 'assistant' | 'system'

/** Marks a sealed value that belongs to the tool call before it, not to reasoning of its own. */
export const CALL_SIGNATURE_MARK = 'call:'

const KNOWN = {
  text: new Set(['type', 'text', 'cache_control', 'citations']),
  image: new Set(['type', 'source', 'cache_control']),
  document: new Set(['type', 'source', 'cache_control', 'citations', 'context', 'title']),
  thinking: new Set(['type', 'thinking', 'signature']),
  tool_use: new Set(['type', 'id', 'name', 'input', 'cache_control']),
  tool_result: new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']),
} as const

const extended = (rest: JsonObject | undefined): Readonly<Record<string, JsonObject>> | undefined => rest && { [FORMAT_ID]: rest }

/** A message's `content`: a string or a list of blocks. */
export function decodeContent(content: JsonValue | undefined, role: Role, path: string): Block[] {
  if (content === undefined) throw required(path)
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalid(path, `${path}: Input should be a valid string or list`)
  const blocks: Block[] = []
  content.forEach((item, i) => {
    const itemPath = `${path}[${i}]`
    const block = decodeBlock(objectAt(item, itemPath), role, itemPath)
    const last = blocks.at(-1)
    const sealed = block.type === 'reasoning' ? block.redacted : undefined
    if (sealed && sealed.format !== FORMAT_ID && sealed.value.startsWith(CALL_SIGNATURE_MARK)) {
      if (last?.type === 'tool-call') {
        blocks[blocks.length - 1] = { ...last, signature: { format: sealed.format, value: sealed.value.slice(CALL_SIGNATURE_MARK.length) } }
      }
    } else blocks.push(block)
  })
  return blocks
}

/** One block. `role` is whose turn it stands in: calls and thinking are the assistant's, results the user's. */
export function decodeBlock(wire: JsonObject, role: Role, path: string): Block {
  const type = requiredName(wire, 'type', path)
  switch (type) {
    case 'text':
      return decodeText(wire, path)
    case 'image':
      return decodeImage(wire, path)
    case 'document':
      return decodeDocument(wire, path)
    case 'search_result':
      return decodeSearchResultBlock(wire, path)
    case 'tool_reference':
      return ownText(wire, `Tool found: ${requiredName(wire, 'tool_name', path)}`, path)
    case 'tool_result':
      belongsTo('user', role, type, path)
      return decodeToolResult(wire, path)
    case 'tool_use':
      belongsTo('assistant', role, type, path)
      return decodeToolUse(wire, path)
    case 'thinking':
    case 'redacted_thinking':
      belongsTo('assistant', role, type, path)
      return decodeThinking(wire, type, path)
  }
  if (isServerCall(type)) return decodeServerCall(wire, requiredName(wire, 'id', path))
  if (isServerResult(type) && typeof wire['tool_use_id'] === 'string') return decodeServerResult(wire, type, wire['tool_use_id'])
  return { type: 'opaque', format: FORMAT_ID, wire }
}

function belongsTo(owner: Role, role: Role, type: string, path: string): void {
  if (role !== owner) throw invalid(path, `${path}: \`${type}\` blocks can only be in \`${owner}\` messages`)
}

function decodeText(wire: JsonObject, path: string): TextBlock {
  const text = requiredText(wire, 'text', path)
  const citations = optionalArray(wire, 'citations', path)
  const block: Draft<TextBlock> = { type: 'text', text }
  if (citations !== undefined) {
    const decoded = decodeCitations(citations)
    if (decoded.length > 0) block.citations = decoded
  }
  put(block, 'cache', cacheOf(wire, path))
  put(block, 'extensions', extended(restOf(wire, KNOWN.text)))
  return block
}

function decodeThinking(wire: JsonObject, type: string, path: string): ReasoningBlock {
  if (type === 'redacted_thinking') {
    return { type: 'reasoning', text: '', redacted: unpackSignature(requiredText(wire, 'data', path), FORMAT_ID) }
  }
  const signature = optionalText(wire, 'signature', path)
  return compact({
    type: 'reasoning' as const,
    text: optionalText(wire, 'thinking', path) ?? '',
    signature: signature ? unpackSignature(signature, FORMAT_ID) : undefined,
    extensions: extended(restOf(wire, KNOWN.thinking)),
  }) as ReasoningBlock
}

function decodeToolUse(wire: JsonObject, path: string): Block {
  return compact({
    type: 'tool-call' as const,
    id: requiredName(wire, 'id', path),
    name: requiredName(wire, 'name', path),
    arguments: JSON.stringify(optionalObject(wire, 'input', path) ?? {}),
    kind: 'function' as const,
    cache: cacheOf(wire, path),
    extensions: extended(restOf(wire, KNOWN.tool_use)),
  }) as Block
}

function decodeToolResult(wire: JsonObject, path: string): ToolResultBlock {
  return compact({
    type: 'tool-result' as const,
    callId: requiredName(wire, 'tool_use_id', path),
    content: decodeResultContent(wire['content'], fieldPath(path, 'content')),
    isError: optionalBoolean(wire, 'is_error', path) ?? false,
    cache: cacheOf(wire, path),
    extensions: extended(restOf(wire, KNOWN.tool_result)),
  }) as ToolResultBlock
}

function decodeResultContent(content: JsonValue | undefined, path: string): ToolResultBlock['content'] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalid(path, `${path}: Input should be a valid string or list`)
  return content.map((item, i) => {
    const wire = objectAt(item, `${path}[${i}]`)
    const block = decodeBlock(wire, 'user', `${path}[${i}]`)
    return isResultContent(block) ? block : { type: 'opaque', format: FORMAT_ID, wire }
  })
}

const isResultContent = (block: Block): block is TextBlock | ImageBlock | AudioBlock | FileBlock | OpaqueBlock =>
  block.type === 'text' || block.type === 'image' || block.type === 'file' || block.type === 'opaque'

function decodeImage(wire: JsonObject, path: string): ImageBlock {
  const sourcePath = fieldPath(path, 'source')
  const source = objectAt(wire['source'], sourcePath)
  return compact({
    type: 'image' as const,
    source: decodeSource(source, sourcePath, undefined),
    cache: cacheOf(wire, path),
    extensions: extended(restOf(wire, KNOWN.image)),
  }) as ImageBlock
}

function decodeSource(source: JsonObject, path: string, mediaType: string | undefined): MediaSource {
  const type = requiredName(source, 'type', path)
  switch (type) {
    case 'base64':
      return { kind: 'base64', mediaType: requiredName(source, 'media_type', path), data: requiredText(source, 'data', path) }
    case 'url':
      return { kind: 'url', url: requiredName(source, 'url', path), ...(mediaType && { mediaType }) }
    case 'file':
      return { kind: 'file-id', format: FORMAT_ID, id: requiredName(source, 'file_id', path), ...(mediaType && { mediaType }) }
    case 'text':
      return { kind: 'text', mediaType: optionalText(source, 'media_type', path) ?? 'text/plain', text: requiredText(source, 'data', path) }
    default:
      throw invalid(fieldPath(path, 'type'), `${fieldPath(path, 'type')}: Input tag '${type.slice(0, 40)}' is not one of the expected tags`)
  }
}

function decodeDocument(wire: JsonObject, path: string): FileBlock {
  const sourcePath = fieldPath(path, 'source')
  const source = objectAt(wire['source'], sourcePath)
  const inBlocks = source['type'] === 'content'
  const rest = restOf(wire, KNOWN.document)
  return compact({
    type: 'file' as const,
    source: inBlocks
      ? blocksAsText(source['content'], fieldPath(sourcePath, 'content'))
      : decodeSource(source, sourcePath, 'application/pdf'),
    name: optionalText(wire, 'title', path),
    context: optionalText(wire, 'context', path),
    citationsEnabled: optionalBoolean(optionalObject(wire, 'citations', path) ?? {}, 'enabled', fieldPath(path, 'citations')),
    cache: cacheOf(wire, path),
    extensions: extended(inBlocks ? { ...rest, source } : rest),
  }) as FileBlock
}

/** A document given as blocks, as other formats can take it: its text. Images inside stay in our own wire only. */
function blocksAsText(content: JsonValue | undefined, path: string): MediaSource {
  const blocks = decodeContent(content, 'user', path)
  const text = blocks.flatMap((block) => (block.type === 'text' ? block.text : [])).join('\n')
  return { kind: 'text', mediaType: 'text/plain', text }
}

/** A search result as text that any model can read, beside its own wire. */
function decodeSearchResultBlock(wire: JsonObject, path: string): TextBlock {
  const source = requiredText(wire, 'source', path)
  const title = requiredText(wire, 'title', path)
  const parts = (optionalArray(wire, 'content', path) ?? []).map((item, i) => {
    const part = objectAt(item, `${path}.content[${i}]`)
    return requiredText(part, 'text', `${path}.content[${i}]`)
  })
  const text = [title, source, ...parts].filter((line) => line !== '').join('\n')
  return ownText(wire, text, path)
}

/** A block of this format alone that words can say: other formats get the words, this one the block as it was. */
const ownText = (wire: JsonObject, text: string, path: string): TextBlock =>
  compact({ type: 'text' as const, text, cache: cacheOf(wire, path), extensions: { [FORMAT_ID]: { wire } } }) as TextBlock

/** Whether `content` holds an image inside a document of blocks, which only this format can carry. */
export const holdsDocumentImages = (block: Block): boolean => {
  if (block.type !== 'file') return false
  const content = asObject(block.extensions?.[FORMAT_ID]?.['source'])?.['content']
  return Array.isArray(content) && content.some((item) => isObject(item) && item['type'] === 'image')
}
