// A client's `tools`, legacy `functions` and `tool_choice`. Function and custom tools are read nested (this
// wire's own shape) and flat (Responses' shape, which some editors send here); every other type is a tool
// that runs at the upstream or in the gateway.

import type { CustomTool, FunctionTool, ServerTool, Tool, ToolChoice } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { cacheHint } from './part-decode.ts'
import {
  carriedFrom,
  FORMAT,
  missing,
  ownExtension,
  readArray,
  readBoolean,
  readObject,
  readString,
  requireString,
  wrongType,
} from './wire.ts'

const KNOWN = {
  flat: new Set(['type', 'function', 'custom', 'name', 'description', 'parameters', 'strict', 'format', 'cache_control']),
  nested: new Set(['type', 'function', 'custom', 'cache_control']),
}

/** Marks functions that came as legacy `functions`: the answer must then wear the legacy shape. */
const LEGACY = 'legacy_function'

export const isLegacy = (tools: readonly Tool[]): boolean =>
  tools.some((tool) => tool.type === 'function' && ownExtension(tool.extensions)?.[LEGACY] === true)

/** Members to write back on a tool; our own mark is none. */
export function carriedToolMembers(tool: FunctionTool | CustomTool): JsonObject {
  const { [LEGACY]: _mark, ...members } = ownExtension(tool.extensions) ?? {}
  return members
}

/** @throws GatewayError 400 naming the field. */
export function decodeTools(body: JsonObject): Tool[] {
  const tools: Tool[] = (readArray(body, 'tools') ?? []).map((tool, index) => decodeTool(tool, `tools[${index}]`))
  for (const [index, wire] of (readArray(body, 'functions') ?? []).entries()) {
    const field = `functions[${index}]`
    if (!isObject(wire)) throw wrongType(field, 'an object', wire)
    tools.push({ ...functionTool(wire, field), extensions: { [FORMAT]: { [LEGACY]: true } } })
  }
  const search = readObject(body, 'web_search_options')
  if (search !== undefined) tools.push({ type: 'server', kind: 'web-search', format: FORMAT, wire: search })
  return tools
}

function decodeTool(wire: JsonValue, field: string): Tool {
  if (!isObject(wire)) throw wrongType(field, 'an object', wire)
  const type = readString(wire, 'type', field)
  if (type === undefined && !isObject(wire['function']) && !isObject(wire['custom']) && wire['name'] === undefined) {
    const kind = serverKind(Object.keys(wire)[0] ?? '')
    if (kind === 'other') throw missing(`${field}.type`)
    return { type: 'server', kind, format: FORMAT, wire }
  }
  if (type === 'custom' || (type === undefined && isObject(wire['custom']))) return customTool(wire, field)
  if (type !== undefined && type !== 'function') {
    return { type: 'server', kind: serverKind(type), format: FORMAT, wire, ...cacheHint(wire) }
  }
  const nested = readObject(wire, 'function', field)
  if (nested === undefined && wire['name'] === undefined) throw missing(`${field}.function`)
  const pseudo = pseudoServerTool(nested, wire)
  if (pseudo !== undefined) return pseudo
  return {
    ...functionTool(nested ?? wire, nested === undefined ? field : `${field}.function`),
    ...cacheHint(wire),
    ...carriedFrom(wire, nested === undefined ? KNOWN.flat : KNOWN.nested),
  }
}

/** Gemini's built-in tools under the names that aggregators give them as parameterless functions. */
const PSEUDO: Readonly<Record<string, ServerTool['kind']>> = {
  googleSearch: 'web-search',
  codeExecution: 'code-execution',
  urlContext: 'web-fetch',
}

function pseudoServerTool(nested: JsonObject | undefined, wire: JsonObject): ServerTool | undefined {
  const name = nested?.['name']
  if (nested === undefined || typeof name !== 'string' || nested['parameters'] !== undefined || !Object.hasOwn(PSEUDO, name))
    return undefined
  return { type: 'server', kind: PSEUDO[name] as ServerTool['kind'], format: FORMAT, wire }
}

