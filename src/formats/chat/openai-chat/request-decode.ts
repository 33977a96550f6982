// A client's body as the neutral request. Lenient in what it knows from other dialects, strict in types:
// a wrong one is a 400 that names the field. What it does not know is carried for upstreams of this format.

import type { ChatRequest, Effort, ReasoningSettings, ResponseFormat } from '../../../core/chat.ts'
import { invalid, unsupported } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import type { Note } from '../../../core/warning.ts'
import { compact, isObject, type JsonObject } from '../../../lib/json.ts'
import { decodeMessages } from './message-decode.ts'
import { cacheHint } from './part-decode.ts'
import { readChoices, readModel } from './peek.ts'
import { fromResponsesShape, hasResponsesShape } from './responses-shape.ts'
import { decodeToolChoice, decodeTools, isLegacy } from './tool-decode.ts'
import {
  carriedFrom,
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
  const messages = readArray(body, 'messages')
  if (messages === undefined) throw missing('messages')
  if (messages.length === 0) throw invalid('messages', "Invalid 'messages': empty array. Expected at least one message.")
  const tools = decodeTools(body)
  const stream = readBoolean(body, 'stream') ?? false
  const options = readObject(body, 'stream_options')
  const usageFrame = options === undefined ? undefined : readBoolean(options, 'include_usage', 'stream_options.include_usage')
  const parallel = readBoolean(body, 'parallel_tool_calls')
  return compact({
    model,
    messages: decodeMessages(messages),
    tools,
    toolChoice: decodeToolChoice(body, tools),
    parallelToolCalls: isLegacy(tools) ? false : parallel,
    stream,
    // Written out either way: only a client of this wire can say that it wants none.
    usageFrame: stream ? usageFrame === true : undefined,
    choices: readChoices(body),
    maxOutputTokens: readPositiveInteger(body, 'max_completion_tokens') ?? readPositiveInteger(body, 'max_tokens'),
    ...sampling(body, note),
    reasoning: reasoning(body),
    responseFormat: responseFormat(body),
    verbosity: readString(body, 'verbosity'),
    ...output(body),
    ...account(body),
    cache: cacheHint(isObject(body['cache_control']) ? { cache_control: body['cache_control'] } : {}).cache,
    extensions: carried(body, options),
  }) as ChatRequest
}

function sampling(body: JsonObject, note: Note): Partial<ChatRequest> {
  const wanted = readBoolean(body, 'logprobs') ?? false
  const top = readNumber(body, 'top_logprobs')
  if (top !== undefined && (!Number.isInteger(top) || top < 0 || top > 20)) {
    throw invalid('top_logprobs', "Invalid value for 'top_logprobs': expected an integer from 0 to 20.")
  }
  if (top !== undefined && top > 0 && !wanted) throw invalid('top_logprobs', "'top_logprobs' needs 'logprobs' to be true.")
  const seed = body['seed']
  readNumber(body, 'seed')
  return {
    temperature: readNumber(body, 'temperature'),
    topP: readNumber(body, 'top_p'),
    topK: readNumber(body, 'top_k'),
    frequencyPenalty: readNumber(body, 'frequency_penalty'),
    presencePenalty: readNumber(body, 'presence_penalty'),
    seed: seed === null ? undefined : seed,
    stopSequences: stopSequences(body, note),
    logitBias: readObject(body, 'logit_bias'),
    logprobs: wanted ? { top: top ?? 0 } : undefined,
  } as Partial<ChatRequest>
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
  const settings = isObject(body['reasoning']) ? body['reasoning'] : {}
  const effort = readString(body, 'reasoning_effort') ?? readString(settings, 'effort', 'reasoning.effort')
  const thinking = isObject(body['thinking']) ? body['thinking'] : {}
  const budget =
    readNumber(settings, 'max_tokens', 'reasoning.max_tokens') ?? readNumber(thinking, 'budget_tokens', 'thinking.budget_tokens')
  const off = thinking['type'] === 'disabled' || settings['enabled'] === false
  const shown = body['include_reasoning'] === true || typeof settings['summary'] === 'string'
  const known = effort !== undefined && EFFORTS.has(effort) ? (effort as Effort) : undefined
  const found = compact({
    effort: known ?? (effort === undefined && off ? ('none' as const) : undefined),
    budgetTokens: budget === undefined || off ? undefined : Math.trunc(budget),
    adaptive: thinking['type'] === 'adaptive' ? true : undefined,
    display: settings['exclude'] === true ? ('omitted' as const) : shown ? ('summarized' as const) : undefined,
  }) as ReasoningSettings
  return Object.keys(found).length === 0 ? undefined : found
}

