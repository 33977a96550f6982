// Bytes and references: `inlineData` and `fileData` to media blocks and back. Nothing is fetched here; what
// an upstream cannot fetch by itself has been inlined before.

import type { AudioBlock, FileBlock, ImageBlock, MediaSource } from '../../../core/chat.ts'
import { GatewayError, invalid } from '../../../core/errors.ts'
import { compact, type JsonObject } from '../../../lib/json.ts'
import { stringOf } from './spelling.ts'
import { FORMAT } from './wire.ts'

export type MediaBlock = ImageBlock | AudioBlock | FileBlock

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(?:\s*;.*)?$/

/** @throws GatewayError 400 when type or data is missing or unreadable. */
export function decodeInline(blob: JsonObject, path: string): MediaBlock {
  let data = stringOf(blob, 'data', path)
  let mediaType = stringOf(blob, 'mimeType', path)
  if (data === undefined || data === '') throw invalid(`${path}.data`, `${path}.data is missing`)
  const prefix = /^data:([^;,]*)[^,]*;base64,/.exec(data.slice(0, 200))
  if (prefix !== null) {
    data = data.slice(prefix[0].length)
    mediaType ??= prefix[1]
  }
  if (mediaType === undefined || !MEDIA_TYPE.test(mediaType)) throw invalid(`${path}.mimeType`, `${path}.mimeType must be a media type`)
  data = bareBase64(data)
  if (data === undefined) throw new GatewayError('invalid_media', { field: `${path}.data`, message: `${path}.data is not base64` })
  const name = stringOf(blob, 'displayName', path)
  if (/^text\//i.test(mediaType)) {
    return compact({ type: 'file' as const, source: { kind: 'text' as const, mediaType, text: textOfBase64(data) }, name }) as FileBlock
  }
  return blockOf({ kind: 'base64', mediaType, data }, mediaType, name)
}

/** Standard alphabet without breaks, or `undefined`. JSON's mapping of bytes allows the URL-safe alphabet too. */
function bareBase64(text: string): string | undefined {
  // It may be megabytes: what needs no mending is read once.
  if (BASE64.test(text)) return text
  const mended = text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/')
  return BASE64.test(mended) ? mended : undefined
}

function textOfBase64(data: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)))
  } catch {
    throw new GatewayError('invalid_media', { message: 'A text file of the request is not base64.' })
  }
}

/** @throws GatewayError 400 when the address is missing. */
export function decodeFileData(file: JsonObject, path: string): MediaBlock {
  const uri = stringOf(file, 'fileUri', path)
  if (uri === undefined || uri.trim() === '') throw invalid(`${path}.fileUri`, `${path}.fileUri is missing`)
  const mediaType = stringOf(file, 'mimeType', path)
  const name = stringOf(file, 'displayName', path)
  const type = mediaType === undefined ? {} : { mediaType }
  // Google's own stores and YouTube pages mean nothing to any other vendor.
  const source: MediaSource =
    /^https?:\/\//i.test(uri) && !GOOGLE_ONLY.test(uri)
      ? { kind: 'url', url: uri, ...type }
      : { kind: 'file-id', format: FORMAT, id: uri, ...type }
  return blockOf(source, mediaType ?? typeByName(uri), name)
}

const GOOGLE_ONLY = /^https?:\/\/(?:generativelanguage\.googleapis\.com\/|(?:www\.|m\.)?youtube\.com\/|youtu\.be\/)/i

function blockOf(source: MediaSource, mediaType: string, name: string | undefined): MediaBlock {
  if (/^image\//i.test(mediaType)) return { type: 'image', source }
  if (/^audio\//i.test(mediaType)) return { type: 'audio', source }
  return { type: 'file', source, ...(name !== undefined && { name }) }
}

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  pdf: 'application/pdf',
  txt: 'text/plain',
}

/** A guess from the address's ending; a generic type when it tells nothing. */
export function typeByName(address: string): string {
  const ending = /\.([a-z0-9]{2,5})(?:[?#].*)?$/i.exec(address)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(TYPES, ending) ? (TYPES[ending] as string) : 'application/octet-stream'
}

// ── To the wire ───────────────────────────────────────────────────────────────────────────────────

const ALIASES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-m4a': 'audio/mp4',
  'audio/pcm16': 'audio/pcm',
}

/** The spelling Gemini's documentation lists. Parameters stay: PCM carries its rate there. */
export function wireMediaType(mediaType: string): string {
  const plain = mediaType.toLowerCase().trim()
  return Object.hasOwn(ALIASES, plain) ? (ALIASES[plain] as string) : plain
}

/**
 * The data member of a part for media given in bytes or by reference.
 * @throws GatewayError 400 for a file in another vendor's store.
 */
export function encodeSource(source: MediaSource, field: string): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: wireMediaType(source.mediaType), data: source.data } }
    case 'url': {
      const mimeType = source.mediaType ?? typeByName(source.url)
      return { fileData: { ...(mimeType !== 'application/octet-stream' && { mimeType: wireMediaType(mimeType) }), fileUri: source.url } }
    }
    case 'file-id':
      if (source.format !== FORMAT) {
        throw new GatewayError('unsupported_content', { field, message: `${field} names a file in another vendor's store` })
      }
      return { fileData: { ...(source.mediaType !== undefined && { mimeType: source.mediaType }), fileUri: source.id } }
    case 'text':
      return { text: source.text.toWellFormed() }
  }
}
