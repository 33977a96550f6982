// Bodies of the Responses API posted to the Chat path, as Cursor does for some models: `input` instead of
// `messages`, flat tools, `reasoning`, `instructions`, `max_output_tokens`. Rewritten here into this wire's
// own shape, before anything else reads them. State (`previous_response_id`, …) has no meaning on this path.

import { invalid, unsupported } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { missing, readString, requireString, wrongType } from './wire.ts'

export const hasResponsesShape = (body: JsonObject): boolean =>
  (body['messages'] === undefined || body['messages'] === null) && body['input'] !== undefined && body['input'] !== null

const STATEFUL = ['previous_response_id', 'conversation', 'background'] as const
/** Members of the other shape that are rewritten or mean nothing to this one. */
const TAKEN = ['input', 'instructions', 'max_output_tokens', 'reasoning', 'text', 'include', 'truncation', ...STATEFUL]

/** @throws GatewayError 400 naming the field. */
export function fromResponsesShape(body: JsonObject): JsonObject {
  for (const key of STATEFUL) {
    if (body[key] !== undefined && body[key] !== null && body[key] !== false)
      throw unsupported(key, `'${key}' is not supported on this endpoint.`)
  }
  const chat: JsonObject = {}
  for (const key in body) if (!TAKEN.includes(key)) chat[key] = body[key]
  chat['messages'] = messagesOf(body)
  if (body['max_output_tokens'] !== undefined) chat['max_completion_tokens'] ??= body['max_output_tokens']
  if (isObject(body['reasoning'])) chat['reasoning'] = body['reasoning']
  const text = body['text']
  if (isObject(text)) {
    if (text['verbosity'] !== undefined) chat['verbosity'] ??= text['verbosity']
    if (isObject(text['format'])) chat['response_format'] ??= responseFormat(text['format'])
  }
  return chat
}

function responseFormat(format: JsonObject): JsonObject {
  if (format['type'] !== 'json_schema') return format
  const { type: _type, ...json_schema } = format
  return { type: 'json_schema', json_schema }
}

function messagesOf(body: JsonObject): JsonValue[] {
  const messages: JsonObject[] = []
  const instructions = readString(body, 'instructions')
  if (instructions) messages.push({ role: 'system', content: instructions })
  const input = body['input']
  if (typeof input === 'string') messages.push({ role: 'user', content: input })
  else if (Array.isArray(input)) for (const [index, item] of input.entries()) addItem(messages, item, `input[${index}]`)
  else throw wrongType('input', 'a string or an array', input)
  if (messages.length === 0) throw missing('input')
  return messages
}

function addItem(messages: JsonObject[], item: JsonValue, field: string): void {
  if (!isObject(item)) throw wrongType(field, 'an object', item)
  const type = readString(item, 'type', field) ?? 'message'
  switch (type) {
    case 'message':
      messages.push({ role: requireString(item, 'role', field), content: item['content'] })
      return
    case 'function_call':
      return addCall(messages, {
        id: item['call_id'] ?? item['id'],
        type: 'function',
        function: { name: item['name'], arguments: item['arguments'] },
      })
    case 'custom_tool_call':
      return addCall(messages, { id: item['call_id'] ?? item['id'], type: 'custom', custom: { name: item['name'], input: item['input'] } })
    case 'function_call_output':
    case 'custom_tool_call_output':
      messages.push({ role: 'tool', tool_call_id: requireString(item, 'call_id', field), content: item['output'] })
      return
    case 'reasoning':
      // Bound to stored or encrypted state of the other API.
      return
    case 'input_text':
    case 'input_image':
    case 'input_file':
      messages.push({ role: 'user', content: [item] })
      return
    default:
      throw invalid(`${field}.type`, `Items of type '${type}' are not supported on this endpoint.`)
  }
}

/** Calls of one turn stand in one assistant message here. */
function addCall(messages: JsonObject[], call: JsonObject): void {
  const last = messages.at(-1)
  if (last?.['role'] === 'assistant') {
    const calls = Array.isArray(last['tool_calls']) ? last['tool_calls'] : []
    last['tool_calls'] = [...calls, call]
  } else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
}
