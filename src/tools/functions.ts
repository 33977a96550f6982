// The hosted tools as ordinary functions for a model that has none, and what models write into them.

import type { ChatRequest, FunctionTool } from '../core/chat.ts'
import { asObject, asString, tryParseJson } from '../lib/json.ts'
import type { FetchToolSettings, SearchToolSettings } from './settings.ts'

/** What the functions are called upstream: the plain names, unless the client has functions of that name itself. */
export function functionNames(request: ChatRequest): { search: string; fetch: string } {
  const taken = new Set(request.tools.flatMap((tool) => (tool.type === 'server' ? [] : [tool.name])))
  const free = (name: string): string => {
    let candidate = name
    for (let n = 0; taken.has(candidate); n++) candidate = n === 0 ? `hosted_${name}` : `hosted_${name}_${n}`
    return candidate
  }
  return { search: free('web_search'), fetch: free('web_fetch') }
}

// One required text: small models do better with a single parameter.
const parameters = (name: string, description: string): NonNullable<FunctionTool['parameters']> => ({
  type: 'object',
  properties: { [name]: { type: 'string', description } },
  required: [name],
  additionalProperties: false,
})

/** @param use `left`: calls that the client's limit still allows; absent: no limit. */
export function searchFunction(name: string, settings: SearchToolSettings, use: { nowMs: number; left?: number }): FunctionTool {
  const sites = settings.rules.allowed.map(({ entry }) => entry)
  const parts = [
    'Search the web. Use it for recent or uncertain facts. Ask one focused thing per call, in a few words.',
    `Today is ${new Date(use.nowMs).toISOString().slice(0, 10)}.`,
    ...(sites.length > 0 ? [`Only these sites are searched: ${sites.slice(0, 20).join(', ')}${sites.length > 20 ? ', …' : ''}.`] : []),
    ...(use.left === undefined ? [] : [`Calls left: ${use.left}.`]),
  ]
  return { type: 'function', name, description: parts.join(' '), parameters: parameters('query', 'What to search for') }
}

export function fetchFunction(name: string, settings: FetchToolSettings, use: { left?: number }): FunctionTool {
  const sites = settings.rules.allowed.map(({ entry }) => entry)
  const parts = [
    'Read a web page or PDF. The address must have appeared in the conversation.',
    ...(sites.length > 0 ? [`Only these sites can be read: ${sites.slice(0, 20).join(', ')}.`] : []),
    ...(use.left === undefined ? [] : [`Calls left: ${use.left}.`]),
  ]
  return { type: 'function', name, description: parts.join(' '), parameters: parameters('url', 'The full address, with https://') }
}

/** The one text of a call's arguments, under its name or a near one; `undefined` is `invalid_tool_input`. */
export function readArgument(argumentsText: string, name: 'query' | 'url'): string | undefined {
  const parsed = tryParseJson(argumentsText.trim())
  const object = asObject(parsed)
  const near = name === 'query' ? ['query', 'q', 'search_query', 'queries', 'input'] : ['url', 'uri', 'link', 'input']
  const value = object === undefined ? parsed : near.map((key) => object[key]).find((item) => item !== undefined)
  const text = asString(Array.isArray(value) ? value[0] : value)?.trim()
  return text === undefined || text === '' ? undefined : text
}

/**
 * A call that a small model printed instead of making: in `<tool_call>` tags, a JSON fence, or as the whole text.
 * Only an answer that is nothing else counts.
 */
export function printedCall(text: string, names: readonly string[]): { name: string; arguments: string } | undefined {
  const inner =
    /^\s*<tool_call>\s*([\s\S]*?)\s*(?:<\/tool_call>)?\s*$/.exec(text)?.[1] ??
    /^\s*```(?:json|tool_code|tool_call)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ??
    /^\s*(\{[\s\S]*\})\s*$/.exec(text)?.[1]
  const written = writtenCall(inner ?? '', names)
  if (written !== undefined) return written
  const object = asObject(tryParseJson(inner ?? ''))
  const nested = asObject(object?.function) ?? object
  const name = asString(nested?.name) ?? asString(object?.tool)
  const given = nested?.arguments ?? nested?.parameters ?? object?.input
  if (name === undefined || !names.includes(name) || given === undefined) return undefined
  return { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) }
}

/** Qwen's coders write a call as `<function=name><parameter=key>value</parameter></function>`. */
function writtenCall(text: string, names: readonly string[]): { name: string; arguments: string } | undefined {
  const [, name, body] = /^<function=([\w-]+)>([\s\S]*?)(?:<\/function>\s*)?$/.exec(text) ?? []
  if (name === undefined || body === undefined || !names.includes(name)) return undefined
  const members = [...body.matchAll(/<parameter=(\w+)>\s*([\s\S]*?)\s*<\/parameter>/g)]
  return { name, arguments: JSON.stringify(Object.fromEntries(members.map(([, key, value]) => [key, value]))) }
}
