// Content of user turns and tool results as input parts.

import type { AudioBlock, Block, CacheHint, FileBlock, ImageBlock, TextBlock } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { asString, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { audioFormat, dataUrl, openaiFileId } from './media.ts'
import { takesBreakpoints } from './models.ts'
import { carriedOf } from './wire.ts'

/** One block as an input part. @throws GatewayError 400 for what this wire has no place for. */
export function encodePart(block: Block, ctx: ChatContext, field: string): JsonObject {
  switch (block.type) {
    case 'text':
      return { type: 'input_text', text: block.text, ...breakpoint(block.cache, ctx) }
    case 'image':
      return { type: 'input_image', ...imageSource(block, field), detail: block.detail ?? 'auto', ...breakpoint(block.cache, ctx) }
    case 'file':
      return encodeFile(block, ctx, field)
    case 'audio':
      return { type: 'input_audio', input_audio: audioSource(block, field) }
    case 'refusal':
      return { type: 'input_text', text: block.text }
    default:
      throw new GatewayError('unsupported_content', { field, message: `Content of type '${block.type}' cannot be sent to this model.` })
  }
}

function breakpoint(cache: CacheHint | undefined, ctx: ChatContext): JsonObject {
  if (cache === undefined || !takesBreakpoints(ctx.upstreamModel)) return {}
  return { prompt_cache_breakpoint: { mode: 'explicit', ...(cache.ttl === '1h' && { ttl: '12h' }) } }
}

export function imageSource({ source }: ImageBlock, field: string): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { image_url: dataUrl(source.mediaType, source.data) }
    case 'url':
      return { image_url: source.url }
    case 'file-id':
      return { file_id: openaiFileId(source, field) }
    case 'text':
      throw new GatewayError('unsupported_content', { field, message: 'An image cannot be given as text.' })
  }
}

function encodeFile(block: FileBlock, ctx: ChatContext, field: string): JsonObject {
  const { source, name } = block
  const detail = asString(carriedOf(block.extensions)['detail'])
  const rest = { ...(detail !== undefined && { detail }), ...breakpoint(block.cache, ctx) }
  switch (source.kind) {
    case 'base64':
      // A name is required beside bytes.
      return {
        type: 'input_file',
        filename: name ?? defaultName(source.mediaType),
        file_data: dataUrl(source.mediaType, source.data),
        ...rest,
      }
    case 'url':
      return { type: 'input_file', file_url: source.url, ...rest }
    case 'file-id':
      return { type: 'input_file', file_id: openaiFileId(source, field), ...rest }
    case 'text':
      return { type: 'input_text', text: documentText(block, source.text), ...breakpoint(block.cache, ctx) }
  }
}

const documentText = ({ name, context }: FileBlock, text: string): string =>
  [name === undefined ? undefined : `Document: ${name}`, context, text].filter((line) => line !== undefined && line !== '').join('\n\n')

function defaultName(mediaType: string): string {
  const subtype = mediaType.slice(mediaType.indexOf('/') + 1)
  return `document.${subtype === 'plain' ? 'txt' : /^[a-z0-9]{1,5}$/.test(subtype) ? subtype : 'bin'}`
}

function audioSource({ source }: AudioBlock, field: string): JsonObject {
  if (source.kind === 'base64') return { data: source.data, format: audioFormat(source.mediaType) }
  throw new GatewayError('unsupported_content', { field, message: 'Audio must be sent as base64 data.' })
}

/** A tool result's content: plain text where it is no more than that, else a list of parts. */
export function encodeOutput(content: readonly Block[], ctx: ChatContext, field: string): JsonValue {
  if (content.length === 0) return ''
  const [first] = content
  if (content.length === 1 && first?.type === 'text') return first.text
  return content
    .filter((block) => block.type !== 'text' || block.text !== '')
    .map((block, index) => encodePart(block, ctx, `${field}[${index}]`))
}

export const isText = (block: Block): block is TextBlock => block.type === 'text'
