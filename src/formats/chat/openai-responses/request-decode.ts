// A client's request as the neutral one. Fields without a neutral place are carried in `extensions`.
// What needs stored state (`previous_response_id`, `conversation`, `background`) is refused in `peek.ts`,
// which every request passes.

import type { ChatRequest, Effort, Message, ReasoningSettings, ResponseFormat } from '../../../core/chat.ts'
import { invalid, unsupported } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { asArray, asObject, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { decodeInput } from './items-decode.ts'
import { refuseState } from './peek.ts'
import { flagAt, listAt, missing, needObject, needText, numberAt, objectAt, oneOf, textAt, without } from './read.ts'
import { decodeToolChoice, decodeTools } from './tools.ts'
import { type Carried, FORMAT, INCLUDE_LOGPROBS, SENT } from './wire.ts'

/** Members with a neutral place; of `reasoning` and `text` the rest is carried, all others as they are. */
const MAPPED = [
  ...[
    'model',
    'input',
    'instructions',
    'stream',
    'tools',
    'parallel_tool_calls',
    'max_output_tokens',
    'temperature',
    'top_p',
    'top_logprobs',
  ],
  ...['service_tier', 'metadata', 'prompt_cache_key', 'previous_response_id', 'conversation', 'background'],
  ...['tool_choice', 'reasoning', 'text', 'safety_identifier', 'user'],
]

export function decodeRequest(http: HttpRequest): ChatRequest {
  const { body } = http
  refuseState(body)
  const model = needText(body['model'], 'model')
  const { messages, additionalTools } = decodeInput(body['input'], body['tools'])
  if ((body['input'] ?? null) === null && !isObject(body['prompt'])) throw missing('input')
  const tools = decodeTools([{ wire: body['tools'], field: 'tools' }, ...additionalTools])
  const text = objectAt(body['text'], 'text')
  const user = textAt(body['user'], 'user')
  const instructions = decodeInstructions(body['instructions'])
  return compact({
    model,
    messages: instructions === undefined ? messages : [instructions, ...messages],
    tools,
    toolChoice: decodeToolChoice(body['tool_choice'], tools),
    parallelToolCalls: flagAt(body['parallel_tool_calls'], 'parallel_tool_calls'),
    stream: flagAt(body['stream'], 'stream') ?? false,
    choices: 1,
    maxOutputTokens: numberAt(body['max_output_tokens'], 'max_output_tokens', { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true }),
    temperature: numberAt(body['temperature'], 'temperature', { min: 0, max: 2 }),
    topP: numberAt(body['top_p'], 'top_p', { min: 0, max: 1 }),
    logprobs: decodeLogprobs(body),
    reasoning: decodeReasoningSettings(body['reasoning']),
    responseFormat: decodeFormat(text),
    verbosity: textAt(text?.['verbosity'], 'text.verbosity'),
    serviceTier: textAt(body['service_tier'], 'service_tier'),
    metadata: objectAt(body['metadata'], 'metadata'),
    endUser: textAt(body['safety_identifier'], 'safety_identifier') ?? user,
    cacheKey: textAt(body['prompt_cache_key'], 'prompt_cache_key'),
    extensions: { [FORMAT]: carried(body) },
  }) as ChatRequest
}

function carried(body: JsonObject): Carried {
  flagAt(body['store'], 'store')
  objectAt(body['stream_options'], 'stream_options')
  numberAt(body['max_tool_calls'], 'max_tool_calls', { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true })
  textAt(body['truncation'], 'truncation')
  return {
    ...without(body, MAPPED),
    ...leftOf(body, 'reasoning', ['effort', 'summary', 'generate_summary']),
    ...leftOf(body, 'text', ['format', 'verbosity']),
    [SENT]: body,
  }
}

/** What of a setting has no place in the neutral request. */
function leftOf(body: JsonObject, field: string, mapped: readonly string[]): JsonObject {
  const left = without(asObject(body[field]) ?? {}, mapped)
  return left === undefined ? {} : { [field]: left }
}

function decodeInstructions(wire: JsonValue | undefined): Message | undefined {
  if (Array.isArray(wire))
    throw unsupported('instructions', "Invalid type for 'instructions': expected a string, but got an array instead.")
  const text = textAt(wire, 'instructions')
  return text === undefined || text === '' ? undefined : { role: 'system', content: [{ type: 'text', text }] }
}

function decodeLogprobs(body: JsonObject): ChatRequest['logprobs'] {
  const top = numberAt(body['top_logprobs'], 'top_logprobs', { min: 0, max: 20, integer: true })
  const include = listAt(body['include'], 'include') ?? []
  if (include.some((entry) => typeof entry !== 'string')) throw invalid('include', "Invalid 'include': expected an array of strings.")
  return include.includes(INCLUDE_LOGPROBS) || (top ?? 0) > 0 ? { top: top ?? 0 } : undefined
}

const EFFORTS: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

function decodeReasoningSettings(wire: JsonValue | undefined): ReasoningSettings | undefined {
  const reasoning = objectAt(wire, 'reasoning')
  if (reasoning === undefined) return undefined
  const effort = oneOf(reasoning['effort'], 'reasoning.effort', EFFORTS)
  const summary = textAt(reasoning['summary'] ?? reasoning['generate_summary'], 'reasoning.summary')
  if (effort === undefined && summary === undefined) return undefined
  return { ...(effort !== undefined && { effort }), ...(summary !== undefined && summary !== 'none' && { display: 'summarized' as const }) }
}

function decodeFormat(text: JsonObject | undefined): ResponseFormat | undefined {
  const format = objectAt(text?.['format'], 'text.format')
  if (format === undefined) return undefined
  const type = oneOf(format['type'], 'text.format.type', ['text', 'json_object', 'json_schema'])
  if (type === undefined) throw missing('text.format.type')
  if (type === 'text') return { type }
  if (type === 'json_object') return { type: 'json' }
  // Chat nests the same members under `json_schema`.
  const body = objectAt(format['json_schema'], 'text.format.json_schema') ?? format
  return compact({
    type: 'json-schema' as const,
    name: needText(body['name'], 'text.format.name'),
    description: textAt(body['description'], 'text.format.description'),
    schema: needObject(body['schema'], 'text.format.schema'),
    strict: flagAt(body['strict'], 'text.format.strict'),
  }) as ResponseFormat
}

/** Whether the client asked for `what` in `include`. */
export const includes = (body: JsonObject | undefined, what: string): boolean => (asArray(body?.['include']) ?? []).includes(what)
