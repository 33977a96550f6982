// A client's Messages request to the neutral request. Members without a neutral meaning are carried in
// `extensions` under their wire names and reappear only when this format is encoded again.

import type { Block, ChatRequest, Effort, Message, ReasoningSettings, ResponseFormat, TextBlock } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import type { Note } from '../../../core/warning.ts'
import { asString, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { decodeContent, holdsDocumentImages } from './blocks-decode.ts'
import {
  cacheOf,
  objectAt,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalObject,
  optionalText,
  optionalTexts,
  required,
  requiredName,
  requiredText,
} from './check.ts'
import { MAPPED_MEMBERS } from './fields.ts'
import { modelOf } from './peek.ts'
import { decodeToolChoice, decodeTools } from './tools-decode.ts'
import { ATTRIBUTION_PREFIX, FORMAT_ID, restOf } from './wire.ts'

const EFFORTS: ReadonlySet<string> = new Set(['low', 'medium', 'high', 'xhigh', 'max'])

export function decodeRequest(http: HttpRequest, note: Note): ChatRequest {
  const { body } = http
  const carried: JsonObject = { ...restOf(body, MAPPED_MEMBERS) }
  const model = modelOf(body)
  const maxOutputTokens = optionalInteger(body, 'max_tokens', '')
  if (maxOutputTokens === undefined) throw required('max_tokens')
  const system = decodeSystem(body['system'], carried)
  const messages = decodeMessages(body['messages'])
  noteDocumentImages(messages, note)
  const tools = decodeTools(body)
  return compact({
    model,
    messages: [...system, ...messages],
    tools,
    ...decodeToolChoice(body, tools),
    stream: optionalBoolean(body, 'stream', '') ?? false,
    choices: 1,
    maxOutputTokens,
    temperature: between(optionalNumber(body, 'temperature', ''), 'temperature'),
    topP: between(optionalNumber(body, 'top_p', ''), 'top_p'),
    topK: optionalInteger(body, 'top_k', ''),
    stopSequences: optionalTexts(body, 'stop_sequences', ''),
    reasoning: decodeReasoning(body, carried),
    responseFormat: decodeResponseFormat(body),
    serviceTier: decodeServiceTier(body),
    ...decodeMetadata(body, carried),
    cache: cacheOf(body, ''),
    extensions: { [FORMAT_ID]: carried },
  }) as ChatRequest
}

/** The leading system message. Claude Code's attribution line is set apart: only this format writes it again. */
function decodeSystem(system: JsonValue | undefined, carried: JsonObject): Message[] {
  if (system === undefined || system === null || system === '') return []
  const content = decodeContent(system, 'system', 'system')
  for (const [i, block] of content.entries()) {
    if (block.type !== 'text') throw invalid(`system[${i}].type`, `system[${i}].type: Input should be 'text'`)
  }
  const first = content[0] as TextBlock | undefined
  if (first?.text.startsWith(ATTRIBUTION_PREFIX)) {
    carried['system_attribution'] = first.text
    content.shift()
  }
  return content.length === 0 ? [] : [{ role: 'system', content }]
}

function decodeMessages(value: JsonValue | undefined): Message[] {
  if (value === undefined || value === null) throw required('messages')
  if (!Array.isArray(value)) throw invalid('messages', 'messages: Input should be a valid list')
  if (value.length === 0) throw invalid('messages', 'messages: at least one message is required')
  return value.map((item, i) => decodeMessage(objectAt(item, `messages[${i}]`), `messages[${i}]`))
}

const MESSAGE_MEMBERS = new Set(['role', 'content'])

function decodeMessage(wire: JsonObject, path: string): Message {
  const role = requiredName(wire, 'role', path)
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    throw invalid(`${path}.role`, `${path}.role: Input should be 'user', 'assistant' or 'system'`)
  }
  const rest = restOf(wire, MESSAGE_MEMBERS)
  // A system message may carry settings alone, without content.
  const content = role === 'system' && rest !== undefined ? (wire['content'] ?? []) : wire['content']
  const blocks = decodeContent(content, role, `${path}.content`).map(compactionInWords)
  if (role === 'user' && blocks.every((block) => block.type === 'text' && block.text === '')) {
    throw invalid(`${path}.content`, `${path}.content: user messages must have non-empty content`)
  }
  return { role, content: blocks, ...(rest && { extensions: { [FORMAT_ID]: rest } }) }
}

