// A client's body as the neutral request. Lenient in what it knows from other dialects, strict in types:
// a wrong one is a 400 that names the field. What it does not know is carried for upstreams of this format.

import type { CacheHint, ChatRequest, Effort, ReasoningSettings, ResponseFormat } from '../../../core/chat.ts'
import { invalid, unsupported } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import type { Note } from '../../../core/warning.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { compact, isEmpty, isObject, type JsonObject } from '../../../lib/json.ts'
import { decodeMessages } from './message-decode.ts'
import { cacheOf } from './part-decode.ts'
import { readChoices, readModel } from './peek.ts'
import { fromResponsesShape, hasResponsesShape } from './responses-shape.ts'
import { decodeToolChoice, decodeTools, isLegacy } from './tool-decode.ts'
import {
  carriedMembers,
  FORMAT,
  missing,
  readArray,
  readBoolean,
  readNumber,
  readObject,
  readPositiveInteger,
  readString,
  wrongType,
} from './wire.ts'

/** Top-level members with a place in the neutral request; all others are carried. */
const MAPPED = new Set([
  ...['model', 'messages', 'tools', 'tool_choice', 'functions', 'function_call', 'parallel_tool_calls', 'web_search_options'],
  ...['stream', 'stream_options', 'n', 'max_completion_tokens', 'max_tokens', 'temperature', 'top_p', 'frequency_penalty'],
  ...['presence_penalty', 'seed', 'stop', 'logit_bias', 'logprobs', 'top_logprobs', 'reasoning_effort', 'reasoning', 'response_format'],
  ...['verbosity', 'modalities', 'audio', 'service_tier', 'metadata', 'user', 'prompt_cache_key', 'cache_control', 'top_k'],
])

/** @throws GatewayError 400 naming the field. */
export function decodeRequest(http: HttpRequest, note: Note): ChatRequest {
  return decodeBody(hasResponsesShape(http.body) ? fromResponsesShape(http.body) : http.body, { path: http.path, note })
}

export function decodeBody(body: JsonObject, { path, note }: { path: string; note: Note }): ChatRequest {
  const model = readModel(body, path)
  const history = readArray(body, 'messages')
  if (history === undefined) throw missing('messages')
  if (history.length === 0) throw invalid('messages', "Invalid 'messages': empty array. Expected at least one message.")
  const tools = decodeTools(body)
  const stream = readBoolean(body, 'stream') ?? false
  const options = readObject(body, 'stream_options')
  const usageFrame = options === undefined ? undefined : readBoolean(options, 'include_usage', 'stream_options')
  const parallel = readBoolean(body, 'parallel_tool_calls')
  const messages = decodeMessages(history)
  const toolChoice = decodeToolChoice(body, tools)
  const request: Draft<ChatRequest> = {
    model,
    messages,
    tools,
    stream,
    choices: readChoices(body),
    extensions: carried(body, options),
  }
  put(request, 'toolChoice', toolChoice)
  put(request, 'parallelToolCalls', isLegacy(tools) ? false : parallel)
  // Written out either way: only a client of this wire can say that it wants none.
  if (stream) request.usageFrame = usageFrame === true
  put(request, 'maxOutputTokens', readPositiveInteger(body, 'max_completion_tokens') ?? readPositiveInteger(body, 'max_tokens'))
  sampling(request, body, note)
  put(request, 'reasoning', reasoning(body))
  put(request, 'responseFormat', responseFormat(body))
  put(request, 'verbosity', readString(body, 'verbosity'))
  output(request, body)
  account(request, body)
  put(request, 'cache', requestCache(body))
  return request
}

const requestCache = ({ cache_control }: JsonObject): CacheHint | undefined =>
  isObject(cache_control) ? cacheOf({ cache_control }) : undefined

function sampling(request: Draft<ChatRequest>, body: JsonObject, note: Note): void {
  const wanted = readBoolean(body, 'logprobs') ?? false
  const top = readNumber(body, 'top_logprobs')
  if (top !== undefined && (!Number.isInteger(top) || top < 0 || top > 20)) {
    throw invalid('top_logprobs', "Invalid value for 'top_logprobs': expected an integer from 0 to 20.")
  }
  if (top !== undefined && top > 0 && !wanted) throw invalid('top_logprobs', "'top_logprobs' needs 'logprobs' to be true.")
  // Read for its type only: a seed that a double cannot hold stays as it was written.
  if (readNumber(body, 'seed') !== undefined) put(request, 'seed', body['seed'])
  put(request, 'temperature', between(body, 'temperature', [0, 2]))
  put(request, 'topP', between(body, 'top_p', [0, 1]))
  put(request, 'topK', readNumber(body, 'top_k'))
  put(request, 'frequencyPenalty', between(body, 'frequency_penalty', [-2, 2]))
  put(request, 'presencePenalty', between(body, 'presence_penalty', [-2, 2]))
  put(request, 'stopSequences', stopSequences(body, note))
  put(request, 'logitBias', readObject(body, 'logit_bias'))
  if (wanted) request.logprobs = { top: top ?? 0 }
}

/** @throws GatewayError 400 outside of OpenAI's own range; what is inside of it but outside of an upstream's is clamped there. */
function between(body: JsonObject, key: string, [least, most]: readonly [number, number]): number | undefined {
  const value = readNumber(body, key)
  if (value !== undefined && (value < least || value > most))
    throw invalid(key, `Invalid value for '${key}': expected a number from ${least} to ${most}, but got ${value} instead.`)
  return value
}

