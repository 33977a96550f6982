// A request rewriting for the many hosts of this wire that know no custom tools. It takes a body as
// `encodeRequest` writes it and leaves its argument alone; the decoder is its other half.

import { asArray, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

/**
 * For hosts without custom tools: each becomes a function of one `input` text. The decoder unwraps the
 * calls again, because it knows which tools the client declared as custom.
 */
export function withoutCustomTools(body: JsonObject): JsonObject {
  const tools = asArray(body['tools'])
  const messages = asArray(body['messages'])?.map((message) => {
    const calls = isObject(message) ? asArray(message['tool_calls']) : undefined
    return isObject(message) && calls !== undefined ? { ...message, tool_calls: calls.map(functionCall) } : message
  })
  const changed: JsonObject = { ...body, ...(messages && { messages }) }
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
