// The neutral request to a generateContent body. What Gemini has no word for is noted as dropped.

import type { ChatRequest } from '../../../core/chat.ts'
import type { WireRequest } from '../../../core/http-message.ts'
import { asArray, asObject, compact, type JsonObject } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { noteUnspoken, type Unspoken } from '../unspoken.ts'
import { encodeContents } from './contents-encode.ts'
import { instructionOf, type JsonWay, jsonWay } from './json-plan.ts'
import { type ModelFacts, modelFacts } from './models.ts'
import { namesOf } from './names.ts'
import { cleanSchema } from './schema.ts'
import { encodeThinking } from './thinking.ts'
import { carriedOf } from './tools-decode.ts'
import { encodeTools } from './tools-encode.ts'

export function encodeRequest(ctx: ChatContext): WireRequest {
  const { request, note } = ctx
  const facts = modelFacts(ctx.upstreamModel)
  const names = namesOf(request)
  const { generationConfig: _config, toolConfig: _tools, ...carried } = carriedOf(request.extensions) ?? {}
  noteDropped(ctx)
  noteUnspoken(request, facts.mediaInResults ? LACKS : [...LACKS, 'detail'], note)
  const json = jsonWay(request, facts)
  const config = generationConfig(ctx, facts, json)
  const cutAt = stopsOf(request).slice(MAX_STOPS)
  if (cutAt.length > 0) note({ kind: 'emulated', field: 'stop', reason: `the answer is cut here at those after the first ${MAX_STOPS}` })
  const body = compact({
    ...asked(encodeContents(request, { facts, names, note }), request, json),
    ...encodeTools(request, { facts, names, note, json }),
    generationConfig: Object.keys(config).length > 0 ? config : undefined,
    serviceTier: tierOf(ctx),
    ...carried,
  }) as JsonObject
  return { headers: {}, body, cutAt }
}

/** The wanted format behind the system instruction, where the wire's own members cannot stand beside the tools. */
function asked(contents: JsonObject, request: ChatRequest, { way }: JsonWay): JsonObject {
  if (way !== 'ask') return contents
  const parts = asArray(asObject(contents['systemInstruction'])?.['parts']) ?? []
  return { ...contents, systemInstruction: { parts: [...parts, instructionOf(request)] } }
}

function generationConfig(ctx: ChatContext, facts: ModelFacts, json: JsonWay): JsonObject {
  const { request } = ctx
  const carried = asObject(carriedOf(request.extensions)?.['generationConfig']) ?? {}
  return compact({
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    candidateCount: request.choices > 1 ? request.choices : undefined,
    maxOutputTokens: request.maxOutputTokens,
    stopSequences: listed(stopsOf(request).slice(0, MAX_STOPS)),
    seed: request.seed ?? undefined,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    ...logprobsOf(request),
    ...formatOf(ctx, json),
    thinkingConfig: encodeThinking(request, facts, ctx.note),
    ...outputOf(ctx, facts),
    ...carried,
  }) as JsonObject
}

/** https://ai.google.dev/api/generate-content#generationconfig */
const MAX_STOPS = 5

const stopsOf = (request: ChatRequest): string[] => request.stopSequences?.filter((stop) => stop !== '') ?? []

const listed = (texts: string[]): string[] | undefined => (texts.length > 0 ? texts : undefined)

const logprobsOf = (request: ChatRequest): JsonObject =>
  request.logprobs === undefined ? {} : { responseLogprobs: true, ...(request.logprobs.top > 0 && { logprobs: request.logprobs.top }) }