function stopSequences(body: JsonObject, note: Note): string[] | undefined {
  const stop = body['stop']
  if (stop === undefined || stop === null) return undefined
  const list = typeof stop === 'string' ? [stop] : stop
  if (!Array.isArray(list)) throw wrongType('stop', 'a string or an array of strings', stop)
  const kept: string[] = []
  for (const [index, text] of list.entries()) {
    if (typeof text !== 'string') throw wrongType(`stop[${index}]`, 'a string', text)
    if (text === '') note({ kind: 'dropped', field: `stop[${index}]`, reason: 'an empty string stops nothing' })
    else kept.push(text)
  }
  if (kept.length > 4) throw invalid('stop', "Invalid 'stop': expected at most 4 stop sequences.")
  return kept.length === 0 ? undefined : kept
}

const EFFORTS: ReadonlySet<string> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

/** `reasoning_effort`, OpenRouter's and Responses' `reasoning`, and the `thinking` switch of several vendors. */
function reasoning(body: JsonObject): ReasoningSettings | undefined {
  const settings = isObject(body['reasoning']) ? body['reasoning'] : NONE
  const effort = readString(body, 'reasoning_effort') ?? readString(settings, 'effort', 'reasoning')
  const thinking = isObject(body['thinking']) ? body['thinking'] : NONE
  const budget = readNumber(settings, 'max_tokens', 'reasoning') ?? readNumber(thinking, 'budget_tokens', 'thinking')
  const off = thinking['type'] === 'disabled' || settings['enabled'] === false
  const shown = body['include_reasoning'] === true || typeof settings['summary'] === 'string'
  const found: Draft<ReasoningSettings> = {}
  if (effort !== undefined && EFFORTS.has(effort)) found.effort = effort as Effort
  else if (effort === undefined && off) found.effort = 'none'
  if (budget !== undefined && !off) found.budgetTokens = Math.trunc(budget)
  if (thinking['type'] === 'adaptive') found.adaptive = true
  if (settings['exclude'] === true) found.display = 'omitted'
  else if (shown) found.display = 'summarized'
  return isEmpty(found) ? undefined : found
}

const NONE: JsonObject = {}

function responseFormat(body: JsonObject): ResponseFormat | undefined {
  const format = readObject(body, 'response_format')
  if (format === undefined) return undefined
  const type = readString(format, 'type', 'response_format')
  if (type === undefined) throw missing('response_format.type')
  if (type === 'text') return { type: 'text' }
  if (type === 'json_object') return { type: 'json' }
  if (type !== 'json_schema') throw unsupported('response_format.type', `Response format '${type}' is not supported.`)
  const field = 'response_format.json_schema'
  const wire = readObject(format, 'json_schema', 'response_format')
  if (wire === undefined) throw missing(field)
  return compact({
    type: 'json-schema' as const,
    name: readString(wire, 'name', field),
    description: readString(wire, 'description', field),
    schema: readObject(wire, 'schema', field) ?? {},
    strict: readBoolean(wire, 'strict', field),
  }) as ResponseFormat
}

function output(request: Draft<ChatRequest>, body: JsonObject): void {
  const modalities = readArray(body, 'modalities')?.map((kind, index) => {
    if (typeof kind !== 'string') throw wrongType(`modalities[${index}]`, 'a string', kind)
    return kind.toLowerCase()
  })
  const known = modalities?.filter((kind) => kind === 'text' || kind === 'audio' || kind === 'image')
  if (known !== undefined && known.length > 0) request.modalities = known
  const audio = readObject(body, 'audio')
  if (audio === undefined) return
  const wanted: Draft<NonNullable<ChatRequest['audioOutput']>> = {}
  put(wanted, 'voice', audio['voice'])
  put(wanted, 'format', readString(audio, 'format', 'audio'))
  request.audioOutput = wanted
}

const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast'])

function account(request: Draft<ChatRequest>, body: JsonObject): void {
  const tier = readString(body, 'service_tier')
  if (tier !== undefined && TIERS.has(tier)) request.serviceTier = tier
  put(request, 'metadata', readObject(body, 'metadata'))
  put(request, 'endUser', readString(body, 'safety_identifier') || readString(body, 'user') || undefined)
  put(request, 'cacheKey', readString(body, 'prompt_cache_key') || undefined)
}

const OPTIONS_READ = new Set(['include_usage'])

/** The unread rest, and what the neutral model holds less exactly than this wire. */
function carried(body: JsonObject, options: JsonObject | undefined): ChatRequest['extensions'] {
  const kept: JsonObject = {}
  // `__proto__` would change the object instead of being a member of it.
  for (const key in body) if (!MAPPED.has(key) && body[key] !== null && key !== '__proto__') kept[key] = body[key]
  // Both names of the end customer: the neutral request has one.
  if (kept['safety_identifier'] !== undefined && typeof body['user'] === 'string') kept['user'] = body['user']
  const effort = body['reasoning_effort']
  if (typeof effort === 'string' && !EFFORTS.has(effort)) kept['reasoning_effort'] = effort
  const tier = body['service_tier']
  if (typeof tier === 'string' && !TIERS.has(tier)) kept['service_tier'] = tier
  const rest = options === undefined ? undefined : carriedMembers(options, OPTIONS_READ)
  if (rest !== undefined) kept['stream_options'] = rest
  return isEmpty(kept) ? {} : { [FORMAT]: kept }
}
