// Content parts of a client's message as neutral blocks. Parts of other dialects that clients really send
// here (Responses' `input_…`, typed thinking, Anthropic images) are understood; what nobody knows is kept
// as opaque, so that an upstream of this format still gets it.

import type { AudioBlock, Block, CacheHint, FileBlock, ImageBlock, MediaSource, TextBlock } from '../../../core/chat.ts'
import { unpackSignature } from '../../../core/signature.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { audioMediaType, fileSource, imageSource, parseDataUrl } from './media.ts'
import { carriedFrom, extensionsFrom, FORMAT, missing, readObject, readString, requireString, wrongType } from './wire.ts'

/** @throws GatewayError 400 naming the field. `null` and absence are an empty content where `nullable`. */
export function decodeContent(content: JsonValue | undefined, field: string, nullable: boolean): Block[] {
  if (content === undefined || content === null) {
    if (nullable) return []
    throw missing(field)
  }
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (isObject(content) && typeof content['type'] === 'string') return decodePart(content, field)
  if (!Array.isArray(content)) throw wrongType(field, 'a string or an array of content parts', content)
  return content.flatMap((part, index) => decodePart(part, `${field}[${index}]`))
}

/** Prompt-cache breakpoints: OpenAI's own and the `cache_control` of aggregators. */
export function cacheOf(wire: JsonObject): CacheHint | undefined {
  const control = wire['cache_control']
  if (isObject(control)) {
    const ttl = control['ttl']
    return ttl === '5m' || ttl === '1h' ? { ttl } : {}
  }
  return isObject(wire['prompt_cache_breakpoint']) ? {} : undefined
}

/** As `cacheOf`, ready to be spread. */
export function cacheHint(wire: JsonObject): { cache?: CacheHint } {
  const cache = cacheOf(wire)
  return cache === undefined ? {} : { cache }
}

const PART_KNOWN = {
  text: new Set(['type', 'text', 'annotations', 'logprobs', 'cache_control']),
  media: new Set(['type', 'image_url', 'detail', 'input_audio', 'audio_url', 'video_url', 'file', 'source', 'cache_control']),
  inputFile: new Set(['type', 'file_data', 'file_id', 'file_url', 'filename', 'cache_control']),
}

export function decodePart(part: JsonValue, field: string): Block[] {
  if (typeof part === 'string') return part === '' ? [] : [{ type: 'text', text: part }]
  if (!isObject(part)) throw wrongType(field, 'an object', part)
  const type = part['type'] ?? guessedType(part)
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text': {
      const text = readString(part, 'text', field)
      if (text === undefined) throw missing(`${field}.text`)
      return text === '' ? [] : [textBlock(text, part)]
    }
    case 'refusal': {
      const text = readString(part, 'refusal', field)
      return text ? [{ type: 'refusal', text }] : []
    }
    case 'image_url':
    case 'input_image':
    case 'image':
      return [decodeImage(part, field)]
    case 'input_audio':
    case 'audio_url':
      return [decodeAudio(part, field)]
    case 'video_url':
      return [decodeVideo(part, field)]
    case 'file':
    case 'input_file':
      return [decodeFile(part, field)]
    case 'thinking':
    case 'redacted_thinking':
      return decodeThinking(part)
    case undefined:
    case null:
      throw missing(`${field}.type`)
    default:
      if (typeof type !== 'string') throw wrongType(`${field}.type`, 'a string', type)
      return [{ type: 'opaque', format: FORMAT, wire: part }]
  }
}

function textBlock(text: string, part: JsonObject): TextBlock {
  const block: Draft<TextBlock> = { type: 'text', text }
  put(block, 'cache', cacheOf(part))
  put(block, 'extensions', extensionsFrom(part, PART_KNOWN.text))
  return block
}

function guessedType(part: JsonObject): string | undefined {
  for (const key of ['text', 'image_url', 'input_audio', 'file', 'refusal']) if (part[key] !== undefined) return key
  return undefined
}

function decodeImage(part: JsonObject, field: string): ImageBlock {
  const at = `${field}.image_url`
  const rest = { ...detailOf(part, field), ...cacheHint(part), ...carriedFrom(part, PART_KNOWN.media) }
  const source = part['source']
  if (part['image_url'] === undefined && isObject(source)) return { type: 'image', source: anthropicSource(source, field), ...rest }
  if (part['image_url'] === undefined && typeof part['file_id'] === 'string') {
    return { type: 'image', source: { kind: 'file-id', format: FORMAT, id: part['file_id'] }, ...detailOf(part, field) }
  }
  if (typeof part['image_url'] === 'string') {
    if (part['image_url'] === '') throw missing(at)
    return { type: 'image', source: imageSource(part['image_url'], at), ...rest }
  }
  const image = readObject(part, 'image_url', field)
  if (image === undefined) throw missing(at)
  return { type: 'image', source: imageSource(requireString(image, 'url', at), `${at}.url`), ...rest, ...detailOf(image, at) }
}

