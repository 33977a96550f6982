// The neutral request as an upstream of this format takes it.

import type { ChatRequest, ResponseFormat } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { unsupported } from '../../../core/errors.ts'
import type { WireRequest } from '../../../core/http-message.ts'
import { put } from '../../../lib/draft.ts'
import { asObject, isEmpty, type JsonObject } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { withCache } from './blocks-encode.ts'
import { jsonPlan } from './json-plan.ts'
import { encodeConversation } from './messages-encode.ts'
import { modelFacts } from './models.ts'
import { toolNames, wireUserId } from './names.ts'
import { Receipt } from './receipt.ts'
import { closedSchema } from './schema.ts'
import { encodeSampling, planThinking, type Situation, type ThinkingPlan } from './thinking-encode.ts'
import { encodeTools } from './tools-encode.ts'
import { DEFAULT_VERSION, FORMAT_ID } from './wire.ts'

/** Carried members that other steps write in their own way. */
const WRITTEN_ELSEWHERE = new Set(['system_attribution', 'thinking', 'output_config', 'metadata'])

export function encodeRequest(ctx: ChatContext): WireRequest {
  const { request } = ctx
  const facts = modelFacts(ctx.upstreamModel)
  const notes = new Receipt(ctx.note)
  refuseUnsupported(request)
  const own = extensionOf(request.extensions, FORMAT_ID)
  const plan = jsonPlan(ctx)
  const conversation = encodeConversation(request, facts, {
    receipt: notes,
    names: toolNames(request),
    keepUnsigned: facts.compatible && request.extensions[FORMAT_ID] !== undefined,
  })
  const tools = encodeTools(request, facts, notes, plan)
  const situation: Situation = { request, facts, receipt: notes, forced: tools.forced, unsignedLoop: conversation.unsignedLoop }
  const thinking = planThinking(situation)
  const thinkingType = thinking.thinking?.['type']
  const body: JsonObject = { model: ctx.upstreamModel, max_tokens: thinking.maxTokens }
  if (conversation.system !== undefined) body['system'] = conversation.system
  body['messages'] = conversation.messages
  if (tools.tools !== undefined) body['tools'] = tools.tools
  if (tools.toolChoice !== undefined) body['tool_choice'] = tools.toolChoice
  if (thinking.thinking !== undefined) body['thinking'] = thinking.thinking
  put(body, 'output_config', encodeOutput(request, thinking, notes, plan === undefined))
  Object.assign(body, encodeSampling(situation, thinkingType === 'enabled' || thinkingType === 'adaptive'))
  const stops = encodeStops(request, notes)
  put(body, 'stop_sequences', stops.told)
  put(body, 'metadata', encodeCustomer(request, own))
  put(body, 'service_tier', encodeTier(request, notes))
  for (const key in own) if (!WRITTEN_ELSEWHERE.has(key) && body[key] === undefined) body[key] = own[key]
  if (request.stream) body['stream'] = true
  noteDropped(request, notes)
  return {
    headers: { 'anthropic-version': DEFAULT_VERSION },
    body: limitBreakpoints(withCache(body, request.cache), notes),
    cutAt: stops.cutAt,
  }
}

/** What no answer of this format could contain, although the client counts on it. */
function refuseUnsupported({ logprobs, modalities }: ChatRequest): void {
  if (logprobs !== undefined) throw unsupported('logprobs', 'Log probabilities are not available on this model')
  if (modalities?.includes('audio')) throw unsupported('modalities', 'Audio output is not available on this model')
  if (modalities?.includes('image') && !modalities.includes('text'))
    throw unsupported('modalities', 'Image output is not available on this model')
}

function encodeOutput(request: ChatRequest, thinking: ThinkingPlan, notes: Receipt, native: boolean): JsonObject | undefined {
  const own = request.extensions[FORMAT_ID]
  const carried = asObject(own?.['output_config'])
  const config: JsonObject = {}
  for (const key in carried) if (key !== 'effort') config[key] = carried[key]
  if (thinking.effort !== undefined) config['effort'] = thinking.effort
  const format = request.responseFormat
  if (native && format?.type === 'json-schema') {
    const result = own === undefined ? closedSchema(described(format)) : { schema: format.schema, changed: false }
    if (result.changed) notes.changed('response_format', 'the schema was closed; bounds moved to descriptions')
    config['format'] = { type: 'json_schema', schema: result.schema }
  } else if (native && format?.type === 'json') {
    notes.dropped('response_format', 'a demanded tool call leaves no JSON text')
  }
  return isEmpty(config) ? undefined : config
}

/** The description beside a schema, which has no place of its own here, in the schema. */
function described({ schema, description }: Extract<ResponseFormat, { type: 'json-schema' }>): JsonObject {
  return description === undefined || schema['description'] !== undefined ? schema : { ...schema, description }
}

