// Media as this wire writes it: data URLs, plain URLs, ids of OpenAI's file store.

import type { MediaSource } from '../../../core/chat.ts'
import { GatewayError, unsupported } from '../../../core/errors.ts'
import { FORMAT, isOpenAIStore } from './wire.ts'

const DATA_URL = /^data:([^,]*),/i
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

const unreadable = (field: string, message: string): GatewayError => new GatewayError('invalid_media', { field, message })

const bareBase64 = (text: string): string => (text.includes('\n') || text.includes(' ') ? text.replace(/\s+/g, '') : text)

/** `data:` or http(s) URL. @throws GatewayError 400 for anything else. */
export function sourceOfUrl(url: string, field: string): MediaSource {
  const head = DATA_URL.exec(url)
  if (head !== null) return sourceOfData(head, url, field)
  if (/^https?:\/\/\S+$/i.test(url)) return { kind: 'url', url }
  if (/^(gs|s3):\/\//i.test(url)) return { kind: 'url', url }
  throw unreadable(field, `Invalid '${field}': expected an http(s) URL or a base64 data URL.`)
}

function sourceOfData(head: RegExpExecArray, url: string, field: string): MediaSource {
  const parameters = (head[1] ?? '').split(';').map((word) => word.trim())
  const mediaType = (parameters[0] ?? '').toLowerCase() || 'application/octet-stream'
  if (!parameters.some((word) => word.toLowerCase() === 'base64'))
    throw unreadable(field, `Invalid '${field}': the data URL must be base64-encoded.`)
  return { kind: 'base64', mediaType, data: checkedBase64(url.slice(head[0].length), field) }
}

/** @throws GatewayError 400 when it is empty or not base64. */
export function checkedBase64(text: string, field: string): string {
  const data = bareBase64(text)
  // Both ends only: files are megabytes, and what is wrong usually shows at once.
  if (data === '' || !BASE64.test(data.slice(-256)) || !BASE64.test(data.slice(0, 256)))
    throw unreadable(field, `Invalid '${field}': the data is not valid base64.`)
  return data
}

const TYPES: Readonly<Record<string, string>> = {
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
  mp4: 'video/mp4',
}

/** A file's bytes: a data URL, or bare base64 whose type its name tells (OpenAI's default is PDF). */
export function sourceOfFileData(data: string, name: string | undefined, field: string): MediaSource {
  if (DATA_URL.test(data)) return sourceOfUrl(data, field)
  const extension = name?.slice(name.lastIndexOf('.') + 1).toLowerCase() ?? ''
  return { kind: 'base64', mediaType: TYPES[extension] ?? 'application/pdf', data: checkedBase64(data, field) }
}

export const storedFile = (id: string): MediaSource => ({ kind: 'file-id', format: FORMAT, id })

export const dataUrl = (mediaType: string, data: string): string => `data:${mediaType};base64,${data}`

/** The id when OpenAI's store holds the file. @throws GatewayError 400 for another vendor's file. */
export function openaiFileId(source: { readonly format: string; readonly id: string }, field: string): string {
  if (!isOpenAIStore(source.format))
    throw unsupported(field, "The file lives in another vendor's store; send its bytes or a URL instead of an id.")
  return source.id
}

/** `wav`, `mp3`, … from a media type. */
export const audioFormat = (mediaType: string): string => {
  const subtype = mediaType.slice(mediaType.indexOf('/') + 1).toLowerCase()
  if (subtype === 'mpeg' || subtype === 'mp3') return 'mp3'
  return subtype === 'x-wav' || subtype === 'wave' ? 'wav' : subtype
}

export const audioType = (format: string): string => (format === 'mp3' ? 'audio/mpeg' : `audio/${format}`)
