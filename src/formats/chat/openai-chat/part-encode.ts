// Neutral blocks as content parts of this wire. What it has no part for and must not lose is a 400 that
// names the type; URLs it cannot fetch were inlined before.

import type { AudioBlock, Block, CacheHint, Extensions, FileBlock, ImageBlock, Message, TextBlock } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject } from '../../../lib/json.ts'
import { audioFormat, dataUrl, fileName } from './media.ts'
import { FORMAT, ownExtension } from './wire.ts'

export interface PartContext {
  /** Whether the upstream's model understands `cache_control` on parts (Claude behind an aggregator). */
  readonly cacheControl: boolean
  /** Called for a cache breakpoint that is not sent. */
  readonly cacheDropped: () => void
}

/** @param block tells the caller, who knows the messages, where it stands. */
export const unsupportedContent = (what: string, block: Block): GatewayError =>
  new GatewayError('unsupported_content', { message: `The model cannot take content of type '${what}'.` }, block)

/** The error with the place of its block. */
export function placed(thrown: unknown, messages: readonly Message[]): unknown {
  if (!(thrown instanceof GatewayError) || thrown.code !== 'unsupported_content' || thrown.details.field !== undefined) return thrown
  const field = placeOf(thrown.cause, messages)
  return field === undefined ? thrown : new GatewayError(thrown.code, { ...thrown.details, field })
}

function placeOf(wanted: unknown, messages: readonly Message[]): string | undefined {
  for (const [m, { content }] of messages.entries()) {
    for (const [at, block] of content.entries()) {
      const place = `messages[${m}].content[${at}]`
      if (block === wanted) return place
      const inner = block.type === 'tool-result' ? block.content.indexOf(wanted as never) : -1
      if (inner >= 0) return `${place}.content[${inner}]`
    }
  }
  return undefined
}

/** One block of a user's, system's or tool's content as a part. @throws GatewayError `unsupported_content` */
export function encodePart(block: Block, ctx: PartContext): JsonObject {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text, ...marks(block, ctx) }
    case 'image':
      return { ...encodeImage(block), ...marks(block, ctx) }
    case 'audio':
      return { ...encodeAudio(block), ...marks(block, ctx) }
    case 'file':
      return { ...encodeFile(block), ...marks(block, ctx) }
    case 'refusal':
      return { type: 'text', text: block.text }
    case 'opaque': {
      const type = isObject(block.wire) && typeof block.wire['type'] === 'string' ? block.wire['type'] : 'unknown'
      if (block.format !== FORMAT || !isObject(block.wire)) throw unsupportedContent(type, block)
      return block.wire
    }
    default:
      throw unsupportedContent(block.type, block)
  }
}

/** Members carried for this format, and the cache breakpoint where it is understood. */
export function marks(block: { cache?: CacheHint; extensions?: Extensions }, ctx: PartContext): JsonObject {
  const own = ownExtension(block.extensions)
  if (block.cache === undefined) return own ?? {}
  if (own?.['prompt_cache_breakpoint'] !== undefined) return own
  if (ctx.cacheControl) return { ...own, cache_control: { type: 'ephemeral', ...block.cache } }
  ctx.cacheDropped()
  return own ?? {}
}

/** Whether the block says more than its text. */
export const isMarked = (block: TextBlock, ctx: PartContext): boolean => {
  const own = ownExtension(block.extensions)
  return own !== undefined || (block.cache !== undefined && ctx.cacheControl)
}

function encodeImage(block: ImageBlock): JsonObject {
  const { source, detail } = block
  const hint = detail === undefined ? {} : { detail }
  switch (source.kind) {
    case 'base64':
      return { type: 'image_url', image_url: { url: dataUrl(source), ...hint } }
    case 'url':
      return { type: 'image_url', image_url: { url: source.url, ...hint } }
    default:
      throw unsupportedContent(`image by ${source.kind}`, block)
  }
}

function encodeAudio(block: AudioBlock): JsonObject {
  const { source } = block
  if (source.kind === 'base64') return { type: 'input_audio', input_audio: { data: source.data, format: audioFormat(source.mediaType) } }
  if (source.kind === 'url') return { type: 'audio_url', audio_url: { url: source.url } }
  throw unsupportedContent(`audio by ${source.kind}`, block)
}

function encodeFile(block: FileBlock): JsonObject {
  const { source } = block
  switch (source.kind) {
    case 'text':
      return { type: 'text', text: [block.name, block.context, source.text].filter(Boolean).join('\n\n') }
    case 'base64':
      if (source.mediaType.startsWith('video/')) return { type: 'video_url', video_url: { url: dataUrl(source) } }
      if (source.mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url: dataUrl(source) } }
      return { type: 'file', file: { filename: block.name ?? fileName(source.mediaType), file_data: dataUrl(source) } }
    case 'file-id':
      if (source.format !== FORMAT && source.format !== 'openai-responses') throw unsupportedContent(`file of ${source.format}`, block)
      return { type: 'file', file: { file_id: source.id } }
    case 'url':
      if (source.mediaType?.startsWith('video/')) return { type: 'video_url', video_url: { url: source.url } }
      if (source.mediaType?.startsWith('image/')) return { type: 'image_url', image_url: { url: source.url } }
      throw unsupportedContent('file by url', block)
  }
}
