// The whole request body. Settings that Converse has no place for go to `additionalModelRequestFields` where
// the model family is known to take them, and are otherwise told as dropped.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_RequestBody

import type { ChatRequest, Effort } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { unsupported } from '../../../core/errors.ts'
import type { WireRequest } from '../../../core/http-message.ts'
import { compact, type JsonObject } from '../../../lib/json.ts'
import { jsonPlan } from '../anthropic-messages/json-plan.ts'
import { modelFacts } from '../anthropic-messages/models.ts'
import { toolNames } from '../anthropic-messages/names.ts'
import { Receipt } from '../anthropic-messages/receipt.ts'
import { closedSchema } from '../anthropic-messages/schema.ts'
import { encodeSampling, planThinking, type Situation } from '../anthropic-messages/thinking-encode.ts'
import type { ChatContext } from '../format.ts'
import type { JsonPlan } from '../json-plan.ts'
import { noteUnspoken } from '../unspoken.ts'
import { BlockEncoder } from './blocks-encode.ts'
import { encodeConversation } from './messages-encode.ts'
import { encodeTools } from './tools-encode.ts'
import { type Family, FORMAT_ID, familyOf } from './wire.ts'

export function encodeRequest(ctx: ChatContext): WireRequest {
  const { request, upstreamModel } = ctx
  const notes = new Receipt(ctx.note)
  const family = familyOf(upstreamModel)
  const encoder = new BlockEncoder({ receipt: notes, names: toolNames(request), family })
  refuse(request)
  const plan = jsonPlan(ctx)
  const { toolConfig, forced } = encodeTools(ctx, encoder, plan)
  const { system, messages } = encodeConversation(request, encoder)
  const last = messages.findLast(({ role }) => role === 'assistant')
  const situation: Situation = { request, facts: modelFacts(upstreamModel), receipt: notes, forced, unsignedLoop: lacksReasoning(last) }
  const { inference, extra } = family.name === 'claude' ? claudeSettings(situation) : otherSettings(situation, family)
  tellDropped(request, notes)
  noteUnspoken(request, ['name', 'detail', 'filename'], ctx.note)
  const stops = request.stopSequences?.filter((text) => text.trim() !== '') ?? []
  if (stops.length > 0) inference.stopSequences = stops
  const cutAt = request.stopSequences?.filter((text) => text !== '' && text.trim() === '') ?? []
  if (cutAt.length > 0) notes.emulated('stop', 'the answer is cut here at stop sequences of white space alone')
  const body = compact({
    messages,
    system: system.length > 0 ? system : undefined,
    inferenceConfig: Object.keys(inference).length > 0 ? inference : undefined,
    toolConfig,
    outputConfig: outputConfig(request, notes, plan),
    additionalModelRequestFields: Object.keys(extra).length > 0 ? extra : undefined,
    // Claude tells which sequence matched only when asked.
    additionalModelResponseFieldPaths: family.name === 'claude' && stops.length > 0 ? ['/stop_sequence'] : undefined,
    serviceTier: serviceTier(request, notes),
    requestMetadata: requestMetadata(request, notes),
    ...extensionOf(request.extensions, FORMAT_ID),
  }) as JsonObject
  return { headers: {}, body, cutAt }
}

/** What the answer's contract depends on and this upstream cannot do. */
function refuse(request: ChatRequest): void {
  if (request.logprobs !== undefined) throw unsupported('logprobs', 'This model does not report log probabilities.')
  if (request.modalities?.includes('audio')) throw unsupported('modalities', 'This model does not answer in audio.')
}

function tellDropped(request: ChatRequest, notes: Receipt): void {
  const gone = {
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    seed: request.seed,
    logit_bias: request.logitBias,
  }
  for (const [field, value] of Object.entries(gone)) {
    if (value !== undefined && value !== null && value !== 0) notes.dropped(field, 'the upstream has no such setting')
  }
  if (request.modalities?.includes('image')) notes.dropped('modalities', 'the model answers in text only')
  if (request.verbosity !== undefined) notes.dropped('verbosity', 'the upstream has no such setting')
  if (request.cacheKey !== undefined) notes.dropped('prompt_cache_key', 'the upstream has no such setting')
}

interface Settings {
  readonly inference: JsonObject
  readonly extra: JsonObject
}

