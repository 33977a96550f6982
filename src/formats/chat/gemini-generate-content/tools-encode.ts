// Neutral tools and choice to `tools` and `toolConfig`. Declarations carry JSON Schema, because the OpenAPI
// subset of `parameters` cannot say most of it.

import type { ChatRequest, CustomTool, FunctionTool, ServerTool, ToolChoice } from '../../../core/chat.ts'
import type { Note } from '../../../core/warning.ts'
import { asObject, compact, type JsonObject } from '../../../lib/json.ts'
import type { JsonPlan } from '../json-plan.ts'
import type { JsonWay } from './json-plan.ts'
import type { ModelFacts } from './models.ts'
import type { NameMap } from './names.ts'
import { cleanSchema } from './schema.ts'
import { carriedOf } from './tools-decode.ts'
import { CUSTOM_INPUT, FORMAT, type WireMode } from './wire.ts'

export interface ToolContext {
  readonly facts: ModelFacts
  readonly names: NameMap
  readonly note: Note
  readonly json: JsonWay
}

/** Functions of these names in another format's request stand for the tools Gemini runs itself. */
const NATIVE_NAMES = new Set(['googleSearch', 'codeExecution'])
const NATIVE_KINDS: Readonly<Record<string, string>> = {
  'web-search': 'googleSearch',
  'web-fetch': 'urlContext',
  'code-execution': 'codeExecution',
}

type Declared = FunctionTool | CustomTool
const isNative = (tool: Declared): boolean =>
  tool.type === 'function' && NATIVE_NAMES.has(tool.name) && carriedOf(tool.extensions) === undefined

export function encodeTools(request: ChatRequest, ctx: ToolContext): JsonObject {
  const { json } = ctx
  if (json.way === 'alone') {
    ctx.note({ kind: 'changed', field: 'tools', reason: 'left out: none may be called, and the model takes none beside JSON output' })
    return {}
  }
  const functions = declaredOf(request, ctx)
  const natives = nativesOf(request, functions.length > 0, ctx)
  if (json.way === 'call') functions.push(answerTool(json.plan))
  if (functions.length === 0 && natives.length === 0) return {}
  const declarations = functions.map((tool) => (tool.type === 'custom' ? customDeclaration(tool, ctx) : functionDeclaration(tool, ctx)))
  const config = toolConfigOf(request, { functions, natives, ctx })
  return {
    tools: [...natives, ...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : [])],
    ...(Object.keys(config).length > 0 && { toolConfig: config }),
  }
}

/** The functions to declare: each name once, and with an optional choice among some, only those. */
function declaredOf(request: ChatRequest, ctx: ToolContext): Declared[] {
  const choice = request.toolChoice
  const allowed = choice?.type === 'allowed' && !choice.required ? new Set(choice.names) : undefined
  const seen = new Set<string>()
  const declared: Declared[] = []
  for (const [index, tool] of request.tools.entries()) {
    if (tool.type === 'server' || isNative(tool)) continue
    if (allowed !== undefined && !allowed.has(tool.name)) continue
    if (seen.has(tool.name)) {
      ctx.note({ kind: 'changed', field: `tools[${index}]`, reason: 'a function of this name is already declared' })
      continue
    }
    seen.add(tool.name)
    declared.push(tool)
  }
  return declared
}

function nativesOf(request: ChatRequest, withFunctions: boolean, ctx: ToolContext): JsonObject[] {
  const natives = new Map<string, JsonObject>()
  for (const [index, tool] of request.tools.entries()) {
    const native = tool.type === 'server' ? serverTool(tool) : isNative(tool) ? { [tool.name]: {} } : undefined
    if (native === undefined) {
      if (tool.type === 'server') ctx.note({ kind: 'dropped', field: `tools[${index}]`, reason: 'Gemini has no such tool' })
    } else if (withFunctions && !ctx.facts.mixesTools) {
      ctx.note({ kind: 'dropped', field: `tools[${index}]`, reason: 'the model cannot use its own tools beside functions' })
    } else natives.set(Object.keys(native)[0] ?? '', native)
  }
  return [...natives.values()]
}

function serverTool(tool: ServerTool): JsonObject | undefined {
  if (tool.format === FORMAT) return tool.wire
  const name = NATIVE_KINDS[tool.kind]
  return name === undefined ? undefined : { [name]: {} }
}

function functionDeclaration(tool: FunctionTool, ctx: ToolContext): JsonObject {
  const { parameters } = tool
  return compact({
    name: ctx.names.toWire(tool.name),
    description: tool.description?.toWellFormed(),
    parametersJsonSchema: parameters && cleanSchema(typedObject(parameters), false),
    ...carriedOf(tool.extensions),
  })
}

