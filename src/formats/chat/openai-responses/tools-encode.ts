// Tools and tool choice towards an upstream of this format. Namespaced tools go back into their namespace;
// other formats' server tools are mapped where OpenAI hosts the same thing, else dropped with a note.

import type { ServerTool, Tool, ToolChoice } from '../../../core/chat.ts'
import { unsupported } from '../../../core/errors.ts'
import { asArray, asNumber, asObject, asString, compact, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { objectSchema } from '../../../lib/object-schema.ts'
import type { ChatContext } from '../format.ts'
import { qualifiedName, wireName } from './names.ts'
import { without } from './read.ts'
import { searchWire } from './tool-search.ts'
import { carriedOf, FORMAT, isWebSearch, sentOf } from './wire.ts'

export interface EncodedTools {
  readonly tools: JsonObject[]
  /** From Anthropic's `max_uses`: this wire bounds all hosted calls together. */
  readonly maxToolCalls?: number
}

export function encodeTools(ctx: ChatContext): EncodedTools {
  const tools: JsonObject[] = []
  const namespaces = new Map<string, JsonValue[]>()
  for (const [index, tool] of ctx.request.tools.entries()) {
    if (tool.type === 'server') {
      const wire = serverTool(tool, ctx, `tools[${index}]`)
      if (wire !== undefined) tools.push(wire)
      continue
    }
    if (carriedOf(tool.extensions)['loaded'] === true) continue
    const wire = searchWire(tool.extensions) ?? clientTool(tool, ctx.request.extensions[FORMAT] !== undefined)
    const namespace = asObject(carriedOf(tool.extensions)['namespace'])
    if (namespace === undefined) tools.push(wire)
    else {
      const name = String(namespace['name'])
      let nested = namespaces.get(name)
      if (nested === undefined) {
        nested = []
        namespaces.set(name, nested)
        tools.push({ type: 'namespace', description: '', ...namespace, tools: nested })
      }
      nested.push(wire)
    }
  }
  const maxToolCalls = searchLimit(ctx, tools)
  return maxToolCalls === undefined ? { tools } : { tools, maxToolCalls }
}

function clientTool(tool: Exclude<Tool, ServerTool>, own: boolean): JsonObject {
  const { name } = qualifiedName(tool)
  const rest = without(carriedOf(tool.extensions), ['namespace', 'localName'])
  if (tool.type === 'custom')
    return compact({ type: 'custom', name: wireName(name), description: tool.description, format: tool.format, ...rest })
  return compact({
    type: 'function',
    name: wireName(name),
    description: tool.description,
    parameters: own && tool.parameters !== undefined ? tool.parameters : objectSchema(tool.parameters),
    // Other formats' default is false, this wire's is true: say it (hazard H42). Its own clients meant the latter.
    strict: tool.strict ?? (own ? undefined : false),
    ...rest,
  })
}

function serverTool(tool: ServerTool, ctx: ChatContext, field: string): JsonObject | undefined {
  if (tool.format === FORMAT) return tool.wire
  if (tool.kind === 'web-search') return webSearch(tool.wire)
  if (tool.kind === 'code-execution') return { type: 'code_interpreter', container: { type: 'auto' } }
  if (tool.kind === 'web-fetch' && ctx.request.tools.every((other) => other.type !== 'server' || other.kind !== 'web-search')) {
    ctx.note({ kind: 'changed', field, reason: 'pages are opened by web search here' })
    return { type: 'web_search' }
  }
  if (tool.kind === 'other') ctx.note({ kind: 'dropped', field, reason: 'this server tool does not exist here' })
  return undefined
}

/** Anthropic and Chat name the same settings; Chat nests the place under `approximate`. */
function webSearch(wire: JsonObject): JsonObject {
  const place = asObject(wire['user_location'])
  const filters = compact({ allowed_domains: asArray(wire['allowed_domains']), blocked_domains: asArray(wire['blocked_domains']) })
  return compact({
    type: 'web_search',
    filters: Object.keys(filters).length === 0 ? undefined : (filters as JsonObject),
    search_context_size: asString(wire['search_context_size']),
    user_location: place && { type: 'approximate', ...without(asObject(place['approximate']) ?? place, ['type']) },
  })
}

function searchLimit(ctx: ChatContext, tools: readonly JsonObject[]): number | undefined {
  const at = ctx.request.tools.findIndex((tool) => tool.type === 'server' && tool.format !== FORMAT && tool.wire['max_uses'] !== undefined)
  const tool = ctx.request.tools[at]
  if (tool?.type !== 'server') return undefined
  const hosted = tools.filter((wire) => wire['type'] !== 'function' && wire['type'] !== 'custom' && wire['type'] !== 'namespace')
  if (hosted.length === 1) return asNumber(tool.wire['max_uses'])
  ctx.note({ kind: 'dropped', field: `tools[${at}].max_uses`, reason: 'the limit would bind the other hosted tools too' })
  return undefined
}

export function encodeToolChoice(ctx: ChatContext, tools: readonly JsonObject[]): JsonValue | undefined {
  const { toolChoice } = ctx.request
  if (toolChoice === undefined || tools.length === 0) return undefined
  const own = sentOf(ctx.request.extensions)['tool_choice']
  if (own !== undefined && (toolChoice.type === 'allowed' || (toolChoice.type === 'tool' && toolChoice.server))) return own
  switch (toolChoice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return toolChoice.type
    case 'tool':
      return named(toolChoice.name, ctx, tools)
    case 'allowed':
      return allowed(toolChoice, ctx, tools)
  }
}

function named(name: string, ctx: ChatContext, tools: readonly JsonObject[]): JsonObject {
  const tool = ctx.request.tools.find((entry) => entry.type !== 'server' && entry.name === name)
  if (tool !== undefined && tool.type !== 'server') {
    const { namespace, name: local } = qualifiedName(tool)
    return { type: tool.type, name: wireName(local), ...(namespace !== undefined && { namespace }) }
  }
  const hosted = tools.map((wire) => asString(wire['type']) ?? '').find((type) => type === name || (isWebSearch(type) && isWebSearch(name)))
  if (hosted === undefined) throw unsupported('tool_choice', `The tool '${name.slice(0, 128)}' cannot be forced here.`)
  return { type: hosted }
}

function allowed(choice: Extract<ToolChoice, { type: 'allowed' }>, ctx: ChatContext, tools: readonly JsonObject[]): JsonObject {
  return { type: 'allowed_tools', mode: choice.required ? 'required' : 'auto', tools: choice.names.map((name) => named(name, ctx, tools)) }
}
