// The search for deferred tools that the client runs itself (Codex). Other formats see a function of that name, and
// what it loaded among the declared tools; on this wire all of it keeps its own shape.
// https://developers.openai.com/api/docs/guides/tools-tool-search

import type { Extensions, FunctionTool, ToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import { asArray, asObject, asString, isObject, type JsonObject } from '../../../lib/json.ts'
import { objectAt, textAt } from './read.ts'
import { carriedOf, FORMAT } from './wire.ts'

const NAME = 'tool_search'

/** Whether the client answers it; the hosted kind is OpenAI's alone. */
export const isClientSearch = (wire: JsonObject): boolean => wire['type'] === NAME && wire['execution'] === 'client'

export function searchTool(wire: JsonObject, field: string): FunctionTool {
  const description = textAt(wire['description'], `${field}.description`)
  const parameters = objectAt(wire['parameters'], `${field}.parameters`)
  return {
    type: 'function',
    name: NAME,
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    extensions: { [FORMAT]: { toolSearch: wire } },
  }
}

/** An item of the input, calls and results alike, as its own wire has it. */
export const searchWire = (extensions: Extensions | undefined): JsonObject | undefined => asObject(carriedOf(extensions)['toolSearch'])

export function searchCall(item: JsonObject): ToolCallBlock {
  const args = item['arguments']
  return {
    type: 'tool-call',
    id: asString(item['call_id']) ?? asString(item['id']) ?? '',
    name: NAME,
    arguments: typeof args === 'string' ? args || '{}' : JSON.stringify(args ?? {}),
    kind: 'function',
    extensions: { [FORMAT]: { toolSearch: withoutId(item) } },
  }
}

export function searchResult(item: JsonObject): ToolResultBlock {
  const names = (asArray(item['tools']) ?? []).filter(isObject).flatMap(namesOf)
  const text = names.length === 0 ? 'No tool was found.' : `These tools can be called from now on: ${names.join(', ')}.`
  return {
    type: 'tool-result',
    callId: asString(item['call_id']) ?? '',
    name: NAME,
    content: [{ type: 'text', text }],
    isError: false,
    kind: 'function',
    extensions: { [FORMAT]: { toolSearch: withoutId(item) } },
  }
}

function namesOf(tool: JsonObject): string[] {
  const name = asString(tool['name']) ?? ''
  if (tool['type'] !== 'namespace') return name === '' ? [] : [name]
  return (asArray(tool['tools']) ?? []).filter(isObject).map((nested) => `${name}__${asString(nested['name']) ?? ''}`)
}

function withoutId({ id: _id, ...item }: JsonObject): JsonObject {
  return item
}

/** Whether the request declares the search under this name. */
export const searches = (
  tools: readonly { readonly type: string; readonly name?: string; readonly extensions?: Extensions }[],
  name: string,
): boolean => tools.some((tool) => tool.type === 'function' && tool.name === name && searchWire(tool.extensions) !== undefined)