function responseFormat(body: JsonObject): ResponseFormat | undefined {
  const format = readObject(body, 'response_format')
  if (format === undefined) return undefined
  const type = readString(format, 'type', 'response_format.type')
  if (type === undefined) throw missing('response_format.type')
  if (type === 'text') return { type: 'text' }
  if (type === 'json_object') return { type: 'json' }
  if (type !== 'json_schema') throw unsupported('response_format.type', `Response format '${type}' is not supported.`)
  const field = 'response_format.json_schema'
  const wire = readObject(format, 'json_schema', field)
  if (wire === undefined) throw missing(field)
  return compact({
    type: 'json-schema' as const,
    name: readString(wire, 'name', `${field}.name`),
    description: readString(wire, 'description', `${field}.description`),
    schema: readObject(wire, 'schema', `${field}.schema`) ?? {},
    strict: readBoolean(wire, 'strict', `${field}.strict`),
  }) as ResponseFormat
}

function output(body: JsonObject): Partial<ChatRequest> {
  const modalities = readArray(body, 'modalities')?.map((kind, index) => {
    if (typeof kind !== 'string') throw wrongType(`modalities[${index}]`, 'a string', kind)
    return kind.toLowerCase()
  })
  const audio = readObject(body, 'audio')
  const known = modalities?.filter((kind) => kind === 'text' || kind === 'audio' || kind === 'image')
  return {
    ...(known !== undefined && known.length > 0 && { modalities: known }),
    ...(audio && { audioOutput: compact({ voice: audio['voice'], format: readString(audio, 'format', 'audio.format') }) }),
  } as Partial<ChatRequest>
}

const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast'])

function account(body: JsonObject): Partial<ChatRequest> {
  const tier = readString(body, 'service_tier')
  return {
    serviceTier: tier !== undefined && TIERS.has(tier) ? tier : undefined,
    metadata: readObject(body, 'metadata'),
    endUser: readString(body, 'safety_identifier') || readString(body, 'user') || undefined,
    cacheKey: readString(body, 'prompt_cache_key') || undefined,
  } as Partial<ChatRequest>
}

/** The unread rest, and what the neutral model holds less exactly than this wire. */
function carried(body: JsonObject, options: JsonObject | undefined): ChatRequest['extensions'] {
  const kept: JsonObject = {}
  for (const [key, value] of Object.entries(body)) if (!MAPPED.has(key) && value !== null && key !== '__proto__') kept[key] = value
  // Both names of the end customer: the neutral request has one.
  if (kept['safety_identifier'] !== undefined && typeof body['user'] === 'string') kept['user'] = body['user']
  const effort = body['reasoning_effort']
  if (typeof effort === 'string' && !EFFORTS.has(effort)) kept['reasoning_effort'] = effort
  const tier = body['service_tier']
  if (typeof tier === 'string' && !TIERS.has(tier)) kept['service_tier'] = tier
  const rest = options === undefined ? undefined : carriedFrom(options, new Set(['include_usage'])).extensions
  if (rest !== undefined) kept['stream_options'] = rest[FORMAT]
  return Object.keys(kept).length === 0 ? {} : { [FORMAT]: kept }
}
