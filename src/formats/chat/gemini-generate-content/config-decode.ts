// `generationConfig` of a client to neutral settings. What only Gemini knows is carried.

import type { ChatRequest, Effort, ReasoningSettings, ResponseFormat } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import type { Note } from '../../../core/warning.ts'
import { compact, isObject, type JsonObject } from '../../../lib/json.ts'
import { fromOpenApi } from './schema.ts'
import { booleanOf, member, numberOf, objectOf, othersOf, stringOf, stringsOf } from './spelling.ts'

const PATH = 'generationConfig'

const MAPPED = new Set([
  ...['temperature', 'topP', 'topK', 'candidateCount', 'maxOutputTokens', 'stopSequences', 'responseMimeType', 'responseSchema'],
  ...[
    'responseJsonSchema',
    'responseModalities',
    'thinkingConfig',
    'seed',
    'presencePenalty',
    'frequencyPenalty',
    'responseLogprobs',
    'logprobs',
  ],
])

export type DecodedConfig = Partial<ChatRequest> & Pick<ChatRequest, 'choices'> & { readonly carried: JsonObject }

export function decodeConfig(body: JsonObject, note: Note): DecodedConfig {
  const config = objectOf(body, PATH, '') ?? {}
  const number = (name: string, min?: number, max?: number): number | undefined =>
    numberOf(config, name, { path: PATH, ...(min !== undefined && { min }), ...(max !== undefined && { max }) })
  const integer = (name: string, min: number, max?: number): number | undefined =>
    numberOf(config, name, { path: PATH, integer: true, min, ...(max !== undefined && { max }) })
  const carried = othersOf(config, MAPPED)
  const mimeType = stringOf(config, 'responseMimeType', PATH)
  if (mimeType !== undefined && !['application/json', 'text/plain'].includes(mimeType)) {
    carried['responseMimeType'] = mimeType
    note({ kind: 'changed', field: `${PATH}.responseMimeType`, reason: 'only Gemini itself honours this type' })
  }
  return compact({
    temperature: number('temperature', 0, 2),
    topP: number('topP', 0, 1),
    topK: number('topK', 0),
    choices: integer('candidateCount', 1, 8) ?? 1,
    maxOutputTokens: integer('maxOutputTokens', 1),
    stopSequences: stopsOf(config),
    seed: numberOf(config, 'seed', { path: PATH, integer: true }),
    presencePenalty: number('presencePenalty'),
    frequencyPenalty: number('frequencyPenalty'),
    logprobs: logprobsOf(config),
    reasoning: decodeThinking(config),
    responseFormat: formatOf(config, mimeType),
    ...outputOf(config),
    carried,
  }) as DecodedConfig
}

function stopsOf(config: JsonObject): string[] | undefined {
  const stops = stringsOf(config, 'stopSequences', PATH)
  if (stops !== undefined && stops.length > 5) throw invalid(`${PATH}.stopSequences`, `${PATH}.stopSequences takes at most 5`)
  return stops === undefined || stops.length === 0 ? undefined : stops
}

function logprobsOf(config: JsonObject): ChatRequest['logprobs'] {
  const top = numberOf(config, 'logprobs', { path: PATH, integer: true, min: 0, max: 20 })
  return booleanOf(config, 'responseLogprobs', PATH) === true ? { top: top ?? 0 } : undefined
}

const EFFORTS: Readonly<Record<string, Effort>> = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high', XHIGH: 'xhigh' }

function decodeThinking(config: JsonObject): ReasoningSettings | undefined {
  const thinking = objectOf(config, 'thinkingConfig', PATH)
  if (thinking === undefined) return undefined
  const path = `${PATH}.thinkingConfig`
  const level = stringOf(thinking, 'thinkingLevel', path)?.toUpperCase()
  if (level !== undefined && !Object.hasOwn(EFFORTS, level) && level !== 'THINKING_LEVEL_UNSPECIFIED') {
    throw invalid(`${path}.thinkingLevel`, `${path}.thinkingLevel must be MINIMAL, LOW, MEDIUM or HIGH`)
  }
  const budget = numberOf(thinking, 'thinkingBudget', { path, integer: true, min: -1 })
  const effort = level === undefined ? undefined : EFFORTS[level]
  if (effort !== undefined && budget !== undefined) throw invalid(path, `${path} takes thinkingLevel or thinkingBudget, not both`)
  return compact({
    effort: budget === 0 ? 'none' : effort,
    budgetTokens: budget === 0 ? undefined : budget,
    display: booleanOf(thinking, 'includeThoughts', path) === true ? ('summarized' as const) : ('omitted' as const),
  }) as ReasoningSettings
}

function formatOf(config: JsonObject, mimeType: string | undefined): ResponseFormat | undefined {
  const openApi = objectOf(config, 'responseSchema', PATH)
  const json = objectOf(config, 'responseJsonSchema', PATH) ?? objectOf(config, '_responseJsonSchema', PATH)
  const schema = json ?? (openApi && fromOpenApi(openApi, `${PATH}.responseSchema`))
  if (schema !== undefined && mimeType !== 'text/plain') return { type: 'json-schema', schema }
  return mimeType === 'application/json' ? { type: 'json' } : undefined
}

const MODALITIES: Readonly<Record<string, 'text' | 'image' | 'audio'>> = { TEXT: 'text', IMAGE: 'image', AUDIO: 'audio' }

function outputOf(config: JsonObject): Pick<ChatRequest, 'modalities' | 'audioOutput'> {
  const names = stringsOf(config, 'responseModalities', PATH)?.map((name) => name.toUpperCase()) ?? []
  for (const [index, name] of names.entries()) {
    if (!Object.hasOwn(MODALITIES, name) && name !== 'VIDEO' && name !== 'MODALITY_UNSPECIFIED') {
      throw invalid(`${PATH}.responseModalities[${index}]`, `${PATH}.responseModalities[${index}] must be TEXT, IMAGE or AUDIO`)
    }
  }
  const modalities = names.flatMap((name) => (Object.hasOwn(MODALITIES, name) ? [MODALITIES[name] as 'text' | 'image' | 'audio'] : []))
  const voice = voiceOf(objectOf(config, 'speechConfig', PATH))
  return {
    ...(modalities.length > 0 && { modalities }),
    ...((voice !== undefined || modalities.includes('audio')) && { audioOutput: voice === undefined ? {} : { voice } }),
  }
}

function voiceOf(speech: JsonObject | undefined): string | undefined {
  const config = speech && member(speech, 'voiceConfig')
  const prebuilt = isObject(config) ? member(config, 'prebuiltVoiceConfig') : undefined
  const name = isObject(prebuilt) ? member(prebuilt, 'voiceName') : undefined
  return typeof name === 'string' ? name : undefined
}
