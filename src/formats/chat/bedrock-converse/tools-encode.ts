// Tools and the choice among them. Converse has no `none` and demands definitions as soon as the history
// holds tool blocks. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html

import type { ChatRequest, CustomTool, FunctionTool, Tool } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { asObject, asString, type JsonObject } from '../../../lib/json.ts'
import { modelFacts } from '../anthropic-messages/models.ts'
import { toolNames } from '../anthropic-messages/names.ts'
import { closedSchema, inputSchema } from '../anthropic-messages/schema.ts'
import type { ChatContext } from '../format.ts'
import type { JsonPlan } from '../json-plan.ts'
import type { BlockEncoder } from './blocks-encode.ts'
import { CUSTOM_INPUT_KEY, familyOf } from './wire.ts'

export interface ToolSettings {
  readonly toolConfig?: JsonObject
  /** The choice demands a call. */
  readonly forced: boolean
}

export function encodeTools(ctx: ChatContext, encoder: BlockEncoder, plan: JsonPlan | undefined): ToolSettings {
  const { request } = ctx
  const { receipt } = encoder
  const none = request.toolChoice?.type === 'none'
  const tools = none ? [] : definitions(ctx, encoder)
  const [only] = tools
  if (plan !== undefined) {
    tools.push({ toolSpec: { name: plan.tool, description: plan.description, inputSchema: { json: plan.schema } } })
    receipt.emulated('response_format', 'the model answers through a tool call that is shown as text')
    return { toolConfig: { tools, toolChoice: only === undefined ? { tool: { name: plan.tool } } : { any: {} } }, forced: true }
  }
  if (only === undefined) {
    const stubs = historyStubs(request)
    if (stubs.length === 0) return { forced: false }
    if (none) receipt.changed('tool_choice', 'the upstream has no such choice; the tools were emptied instead')
    return { toolConfig: { tools: stubs }, forced: false }
  }
  if (request.parallelToolCalls === false) receipt.dropped('parallel_tool_calls', 'the upstream has no such switch')
  const toolChoice = encodeChoice(ctx, encoder)
  return { toolConfig: { tools, ...(toolChoice && { toolChoice }) }, forced: toolChoice !== undefined && toolChoice.auto === undefined }
}

function definitions(ctx: ChatContext, encoder: BlockEncoder): JsonObject[] {
  const seen = new Map<string, string>()
  const wires: JsonObject[] = []
  for (const tool of allowedTools(ctx.request)) {
    if (tool.type === 'server') {
      const name = asString(tool.wire.name) ?? asString(tool.wire.type) ?? tool.kind
      encoder.receipt.dropped('tools', `the tool ${name} cannot run at this upstream`)
      continue
    }
    const spec = tool.type === 'function' ? functionSpec(tool, ctx, encoder) : customSpec(tool, ctx, encoder)
    const name = spec.name as string
    const text = JSON.stringify(spec)
    const twin = seen.get(name)
    if (twin !== undefined) {
      if (twin !== text) encoder.receipt.dropped('tools', `a second tool named ${name}`)
      continue
    }
    seen.set(name, text)
    // A cache point is an element of its own: beside a toolSpec it is a 400.
    wires.push({ toolSpec: spec })
    if (tool.cache !== undefined) encoder.addCachePoint(wires, tool.cache, 'tools.cache_control')
  }
  return wires
}

function allowedTools({ tools, toolChoice }: ChatRequest): readonly Tool[] {
  if (toolChoice?.type !== 'allowed') return tools
  const chosen = tools.filter((tool) => tool.type !== 'server' && toolChoice.names.includes(tool.name))
  if (chosen.length === 0 && tools.length > 0) throw invalid('tool_choice', 'tool_choice: none of the allowed tools is declared')
  return chosen
}

function functionSpec(tool: FunctionTool, { request, upstreamModel }: ChatContext, { receipt }: BlockEncoder): JsonObject {
  let schema = inputSchema(tool.parameters)
  if (schema.properties === undefined) schema = { ...schema, properties: {} }
  const strict = tool.strict === true && modelFacts(upstreamModel).structuredOutput
  if (strict) {
    const closed = closedSchema(schema)
    if (closed.changed) receipt.changed('tools', 'strict schemas were closed; bounds moved to descriptions')
    schema = closed.schema
  } else if (tool.strict === true) receipt.dropped('tools.strict', 'the model has no strict tools')
  return {
    name: toolNames(request).toWire(tool.name),
    // An empty description is a 400.
    ...(tool.description && { description: tool.description }),
    inputSchema: { json: schema },
    ...(strict && { strict: true }),
  }
}

/** Free text as the one string of an object. */
function customSpec(tool: CustomTool, { request }: ChatContext, { receipt }: BlockEncoder): JsonObject {
  const grammar = asObject(tool.format?.grammar) ?? tool.format
  const definition = asString(grammar?.definition)
  if (definition !== undefined) receipt.changed('tools.format', 'the grammar of a free-text tool is told to the model, not enforced')
  const description =
    definition === undefined ? undefined : `The text follows this ${asString(grammar?.syntax) ?? ''} grammar:\n${definition}`
  const input: JsonObject = { type: 'string', ...(description !== undefined && { description }) }
  return {
    name: toolNames(request).toWire(tool.name),
    ...(tool.description && { description: tool.description }),
    inputSchema: { json: { type: 'object', properties: { [CUSTOM_INPUT_KEY]: input }, required: [CUSTOM_INPUT_KEY] } },
  }
}

/** Empty definitions under the names that the history calls. */
function historyStubs(request: ChatRequest): JsonObject[] {
  const names = new Set<string>()
  for (const { content } of request.messages) for (const block of content) if (block.type === 'tool-call') names.add(block.name)
  return [...names].map((name) => ({
    toolSpec: { name: toolNames(request).toWire(name), inputSchema: { json: { type: 'object', properties: {} } } },
  }))
}

function encodeChoice({ request, upstreamModel }: ChatContext, { receipt }: BlockEncoder): JsonObject | undefined {
  const choice = request.toolChoice
  switch (choice?.type) {
    case 'required':
      return { any: {} }
    case 'allowed':
      return choice.required ? { any: {} } : { auto: {} }
    case 'auto':
      return { auto: {} }
    case 'tool':
      if (familyOf(upstreamModel).name === 'other') receipt.changed('tool_choice', 'not every model of the service keeps to a named tool')
      return { tool: { name: toolNames(request).toWire(choice.name) } }
    default:
      return undefined
  }
}