/** White space alone is a 400 as a stop sequence: there the gateway cuts the answer. */
function encodeStops({ stopSequences }: ChatRequest, notes: Receipt): { told?: string[]; cutAt: string[] } {
  if (stopSequences === undefined) return { cutAt: [] }
  const kept = stopSequences.filter((text) => text.trim() !== '')
  const cutAt = stopSequences.filter((text) => text !== '' && text.trim() === '')
  if (cutAt.length > 0) notes.emulated('stop', 'the answer is cut here at stop sequences of white space alone')
  return kept.length === 0 ? { cutAt } : { told: kept, cutAt }
}

function encodeCustomer({ endUser }: ChatRequest, own: JsonObject): JsonObject | undefined {
  const metadata: JsonObject = { ...asObject(own['metadata']) }
  if (endUser) metadata['user_id'] = wireUserId(endUser)
  return isEmpty(metadata) ? undefined : metadata
}

const TIERS: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'standard_only',
  standard: 'standard_only',
  standard_only: 'standard_only',
  priority: 'auto',
}

function encodeTier({ serviceTier }: ChatRequest, notes: Receipt): string | undefined {
  if (serviceTier === undefined) return undefined
  const tier = Object.hasOwn(TIERS, serviceTier) ? TIERS[serviceTier] : undefined
  if (tier === undefined) notes.dropped('service_tier', 'there is no such tier on this model')
  return tier
}

function noteDropped(request: ChatRequest, notes: Receipt): void {
  const absent = (field: string, value: unknown): void => {
    if (value !== undefined) notes.dropped(field, `${field} has no counterpart on this model`)
  }
  absent('seed', request.seed)
  absent('frequency_penalty', request.frequencyPenalty || undefined)
  absent('presence_penalty', request.presencePenalty || undefined)
  absent('logit_bias', request.logitBias)
  absent('verbosity', request.verbosity)
  absent('metadata', request.metadata)
  absent('prompt_cache_key', request.cacheKey)
  absent('audio', request.audioOutput)
  if (request.modalities?.includes('image')) notes.dropped('modalities', 'image output has no counterpart on this model')
  if (request.messages.some((message) => message.name !== undefined)) notes.dropped('messages.name', 'speakers have no names')
}

const MAX_BREAKPOINTS = 4

/** More than four breakpoints are a 400. Of those in messages the latest reach furthest, so the earliest go. */
function limitBreakpoints(body: JsonObject, notes: Receipt): JsonObject {
  const stable: JsonObject[] = []
  const moving: JsonObject[] = []
  collect(body['tools'], stable)
  collect(body['system'], stable)
  for (const message of body['messages'] as JsonObject[]) collect(message['content'], moving)
  const excess = stable.length + moving.length + (body['cache_control'] === undefined ? 0 : 1) - MAX_BREAKPOINTS
  if (excess <= 0) return body
  notes.dropped('cache_control', 'more than four cache breakpoints')
  const marked = new Set([...moving, ...stable].slice(0, excess))
  const { tools, system, messages } = body
  const result = {
    ...body,
    messages: (messages as JsonObject[]).map((message) => ({ ...message, content: unmarked(message['content'], marked) })),
  }
  return {
    ...result,
    ...(tools !== undefined && { tools: unmarked(tools, marked) }),
    ...(system !== undefined && { system: unmarked(system, marked) }),
  }
}

function collect(content: JsonObject[string], into: JsonObject[]): void {
  if (!Array.isArray(content)) return
  for (const item of content) {
    const wire = asObject(item)
    if (wire === undefined) continue
    if (wire['type'] === 'tool_result') collect(wire['content'], into)
    if (wire['cache_control'] !== undefined && wire['cache_control'] !== null) into.push(wire)
  }
}

function unmarked(content: JsonObject[string], marked: ReadonlySet<JsonObject>): JsonObject[string] {
  if (!Array.isArray(content)) return content
  return content.map((item) => {
    const wire = asObject(item)
    if (wire === undefined) return item
    const inner =
      wire['type'] === 'tool_result' && Array.isArray(wire['content'])
        ? { ...wire, content: unmarked(wire['content'], marked) as JsonObject[] }
        : wire
    if (!marked.has(wire)) return inner
    const { cache_control: _removed, ...rest } = inner
    return rest
  })
}

const COUNTED = [
  'messages',
  'model',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'mcp_servers',
  'context_management',
] as const

/** The body of `POST /messages/count_tokens` for what `encodeRequest` made. */
export function countTokensBody(body: JsonObject): JsonObject {
  const counted: JsonObject = {}
  for (const key of COUNTED) if (body[key] !== undefined) counted[key] = body[key]
  return counted
}
