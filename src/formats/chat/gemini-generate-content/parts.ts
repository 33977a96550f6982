// A client's parts to neutral blocks. One branch for each kind; what no branch knows is carried whole.

import type { Block, Extensions, ImageBlock, ReasoningBlock, TextBlock, ToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import type { Signature } from '../../../core/signature.ts'
import { compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { decodeFileData, decodeInline, type MediaBlock } from './media.ts'
import type { Pairing } from './pairing.ts'
import { readSignature } from './signatures.ts'
import { arrayOf, booleanOf, member, objectOf, othersOf, snakeCase, stringOf } from './spelling.ts'
import { FORMAT, PART_HINTS, PART_KINDS, type PartKind, RAW_ARGUMENTS, REDACTED_MARK } from './wire.ts'

const SIGNS = new Set<string>(['thought', 'thoughtSignature', ...PART_HINTS])

/** The kind of a part, or `undefined` for one we do not know. @throws GatewayError 400 for none or several. */
function kindOf(part: JsonObject, path: string): PartKind | undefined {
  const kinds = PART_KINDS.filter((kind) => member(part, kind) !== undefined)
  if (kinds.length > 1) throw invalid(path, `${path} has both ${kinds[0]} and ${kinds[1]}; a part holds one`)
  if (kinds.length === 1) return kinds[0]
  if (Object.keys(othersOf(part, SIGNS)).length > 0) return undefined
  // A signature or a thought mark alone stands for an empty text.
  if (member(part, 'thoughtSignature') !== undefined || member(part, 'thought') !== undefined) return 'text'
  throw invalid(path, `${path} has no content; give it text, inlineData, fileData, functionCall or functionResponse`)
}

/** The blocks one part stands for; usually one. @throws GatewayError 400 naming the member at fault. */
export function decodePart(value: JsonValue, path: string, calls: Pairing): Block[] {
  const part = typeof value === 'string' ? { text: value } : value
  if (!isObject(part)) throw invalid(path, `${path} must be an object`)
  const kind = kindOf(part, path)
  const thought = booleanOf(part, 'thought', path) === true
  const signature = readSignature(stringOf(part, 'thoughtSignature', path))
  if (thought && kind === 'text') return [thoughtBlock(stringOf(part, 'text', path) ?? '', signature)]

  // Only Gemini signs texts and calls. Another format's signature on one is that of the reasoning before it,
  // which the client did not want to see.
  const foreign = signature !== undefined && signature.format !== FORMAT
  const before: Block[] = foreign ? [thoughtBlock('', signature)] : []
  const own = foreign ? undefined : signature
  if (foreign && kind === 'text' && !stringOf(part, 'text', path)) return before
  return [...before, blockOf({ part, kind, path, calls, own, thought })]
}

interface PartView {
  readonly part: JsonObject
  readonly kind: PartKind | undefined
  readonly path: string
  readonly calls: Pairing
  readonly own: Signature | undefined
  readonly thought: boolean
}

function blockOf(view: PartView): Block {
  const { part, path, own } = view
  const extensions = hintsOf(part)
  switch (view.kind) {
    case 'text':
      return compact({ type: 'text' as const, text: stringOf(part, 'text', path) ?? '', signature: own, extensions }) as TextBlock
    case 'inlineData':
      return withHints(decodeInline(objectOf(part, 'inlineData', path) ?? {}, `${path}.inlineData`), extensions, own)
    case 'fileData':
      return withHints(decodeFileData(objectOf(part, 'fileData', path) ?? {}, `${path}.fileData`), extensions, own)
    case 'functionCall':
      return callBlock(view, objectOf(part, 'functionCall', path) ?? {})
    case 'functionResponse':
      return resultBlock(view, objectOf(part, 'functionResponse', path) ?? {})
    default:
      return { type: 'opaque', format: FORMAT, wire: part }
  }
}

function thoughtBlock(text: string, signature: Signature | undefined): ReasoningBlock {
  if (signature !== undefined && signature.format !== FORMAT && signature.value.startsWith(REDACTED_MARK)) {
    return { type: 'reasoning', text: '', redacted: { format: signature.format, value: signature.value.slice(REDACTED_MARK.length) } }
  }
  return { type: 'reasoning', text, ...(signature !== undefined && { signature }) }
}

function hintsOf(part: JsonObject): Extensions | undefined {
  const hints: JsonObject = {}
  for (const name of PART_HINTS) {
    const value = member(part, name)
    if (value !== undefined) hints[name] = value
  }
  return Object.keys(hints).length > 0 ? { [FORMAT]: hints } : undefined
}

const DETAIL: Readonly<Record<string, NonNullable<ImageBlock['detail']>>> = {
  MEDIA_RESOLUTION_LOW: 'low',
  MEDIA_RESOLUTION_MEDIUM: 'auto',
  MEDIA_RESOLUTION_HIGH: 'high',
  MEDIA_RESOLUTION_ULTRA_HIGH: 'original',
}

function withHints(block: MediaBlock, extensions: Extensions | undefined, signature: Signature | undefined): MediaBlock {
  const resolution = extensions?.[FORMAT]?.['mediaResolution']
  const level = isObject(resolution) ? member(resolution, 'level') : undefined
  const detail = block.type === 'image' && typeof level === 'string' && Object.hasOwn(DETAIL, level) ? DETAIL[level] : undefined
  return compact({ ...block, detail, extensions, ...(block.type === 'image' && { signature }) }) as MediaBlock
}

function callBlock(view: PartView, call: JsonObject): ToolCallBlock {
  const path = `${view.path}.functionCall`
  const name = stringOf(call, 'name', path)
  if (name === undefined || name === '') throw invalid(`${path}.name`, `${path}.name is missing`)
  const wireId = stringOf(call, 'id', path) || undefined
  const args = objectOf(call, 'args', path) ?? {}
  return {
    type: 'tool-call',
    id: view.calls.call(name, wireId),
    name,
    arguments: argumentText(args),
    kind: 'function',
    ...(view.own !== undefined && { signature: view.own }),
    ...(wireId !== undefined && { extensions: { [FORMAT]: { id: wireId } } }),
  }
}

/** What the model wrote: an object as JSON text, and what we once had to wrap, unwrapped. */
export function argumentText(args: JsonObject): string {
  const raw = args[RAW_ARGUMENTS]
  return typeof raw === 'string' && Object.keys(args).length === 1 ? raw : JSON.stringify(args)
}

/** Members of a `response` whose text stands for the whole when they are alone in it. */
const RESULT_KEYS = ['result', 'output', 'content'] as const

function resultBlock(view: PartView, result: JsonObject): ToolResultBlock {
  const path = `${view.path}.functionResponse`
  const wireName = stringOf(result, 'name', path) || undefined
  const wireId = stringOf(result, 'id', path) || undefined
  if (wireName === undefined && wireId === undefined) throw invalid(`${path}.name`, `${path}.name is missing`)
  const response = objectOf(result, 'response', path) ?? {}
  const { id, name } = view.calls.result(wireName, wireId)
  const error = response['error']
  const isError =
    error !== undefined && error !== null && error !== false && error !== '' && !RESULT_KEYS.some((key) => Object.hasOwn(response, key))
  const text = resultText(response, isError)
  const media = (arrayOf(result, 'parts', path) ?? []).map((item, index) => resultMedia(item, `${path}.parts[${index}]`))
  const carried = othersOf(result, new Set(['id', 'name', 'response', 'parts']))
  if (wireId !== undefined) carried['id'] = wireId
  return compact({
    type: 'tool-result' as const,
    callId: id,
    name: name ?? wireName,
    content: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...media],
    isError,
    structured: response,
    kind: 'function' as const,
    extensions: Object.keys(carried).length > 0 ? { [FORMAT]: carried } : undefined,
  }) as ToolResultBlock
}

function resultText(response: JsonObject, isError: boolean): string {
  const keys = Object.keys(response)
  if (keys.length === 0) return ''
  const only = keys.length === 1 ? keys[0] : undefined
  const value = only !== undefined && (isError || (RESULT_KEYS as readonly string[]).includes(only)) ? response[only] : response
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function resultMedia(value: JsonValue, path: string): MediaBlock {
  if (!isObject(value)) throw invalid(path, `${path} must be an object`)
  const inline = objectOf(value, 'inlineData', path)
  if (inline !== undefined) return decodeInline(inline, `${path}.inlineData`)
  const file = objectOf(value, 'fileData', path)
  if (file !== undefined) return decodeFileData(file, `${path}.fileData`)
  throw invalid(path, `${path} has neither inlineData nor fileData`)
}

/** Ids that the conversation states itself, so that made-up ones stay clear of them. */
export function explicitIds(contents: readonly JsonValue[]): Set<string> {
  const ids = new Set<string>()
  for (const content of contents) {
    const parts = isObject(content) ? content['parts'] : undefined
    if (!Array.isArray(parts)) continue
    for (const part of parts) {
      if (!isObject(part)) continue
      for (const name of ['functionCall', 'functionResponse']) {
        const value = part[name] ?? part[snakeCase(name)]
        const id = isObject(value) ? value['id'] : undefined
        if (typeof id === 'string' && id !== '') ids.add(id)
      }
    }
  }
  return ids
}