function detailOf(wire: JsonObject, field: string): { detail?: 'low' | 'high' | 'auto' | 'original' } {
  const detail = readString(wire, 'detail', field)
  return detail === 'low' || detail === 'high' || detail === 'auto' || detail === 'original' ? { detail } : {}
}

function anthropicSource(source: JsonObject, field: string): MediaSource {
  if (typeof source['url'] === 'string') return imageSource(source['url'], `${field}.source.url`)
  const data = requireString(source, 'data', `${field}.source`)
  const mediaType = readString(source, 'media_type', `${field}.source`) ?? 'image/png'
  return imageSource(`data:${mediaType};base64,${data}`, `${field}.source.data`)
}

function decodeAudio(part: JsonObject, field: string): AudioBlock {
  const given = part['input_audio'] ?? part['audio_url']
  const at = `${field}.${part['input_audio'] === undefined ? 'audio_url' : 'input_audio'}`
  if (given === undefined || given === null) throw missing(`${field}.input_audio`)
  if (typeof given !== 'string' && !isObject(given)) throw wrongType(at, 'an object', given)
  const extensions = carriedFrom(part, PART_KNOWN.media)
  if (typeof given === 'string') return { type: 'audio', source: audioSource(given, undefined), ...extensions }
  const key = given['data'] === undefined && given['url'] !== undefined ? 'url' : 'data'
  const format = readString(given, 'format', at)
  return { type: 'audio', source: audioSource(requireString(given, key, at), format), ...extensions }
}

function audioSource(data: string, format: string | undefined): MediaSource {
  const inline = parseDataUrl(data)
  if (inline !== undefined) return { kind: 'base64', ...inline }
  const mediaType = audioMediaType(format)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(data)) return { kind: 'url', url: data, ...(format !== undefined && { mediaType }) }
  return { kind: 'base64', mediaType, data }
}

function decodeVideo(part: JsonObject, field: string): FileBlock {
  const at = `${field}.video_url`
  const given = part['video_url']
  const url = typeof given === 'string' ? given : requireString(readObject(part, 'video_url', field) ?? {}, 'url', at)
  const inline = parseDataUrl(url)
  const source: MediaSource = inline === undefined ? { kind: 'url', url, mediaType: 'video/mp4' } : { kind: 'base64', ...inline }
  return { type: 'file', source, ...cacheHint(part) }
}

function decodeFile(part: JsonObject, field: string): FileBlock {
  const flat = part['type'] === 'input_file'
  const at = flat ? field : `${field}.file`
  const file = flat ? part : readObject(part, 'file', field)
  if (file === undefined) throw missing(at)
  const name = readString(file, 'filename', at)
  const rest = {
    ...(name !== undefined && { name }),
    ...cacheHint(part),
    ...carriedFrom(part, flat ? PART_KNOWN.inputFile : PART_KNOWN.media),
  }
  const id = readString(file, 'file_id', at)
  const data = readString(file, 'file_data', at) || readString(file, 'file_url', at)
  if (data) return { type: 'file', source: fileSource(data, name), ...rest }
  if (!id) throw missing(`${at}.file_data`)
  return { type: 'file', source: { kind: 'file-id', format: FORMAT, id }, ...rest }
}

/** Typed thinking of an assistant turn: Mistral nests text parts, others give the text and a signature. */
function decodeThinking(part: JsonObject): Block[] {
  if (typeof part['data'] === 'string') return [{ type: 'reasoning', text: '', redacted: unpackSignature(part['data'], FORMAT) }]
  const text = thinkingText(part['thinking'])
  const signature = typeof part['signature'] === 'string' && part['signature'] !== '' ? part['signature'] : undefined
  if (text === '' && signature === undefined) return []
  return [{ type: 'reasoning', text, ...(signature !== undefined && { signature: unpackSignature(signature, FORMAT) }) }]
}

/** The words of a thinking part, whether plain or as a list of text parts. */
export function thinkingText(thinking: JsonValue | undefined): string {
  if (typeof thinking === 'string') return thinking
  if (!Array.isArray(thinking)) return ''
  return thinking.map((piece) => (isObject(piece) && typeof piece['text'] === 'string' ? piece['text'] : '')).join('')
}