/** A compaction stands for the turns before it: whoever takes the history needs its words. */
function compactionInWords(block: Block): Block {
  if (block.type !== 'opaque' || !isObject(block.wire) || block.wire['type'] !== 'compaction') return block
  const text = asString(block.wire['content'])
  return text === undefined ? block : { type: 'text', text, extensions: { [FORMAT_ID]: { wire: block.wire } } }
}

function noteDocumentImages(messages: readonly Message[], note: Note): void {
  for (const [i, message] of messages.entries()) {
    if (message.content.some(holdsDocumentImages)) {
      note({ kind: 'changed', field: `messages[${i}].content`, reason: 'images inside a document of blocks reach Anthropic models only' })
    }
  }
}

/** @throws GatewayError 400 outside of 0 to 1, as Anthropic answers. */
function between(value: number | undefined, field: string): number | undefined {
  if (value !== undefined && (value < 0 || value > 1)) throw invalid(field, `${field}: range: 0..1`)
  return value
}

const THINKING_MEMBERS = new Set(['type', 'budget_tokens', 'display'])
const OUTPUT_MEMBERS = new Set(['effort', 'format'])

function decodeReasoning(body: JsonObject, carried: JsonObject): ReasoningSettings | undefined {
  const output = optionalObject(body, 'output_config', '')
  const effort = output && decodeEffort(output)
  const outputRest = output && restOf(output, OUTPUT_MEMBERS)
  if (outputRest) carried['output_config'] = outputRest
  const thinking = optionalObject(body, 'thinking', '')
  if (thinking === undefined) return effort && { effort }
  const type = requiredName(thinking, 'type', 'thinking')
  if (type !== 'enabled' && type !== 'adaptive' && type !== 'disabled') {
    carried['thinking'] = thinking
    return effort && { effort }
  }
  const rest = restOf(thinking, THINKING_MEMBERS) ?? {}
  const display = optionalText(thinking, 'display', 'thinking')
  const shown: Pick<ReasoningSettings, 'display'> | undefined = display === 'summarized' || display === 'omitted' ? { display } : undefined
  if (display !== undefined && shown === undefined) rest['display'] = display
  if (Object.keys(rest).length > 0) carried['thinking'] = rest
  if (type === 'disabled') {
    // Effort also steers what is not thinking; the neutral model has one effort, and it says "none" here.
    if (effort) carried['output_config'] = { ...outputRest, effort }
    return { effort: 'none' }
  }
  const level = effort && { effort }
  if (type === 'adaptive') return { adaptive: true, ...level, ...shown }
  const budgetTokens = optionalInteger(thinking, 'budget_tokens', 'thinking')
  if (budgetTokens === undefined) throw required('thinking.budget_tokens')
  return { budgetTokens, ...level, ...shown }
}

function decodeEffort(output: JsonObject): Effort | undefined {
  const effort = optionalText(output, 'effort', 'output_config')
  if (effort === undefined || EFFORTS.has(effort)) return effort as Effort | undefined
  throw invalid('output_config.effort', `output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'`)
}

/** `output_config.format`, or the older top-level `output_format`. */
function decodeResponseFormat(body: JsonObject): ResponseFormat | undefined {
  const output = optionalObject(body, 'output_config', '')
  const current = output && optionalObject(output, 'format', 'output_config')
  const [format, path] = current ? [current, 'output_config.format'] : [optionalObject(body, 'output_format', ''), 'output_format']
  if (format === undefined) return undefined
  const type = requiredText(format, 'type', path)
  if (type === 'text') return { type: 'text' }
  if (type !== 'json_schema') throw invalid(`${path}.type`, `${path}.type: Input should be 'json_schema'`)
  return { type: 'json-schema', schema: objectAt(format['schema'], `${path}.schema`) }
}

function decodeServiceTier(body: JsonObject): string | undefined {
  const tier = optionalText(body, 'service_tier', '')
  return tier === 'standard_only' ? 'default' : tier
}

const METADATA_MEMBERS = new Set(['user_id'])

function decodeMetadata(body: JsonObject, carried: JsonObject): { endUser?: string } {
  const metadata = optionalObject(body, 'metadata', '')
  if (metadata === undefined) return {}
  const rest = restOf(metadata, METADATA_MEMBERS)
  if (rest) carried['metadata'] = rest
  const user = optionalText(metadata, 'user_id', 'metadata')
  return user === undefined || user === '' ? {} : { endUser: user }
}
