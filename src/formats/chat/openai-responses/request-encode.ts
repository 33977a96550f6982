// The neutral request as a body for an upstream of this format: stateless, with sealed reasoning asked for so
// that it can come back with the next turn. What this wire has no field for is noted or refused.

import type { ChatRequest, Effort, ResponseFormat } from '../../../core/chat.ts'
import { unsupported } from '../../../core/errors.ts'
import type { WireRequest } from '../../../core/http-message.ts'
import { asArray, asObject, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { noteUnspoken, type Unspoken } from '../unspoken.ts'
import { encodeInput } from './items-encode.ts'
import { effortOfBudget, knownEffort, neverReasons, refusesSampling, takesBreakpoints } from './models.ts'
import { shortHash, wireName } from './names.ts'
import { without } from './read.ts'
import { encodeToolChoice, encodeTools } from './tools-encode.ts'
import { carriedOf, FORMAT, INCLUDE_ENCRYPTED, INCLUDE_LOGPROBS, INCLUDE_SOURCES, MIN_OUTPUT_TOKENS, sentOf } from './wire.ts'

/** Carried members that are written below, merged with what the neutral request says. */
const MERGED = ['include', 'reasoning', 'text', 'store']

export function encodeRequest(ctx: ChatContext): WireRequest {
  const { request } = ctx
  const carried = carriedOf(request.extensions)
  refuseUnspeakable(request)
  noteAbsent(ctx)
  noteUnspoken(request, takesBreakpoints(ctx.upstreamModel) ? LACKS : [...LACKS, 'cache_control'], ctx.note)
  const { instructions, items } = encodeInput(ctx)
  const { tools, maxToolCalls } = encodeTools(ctx)
  const effort = encodeEffort(ctx)
  const body = compact({
    model: ctx.upstreamModel,
    instructions,
    input: items,
    ...without(carried, MERGED),
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: encodeToolChoice(ctx, tools),
    parallel_tool_calls: tools.length > 0 ? request.parallelToolCalls : undefined,
    max_tool_calls: maxToolCalls ?? carried['max_tool_calls'],
    max_output_tokens: outputLimit(ctx),
    ...sampling(ctx, effort),
    reasoning: encodeReasoning(ctx, effort),
    text: encodeText(ctx),
    include: encodeInclude(ctx, tools),
    // OpenAI keeps every answer unless told not to; the client did not agree to that.
    store: carried['store'] ?? false,
    stream: request.stream ? true : undefined,
    service_tier: serviceTier(ctx),
    metadata: metadata(ctx),
    prompt_cache_key: request.cacheKey === undefined ? undefined : bounded(request.cacheKey, 64),
    ...endUser(ctx),
  })
  return { headers: {}, body: body as JsonObject, cutAt: stops(ctx) }
}

/** This wire has no `stop`: the gateway cuts the answer. */
function stops({ request, note }: ChatContext): string[] {
  const sequences = request.stopSequences?.filter((text) => text !== '') ?? []
  if (sequences.length > 0) note({ kind: 'emulated', field: 'stop', reason: 'the answer is cut here; the upstream has no such parameter' })
  return sequences
}

function refuseUnspeakable({ modalities, audioOutput, responseFormat }: ChatRequest): void {
  if (modalities?.includes('audio') || audioOutput !== undefined)
    throw unsupported('modalities', 'Audio output is not available from this model.')
  if (responseFormat?.type === 'json-schema' && !isObject(responseFormat.schema))
    throw unsupported('response_format', 'The schema must be an object.')
}

const LACKS: readonly Unspoken[] = ['name', 'context', 'citations']

/** Settings of other formats without a counterpart. */
function noteAbsent({ request, note }: ChatContext): void {
  const absent: readonly [string, unknown][] = [
    ['top_k', request.topK],
    ['frequency_penalty', request.frequencyPenalty || undefined],
    ['presence_penalty', request.presencePenalty || undefined],
    ['seed', request.seed],
    ['logit_bias', request.logitBias],
    ['modalities', request.modalities?.includes('image') ? true : undefined],
  ]
  for (const [field, value] of absent) {
    if (value !== undefined && value !== null) note({ kind: 'dropped', field, reason: 'the Responses API has no such parameter' })
  }
}

function outputLimit({ request, note }: ChatContext): number | undefined {
  const limit = request.maxOutputTokens
  if (limit === undefined || limit >= MIN_OUTPUT_TOKENS) return limit
  note({ kind: 'changed', field: 'max_output_tokens', reason: `raised to the minimum of ${MIN_OUTPUT_TOKENS}` })
  return MIN_OUTPUT_TOKENS
}

function sampling({ request, upstreamModel, note }: ChatContext, effort: Effort | undefined): JsonObject {
  const { temperature, topP, logprobs } = request
  if (!refusesSampling(upstreamModel, effort)) return { temperature, top_p: topP, top_logprobs: logprobs?.top }
  if (temperature !== undefined && temperature !== 1)
    note({ kind: 'dropped', field: 'temperature', reason: 'reasoning models do not take it' })
  if (topP !== undefined && topP !== 1) note({ kind: 'dropped', field: 'top_p', reason: 'reasoning models do not take it' })
  if (logprobs !== undefined) throw unsupported('logprobs', 'Log probabilities are not available from reasoning models.')
  return {}
}

function encodeEffort({ request: { reasoning }, upstreamModel, note }: ChatContext): Effort | undefined {
  const asked = reasoning?.effort ?? (reasoning?.budgetTokens === undefined ? undefined : effortOfBudget(reasoning.budgetTokens))
  if (asked === undefined) return undefined
  if (neverReasons(upstreamModel)) {
    if (asked !== 'none') note({ kind: 'dropped', field: 'reasoning', reason: 'the model does not reason' })
    return undefined
  }
  const effort = knownEffort(upstreamModel, asked)
  if (effort !== asked) note({ kind: 'changed', field: 'reasoning.effort', reason: `'${asked}' became '${effort}', which the model has` })
  return effort
}

function encodeReasoning({ request, upstreamModel }: ChatContext, effort: Effort | undefined): JsonObject | undefined {
  if (neverReasons(upstreamModel)) return undefined
  const own = without(asObject(sentOf(request.extensions)['reasoning']) ?? {}, ['effort'])
  const shown = request.reasoning?.display === 'summarized' || request.reasoning?.display === 'full'
  const summary = shown && own?.['summary'] === undefined && own?.['generate_summary'] === undefined ? 'auto' : undefined
  const reasoning = compact({ effort, summary, ...own })
  return Object.keys(reasoning).length === 0 ? undefined : (reasoning as JsonObject)
}

function encodeText({ request }: ChatContext): JsonObject | undefined {
  const own = without(asObject(sentOf(request.extensions)['text']) ?? {}, ['format', 'verbosity'])
  const text = compact({
    ...own,
    format: request.responseFormat && encodeFormat(request.responseFormat, request.extensions[FORMAT] !== undefined),
    verbosity: request.verbosity,
  })
  return Object.keys(text).length === 0 ? undefined : (text as JsonObject)
}

function encodeFormat(format: ResponseFormat, own: boolean): JsonObject {
  if (format.type === 'text') return { type: 'text' }
  if (format.type === 'json') return { type: 'json_object' }
  return compact({
    type: 'json_schema',
    name: wireName(format.name ?? 'response'),
    description: format.description,
    schema: format.schema,
    strict: format.strict ?? (own ? undefined : false),
  })
}

function encodeInclude({ request, upstreamModel }: ChatContext, tools: readonly JsonObject[]): JsonValue[] | undefined {
  const include = new Set<JsonValue>(asArray(carriedOf(request.extensions)['include']) ?? [])
  // Models that never reason answer this entry with a 400.
  if (neverReasons(upstreamModel)) include.delete(INCLUDE_ENCRYPTED)
  else include.add(INCLUDE_ENCRYPTED)
  if (request.logprobs !== undefined) include.add(INCLUDE_LOGPROBS)
  // What a search found is only told on demand; this format's own clients demand it themselves.
  if (request.extensions[FORMAT] === undefined && tools.some((tool) => tool['type'] === 'web_search')) include.add(INCLUDE_SOURCES)
  return include.size === 0 ? undefined : [...include]
}

const TIERS = ['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast']

function serviceTier({ request: { serviceTier: tier }, note }: ChatContext): string | undefined {
  if (tier === undefined || TIERS.includes(tier)) return tier
  if (tier === 'standard' || tier === 'standard_only') return 'default'
  note({ kind: 'dropped', field: 'service_tier', reason: 'the tier does not exist here' })
  return undefined
}

/** At most 16 pairs of texts of at most 512 characters. */
function metadata({ request, note }: ChatContext): JsonObject | undefined {
  if (request.metadata === undefined) return undefined
  const pairs = Object.entries(request.metadata)
  const legal = pairs.filter(([key, value]) => typeof value === 'string' && value.length <= 512 && key.length <= 64).slice(0, 16)
  if (legal.length < pairs.length) note({ kind: 'dropped', field: 'metadata', reason: 'only 16 short texts are taken' })
  return legal.length === 0 ? undefined : Object.fromEntries(legal)
}

/** A stable stand-in for a value that is too long (Claude Code's user id has some 150 characters). */
const bounded = (text: string, limit: number): string => (text.length <= limit ? text : shortHash(text, 64))

function endUser({ request }: ChatContext): JsonObject {
  const { safety_identifier: identifier, user } = sentOf(request.extensions)
  if (identifier !== undefined || user !== undefined) return { safety_identifier: identifier, user }
  return request.endUser === undefined ? {} : { safety_identifier: bounded(request.endUser, 128) }
}