/** Some clients send a bare property map or leave the type out. */
const typedObject = (schema: JsonObject): JsonObject =>
  schema['type'] === undefined && schema['$ref'] === undefined && schema['anyOf'] === undefined ? { type: 'object', ...schema } : schema

/** A free-text tool as a function with one string; the answer's decoder unwraps it again. */
function customDeclaration(tool: CustomTool, ctx: ToolContext): JsonObject {
  const grammar =
    tool.format?.['type'] === 'grammar' ? (tool.format['definition'] ?? asObject(tool.format['grammar'])?.['definition']) : undefined
  const rule = typeof grammar === 'string' ? `The ${CUSTOM_INPUT} must match this grammar:\n${grammar}` : undefined
  ctx.note({ kind: 'emulated', field: `tools.${tool.name}`, reason: 'a free-text tool is declared as a function with one string' })
  return compact({
    name: ctx.names.toWire(tool.name),
    description:
      [tool.description, rule]
        .filter((text) => text !== undefined)
        .join('\n\n')
        .toWellFormed() || undefined,
    parametersJsonSchema: {
      type: 'object',
      properties: { [CUSTOM_INPUT]: { type: 'string', description: 'The whole input as free text.' } },
      required: [CUSTOM_INPUT],
    },
  })
}

/** The function whose arguments are the JSON that the client asked for. */
const answerTool = ({ tool, description, schema }: JsonPlan): FunctionTool => ({
  type: 'function',
  name: tool,
  description,
  parameters: schema,
})

interface Chosen {
  readonly functions: readonly Declared[]
  readonly natives: readonly JsonObject[]
  readonly ctx: ToolContext
}

function toolConfigOf(request: ChatRequest, chosen: Chosen): JsonObject {
  const carried = asObject(carriedOf(request.extensions)?.['toolConfig']) ?? {}
  const mixed = chosen.functions.length > 0 && chosen.natives.length > 0
  const calling = chosen.functions.length > 0 ? callingConfig(request, chosen, mixed) : forcedWithoutFunctions(request, chosen.ctx)
  const config: JsonObject = { ...carried }
  delete config['functionCallingConfig']
  if (calling !== undefined) config['functionCallingConfig'] = calling
  // Gemini 3 refuses functions beside its own tools without this.
  if (mixed && config['includeServerSideToolInvocations'] === undefined) config['includeServerSideToolInvocations'] = true
  return config
}

function forcedWithoutFunctions(request: ChatRequest, ctx: ToolContext): undefined {
  const type = request.toolChoice?.type
  if (type === 'required' || type === 'tool')
    ctx.note({ kind: 'dropped', field: 'tool_choice', reason: 'Gemini cannot be made to use its own tools' })
  return undefined
}

function callingConfig(request: ChatRequest, chosen: Chosen, mixed: boolean): JsonObject | undefined {
  const { names, note } = chosen.ctx
  const carried = asObject(asObject(carriedOf(request.extensions)?.['toolConfig'])?.['functionCallingConfig']) ?? {}
  // VALIDATED checks calls against the schemas but leaves the choice free; with ANY that is given anyway.
  const validated =
    mixed || carried['mode'] === 'VALIDATED' || chosen.functions.some((tool) => tool.type === 'function' && tool.strict === true)
  const mode = (free: boolean, forced: WireMode = 'ANY'): WireMode => (!free ? forced : validated ? 'VALIDATED' : 'AUTO')
  const choice: ToolChoice | undefined = chosen.ctx.json.way === 'call' ? { type: 'required' } : request.toolChoice
  switch (choice?.type) {
    case undefined:
      return validated || Object.keys(carried).length > 0 ? { ...carried, mode: mode(true) } : undefined
    case 'auto':
    case 'none':
      return { ...carried, mode: mode(choice.type === 'auto', 'NONE') }
    case 'required':
      return { ...carried, mode: 'ANY' }
    case 'allowed':
      return choice.required
        ? { ...carried, mode: 'ANY', allowedFunctionNames: choice.names.map(names.toWire) }
        : { ...carried, mode: mode(true) }
    case 'tool': {
      if (chosen.functions.some((tool) => tool.name === choice.name))
        return { ...carried, mode: 'ANY', allowedFunctionNames: [names.toWire(choice.name)] }
      note({ kind: 'dropped', field: 'tool_choice', reason: 'the tool is none of the declared functions' })
      return { ...carried, mode: mode(true) }
    }
  }
}