function claudeSettings(situation: Situation): Settings {
  const { request } = situation
  const { thinking, effort, maxTokens } = planThinking(situation)
  const thinks = thinking !== undefined && thinking.type !== 'disabled'
  const { temperature, top_p: topP, top_k } = encodeSampling(situation, thinks)
  // Without a limit the service uses the model's own; a budget, though, must stand below a stated one.
  const limit = request.maxOutputTokens !== undefined || thinking?.type === 'enabled' ? maxTokens : undefined
  return {
    inference: compact({ maxTokens: limit, temperature, topP }) as JsonObject,
    extra: compact({ thinking, output_config: effort === undefined ? undefined : { effort }, top_k }) as JsonObject,
  }
}

function otherSettings({ request, receipt: notes }: Situation, family: Family): Settings {
  const { temperature, topP, topK, maxOutputTokens } = request
  const clamped = temperature === undefined ? undefined : Math.min(1, Math.max(0, temperature))
  if (clamped !== temperature) notes.changed('temperature', `clamped to ${clamped}: the range is 0 to 1`)
  const extra: JsonObject = {}
  if (topK !== undefined) {
    if (family.name === 'nova') extra.inferenceConfig = { topK }
    else notes.dropped('top_k', 'the upstream has no such setting')
  }
  addReasoning(extra, request, { family, notes })
  return { inference: compact({ maxTokens: maxOutputTokens, temperature: clamped, topP }) as JsonObject, extra }
}

const LOW_MEDIUM_HIGH: Readonly<Record<Effort, string | undefined>> = {
  none: undefined,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

/** https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html; gpt-oss takes OpenAI's own word. */
function addReasoning(extra: JsonObject, request: ChatRequest, { family, notes }: { family: Family; notes: Receipt }): void {
  const { reasoning } = request
  if (reasoning === undefined) return
  const budget = reasoning.budgetTokens
  const byBudget: Effort | undefined =
    budget === undefined || budget < 0 ? undefined : budget === 0 ? 'none' : budget < 8000 ? 'low' : budget < 24_000 ? 'medium' : 'high'
  const effort = reasoning.effort ?? byBudget ?? (reasoning.adaptive ? 'medium' : undefined)
  if (effort === undefined) return
  const level = LOW_MEDIUM_HIGH[effort]
  if (family.name === 'gpt-oss') extra.reasoning_effort = level ?? 'low'
  else if (family.name === 'nova')
    extra.reasoningConfig = level === undefined ? { type: 'disabled' } : { type: 'enabled', maxReasoningEffort: level }
  else if (effort !== 'none') notes.dropped('reasoning', 'the upstream has no such setting for this model')
}

/** Native structured output; other models answer through a tool (`jsonPlan`). */
function outputConfig({ responseFormat: format }: ChatRequest, notes: Receipt, plan: JsonPlan | undefined): JsonObject | undefined {
  if (format === undefined || format.type === 'text' || plan !== undefined) return undefined
  if (format.type === 'json') {
    notes.dropped('response_format', 'a demanded tool call takes its place')
    return undefined
  }
  const { schema, changed } = closedSchema(format.schema)
  if (changed) notes.changed('response_format', 'the schema was closed; bounds moved to descriptions')
  const jsonSchema = compact({
    schema: JSON.stringify(schema),
    name: legalName(format.name),
    description: format.description,
  }) as JsonObject
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } }
}

const legalName = (name: string | undefined): string | undefined => name?.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || undefined

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html */
function serviceTier({ serviceTier: tier }: ChatRequest, notes: Receipt): JsonObject | undefined {
  if (tier === undefined || tier === 'auto' || tier === 'standard_only' || tier === 'default') return undefined
  if (tier === 'priority' || tier === 'flex') return { type: tier }
  notes.dropped('service_tier', 'the upstream has no such tier')
  return undefined
}

const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/

/** At most 16 short strings; everything else is told as dropped. */
function requestMetadata({ metadata, endUser }: ChatRequest, notes: Receipt): JsonObject | undefined {
  if (endUser !== undefined) notes.dropped('user', 'the upstream has no place for the end customer')
  const kept: JsonObject = {}
  for (const [key, value] of Object.entries(metadata ?? {})) {
    if (key === 'user_id' && endUser !== undefined) continue
    if (typeof value === 'string' && METADATA_TEXT.test(key) && METADATA_TEXT.test(value) && Object.keys(kept).length < 16)
      kept[key] = value
    else notes.dropped(`metadata.${key}`, 'the upstream takes 16 short plain strings')
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}

/** An open tool loop without the signed reasoning that thinking with a budget demands. */
function lacksReasoning(last: JsonObject | undefined): boolean {
  const content = (last?.content ?? []) as JsonObject[]
  return content.some((wire) => wire.toolUse !== undefined) && content[0]?.reasoningContent === undefined
}