function serverKind(type: string): ServerTool['kind'] {
  const plain = type
    .replace(/^[a-z]+:/, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
  if (/^(web_search|google_search|browser_search)/.test(plain)) return 'web-search'
  if (/^(web_fetch|url_context)/.test(plain)) return 'web-fetch'
  return /^(code_execution|code_interpreter)/.test(plain) ? 'code-execution' : 'other'
}

function functionTool(wire: JsonObject, field: string): FunctionTool {
  const name = requireString(wire, 'name', field)
  const description = readString(wire, 'description', field)
  const parameters = readObject(wire, 'parameters', field)
  const strict = readBoolean(wire, 'strict', field)
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    ...(strict !== undefined && { strict }),
  }
}

function customTool(wire: JsonObject, field: string): CustomTool {
  const nested = readObject(wire, 'custom', field)
  const body = nested ?? wire
  const at = nested === undefined ? field : `${field}.custom`
  const name = requireString(body, 'name', at)
  const description = readString(body, 'description', at)
  const format = readObject(body, 'format', at)
  return {
    type: 'custom',
    name,
    ...(description !== undefined && { description }),
    ...(format !== undefined && { format: flatGrammar(format) }),
    ...cacheHint(wire),
    ...carriedFrom(wire, nested === undefined ? KNOWN.flat : KNOWN.nested),
  }
}

/** `{type:'grammar', grammar:{…}}` as the neutral model has it: `{type:'grammar', syntax, definition}`. */
function flatGrammar(format: JsonObject): JsonObject {
  const { grammar, ...rest } = format
  return isObject(grammar) ? { ...rest, ...grammar } : format
}

/** @throws GatewayError 400 for a value that is none, or a tool that was not declared. */
export function decodeToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice | undefined {
  const legacy = body['tool_choice'] === undefined || body['tool_choice'] === null
  const field = legacy ? 'function_call' : 'tool_choice'
  const value = legacy ? body['function_call'] : body['tool_choice']
  if (value === undefined || value === null) return undefined
  const choice = typeof value === 'string' ? namedChoice(value, field) : choiceObject(value, field)
  // Without tools there is nothing to choose from, and upstreams refuse the field.
  if (tools.length === 0) return undefined
  for (const name of choice.type === 'tool' ? [choice.name] : choice.type === 'allowed' ? choice.names : []) {
    const known = tools.some((tool) => tool.type === 'server' || tool.name === name)
    if (!known) throw invalid(field, `Tool choice '${name}' not found in 'tools' parameter.`)
  }
  return choice
}

function namedChoice(value: string, field: string): ToolChoice {
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value }
  if (value === 'any') return { type: 'required' }
  throw invalid(field, `Invalid value for '${field}': expected 'none', 'auto', 'required' or an object.`)
}

function choiceObject(value: JsonValue, field: string): ToolChoice {
  if (!isObject(value)) throw wrongType(field, 'a string or an object', value)
  const type = readString(value, 'type', field)
  if (type === 'allowed_tools') return allowedChoice(value, field)
  for (const key of ['function', 'custom'] as const) {
    const nested = readObject(value, key, field)
    if (nested !== undefined) return { type: 'tool', name: requireString(nested, 'name', `${field}.${key}`) }
  }
  if (value['name'] !== undefined) return { type: 'tool', name: requireString(value, 'name', field) }
  if (type === 'auto' || type === 'none' || type === 'required' || type === 'any') return namedChoice(type, field)
  if (type === undefined) throw missing(`${field}.type`)
  if (type === 'function' || type === 'custom') throw missing(`${field}.${type}.name`)
  return { type: 'tool', name: type, server: true }
}

function allowedChoice(value: JsonObject, field: string): ToolChoice {
  const nested = readObject(value, 'allowed_tools', field)
  const allowed = nested ?? value
  const at = nested === undefined ? field : `${field}.allowed_tools`
  const mode = readString(allowed, 'mode', at) ?? 'auto'
  if (mode !== 'auto' && mode !== 'required') throw invalid(`${at}.mode`, `Invalid value for '${at}.mode': expected 'auto' or 'required'.`)
  const names = (readArray(allowed, 'tools', at) ?? []).map((tool, index) => {
    const here = `${at}.tools[${index}]`
    if (!isObject(tool)) throw wrongType(here, 'an object', tool)
    const inner = readObject(tool, 'function', here) ?? readObject(tool, 'custom', here) ?? tool
    return requireString(inner, 'name', `${here}.function`)
  })
  if (names.length === 0) throw missing(`${at}.tools`)
  return { type: 'allowed', names, required: mode === 'required' }
}
