// A client's tools and its choice among them. A tool without a type is an ordinary function; a typed one is
// a server tool, or a client tool that only this format knows, and keeps its declaration whole.

import type { FunctionTool, ServerTool, Tool, ToolChoice } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { compact, type JsonObject } from '../../../lib/json.ts'
import {
  cacheOf,
  fieldPath,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalObject,
  optionalText,
  optionalTexts,
  requiredName,
} from './check.ts'
import { FORMAT_ID, restOf } from './wire.ts'

const KNOWN_TOOL = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'])

// The date is an open set: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
const KINDS: readonly (readonly [RegExp, ServerTool['kind'], string])[] = [
  [/^web_search_\d{8}$/, 'web-search', 'web_search'],
  [/^web_fetch_\d{8}$/, 'web-fetch', 'web_fetch'],
  [/^code_execution_\d{8}$/, 'code-execution', 'code_execution'],
]

/** The neutral kind of a typed tool; `undefined` for an ordinary function. */
export function serverToolKind(type: unknown): ServerTool['kind'] | undefined {
  if (typeof type !== 'string' || type === '' || type === 'custom') return undefined
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 'other'
}

export function decodeTools(body: JsonObject): Tool[] {
  return (optionalArray(body, 'tools', '') ?? []).map((item, i) => {
    const path = `tools[${i}]`
    const wire = objectAt(item, path)
    const kind = serverToolKind(optionalText(wire, 'type', path))
    return kind === undefined ? decodeFunction(wire, path) : decodeServerTool(wire, kind, path)
  })
}

function decodeFunction(wire: JsonObject, path: string): FunctionTool {
  const rest = restOf(wire, KNOWN_TOOL)
  return compact({
    type: 'function' as const,
    name: requiredName(wire, 'name', path),
    description: optionalText(wire, 'description', path),
    parameters: optionalObject(wire, 'input_schema', path),
    strict: optionalBoolean(wire, 'strict', path),
    cache: cacheOf(wire, path),
    extensions: rest && { [FORMAT_ID]: rest },
  }) as FunctionTool
}

function decodeServerTool(wire: JsonObject, kind: ServerTool['kind'], path: string): ServerTool {
  const name = KINDS.find(([, known]) => known === kind)?.[2]
  if (name !== undefined) {
    if (wire['name'] !== name) throw invalid(fieldPath(path, 'name'), `${fieldPath(path, 'name')}: Input should be '${name}'`)
    checkWebTool(wire, path)
  }
  return compact({ type: 'server' as const, kind, format: FORMAT_ID, wire, cache: cacheOf(wire, path) }) as ServerTool
}

/** What Anthropic itself refuses: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool */
function checkWebTool(wire: JsonObject, path: string): void {
  optionalInteger(wire, 'max_uses', path, 1)
  const allowed = optionalTexts(wire, 'allowed_domains', path)
  const blocked = optionalTexts(wire, 'blocked_domains', path)
  // Empty lists mean "no filter"; Claude Code sends both of them empty.
  if (allowed?.length && blocked?.length) {
    throw invalid(
      fieldPath(path, 'blocked_domains'),
      `${path}.blocked_domains: Only one of allowed_domains and blocked_domains may be specified`,
    )
  }
  const location = optionalObject(wire, 'user_location', path)
  if (location !== undefined) requiredName(location, 'type', fieldPath(path, 'user_location'))
}

export interface Choice {
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
}

export function decodeToolChoice(body: JsonObject, tools: readonly Tool[]): Choice {
  const wire = optionalObject(body, 'tool_choice', '')
  if (wire === undefined) return {}
  const disabled = optionalBoolean(wire, 'disable_parallel_tool_use', 'tool_choice')
  const parallel = disabled === undefined ? {} : { parallelToolCalls: !disabled }
  const type = requiredName(wire, 'type', 'tool_choice')
  switch (type) {
    case 'auto':
    case 'none':
      return { toolChoice: { type }, ...parallel }
    case 'any':
      return { toolChoice: { type: 'required' }, ...parallel }
    case 'tool':
      return { toolChoice: namedChoice(requiredName(wire, 'name', 'tool_choice'), tools, body), ...parallel }
    default:
      throw invalid('tool_choice.type', `tool_choice.type: Input tag '${type.slice(0, 40)}' is not one of 'auto', 'any', 'tool', 'none'`)
  }
}

function namedChoice(name: string, tools: readonly Tool[], body: JsonObject): ToolChoice {
  if (tools.some((tool) => tool.type === 'server' && tool.wire['name'] === name)) return { type: 'tool', name, server: true }
  const declared = tools.some((tool) => tool.type !== 'server' && tool.name === name)
  // Toolsets and MCP servers bring names that no declaration shows.
  const open = body['mcp_servers'] !== undefined || tools.some((tool) => tool.type === 'server' && tool.kind === 'other')
  if (!declared && !open) throw invalid('tool_choice.name', `tool_choice.name: Tool '${name.slice(0, 64)}' not found in provided tools`)
  return { type: 'tool', name }
}