function formatOf({ request, note }: ChatContext, { way }: JsonWay): JsonObject {
  const format = request.responseFormat
  if (format === undefined || format.type === 'text') return {}
  if (way === 'call') note({ kind: 'emulated', field: 'response_format', reason: 'the model answers through a call that is shown as text' })
  if (way === 'ask') note({ kind: 'emulated', field: 'response_format', reason: 'the format is told to the model, not enforced' })
  if (way === 'drop') note({ kind: 'dropped', field: 'response_format', reason: 'a demanded tool call leaves no JSON text' })
  if (way !== 'native' && way !== 'alone') return {}
  if (format.type === 'json') return { responseMimeType: 'application/json' }
  const schema = cleanSchema(format.schema, true)
  // The schema's own words are kept; the name and description beside it have no place of their own.
  if (format.description !== undefined && schema['description'] === undefined) schema['description'] = format.description
  return { responseMimeType: 'application/json', responseJsonSchema: schema }
}

/** OpenAI's voices have no twins; each is answered by one fixed voice of Gemini's. */
const VOICES: Readonly<Record<string, string>> = {
  alloy: 'Kore',
  ash: 'Charon',
  ballad: 'Aoede',
  cedar: 'Algieba',
  coral: 'Leda',
  echo: 'Puck',
  fable: 'Fenrir',
  marin: 'Despina',
  nova: 'Zephyr',
  onyx: 'Orus',
  sage: 'Sulafat',
  shimmer: 'Achernar',
  verse: 'Iapetus',
}

function outputOf(ctx: ChatContext, facts: ModelFacts): JsonObject {
  const { modalities, audioOutput } = ctx.request
  // Gemini speaks or writes, never both.
  const kinds = modalities?.includes('audio') ? ['audio'] : modalities
  const names =
    kinds === undefined
      ? defaultOutput(facts)
      : kinds.length === 1 && kinds[0] === 'text'
        ? undefined
        : kinds.map((kind) => kind.toUpperCase())
  const voice = audioOutput?.voice
  if (typeof voice !== 'string' || voice === '') return names === undefined ? {} : { responseModalities: names }
  const known = Object.hasOwn(VOICES, voice.toLowerCase()) ? (VOICES[voice.toLowerCase()] as string) : undefined
  if (known !== undefined) ctx.note({ kind: 'changed', field: 'audio.voice', reason: `spoken by Gemini's voice ${known}` })
  return {
    ...(names && { responseModalities: names }),
    speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: known ?? voice } } },
  }
}

const defaultOutput = (facts: ModelFacts): string[] | undefined =>
  facts.output === 'image' ? ['TEXT', 'IMAGE'] : facts.output === 'audio' ? ['AUDIO'] : undefined

const TIERS: Readonly<Record<string, string>> = {
  default: 'standard',
  standard: 'standard',
  standard_only: 'standard',
  flex: 'flex',
  priority: 'priority',
  fast: 'priority',
}

function tierOf(ctx: ChatContext): string | undefined {
  const tier = ctx.request.serviceTier
  if (tier === undefined || tier === 'auto') return undefined
  const known = Object.hasOwn(TIERS, tier) ? TIERS[tier] : undefined
  if (known === undefined) ctx.note({ kind: 'dropped', field: 'service_tier', reason: 'Gemini has no such tier' })
  return known
}

const LACKS: readonly Unspoken[] = ['name', 'filename', 'citations']

function noteDropped({ request, note }: ChatContext): void {
  const drop = (field: string, value: unknown, reason: string): void => {
    if (value !== undefined) note({ kind: 'dropped', field, reason })
  }
  drop('logit_bias', request.logitBias, 'Gemini has no token biases')
  drop('verbosity', request.verbosity, 'Gemini has no verbosity')
  drop('metadata', request.metadata, 'Gemini takes no metadata')
  drop('user', request.endUser, 'Gemini takes no end-user id')
  drop('prompt_cache_key', request.cacheKey, 'Gemini caches prompts by itself')
  const cached =
    request.cache ??
    request.tools.find((tool) => tool.cache)?.cache ??
    request.messages.find((message) => message.content.some((block) => 'cache' in block && block.cache !== undefined))
  drop('cache_control', cached, 'Gemini caches prompts by itself')
  if (request.parallelToolCalls === false && request.tools.length > 0) {
    note({ kind: 'emulated', field: 'parallel_tool_calls', reason: 'only the first call of a turn is kept' })
  }
}
