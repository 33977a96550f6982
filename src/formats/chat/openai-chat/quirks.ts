// Rewriting of a request for the many hosts of this wire that know functions and nothing else. It takes a body as
// `encodeRequest` writes it and leaves its argument alone; the decoder is its other half.

import type { Note } from '../../../core/warning.ts'
import { asArray, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

/**
 * Free-text tools become functions of one `input` text; the decoder unwraps the calls again, because it knows which
 * tools the client declared so. A choice among some tools becomes a list of these alone.
 */
export function withPlainTools(body: JsonObject, { note }: { readonly note?: Note } = {}): JsonObject {
  const tools = asArray(body['tools'])
  if (tools?.some((tool) => isObject(tool) && isObject(tool['custom'])))
    note?.({ kind: 'emulated', field: 'tools.custom', reason: 'a free-text tool is declared as a function with one string' })
  const messages = asArray(body['messages'])?.map((message) => {
    const calls = isObject(message) ? asArray(message['tool_calls']) : undefined
    return isObject(message) && calls !== undefined ? { ...message, tool_calls: calls.map(functionCall) } : message
  })
  const changed: JsonObject = { ...body, ...(messages && { messages }) }
  if (tools !== undefined) changed['tools'] = tools.map(functionTool)
  const choice = changed['tool_choice']
  if (isObject(choice) && isObject(choice['custom'])) changed['tool_choice'] = { type: 'function', function: choice['custom'] }
  const allowed = isObject(choice) ? choice['allowed_tools'] : undefined
  if (!isObject(allowed)) return changed
  const names = new Set((asArray(allowed['tools']) ?? []).map(nameOf))
  note?.({ kind: 'emulated', field: 'tool_choice', reason: 'only the allowed tools are declared' })
  return {
    ...changed,
    tools: (asArray(changed['tools']) ?? []).filter((tool) => names.has(nameOf(tool))),
    tool_choice: allowed['mode'] ?? 'auto',
  }
}

function nameOf(tool: JsonValue): JsonValue | undefined {
  const inner = isObject(tool) ? (tool['function'] ?? tool['custom']) : undefined
  return isObject(inner) ? inner['name'] : undefined
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
