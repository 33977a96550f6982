// Neutral tools and tool choice in this wire's shape. A tool that only another format's upstream can run
// is left out, aloud.

import type { ChatRequest, CustomTool, FunctionTool, ServerTool } from '../../../core/chat.ts'
import type { Note } from '../../../core/warning.ts'
import { isObject, type JsonObject } from '../../../lib/json.ts'
import { objectSchema } from '../../../lib/object-schema.ts'
import type { ToolNames } from './names.ts'
import { carriedToolMembers } from './tool-decode.ts'
import { FORMAT } from './wire.ts'

export interface ToolContext {
  readonly names: ToolNames
  readonly upstreamModel: string
  readonly note: Note
}

/** The tool members of a request body. */
export function encodeTools(request: ChatRequest, ctx: ToolContext): JsonObject {
  const tools: JsonObject[] = []
  let search: JsonObject | undefined
  for (const tool of request.tools) {
    if (tool.type === 'function') tools.push(functionTool(tool, ctx))
    else if (tool.type === 'custom') tools.push(customTool(tool, ctx))
    else if (tool.format === FORMAT && isDeclared(tool.wire)) tools.push(tool.wire)
    else search = searchOptions(tool, ctx) ?? search
  }
  return {
    ...(tools.length > 0 && { tools: withoutRepeats(tools) }),
    ...(tools.length > 0 && toolChoice(request, ctx)),
    ...(tools.length > 0 && request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls }),
    ...(search && { web_search_options: search }),
  }
}

/** An entry of `tools`, as against the object of `web_search_options`. */
const isDeclared = (wire: JsonObject): boolean =>
  wire['type'] !== undefined ||
  (Object.keys(wire).some((key) => !['search_context_size', 'user_location'].includes(key)) && Object.keys(wire).length > 0)

/** Upstreams refuse two tools of one name: identical declarations are sent once. */
function withoutRepeats(tools: JsonObject[]): JsonObject[] {
  const seen = new Set<string>()
  return tools.filter((tool) => {
    const text = JSON.stringify(tool)
    if (seen.has(text)) return false
    seen.add(text)
    return true
  })
}

function functionTool(tool: FunctionTool, { names }: ToolContext): JsonObject {
  return {
    type: 'function',
    function: {
      name: names.toWire(tool.name),
      ...(tool.description !== undefined && { description: tool.description }),
      parameters: objectSchema(tool.parameters),
      ...(tool.strict !== undefined && { strict: tool.strict }),
    },
    ...carriedToolMembers(tool),
  }
}

function customTool(tool: CustomTool, { names }: ToolContext): JsonObject {
  return {
    type: 'custom',
    custom: {
      name: names.toWire(tool.name),
      ...(tool.description !== undefined && { description: tool.description }),
      ...(tool.format !== undefined && { format: nestedGrammar(tool.format) }),
    },
    ...carriedToolMembers(tool),
  }
}

function nestedGrammar(format: JsonObject): JsonObject {
  if (format['type'] !== 'grammar' || isObject(format['grammar'])) return format
  const { type: _type, ...grammar } = format
  return { type: 'grammar', grammar }
}

/** Models with built-in search take options instead of a tool (`gpt-4o-search-preview`, `gpt-5-search-api`). */
function searchOptions(tool: ServerTool, { upstreamModel, note }: ToolContext): JsonObject | undefined {
  if (tool.kind === 'web-search') {
    if (tool.format === FORMAT) return tool.wire
    if (/search/i.test(upstreamModel)) return foreignSearch(tool.wire)
  }
  const type = typeof tool.wire['type'] === 'string' ? tool.wire['type'] : tool.kind
  note({ kind: 'dropped', field: `tools.${type}`, reason: 'the upstream cannot run this tool' })
  return undefined
}

function foreignSearch(wire: JsonObject): JsonObject {
  const place = wire['user_location']
  if (!isObject(place)) return {}
  const { type: _type, ...approximate } = isObject(place['approximate']) ? place['approximate'] : place
  return { user_location: { type: 'approximate', approximate } }
}

function toolChoice(request: ChatRequest, { names, note }: ToolContext): JsonObject {
  const choice = request.toolChoice
  if (choice === undefined) return {}
  const reference = (name: string): JsonObject => {
    const type = request.tools.some((tool) => tool.type === 'custom' && tool.name === name) ? 'custom' : 'function'
    return { type, [type]: { name: names.toWire(name) } }
  }
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return { tool_choice: choice.type }
    case 'tool': {
      if (choice.server !== true) return { tool_choice: reference(choice.name) }
      const own = request.tools.some((tool) => tool.type === 'server' && tool.format === FORMAT && tool.wire['type'] === choice.name)
      if (own) return { tool_choice: { type: choice.name } }
      note({ kind: 'dropped', field: 'tool_choice', reason: 'the upstream cannot run this tool' })
      return {}
    }
    case 'allowed':
      return {
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: choice.required ? 'required' : 'auto', tools: choice.names.map(reference) },
        },
      }
  }
}
