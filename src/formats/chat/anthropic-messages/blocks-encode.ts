// Neutral blocks as an upstream of this format takes them. Content it cannot take is a 400 that names it;
// what only decorates (foreign signatures, foreign citations) is dropped and told once.

import type {
  AudioBlock,
  Block,
  CacheHint,
  FileBlock,
  ImageBlock,
  MediaSource,
  ReasoningBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { asString, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { ownCitation } from './citations.ts'
import { inputObject } from './json-plan.ts'
import { type ToolNames, wireToolId } from './names.ts'
import type { Receipt } from './receipt.ts'
import { ownWire } from './server-blocks.ts'
import { CUSTOM_INPUT_KEY, FORMAT_ID } from './wire.ts'

export interface BlockEncoding {
  readonly receipt: Receipt
  readonly names: ToolNames
  /** The client's own thinking goes back unsigned: hosts that only speak the format do not sign. */
  readonly keepUnsigned: boolean
}

/** `wire` with a breakpoint behind it. */
export function withCache(wire: JsonObject, cache: CacheHint | undefined): JsonObject {
  return cache === undefined
    ? wire
    : { ...wire, cache_control: cache.ttl === undefined ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: cache.ttl } }
}

const unsupportedContent = (field: string, message: string): GatewayError => new GatewayError('unsupported_content', { field, message })

/** One block of a user's or assistant's turn; `undefined` when nothing of it goes upstream. */
export function encodeBlock(block: Block, path: string, encoding: BlockEncoding): JsonObject | undefined {
  switch (block.type) {
    case 'text':
      return encodeText(block, path, encoding)
    case 'refusal':
      return { type: 'text', text: block.text }
    case 'image':
      return encodeImage(block, path, encoding)
    case 'file':
      return encodeFile(block, path, encoding)
    case 'audio':
      return encodeAudio(block, path)
    case 'reasoning':
      return encodeReasoning(block, path, encoding)
    case 'tool-call':
      return encodeToolCall(block, encoding)
    case 'tool-result':
      return encodeToolResult(block, path, encoding)
    case 'server-tool-call': {
      const own = ownWire(block)
      return own === undefined ? foreignServerTool(path, encoding) : { ...own, input: block.input }
    }
    case 'server-tool-result':
      return ownWire(block) ?? foreignServerTool(path, encoding)
    case 'opaque':
      return encodeOpaque(block.format, block.wire, path)
  }
}

function foreignServerTool(path: string, { receipt }: BlockEncoding): undefined {
  receipt.dropped(path, 'a server tool of another format in the history')
}

/** @throws GatewayError `unsupported_content`: what a user sent is never left out. */
function encodeOpaque(format: string, wire: JsonValue, path: string): JsonObject {
  if (format === FORMAT_ID && isObject(wire)) return wire
  const type = (isObject(wire) && asString(wire['type'])) || 'unknown'
  throw unsupportedContent(path, `The model cannot take content of type '${type}'`)
}

function encodeText(block: TextBlock, path: string, { receipt }: BlockEncoding): JsonObject {
  const own = ownWire(block)
  if (own !== undefined) return withCache(own, block.cache)
  const wire: JsonObject = { type: 'text', text: block.text }
  if (block.extensions !== undefined) Object.assign(wire, extensionOf(block.extensions, FORMAT_ID))
  if (block.citations !== undefined) {
    const citations = block.citations.map(ownCitation).filter((citation) => citation !== undefined)
    if (citations.length < block.citations.length) receipt.dropped(`${path}.citations`, 'citations of another format in the history')
    if (citations.length > 0) wire['citations'] = citations
  }
  return withCache(wire, block.cache)
}

const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
/** How base64 of each image type begins. A wrong label is a 400 upstream, and clients guess from file names. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function encodeImage(block: ImageBlock, path: string, { receipt }: BlockEncoding): JsonObject {
  if (block.detail === 'low' || block.detail === 'high') receipt.dropped(`${path}.detail`, 'images have no resolution hint')
  const wire: JsonObject = { type: 'image', source: imageSource(block.source, path, receipt), ...extensionOf(block.extensions, FORMAT_ID) }
  return withCache(wire, block.cache)
}

function imageSource(source: MediaSource, path: string, receipt: Receipt): JsonObject {
  switch (source.kind) {
    case 'url':
      return { type: 'url', url: source.url }
    case 'file-id':
      return fileSource(source.format, source.id, path)
    case 'base64': {
      const said = source.mediaType.toLowerCase() === 'image/jpg' ? 'image/jpeg' : source.mediaType.toLowerCase()
      const seen = MAGIC.find(([start]) => source.data.startsWith(start))?.[1] ?? said
      if (seen !== said) receipt.changed(`${path}.source`, 'an image was labelled with another type than its bytes have')
      if (!IMAGE_TYPES.has(seen))
        throw unsupportedContent(path, `Images of type ${seen.slice(0, 60)} are not supported; use JPEG, PNG, GIF or WebP`)
      return { type: 'base64', media_type: seen, data: source.data }
    }
    case 'text':
      throw unsupportedContent(path, `Images of type ${source.mediaType.slice(0, 60)} are not supported; use JPEG, PNG, GIF or WebP`)
  }
}

function fileSource(format: string, id: string, path: string): JsonObject {
  if (format === FORMAT_ID) return { type: 'file', file_id: id }
  throw unsupportedContent(path, 'The file id belongs to another vendor; send the content itself')
}

const TEXT_TYPES = /^(text\/|application\/(json|xml|x-yaml|yaml|javascript|typescript|x-sh|sql|toml|csv)\b|.*\+(json|xml)$)/

function encodeFile(block: FileBlock, path: string, encoding: BlockEncoding): JsonObject {
  const { source } = block
  const mediaType = source.mediaType?.toLowerCase().split(';')[0]?.trim()
  if (mediaType?.startsWith('image/') && source.kind !== 'text') {
    return encodeImage(compact({ type: 'image' as const, source, cache: block.cache }) as ImageBlock, path, encoding)
  }
  const own = extensionOf(block.extensions, FORMAT_ID)
  const wire = compact({
    type: 'document',
    source: own['source'] ?? documentSource(source, mediaType, path),
    title: block.name,
    context: block.context,
    citations: block.citationsEnabled === undefined ? undefined : { enabled: block.citationsEnabled },
  }) as JsonObject
  return withCache({ ...wire, ...own }, block.cache)
}

function documentSource(source: MediaSource, mediaType: string | undefined, path: string): JsonObject {
  switch (source.kind) {
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
    case 'url':
      return { type: 'url', url: source.url }
    case 'file-id':
      return fileSource(source.format, source.id, path)
    case 'base64':
      if (mediaType === 'application/pdf' || source.data.startsWith('JVBERi')) {
        return { type: 'base64', media_type: 'application/pdf', data: source.data }
      }
      if (mediaType !== undefined && TEXT_TYPES.test(mediaType))
        return { type: 'text', media_type: 'text/plain', data: textOf(source.data, path) }
      throw unsupportedContent(path, `Files of type ${(mediaType ?? 'unknown').slice(0, 60)} are not supported; use PDF or text`)
  }
}

function textOf(base64: string, path: string): string {
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new GatewayError('invalid_media', { field: path, message: 'The text file is not valid base64 of UTF-8 text' }, error)
  }
}

function encodeAudio(block: AudioBlock, path: string): JsonObject {
  // An earlier answer's audio: its words are what the model said.
  if (block.transcript) return { type: 'text', text: block.transcript }
  throw unsupportedContent(path, 'Audio input is not supported by this model')
}

/** Thinking goes back only to the API that signed it: https://platform.claude.com/docs/en/build-with-claude/thinking#preserving-thinking-blocks */
function encodeReasoning(block: ReasoningBlock, path: string, { receipt, keepUnsigned }: BlockEncoding): JsonObject | undefined {
  if (block.redacted?.format === FORMAT_ID) return { type: 'redacted_thinking', data: block.redacted.value }
  if (block.signature?.format === FORMAT_ID) {
    return { type: 'thinking', thinking: block.text, signature: block.signature.value, ...extensionOf(block.extensions, FORMAT_ID) }
  }
  if (keepUnsigned && block.signature === undefined && block.text !== '') return { type: 'thinking', thinking: block.text, signature: '' }
  receipt.dropped(path, 'reasoning without a signature of this format')
  return undefined
}

function encodeToolCall(block: ToolCallBlock, { names }: BlockEncoding): JsonObject {
  const input = block.kind === 'custom' ? { [CUSTOM_INPUT_KEY]: block.arguments } : inputObject(block.arguments)
  const wire: JsonObject = { type: 'tool_use', id: wireToolId(block.id), name: names.toWire(block.name), input }
  return withCache({ ...wire, ...extensionOf(block.extensions, FORMAT_ID) }, block.cache)
}

export function encodeToolResult(block: ToolResultBlock, path: string, encoding: BlockEncoding): JsonObject {
  const wire: JsonObject = { type: 'tool_result', tool_use_id: wireToolId(block.callId) }
  const content = block.content.map((item, i) => encodeBlock(item, `${path}.content[${i}]`, encoding)).filter((item) => item !== undefined)
  const [only] = content
  if (content.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2) wire['content'] = only['text'] as string
  else if (content.length > 0) wire['content'] = content
  else if (block.extensions?.[FORMAT_ID] === undefined) wire['content'] = ''
  if (block.isError) wire['is_error'] = true
  return withCache({ ...wire, ...extensionOf(block.extensions, FORMAT_ID) }, block.cache)
}
