// Media as this wire names it (data URLs, `input_audio.format`) to and from neutral sources.
// Nothing is fetched and nothing is transcoded.

import type { MediaSource } from '../../../core/chat.ts'
import { GatewayError, invalid } from '../../../core/errors.ts'

const MAGIC: readonly (readonly [prefix: string, mediaType: string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi0', 'application/pdf'],
]

/** The media type that the first bytes of base64 text show, when they are among the usual ones. */
export function sniffed(data: string, family: 'image' | 'application'): string | undefined {
  for (const [prefix, mediaType] of MAGIC) if (mediaType.startsWith(family) && data.startsWith(prefix)) return mediaType
  return undefined
}

/** What tools that wrap lines write. Looked for one by one: over megabytes that is many times faster than a pattern. */
const SPACES = ['\n', '\r', ' ', '\t']

const bareBase64 = (text: string): string => (SPACES.some((space) => text.includes(space)) ? text.replace(/\s+/g, '') : text)

/** Reads a `data:` URL, parameters such as `charset` ignored. `undefined` when it is none. */
export function parseDataUrl(url: string): { mediaType: string; data: string } | undefined {
  if (!/^data:/i.test(url.slice(0, 5))) return undefined
  const comma = url.indexOf(',')
  if (comma < 0) return undefined
  const [mediaType = '', ...parameters] = url.slice(5, comma).split(';')
  const payload = url.slice(comma + 1)
  const type = (mediaType.trim() || 'text/plain').toLowerCase()
  if (parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')) return { mediaType: type, data: bareBase64(payload) }
  return { mediaType: type, data: base64OfText(percentDecoded(payload)) }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function base64OfText(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/**
 * An image given as web address, data URL or bare base64. The bytes' own type wins over the declared one:
 * vendors refuse a mismatch.
 * @throws GatewayError 400 naming `field`.
 */
export function imageSource(url: string, field: string): MediaSource {
  const inline = parseDataUrl(url)
  if (inline !== undefined) {
    if (inline.data === '') throw new GatewayError('invalid_media', { field, message: `The image in '${field}' is empty.` })
    const declared = inline.mediaType === 'image/jpg' ? 'image/jpeg' : inline.mediaType
    const mediaType = sniffed(inline.data, 'image') ?? (declared.startsWith('image/') ? declared : undefined)
    if (mediaType === undefined) throw invalid(field, `'${field}' holds ${declared}, which is not an image.`)
    return { kind: 'base64', mediaType, data: inline.data }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return { kind: 'url', url }
  const data = bareBase64(url)
  const mediaType = sniffed(data, 'image')
  if (mediaType !== undefined) return { kind: 'base64', mediaType, data }
  throw invalid(field, `'${field}' must be a web address or a data URL.`)
}

const BY_EXTENSION: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  xml: 'application/xml',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
}

/** File bytes as `file_data` has them: data URL, bare base64 or (on some hosts) a web address. */
export function fileSource(data: string, name: string | undefined): MediaSource {
  const extension = name?.split('.').at(-1)?.toLowerCase() ?? ''
  const byName = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined
  const inline = parseDataUrl(data)
  if (inline !== undefined) {
    const vague = inline.mediaType === 'application/octet-stream'
    const mediaType = vague ? (sniffed(inline.data, 'application') ?? byName ?? inline.mediaType) : inline.mediaType
    return { kind: 'base64', mediaType, data: inline.data }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(data)) return { kind: 'url', url: data, ...(byName !== undefined && { mediaType: byName }) }
  const bare = bareBase64(data)
  return { kind: 'base64', mediaType: sniffed(bare, 'application') ?? byName ?? 'application/octet-stream', data: bare }
}

/** A name for a file that has none: `file_data` is refused without one. */
export function fileName(mediaType: string): string {
  for (const [extension, type] of Object.entries(BY_EXTENSION)) if (type === mediaType) return `file.${extension}`
  return 'file.bin'
}

/** `input_audio.format` and `audio.format` as media types. */
export function audioMediaType(format: string | undefined): string {
  if (format === undefined || format === 'mp3') return 'audio/mpeg'
  return format === 'pcm16' ? 'audio/pcm' : `audio/${format}`
}

/** A media type as `input_audio.format`; other formats than wav and mp3 are for compatible hosts to judge. */
export function audioFormat(mediaType: string): string {
  const type = mediaType.toLowerCase().split(';')[0]?.trim() ?? ''
  if (/^audio\/(mpeg|mp3|mpga|x-mp3)$/.test(type)) return 'mp3'
  if (/^audio\/(wav|x-wav|wave|vnd\.wave)$/.test(type)) return 'wav'
  return type === 'audio/pcm' ? 'pcm16' : type.replace(/^[^/]*\/(x-)?/, '')
}

export const dataUrl = (source: { mediaType: string; data: string }): string => `data:${source.mediaType};base64,${source.data}`
