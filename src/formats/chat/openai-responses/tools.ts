// Tools and tool choice of a client's request. Namespaces are flattened to `namespace__name`; each nested
// tool remembers where it came from, so that answers can name it the client's way.

import type { Extensions, FunctionTool, ServerTool, Tool, ToolChoice } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { asObject, asString, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { flagAt, listAt, missing, needObject, needText, objectAt, oneOf, textAt, without } from './read.ts'
import { isClientSearch, searchTool } from './tool-search.ts'
import { FORMAT, isWebSearch } from './wire.ts'

interface Namespace extends JsonObject {
  name: string
}

/** `loaded`: found by a search of the client, and told upstream in that search's result. */
export interface ToolList {
  readonly wire: JsonValue | undefined
  readonly field: string
  readonly loaded?: true
}

/** The declared tools, later declarations of one name replacing earlier ones (deferred tools are declared again). */
export function decodeTools(lists: readonly ToolList[]): Tool[] {
  const tools: Tool[] = []
  const places = new Map<string, number>()
  const add = (tool: Tool): void => {
    const at = tool.type === 'server' ? undefined : places.get(tool.name)
    if (at !== undefined) tools[at] = tool
    else {
      if (tool.type !== 'server') places.set(tool.name, tools.length)
      tools.push(tool)
    }
  }
  for (const { wire, field, loaded } of lists) {
    const put = loaded === true ? (tool: Tool) => add(asLoaded(tool)) : add
    for (const [index, entry] of (listAt(wire, field) ?? []).entries()) decodeTool(entry, `${field}[${index}]`, put)
  }
  return tools
}

const asLoaded = (tool: Tool): Tool =>
  tool.type === 'server' ? tool : { ...tool, extensions: { ...tool.extensions, [FORMAT]: { ...tool.extensions?.[FORMAT], loaded: true } } }

function decodeTool(entry: JsonValue, field: string, add: (tool: Tool) => void): void {
  const wire = needObject(entry, field)
  const type = textAt(wire['type'], `${field}.type`)
  if (type === 'namespace') return decodeNamespace(wire, field, add)
  // Chat's nested spelling is common in hand-written requests.
  const nested = type === undefined || type === 'function' || type === 'custom' ? asObject(wire[type ?? 'function']) : undefined
  if (type === 'function' || (type === undefined && (nested !== undefined || wire['name'] !== undefined)))
    return add(functionTool(nested ?? wire, field))
  if (type === 'custom') return add(customTool(nested ?? wire, field))
  if (type === undefined) throw missing(`${field}.type`)
  if (isClientSearch(wire)) return add(searchTool(wire, field))
  add(serverTool(type, wire))
}

function decodeNamespace(wire: JsonObject, field: string, add: (tool: Tool) => void): void {
  const namespace: Namespace = { ...without(wire, ['type', 'tools']), name: needText(wire['name'], `${field}.name`) }
  for (const [index, entry] of (listAt(wire['tools'], `${field}.tools`) ?? []).entries()) {
    const at = `${field}.tools[${index}]`
    const nested = needObject(entry, at)
    add(nested['type'] === 'custom' ? customTool(nested, at, namespace) : functionTool(nested, at, namespace))
  }
}

const MAPPED = ['type', 'name', 'description', 'parameters', 'strict', 'format']

function identity(wire: JsonObject, field: string, namespace: Namespace | undefined): { name: string; extensions?: Extensions } {
  const name = needText(wire['name'], `${field}.name`)
  if (name === '') throw invalid(`${field}.name`, `Invalid '${field}.name': empty string.`)
  const rest = without(wire, MAPPED)
  if (namespace === undefined) return rest === undefined ? { name } : { name, extensions: { [FORMAT]: rest } }
  return { name: `${namespace.name}__${name}`, extensions: { [FORMAT]: { ...rest, namespace, localName: name } } }
}

function functionTool(wire: JsonObject, field: string, namespace?: Namespace): FunctionTool {
  const description = textAt(wire['description'], `${field}.description`)
  const parameters = objectAt(wire['parameters'], `${field}.parameters`)
  const strict = flagAt(wire['strict'], `${field}.strict`)
  return {
    type: 'function',
    ...identity(wire, field, namespace),
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
  }
}

function customTool(wire: JsonObject, field: string, namespace?: Namespace): Tool {
  const description = textAt(wire['description'], `${field}.description`)
  const format = objectAt(wire['format'], `${field}.format`)
  return {
    type: 'custom',
    ...identity(wire, field, namespace),
    ...(description !== undefined && { description }),
    ...(format && { format }),
  }
}

function serverTool(type: string, wire: JsonObject): ServerTool {
  const kind = isWebSearch(type) ? 'web-search' : type === 'code_interpreter' ? 'code-execution' : 'other'
  return { type: 'server', kind, format: FORMAT, wire }
}

// ── Choice ────────────────────────────────────────────────────────────────────────────────────────

/** @throws GatewayError 400 when the choice names a tool that was not declared. */
export function decodeToolChoice(wire: JsonValue | undefined, tools: readonly Tool[]): ToolChoice | undefined {
  if (wire === undefined || wire === null) return undefined
  if (typeof wire === 'string') {
    const type = oneOf(wire, 'tool_choice', ['none', 'auto', 'required'])
    // Without tools there is nothing to choose; several upstreams refuse the field then.
    return type === undefined || tools.length === 0 ? undefined : { type }
  }
  const choice = needObject(wire, 'tool_choice')
  const type = needText(choice['type'], 'tool_choice.type')
  if (type === 'auto' || type === 'none' || type === 'required') return tools.length === 0 ? undefined : { type }
  if (type === 'allowed_tools') return allowedTools(choice, tools)
  if (type === 'function' || type === 'custom') {
    const name = flatName(asObject(choice[type]) ?? choice, 'tool_choice')
    if (!tools.some((tool) => tool.type !== 'server' && tool.name === name)) throw notDeclared(name)
    return { type: 'tool', name }
  }
  if (!tools.some((tool) => tool.type === 'server' && sameServerTool(tool.wire['type'], type))) throw notDeclared(type)
  return { type: 'tool', name: isWebSearch(type) ? 'web_search' : type, server: true }
}

const sameServerTool = (declared: JsonValue | undefined, named: string): boolean =>
  declared === named || (typeof declared === 'string' && isWebSearch(declared) && isWebSearch(named)) || `${String(declared)}_use` === named

const notDeclared = (name: string): Error => invalid('tool_choice', `Tool choice '${name.slice(0, 128)}' not found in 'tools' parameter.`)

function flatName(wire: JsonObject, field: string): string {
  const namespace = textAt(wire['namespace'], `${field}.namespace`)
  const name = needText(wire['name'], `${field}.name`)
  return namespace === undefined ? name : `${namespace}__${name}`
}

function allowedTools(choice: JsonObject, tools: readonly Tool[]): ToolChoice {
  const body = asObject(choice['allowed_tools']) ?? choice
  const mode = oneOf(body['mode'], 'tool_choice.mode', ['auto', 'required']) ?? 'auto'
  const names: string[] = []
  for (const [index, entry] of (listAt(body['tools'], 'tool_choice.tools') ?? []).entries()) {
    const field = `tool_choice.tools[${index}]`
    const wire = needObject(entry, field)
    const type = asString(wire['type']) ?? 'function'
    if (type === 'function' || type === 'custom') {
      const name = flatName(asObject(wire[type]) ?? wire, field)
      if (!tools.some((tool) => tool.type !== 'server' && tool.name === name)) throw notDeclared(name)
      names.push(name)
    } else names.push(isWebSearch(type) ? 'web_search' : type)
  }
  return { type: 'allowed', names, required: mode === 'required' }
}
