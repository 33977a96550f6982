// Tools and the choice among them as an upstream of this format takes them.

import type { ChatRequest, CustomTool, FunctionTool, ServerTool, Tool, ToolChoice } from '../../../core/chat.ts'
import { extensionOf } from '../../../core/chat-event.ts'
import { invalid } from '../../../core/errors.ts'
import { asArray, asNumber, asObject, asString, compact, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { JsonPlan } from '../json-plan.ts'
import { withCache } from './blocks-encode.ts'
import type { ModelFacts } from './models.ts'
import { type ToolNames, toolNames } from './names.ts'
import type { Receipt } from './receipt.ts'
import { closedSchema, inputSchema } from './schema.ts'
import { CUSTOM_INPUT_KEY, FORMAT_ID } from './wire.ts'

export interface ToolSettings {
  readonly tools?: JsonObject[]
  readonly toolChoice?: JsonObject
  /** The choice demands a call. */
  readonly forced: boolean
}

interface Encoding {
  readonly request: ChatRequest
  readonly facts: ModelFacts
  readonly receipt: Receipt
  readonly names: ToolNames
}

export function encodeTools(request: ChatRequest, facts: ModelFacts, receipt: Receipt, plan: JsonPlan | undefined): ToolSettings {
  if (request.tools.length === 0 && plan === undefined) return { forced: false }
  const encoding: Encoding = { request, facts, receipt, names: toolNames(request) }
  const wires = distinct(
    chosenTools(request).map((tool) => encodeTool(tool, encoding)),
    receipt,
  )
  if (plan !== undefined) {
    const alone = wires.length === 0 || request.toolChoice?.type === 'none'
    wires.push({ name: plan.tool, description: plan.description, input_schema: plan.schema })
    const choice: JsonObject = alone ? { type: 'tool', name: plan.tool, disable_parallel_tool_use: true } : { type: 'any' }
    if (!alone && request.parallelToolCalls === false) choice['disable_parallel_tool_use'] = true
    receipt.emulated('response_format', 'the model answers through a tool call that is shown as text')
    return { tools: wires, toolChoice: choice, forced: true }
  }
  if (wires.length === 0) return { forced: false }
  const choice = encodeToolChoice(encoding, wires)
  return { tools: wires, ...(choice && { toolChoice: choice }), forced: choice?.['type'] === 'any' || choice?.['type'] === 'tool' }
}

/** The tools that may be called: `allowed` narrows the list, since the wire has no such choice. */
function chosenTools({ tools, toolChoice }: ChatRequest): readonly Tool[] {
  if (toolChoice?.type !== 'allowed') return tools
  const allowed = new Set(toolChoice.names)
  const chosen = tools.filter((tool) =>
    allowed.has(tool.type === 'server' ? (asString(tool.wire['name']) ?? asString(tool.wire['type']) ?? '') : tool.name),
  )
  if (chosen.length === 0 && tools.length > 0) throw invalid('tool_choice', 'tool_choice: none of the allowed tools is declared')
  return chosen
}

/** Two tools of one name are a 400: the same declaration twice counts once. */
function distinct(wires: (JsonObject | undefined)[], receipt: Receipt): JsonObject[] {
  const seen = new Map<string, JsonObject>()
  const result: JsonObject[] = []
  for (const wire of wires) {
    if (wire === undefined) continue
    const name = asString(wire['name'])
    const twin = name === undefined ? undefined : seen.get(name)
    if (twin !== undefined) {
      if (JSON.stringify(twin) !== JSON.stringify(wire)) receipt.dropped('tools', `a second tool named ${name}`)
      continue
    }
    if (name !== undefined) seen.set(name, wire)
    result.push(wire)
  }
  return result
}

function encodeTool(tool: Tool, encoding: Encoding): JsonObject | undefined {
  switch (tool.type) {
    case 'function':
      return encodeFunction(tool, encoding)
    case 'custom':
      return encodeCustom(tool, encoding)
    case 'server':
      return tool.format === FORMAT_ID ? tool.wire : encodeForeignTool(tool, encoding)
  }
}

function encodeFunction(tool: FunctionTool, { request, facts, receipt, names }: Encoding): JsonObject {
  const own = request.extensions[FORMAT_ID] !== undefined
  let schema = inputSchema(tool.parameters)
  let strict = tool.strict
  if (!own && strict !== undefined) {
    if (strict && facts.structuredOutput) {
      const result = closedSchema(schema)
      if (result.changed) receipt.changed('tools', 'strict schemas were closed; bounds moved to descriptions')
      schema = result.schema
    } else {
      if (strict) receipt.dropped('tools.strict', 'the model has no strict tools')
      strict = undefined
    }
  }
  const wire = compact({ name: names.toWire(tool.name), description: tool.description, input_schema: schema, strict }) as JsonObject
  return withCache({ ...wire, ...extensionOf(tool.extensions, FORMAT_ID) }, tool.cache)
}

/** Free text as the one string of an object. */
function encodeCustom(tool: CustomTool, { names, receipt }: Encoding): JsonObject {
  const grammar = asObject(tool.format?.['grammar']) ?? tool.format
  const definition = asString(grammar?.['definition'])
  if (definition !== undefined) receipt.changed('tools.format', 'the grammar of a free-text tool is told to the model, not enforced')
  const hint = definition === undefined ? '' : `The text follows this ${asString(grammar?.['syntax']) ?? ''} grammar:\n${definition}`
  const input = compact({ type: 'string', description: hint === '' ? undefined : hint }) as JsonObject
  const wire = compact({
    name: names.toWire(tool.name),
    description: tool.description,
    input_schema: { type: 'object', properties: { [CUSTOM_INPUT_KEY]: input }, required: [CUSTOM_INPUT_KEY], additionalProperties: false },
  }) as JsonObject
  return withCache(wire, tool.cache)
}

function encodeForeignTool(tool: ServerTool, encoding: Encoding): JsonObject | undefined {
  switch (tool.kind) {
    case 'web-search':
      return withCache(encodeForeignSearch(tool.wire, encoding), tool.cache)
    case 'web-fetch':
      return withCache({ type: 'web_fetch_20250910', name: 'web_fetch' }, tool.cache)
    case 'code-execution':
      return withCache({ type: 'code_execution_20250825', name: 'code_execution' }, tool.cache)
    case 'other': {
      const name = asString(tool.wire['type']) ?? asString(tool.wire['name']) ?? Object.keys(tool.wire)[0] ?? 'tool'
      // Agents declare more tools than any one model has; they must go on without.
      encoding.receipt.dropped('tools', `the tool '${name}' is not available on this model`)
      return undefined
    }
  }
}

/** OpenAI's and Gemini's search declarations, whose members stand in different places. */
function encodeForeignSearch(wire: JsonObject, { request, receipt }: Encoding): JsonObject {
  const options = asObject(wire['web_search_options']) ?? asObject(wire['googleSearch']) ?? wire
  const filters = asObject(options['filters'])
  const allowed = domains(filters?.['allowed_domains'])
  const blocked = domains(filters?.['blocked_domains']) ?? domains(options['excludeDomains'])
  const maxUses = Object.values(request.extensions)
    .map((members) => asNumber(members['max_tool_calls']))
    .find((value) => value !== undefined)
  if (options['search_context_size'] !== undefined) receipt.dropped('tools.search_context_size', 'the search tool has no context size')
  return compact({
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: maxUses !== undefined && maxUses >= 1 ? Math.floor(maxUses) : undefined,
    allowed_domains: allowed,
    blocked_domains: allowed === undefined ? blocked : undefined,
    user_location: userLocation(asObject(options['user_location'])),
  }) as JsonObject
}

function domains(value: JsonValue | undefined): string[] | undefined {
  const list = asArray(value)?.filter((item) => typeof item === 'string')
  return list === undefined || list.length === 0 ? undefined : list
}

function userLocation(location: JsonObject | undefined): JsonObject | undefined {
  if (location === undefined) return undefined
  const place = asObject(location['approximate']) ?? location
  const known = ['city', 'region', 'country', 'timezone'].flatMap((key) =>
    typeof place[key] === 'string' && place[key] !== '' ? [[key, place[key]] as const] : [],
  )
  return known.length === 0 ? undefined : { type: 'approximate', ...Object.fromEntries(known) }
}

function encodeToolChoice({ request, names, receipt }: Encoding, wires: readonly JsonObject[]): JsonObject | undefined {
  let choice = request.toolChoice === undefined ? undefined : choiceWire(request.toolChoice, names)
  // A forced tool and thinking exclude each other.
  if (choice === undefined && request.reasoning === undefined && alwaysSearches(request)) choice = { type: 'tool', name: 'web_search' }
  // A server tool that had to go takes the choice of it along.
  if (choice?.['type'] === 'tool' && wires.every((wire) => wire['name'] !== choice?.['name'])) {
    receipt.dropped('tool_choice', 'the tool it names is not available on this model')
    choice = undefined
  }
  if (request.parallelToolCalls === undefined || choice?.['type'] === 'none') return choice
  if (choice === undefined) return request.parallelToolCalls ? undefined : { type: 'auto', disable_parallel_tool_use: true }
  return request.parallelToolCalls ? choice : { ...choice, disable_parallel_tool_use: true }
}

/** Chat's `web_search_options`, which stands beside the tools, means a search on every request. */
const alwaysSearches = ({ tools }: ChatRequest): boolean =>
  tools.some(
    (tool) =>
      tool.type === 'server' &&
      tool.kind === 'web-search' &&
      tool.format === 'openai-chat' &&
      ['type', 'function', 'googleSearch', 'google_search'].every((member) => tool.wire[member] === undefined),
  )

function choiceWire(choice: ToolChoice, names: ToolNames): JsonObject {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { type: choice.type }
    case 'required':
      return { type: 'any' }
    case 'allowed':
      return { type: choice.required ? 'any' : 'auto' }
    case 'tool':
      return { type: 'tool', name: choice.server ? serverName(choice.name) : names.toWire(choice.name) }
  }
}

/** Other formats name a server tool by its type. */
const serverName = (name: string): string => (/^web_search/.test(name) ? 'web_search' : /^web_fetch/.test(name) ? 'web_fetch' : name)
