// A client's `tools` and `toolConfig` to neutral tools and choice. A tool object may hold several members;
// each is a tool of its own. What Gemini runs itself keeps its declaration as written.

import type { Extensions, FunctionTool, Tool, ToolChoice } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { serverToolKind } from './peek.ts'
import { fromOpenApi } from './schema.ts'
import { camelCase, member, objectOf, othersOf, stringOf, stringsOf } from './spelling.ts'
import { FORMAT } from './wire.ts'

export function decodeTools(body: JsonObject): Tool[] {
  const given = member(body, 'tools')
  if (given === undefined) return []
  const list = isObject(given) ? [given] : given
  if (!Array.isArray(list)) throw invalid('tools', 'tools must be an array')
  return list.flatMap((tool, index) => decodeTool(tool, `tools[${index}]`))
}

function decodeTool(tool: JsonValue, path: string): Tool[] {
  if (!isObject(tool)) throw invalid(path, `${path} must be an object`)
  const tools: Tool[] = []
  for (const [written, value] of Object.entries(tool)) {
    if (value === undefined || value === null) continue
    const name = camelCase(written)
    if (name === 'functionDeclarations') tools.push(...decodeDeclarations(value, `${path}.functionDeclarations`))
    else tools.push({ type: 'server', kind: serverToolKind(name), format: FORMAT, wire: { [name]: value } })
  }
  return tools
}

function decodeDeclarations(value: JsonValue, path: string): FunctionTool[] {
  const list = isObject(value) ? [value] : value
  if (!Array.isArray(list)) throw invalid(path, `${path} must be an array`)
  return list.map((item, index) => decodeDeclaration(item, `${path}[${index}]`))
}

function decodeDeclaration(declaration: JsonValue, path: string): FunctionTool {
  if (!isObject(declaration)) throw invalid(path, `${path} must be an object`)
  const name = stringOf(declaration, 'name', path)
  if (name === undefined || name === '') throw invalid(`${path}.name`, `${path}.name is missing`)
  const description = stringOf(declaration, 'description', path)
  const openApi = objectOf(declaration, 'parameters', path)
  const parameters = objectOf(declaration, 'parametersJsonSchema', path) ?? (openApi && fromOpenApi(openApi, `${path}.parameters`))
  const carried = othersOf(declaration, new Set(['name', 'description', 'parameters', 'parametersJsonSchema']))
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    // Present even when empty: it tells a declared function from one that only bears a native tool's name.
    extensions: { [FORMAT]: carried },
  }
}

export interface DecodedChoice {
  readonly toolChoice?: ToolChoice
  /** Members of `toolConfig` that only Gemini has. */
  readonly carried: JsonObject
}

const MODES = new Set(['AUTO', 'ANY', 'NONE', 'VALIDATED', 'MODE_UNSPECIFIED'])

export function decodeToolConfig(body: JsonObject, tools: readonly Tool[]): DecodedChoice {
  const config = objectOf(body, 'toolConfig', '')
  if (config === undefined) return { carried: {} }
  const path = 'toolConfig.functionCallingConfig'
  const calling = objectOf(config, 'functionCallingConfig', 'toolConfig') ?? {}
  const mode = (stringOf(calling, 'mode', path) ?? 'MODE_UNSPECIFIED').toUpperCase()
  if (!MODES.has(mode)) throw invalid(`${path}.mode`, `${path}.mode must be AUTO, ANY, NONE or VALIDATED`)
  const names = stringsOf(calling, 'allowedFunctionNames', path) ?? []
  const carried = othersOf(config, new Set(['functionCallingConfig']))
  const rest = othersOf(calling, new Set(['mode', 'allowedFunctionNames']))
  if (mode === 'VALIDATED') rest['mode'] = mode
  if (Object.keys(rest).length > 0) carried['functionCallingConfig'] = rest
  if (mode === 'ANY') checkDeclared(names, tools, `${path}.allowedFunctionNames`)
  const toolChoice = choiceOf(mode, names)
  return { ...(toolChoice && { toolChoice }), carried }
}

function checkDeclared(names: readonly string[], tools: readonly Tool[], path: string): void {
  const declared = new Set(tools.flatMap((tool) => (tool.type === 'function' ? [tool.name] : [])))
  const unknown = names.findIndex((name) => !declared.has(name))
  if (unknown >= 0) throw invalid(`${path}[${unknown}]`, `${path}[${unknown}] names a function that is not declared`)
}

function choiceOf(mode: string, names: readonly string[]): ToolChoice | undefined {
  switch (mode) {
    case 'NONE':
      return { type: 'none' }
    case 'ANY':
      if (names.length === 1) return { type: 'tool', name: names[0] as string }
      return names.length > 1 ? { type: 'allowed', names, required: true } : { type: 'required' }
    case 'AUTO':
    case 'VALIDATED':
      return names.length > 0 ? { type: 'allowed', names, required: false } : { type: 'auto' }
    default:
      return undefined
  }
}

/** What a tool carries for this format alone; `undefined` when another format declared it. */
export const carriedOf = (extensions: Extensions | undefined): JsonObject | undefined => extensions?.[FORMAT]
