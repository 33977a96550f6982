// Request rewritings that many hosts of this wire need and their providers name as quirks. They take a body
// as `encodeRequest` writes it and leave their argument alone.

import { asArray, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { REASONING_FIELDS } from './reasoning.ts'

function eachMessage(body: JsonObject, change: (message: JsonObject) => JsonObject): JsonObject {
  return { ...body, messages: (asArray(body['messages']) ?? []).map((message) => (isObject(message) ? change(message) : message)) }
}

/** For hosts that refuse reasoning in history (OpenAI itself, DeepSeek R1). */
export const withoutReasoning = (body: JsonObject): JsonObject =>
  eachMessage(body, (message) => {
    const { extra_content: _extra, ...kept } = message
    for (const field of REASONING_FIELDS) delete kept[field]
    if (!Array.isArray(kept['tool_calls'])) return kept
    return { ...kept, tool_calls: kept['tool_calls'].map(withoutExtra) }
  })

function withoutExtra(call: JsonValue): JsonValue {
  if (!isObject(call)) return call
  const { extra_content: _extra, ...kept } = call
  return kept
}

/** For hosts that only know `max_tokens` (Mistral and most compatible ones). */
export function withMaxTokens(body: JsonObject): JsonObject {
  const { max_completion_tokens: limit, ...kept } = body
  return limit === undefined ? body : { ...kept, max_tokens: limit }
}

/** For hosts and templates that do not know the role `developer`. */
export const withoutDeveloper = (body: JsonObject): JsonObject =>
  eachMessage(body, (message) => (message['role'] === 'developer' ? { ...message, role: 'system' } : message))

/** For hosts that take text only as a string, never as a list of text parts. */
export const withPlainText = (body: JsonObject): JsonObject =>
  eachMessage(body, (message) => {
    const parts = asArray(message['content'])
    if (parts === undefined || !parts.every((part) => isObject(part) && part['type'] === 'text' && typeof part['text'] === 'string'))
      return message
    return { ...message, content: parts.map((part) => (part as JsonObject)['text']).join('\n') }
  })

/**
 * For hosts without custom tools: each becomes a function of one `input` text. The decoder unwraps the
 * calls again, because it knows which tools the client declared as custom.
 */
export function withoutCustomTools(body: JsonObject): JsonObject {
  const tools = asArray(body['tools'])
  const changed = eachMessage(body, (message) => {
    const calls = asArray(message['tool_calls'])
    return calls === undefined ? message : { ...message, tool_calls: calls.map(functionCall) }
  })
  if (tools !== undefined) changed['tools'] = tools.map(functionTool)
  const choice = changed['tool_choice']
  if (isObject(choice) && isObject(choice['custom'])) changed['tool_choice'] = { type: 'function', function: choice['custom'] }
  return changed
}

function functionCall(call: JsonValue): JsonValue {
  if (!isObject(call) || !isObject(call['custom'])) return call
  const { custom, ...rest } = call
  return { ...rest, type: 'function', function: { name: custom['name'], arguments: JSON.stringify({ input: custom['input'] ?? '' }) } }
}

function functionTool(tool: JsonValue): JsonValue {
  if (!isObject(tool) || !isObject(tool['custom'])) return tool
  const { name, description, format } = tool['custom']
  const grammar =
    isObject(format) && isObject(format['grammar']) ? `\n\nThe input must match this grammar:\n${format['grammar']['definition']}` : ''
  return {
    type: 'function',
    function: {
      name,
      description: `${typeof description === 'string' ? description : ''}${grammar}`,
      parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
    },
  }
}
