// Repairs of a Chat Completions body that several vendors need: fields, limits and ranges. Each returns a
// new body, or the same one when there was nothing to do. Which vendor needs which, and the page that says
// so, stands in the vendor's own folder.

import { createHash } from 'node:crypto'
import { unsupported } from '../../core/errors.ts'
import { asNumber, asString, isObject, type JsonObject, type JsonValue } from '../../lib/json.ts'
import type { QuirkContext, RequestQuirk } from '../define.ts'

/** The body without some members; `undefined` members count as absent. */
export function omit(body: JsonObject, names: readonly string[]): JsonObject {
  if (!names.some((name) => body[name] !== undefined)) return body
  const rest = { ...body }
  for (const name of names) delete rest[name]
  return rest
}

/** Members the vendor refuses or ignores. Told as dropped, unless they say nothing (`null`, `false`, the neutral default). */
export const withoutFields =
  (...names: readonly string[]): RequestQuirk =>
  (body, ctx) => {
    for (const name of names) tellDropped(name, body[name], ctx)
    return omit(body, names)
  }

/** Only these members, where a vendor answers anything else with an error. */
export const onlyFields =
  (...names: readonly string[]): RequestQuirk =>
  (body, ctx) =>
    withoutFields(...Object.keys(body).filter((name) => !names.includes(name)))(body, ctx)

const SILENT: Readonly<Record<string, JsonValue>> = {
  n: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  service_tier: 'auto',
  parallel_tool_calls: true,
  tool_choice: 'auto',
}
/** What we add ourselves, or what only tunes the vendor it was meant for. */
const OURS = new Set(['stream_options', 'max_completion_tokens', 'max_tokens', 'store', 'user', 'safety_identifier', 'prompt_cache_key'])

/** @throws GatewayError 400 where the answer would lack what the client counts on. */
function tellDropped(name: string, value: JsonValue | undefined, { note }: QuirkContext): void {
  if (name === 'logprobs' && value === true) throw unsupported('logprobs', 'This model does not report log probabilities.')
  if (name === 'modalities' && Array.isArray(value) && value.includes('audio'))
    throw unsupported('modalities', 'This model does not answer in audio.')
  if (
    value === undefined ||
    value === null ||
    (value === false && name !== 'parallel_tool_calls') ||
    SILENT[name] === value ||
    OURS.has(name)
  )
    return
  note?.({ kind: 'dropped', field: name, reason: 'the upstream has no such parameter' })
}

/** Stop sequences for models that refuse them: the answer is cut here instead. */
export const stopsCutHere: RequestQuirk = (body, { note, cutAt }) => {
  const stops = (Array.isArray(body.stop) ? body.stop : [body.stop]).filter((text): text is string => typeof text === 'string')
  if (body.stop === undefined) return body
  cutAt?.(stops)
  const kind = cutAt === undefined ? 'dropped' : 'emulated'
  note?.({ kind, field: 'stop', reason: 'the upstream has no such parameter' })
  return omit(body, ['stop'])
}

/** The output limit under the one name the vendor reads. Of two given the newer name wins. */
export const outputLimitAs =
  (name: 'max_tokens' | 'max_completion_tokens'): RequestQuirk =>
  (body) => {
    const other = name === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
    const limit = body.max_completion_tokens ?? body.max_tokens
    if (limit === undefined || (body[other] === undefined && body[name] === limit)) return body
    return { ...omit(body, ['max_tokens', 'max_completion_tokens']), [name]: limit }
  }

/** A temperature within the vendor's range: clamped, never rescaled. */
export const temperatureAtMost =
  (most: number): RequestQuirk =>
  (body, { note }) => {
    const value = asNumber(body.temperature)
    if (value === undefined || value <= most) return body
    note?.({ kind: 'changed', field: 'temperature', reason: `clamped to ${most}, the upstream's largest` })
    return { ...body, temperature: most }
  }

/** Ids of end customers as a stable hash where they are longer than the vendor allows. */
export const userAtMost =
  (most: number): RequestQuirk =>
  (body) => {
    let result = body
    for (const name of ['user', 'prompt_cache_key']) {
      const value = asString(body[name])
      if (value !== undefined && value.length > most) result = { ...result, [name]: createHash('sha256').update(value).digest('hex') }
    }
    return result
  }

/** `tool_choice` words that the vendor refuses become `auto`. A choice without tools goes too. */
export const toolChoiceAmong =
  (...words: readonly string[]): RequestQuirk =>
  (body, { note }) => {
    const choice = body.tool_choice
    if (choice === undefined) return body
    const word = typeof choice === 'string' ? choice : isObject(choice) ? 'named' : ''
    if (words.includes(word)) return body
    if (word === 'none') {
      note?.({ kind: 'changed', field: 'tool_choice', reason: 'the upstream has no such choice; the tools were left out' })
      return omit(body, ['tools', 'tool_choice', 'parallel_tool_calls'])
    }
    if (word !== 'auto') note?.({ kind: 'changed', field: 'tool_choice', reason: 'the upstream cannot be made to call; auto instead' })
    return words.includes('auto') ? { ...body, tool_choice: 'auto' } : omit(body, ['tool_choice'])
  }

/** `json_schema` for vendors that only promise JSON: the schema is told to the model as an instruction. */
export const jsonSchemaAsInstruction: RequestQuirk = (body, { note }) => {
  const format = body.response_format
  if (!isObject(format) || format.type !== 'json_schema') return body
  const inner = isObject(format.json_schema) ? format.json_schema : {}
  note?.({ kind: 'emulated', field: 'response_format', reason: 'the schema is told to the model, not enforced' })
  const text = `Answer with JSON only. It must match this JSON Schema:\n${JSON.stringify(inner.schema ?? {})}`
  return { ...body, response_format: { type: 'json_object' }, messages: withInstruction(body.messages, text) }
}

/** Behind the leading system message, so that it does not move the prompt's cached beginning. */
function withInstruction(messages: JsonValue | undefined, text: string): JsonValue[] {
  const list = Array.isArray(messages) ? messages : []
  const [first, ...rest] = list
  if (isObject(first) && first.role === 'system' && typeof first.content === 'string') {
    return [{ ...first, content: `${first.content}\n\n${text}` }, ...rest]
  }
  return [{ role: 'system', content: text }, ...list]
}

/** Declared tools without `strict`, which the vendor does not know. */
export const withoutStrictTools: RequestQuirk = (body, { note }) => {
  if (!Array.isArray(body.tools)) return body
  let changed = false
  const tools = body.tools.map((tool) => {
    if (!isObject(tool) || !isObject(tool.function) || tool.function.strict === undefined) return tool
    changed = true
    if (tool.function.strict === true) note?.({ kind: 'dropped', field: 'tools.strict', reason: 'the upstream has no strict tools' })
    return { ...tool, function: omit(tool.function, ['strict']) }
  })
  return changed ? { ...body, tools } : body
}
