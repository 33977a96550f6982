// The neutral request as OpenAI's own wire; what compatible hosts want otherwise is their quirk.

import type { ChatRequest, Effort, Message, ReasoningSettings, ResponseFormat } from '../../../core/chat.ts'
import type { WireRequest } from '../../../core/http-message.ts'
import type { Note } from '../../../core/warning.ts'
import { compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { noteUnspoken } from '../unspoken.ts'
import { encodeMessages, type MessageContext } from './message-encode.ts'
import { bounded, toolNames } from './names.ts'
import { placed } from './part-encode.ts'
import { encodeTools } from './tool-encode.ts'
import { ownExtension } from './wire.ts'

/** @throws GatewayError 400 for content that cannot be told here. */
export function encodeRequest(ctx: ChatContext): WireRequest {
  const { request, upstreamModel } = ctx
  const note = once(ctx.note)
  const names = toolNames(request)
  const own = ownExtension(request.extensions) ?? {}
  const cacheDropped = (): void => note({ kind: 'dropped', field: 'cache_control', reason: 'the upstream caches by itself' })
  if (request.topK !== undefined) note({ kind: 'dropped', field: 'top_k', reason: 'the format has no such parameter' })
  if (request.cache !== undefined && !isClaude(upstreamModel)) cacheDropped()
  if (request.tools.some((tool) => tool.cache !== undefined) || request.messages.some(marksCalls)) cacheDropped()
  noteUnspoken(request, ['context', 'citations'], note)
  const body: JsonObject = compact({
    model: upstreamModel,
    messages: messagesOf(request.messages, { names, note, cacheControl: isClaude(upstreamModel), cacheDropped }),
    ...encodeTools(request, { names, upstreamModel, note }),
    ...sampling(request),
    reasoning_effort: own['reasoning_effort'] ?? effortOf(request.reasoning),
    response_format: responseFormat(request.responseFormat),
    verbosity: request.verbosity,
    modalities: request.modalities === undefined ? undefined : [...request.modalities],
    audio: request.audioOutput === undefined ? undefined : ({ ...request.audioOutput } as JsonObject),
    service_tier: own['service_tier'] ?? serviceTier(request.serviceTier, note),
    metadata: request.metadata,
    user: own['safety_identifier'] !== undefined ? own['user'] : request.endUser && bounded(request.endUser, 64),
    prompt_cache_key: request.cacheKey && bounded(request.cacheKey, 64),
    cache_control: request.cache !== undefined && isClaude(upstreamModel) ? { type: 'ephemeral', ...request.cache } : undefined,
    ...streaming(request, own['stream_options']),
  })
  for (const key in own) if (!(key in body) && key !== 'stream_options') body[key] = own[key]
  const cutAt = stopsOf(request).slice(MAX_STOPS)
  if (cutAt.length > 0) note({ kind: 'emulated', field: 'stop', reason: `the answer is cut here at those after the first ${MAX_STOPS}` })
  return { headers: {}, body, cutAt }
}

/** @throws GatewayError `unsupported_content` naming the place. */
function messagesOf(messages: readonly Message[], ctx: MessageContext): JsonObject[] {
  try {
    return encodeMessages(messages, ctx)
  } catch (thrown) {
    throw placed(thrown, messages)
  }
}

/** Breakpoints behind calls: no host of this wire reads them there. */
const marksCalls = ({ content }: Message): boolean => content.some((block) => block.type === 'tool-call' && block.cache !== undefined)

/** Claude behind an aggregator: the one family that reads `cache_control` on this wire. */
const isClaude = (model: string): boolean => /claude/i.test(model)

/** One line for each thing, however often it occurs. */
function once(note: Note): Note {
  const told = new Set<string>()
  return (warning) => {
    const key = `${warning.kind} ${warning.field} ${warning.reason}`
    if (told.has(key)) return
    told.add(key)
    note(warning)
  }
}

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop */
const MAX_STOPS = 4

const stopsOf = ({ stopSequences }: ChatRequest): string[] => stopSequences?.filter((text) => text !== '') ?? []

function sampling(request: ChatRequest): JsonObject {
  const stop = stopsOf(request).slice(0, MAX_STOPS)
  return {
    max_completion_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    seed: request.seed,
    stop: stop.length === 0 ? undefined : stop,
    logit_bias: request.logitBias,
    logprobs: request.logprobs === undefined ? undefined : true,
    top_logprobs: request.logprobs !== undefined && request.logprobs.top > 0 ? request.logprobs.top : undefined,
    n: request.choices > 1 ? request.choices : undefined,
  }
}

/** A thinking budget as the nearest effort; adaptive and unlimited leave it to the model. */
export function effortOf(reasoning: ReasoningSettings | undefined): Effort | undefined {
  if (reasoning?.effort !== undefined) return reasoning.effort
  const budget = reasoning?.budgetTokens
  if (budget === undefined || budget < 0 || reasoning?.adaptive === true) return undefined
  if (budget === 0) return 'none'
  if (budget < 2000) return 'low'
  if (budget < 8000) return 'medium'
  return budget < 24_000 ? 'high' : 'xhigh'
}

function responseFormat(format: ResponseFormat | undefined): JsonObject | undefined {
  if (format === undefined) return undefined
  if (format.type === 'text') return { type: 'text' }
  if (format.type === 'json') return { type: 'json_object' }
  const name = bounded((format.name ?? 'response').replace(/[^A-Za-z0-9_-]/g, '_') || 'response', 64)
  const { description, schema, strict } = format
  return { type: 'json_schema', json_schema: compact({ name, description, schema, strict }) as JsonObject }
}

const TIERS: Readonly<Record<string, string>> = { standard: 'default', standard_only: 'default', ultrafast: 'fast' }

function serviceTier(tier: string | undefined, note: Note): string | undefined {
  if (tier === undefined) return undefined
  const mapped = Object.hasOwn(TIERS, tier) ? (TIERS[tier] as string) : tier
  if (['auto', 'default', 'flex', 'scale', 'priority', 'fast'].includes(mapped)) return mapped
  note({ kind: 'dropped', field: 'service_tier', reason: 'the upstream does not know this tier' })
  return undefined
}

/** Usage is always asked for: the ledger needs it. Upstreams refuse the options without `stream`. */
function streaming(request: ChatRequest, options: JsonValue | undefined): JsonObject {
  if (!request.stream) return {}
  return { stream: true, stream_options: { ...(isObject(options) ? options : {}), include_usage: true } }
}
