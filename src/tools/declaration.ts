// The hosted web tools of a request, whichever format declared them, as one pair of settings. Every rule for which
// Anthropic answers 400 to a whole request is kept here or in the files that this one calls.

import type { ChatRequest, ResponseFormat, ServerTool } from '../core/chat.ts'
import { invalid } from '../core/errors.ts'
import { asObject } from '../lib/json.ts'
import { isAnthropicType, readAnthropicTool } from './declaration-anthropic.ts'
import { isChatOption, readMirrorTool } from './declaration-mirror.ts'
import type { Place } from './fields.ts'
import type { FetchToolSettings, SearchToolSettings, WebTools } from './settings.ts'

/** What each neutral kind is called on Anthropic's wire and in the blocks we emit. */
export const TOOL_NAME = { 'web-search': 'web_search', 'web-fetch': 'web_fetch' } as const

/**
 * Reads and checks the web tools of a request. Other tools are ignored.
 * @throws GatewayError 400 naming the field.
 */
export function readWebTools(request: ChatRequest): WebTools {
  let search: SearchToolSettings | undefined
  let fetch: FetchToolSettings | undefined
  for (const [index, tool] of request.tools.entries()) {
    if (tool.type !== 'server' || (tool.kind !== 'web-search' && tool.kind !== 'web-fetch')) continue
    const at = placeOf(tool, index)
    if (tool.format === 'anthropic-messages') refuseSameName(request, { index, name: TOOL_NAME[tool.kind] })
    const read =
      isAnthropicType(tool.wire.type) || tool.format === 'anthropic-messages'
        ? readAnthropicTool(tool, at, request.tools)
        : readMirrorTool(tool, at)
    if (read.kind === 'web-search') search = read
    else fetch = read
  }
  if (search) search = withCallLimit(search, request)
  checkStructuredOutput(request, search, fetch)
  if (search?.format === 'anthropic-messages') checkSearchResults(request)
  const forced = forcedTool(request, search, fetch)
  return { ...(search && { search }), ...(fetch && { fetch }), ...(forced && { forced }) }
}

/** Chat's own search option stands beside the tools. */
const placeOf = (tool: ServerTool, index: number): Place => (isChatOption(tool) ? 'web_search_options' : `tools[${index}]`)

function refuseSameName(request: ChatRequest, own: { index: number; name: string }): void {
  for (const [index, tool] of request.tools.entries()) {
    if (index === own.index) continue
    const name = tool.type === 'server' ? tool.wire.name : tool.name
    if (name === own.name)
      throw invalid(`tools[${Math.max(index, own.index)}].name`, `tools: Tool names must be unique; '${own.name}' is used twice.`)
  }
}

/** `max_tool_calls` of Responses caps all hosted calls together. */
function withCallLimit(search: SearchToolSettings, request: ChatRequest): SearchToolSettings {
  const limit = request.extensions['openai-responses']?.max_tool_calls
  if (search.format !== 'openai-responses' || typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) return search
  return { ...search, maxUses: Math.min(limit, search.maxUses ?? limit) }
}

const isStructured = (format: ResponseFormat | undefined): boolean => format !== undefined && format.type !== 'text'

function checkStructuredOutput(request: ChatRequest, search: SearchToolSettings | undefined, fetch: FetchToolSettings | undefined): void {
  if (!isStructured(request.responseFormat)) return
  const cites = search?.format === 'anthropic-messages' || (fetch?.format === 'anthropic-messages' && fetch.citations)
  if (cites) {
    throw invalid(
      'output_config.format',
      'output_config.format: Structured output cannot be combined with citations, which web search always has.',
    )
  }
}

/** All of a request's `search_result` blocks must cite when web search does. */
function checkSearchResults(request: ChatRequest): void {
  for (const [m, message] of request.messages.entries()) {
    for (const [b, block] of message.content.entries()) {
      const wires = block.type === 'tool-result' ? block.content : [block]
      for (const item of wires) {
        const wire = asObject(
          item.type === 'opaque' ? item.wire : item.type === 'text' ? item.extensions?.['anthropic-messages']?.wire : undefined,
        )
        if (wire?.type !== 'search_result' || asObject(wire.citations)?.enabled === true) continue
        const field = `messages[${m}].content[${b}].citations`
        throw invalid(field, `${field}: Citations must be enabled on search_result blocks when web search is used.`)
      }
    }
  }
}

function forcedTool(
  request: ChatRequest,
  search: SearchToolSettings | undefined,
  fetch: FetchToolSettings | undefined,
): WebTools['forced'] {
  const choice = request.toolChoice
  if (choice?.type === 'tool' && (choice.server || choice.name === 'web_search' || choice.name === 'web_fetch')) {
    // A client's function of the same name, in a format that allows both, is meant when the choice is not marked.
    if (!choice.server && request.tools.some((tool) => tool.type !== 'server' && tool.name === choice.name)) return undefined
    const settings = choice.name === 'web_fetch' ? fetch : search
    if (settings === undefined) return undefined
    if (settings.callers !== undefined && !settings.callers.includes('direct')) {
      throw invalid('tool_choice', `tool_choice: '${choice.name}' cannot be forced, since its allowed_callers do not include 'direct'.`)
    }
    return settings.kind === 'web-fetch' ? 'web_fetch' : 'web_search'
  }
  const onlyWeb = request.tools.every((tool) => tool.type === 'server')
  if (choice?.type === 'required' && onlyWeb && search) return 'web_search'
  return search?.always && choice?.type !== 'none' ? 'web_search' : undefined
}
