// What admission reads from a Chat Completions body before anything is decoded. Checks only what it reads.

import { invalid } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { isObject, type JsonObject } from '../../../lib/json.ts'
import type { Peek } from '../format.ts'
import { hasResponsesShape } from './responses-shape.ts'
import { decodeTools } from './tool-decode.ts'
import { MAX_CHOICES, missing, readBoolean, readNumber, readPositiveInteger, readString, wrongType } from './wire.ts'

/**
 * The model without decorations (`models/`, `[1m]`). Azure's clients name it in the path only.
 * @throws GatewayError 400 naming `model`.
 */
export function readModel(body: JsonObject, path: string): string {
  const deployment = /\/deployments\/([^/]+)\//.exec(path)?.[1]
  const named = readString(body, 'model') ?? deployment ?? ''
  const model = named
    .trim()
    .replace(/^models\//, '')
    .replace(/\[1m\]$/i, '')
  if (model === '') throw missing('model')
  return model
}

/** `n`, 1 when absent. @throws GatewayError 400 outside of 1 to 8. */
export function readChoices(body: JsonObject): number {
  const n = readNumber(body, 'n') ?? 1
  if (!Number.isInteger(n) || n < 1 || n > MAX_CHOICES) {
    throw invalid('n', `Invalid value for 'n': expected an integer from 1 to ${MAX_CHOICES}.`)
  }
  return n
}

export function peek(http: HttpRequest): Peek {
  const { body } = http
  const model = readModel(body, http.path)
  const responsesShape = hasResponsesShape(body)
  if (!responsesShape) checkMessages(body)
  const stream = readBoolean(body, 'stream') ?? false
  const limit =
    readPositiveInteger(body, 'max_completion_tokens') ??
    readPositiveInteger(body, 'max_tokens') ??
    (responsesShape ? readPositiveInteger(body, 'max_output_tokens') : undefined)
  const options = body['stream_options']
  const wantsUsage = typeof options === 'object' && options !== null && (options as JsonObject)['include_usage'] === true
  const asksTools = hasAny(body['tools']) || hasAny(body['functions']) || hasAny(body['web_search_options'])
  const tools = asksTools ? decodeTools(body) : []
  const seen: Draft<Peek> = {
    model,
    stream,
    choices: readChoices(body),
    hasTools: tools.length > 0,
    framing: 'sse',
    serverTools: tools.filter((tool) => tool.type === 'server').map(({ kind }) => kind),
  }
  put(seen, 'maxOutputTokens', limit)
  if (stream && !wantsUsage) seen.hidesUsage = true
  if (tools.some((tool) => tool.type === 'custom') || choosesAmong(body)) seen.openaiTools = true
  if (responsesShape || hasFlatTools(body)) seen.misspelled = true
  return seen
}

const choosesAmong = ({ tool_choice: choice }: JsonObject): boolean => isObject(choice) && choice['type'] === 'allowed_tools'

/** Tools in the Responses spelling, as some editors send them here; upstreams want them nested. */
const hasFlatTools = ({ tools }: JsonObject): boolean =>
  Array.isArray(tools) &&
  tools.some(
    (tool) =>
      isObject(tool) &&
      typeof tool['name'] === 'string' &&
      ['function', 'custom', undefined].includes(tool['type'] as string | undefined) &&
      !isObject(tool['function']) &&
      !isObject(tool['custom']),
  )

/** Anything but nothing and an empty list needs a look, so that a wrong type is told. */
const hasAny = (value: unknown): boolean => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)

function checkMessages(body: JsonObject): void {
  const messages = body['messages']
  if (messages === undefined || messages === null) throw missing('messages')
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array', messages)
  if (messages.length === 0) throw invalid('messages', "Invalid 'messages': empty array. Expected at least one message.")
}
