// Content parts of a client's items: text, images, files, audio, refusals. Chat's part names are read too,
// since hand-written requests mix the two. A part of unknown type is a 400 that names it: it may be the point
// of the question.

import type { AudioBlock, Block, CacheHint, Citation, FileBlock, ImageBlock, TextBlock } from '../../../core/chat.ts'
import { GatewayError, invalid } from '../../../core/errors.ts'
import { asObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { decodeAnnotation } from './citations.ts'
import { audioType, checkedBase64, sourceOfFileData, sourceOfUrl, storedFile } from './media.ts'
import { kindOf, missing, needObject, needText, objectAt, oneOf, textAt } from './read.ts'
import { FORMAT } from './wire.ts'

/** Content given as text or as a list of parts. `phase` rides on assistant text. */
export function decodeContent(wire: JsonValue | undefined, field: string, phase?: string): Block[] {
  if (wire === undefined || wire === null) return []
  if (typeof wire === 'string') return [textBlock(wire, phase)]
  if (!Array.isArray(wire))
    throw invalid(field, `Invalid type for '${field}': expected a string or an array, but got ${kindOf(wire)} instead.`)
  return wire.map((part, index) => decodePart(part, `${field}[${index}]`, phase))
}

const textBlock = (text: string, phase: string | undefined): TextBlock =>
  phase === undefined ? { type: 'text', text } : { type: 'text', text, extensions: { [FORMAT]: { phase } } }

function decodePart(entry: JsonValue, field: string, phase: string | undefined): Block {
  if (typeof entry === 'string') return textBlock(entry, phase)
  const part = needObject(entry, field)
  const type = textAt(part['type'], `${field}.type`)
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      return textPart(part, field, phase)
    case 'refusal':
      return { type: 'refusal', text: needText(part['refusal'], `${field}.refusal`) }
    case 'input_image':
    case 'image_url':
    case 'computer_screenshot':
      return imagePart(part, field)
    case 'input_file':
    case 'file':
      return filePart(asObject(part['file']) ?? part, field)
    case 'input_audio':
      return audioPart(part, field)
    case undefined:
      throw missing(`${field}.type`)
    default:
      throw new GatewayError('unsupported_content', {
        field: `${field}.type`,
        message: `Invalid value: '${type.slice(0, 64)}'. Supported values are: 'input_text', 'input_image', 'input_file', 'input_audio', 'output_text', 'refusal'.`,
      })
  }
}

/** `prompt_cache_breakpoint`: OpenAI's lifetimes are 30 minutes and 12 hours. */
function cacheOf(part: JsonObject): { cache?: CacheHint } {
  const breakpoint = asObject(part['prompt_cache_breakpoint'])
  if (breakpoint === undefined) return {}
  return { cache: breakpoint['ttl'] === '12h' ? { ttl: '1h' } : {} }
}

function textPart(part: JsonObject, field: string, phase: string | undefined): TextBlock {
  const block = textBlock(needText(part['text'], `${field}.text`), phase)
  const annotations = part['annotations']
  const citations = Array.isArray(annotations)
    ? annotations
        .map((annotation) => decodeAnnotation(annotation, block.text))
        .filter((citation): citation is Citation => citation !== undefined)
    : []
  return { ...block, ...(citations.length > 0 && { citations }), ...cacheOf(part) }
}

const DETAILS = ['low', 'high', 'auto', 'original'] as const

function imagePart(part: JsonObject, field: string): ImageBlock {
  const nested = asObject(part['image_url'])
  const detail = oneOf(nested?.['detail'] ?? part['detail'], `${field}.detail`, DETAILS)
  const rest = { ...(detail !== undefined && { detail }), ...cacheOf(part) }
  const url = textAt(nested === undefined ? part['image_url'] : nested['url'], `${field}.image_url`)
  if (url !== undefined) return { type: 'image', source: sourceOfUrl(url, `${field}.image_url`), ...rest }
  const id = textAt(part['file_id'], `${field}.file_id`)
  if (id !== undefined) return { type: 'image', source: storedFile(id), ...rest }
  throw missing(`${field}.image_url`)
}

function filePart(part: JsonObject, field: string): FileBlock {
  const name = textAt(part['filename'], `${field}.filename`)
  const data = textAt(part['file_data'], `${field}.file_data`)
  const url = textAt(part['file_url'], `${field}.file_url`)
  const id = textAt(part['file_id'], `${field}.file_id`)
  const detail = textAt(part['detail'], `${field}.detail`)
  const rest = {
    ...(name !== undefined && { name }),
    ...cacheOf(part),
    ...(detail !== undefined && { extensions: { [FORMAT]: { detail } } }),
  }
  if (data !== undefined) return { type: 'file', source: sourceOfFileData(data, name, `${field}.file_data`), ...rest }
  if (url !== undefined) return { type: 'file', source: sourceOfUrl(url, `${field}.file_url`), ...rest }
  if (id !== undefined) return { type: 'file', source: storedFile(id), ...rest }
  throw missing(`${field}.file_data`)
}

function audioPart(part: JsonObject, field: string): AudioBlock {
  const audio = objectAt(part['input_audio'], `${field}.input_audio`) ?? part
  const data = needText(audio['data'], `${field}.input_audio.data`)
  const format = needText(audio['format'], `${field}.input_audio.format`).toLowerCase()
  return { type: 'audio', source: { kind: 'base64', mediaType: audioType(format), data: checkedBase64(data, `${field}.input_audio.data`) } }
}
