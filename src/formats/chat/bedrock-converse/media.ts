// Images and documents as Converse takes them: bytes or S3, a format word instead of a media type, and a
// neutral name, since the model reads it. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html

import type { FileBlock, ImageBlock, MediaSource } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../lib/json.ts'

const IMAGE_FORMATS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}
const DOCUMENT_FORMATS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
}
const VIDEO_FORMATS: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
  'video/x-matroska': 'mkv',
  'video/mpeg': 'mpeg',
  'video/3gpp': 'three_gp',
}

const refused = (field: string, message: string): GatewayError => new GatewayError('unsupported_content', { field, message })
const essence = (mediaType: string | undefined): string => (mediaType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
const utf8Base64 = (text: string): string => new TextEncoder().encode(text).toBase64()

export function encodeImage(block: ImageBlock, field: string): JsonObject {
  const { source } = block
  const format = IMAGE_FORMATS[essence(mediaTypeOf(source))]
  if (format === undefined) throw refused(field, 'This model takes images as PNG, JPEG, GIF or WebP only.')
  return { image: { format, source: bytesOf(source, field) } }
}

/** A document or video. `number` makes its name unique within the request. */
export function encodeFile(block: FileBlock, field: string, number: number): JsonObject {
  const { source } = block
  const type = essence(mediaTypeOf(source))
  const video = VIDEO_FORMATS[type]
  if (video !== undefined) return { video: { format: video, source: bytesOf(source, field) } }
  const format = DOCUMENT_FORMATS[type] ?? (type.startsWith('text/') || type === 'application/json' ? 'txt' : undefined)
  if (format === undefined) throw refused(field, 'This model does not take files of this type.')
  return {
    document: {
      format,
      // Only letters, digits, spaces, hyphens and brackets are legal, and the client's name would be read as an instruction.
      name: `document-${number}`,
      source: bytesOf(source, field),
      ...(block.context !== undefined && { context: block.context }),
      ...(block.citationsEnabled === true && { citations: { enabled: true } }),
    },
  }
}

const mediaTypeOf = (source: MediaSource): string | undefined => ('mediaType' in source ? source.mediaType : undefined)

function bytesOf(source: MediaSource, field: string): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { bytes: source.data.replace(/\s+/g, '') }
    case 'text':
      return { bytes: utf8Base64(source.text) }
    case 'url':
      if (source.url.startsWith('s3://')) return { s3Location: { uri: source.url } }
      throw refused(field, 'This model takes files as bytes, not by URL.')
    case 'file-id':
      throw refused(field, 'A file kept by another vendor cannot be used with this model.')
  }
}
