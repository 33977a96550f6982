// `web_search_*` and `web_fetch_*` as Anthropic declares them. The date suffix is an open set: an unknown later date gets
// the newest rules we know. Fields: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool and …/web-fetch-tool

import type { ServerTool, Tool } from '../core/chat.ts'
import { invalid } from '../core/errors.ts'
import { isObject, type JsonObject } from '../lib/json.ts'
import type { SearchLocation } from '../search/index.ts'
import type { DomainRule } from './domains.ts'
import {
  domainList,
  inside,
  optionalBoolean,
  optionalCount,
  optionalList,
  optionalObject,
  optionalOneOf,
  optionalString,
  type Place,
  refuse,
} from './fields.ts'
import {
  DEFAULT_CONTEXT_TOKENS,
  EVERY_SOURCE,
  type FetchToolSettings,
  type SearchToolSettings,
  type UrlSource,
  type UrlSources,
  type WebToolSettings,
} from './settings.ts'

const TYPE = /^web_(search|fetch)_(\d{8})$/
const CALLERS = ['direct', 'code_execution_20250825', 'code_execution_20260120', 'code_execution_20260521'] as const

export const isAnthropicType = (type: unknown): boolean => typeof type === 'string' && TYPE.test(type)

/** @throws GatewayError 400 naming the field. */
export function readAnthropicTool(tool: ServerTool, at: Place, tools: readonly Tool[]): SearchToolSettings | FetchToolSettings {
  const { wire } = tool
  const match = TYPE.exec(typeof wire.type === 'string' ? wire.type : '')
  if (match === null) throw invalid(`${at}.type`, `${at}.type: This is no known version of a web tool.`)
  const name = `web_${match[1]}`
  if (wire.name !== name) throw invalid(`${at}.name`, `${at}.name: Input should be '${name}'`)
  const version = match[2] as string
  const common = { ...readCommon(wire, at, version), format: tool.format }
  if (match[1] === 'search') {
    const location = readLocation(wire, at)
    return { kind: 'web-search', ...common, ...(location && { location }), contextTokens: DEFAULT_CONTEXT_TOKENS, always: false }
  }
  const citations = optionalObject(wire, 'citations', at)
  const maxContentTokens = optionalCount(wire, 'max_content_tokens', at)
  const useCache = version >= '20260309' ? optionalBoolean(wire, 'use_cache', at) : undefined
  return {
    kind: 'web-fetch',
    ...common,
    rules: { allowed: common.rules.allowed.map(wholeSite), blocked: common.rules.blocked.map(wholeSite) },
    citations: citations === undefined ? false : (optionalBoolean(citations, 'enabled', inside(at, 'citations')) ?? false),
    ...(maxContentTokens !== undefined && { maxContentTokens }),
    useCache: useCache ?? true,
    urlSources: readUrlSources(wire, at, tools),
  }
}

/** For fetch an entry with a path never matches anything. */
const wholeSite = (rule: DomainRule): DomainRule => (rule.path === undefined ? rule : { ...rule, never: true })

function readCommon(wire: JsonObject, at: Place, version: string): WebToolSettings {
  if (wire.input_examples !== undefined && wire.input_examples !== null)
    refuse(inside(at, 'input_examples'), 'Server tools take no input examples')
  optionalBoolean(wire, 'strict', at)
  optionalBoolean(wire, 'defer_loading', at)
  optionalObject(wire, 'cache_control', at)
  const maxUses = optionalCount(wire, 'max_uses', at)
  const rules = { allowed: domainList(wire, 'allowed_domains', at), blocked: domainList(wire, 'blocked_domains', at) }
  // Claude Code sends both lists empty, which means no filter.
  if (rules.allowed.length > 0 && rules.blocked.length > 0) {
    refuse(at, 'Only one of allowed_domains and blocked_domains may be given')
  }
  const callers = readCallers(wire, at)
  const inclusion = version >= '20260318' ? optionalOneOf(wire, 'response_inclusion', { at, values: ['full', 'excluded'] }) : undefined
  return {
    format: 'anthropic-messages',
    ...(maxUses !== undefined && { maxUses }),
    rules,
    ...(callers && { callers }),
    responseInclusion: inclusion ?? 'full',
  }
}

function readCallers(wire: JsonObject, at: Place): string[] | undefined {
  const place = inside(at, 'allowed_callers')
  return optionalList(wire, 'allowed_callers', at)?.map((caller, index) => {
    if (typeof caller !== 'string') return refuse(inside(place, index), 'Input should be a string')
    // Later sandboxes will have later dates.
    const known = CALLERS.some((item) => item === caller) || /^code_execution_\d{8}$/.test(caller)
    return known ? caller : refuse(inside(place, index), `Input should be ${CALLERS.map((item) => `'${item}'`).join(', ')}`)
  })
}

/** `user_location` among the members of `wire`. @throws GatewayError 400 naming the field. */
export function readLocation(wire: JsonObject, at: Place): SearchLocation | undefined {
  const location = optionalObject(wire, 'user_location', at)
  if (location === undefined) return undefined
  const place = inside(at, 'user_location')
  if (location.type === undefined || location.type === null) refuse(inside(place, 'type'), 'Field required')
  if (location.type !== 'approximate') refuse(inside(place, 'type'), "Input should be 'approximate'")
  const read = {
    city: named(location, 'city', place),
    region: named(location, 'region', place),
    country: optionalString(location, 'country', place),
    timezone: optionalString(location, 'timezone', place),
  }
  if (read.country !== undefined && !/^[A-Za-z]{2}$/.test(read.country))
    refuse(inside(place, 'country'), 'Input should be a two-letter ISO 3166 code')
  if (read.timezone !== undefined && !isTimezone(read.timezone)) refuse(inside(place, 'timezone'), 'Input should be an IANA time zone')
  const { city, region, timezone } = read
  const country = read.country?.toUpperCase()
  if ([city, region, country, timezone].every((part) => part === undefined)) {
    refuse(place, 'At least one of city, region, country and timezone is required')
  }
  return { ...(city && { city }), ...(region && { region }), ...(country && { country }), ...(timezone && { timezone }) }
}

function named(location: JsonObject, member: string, at: Place): string | undefined {
  const text = optionalString(location, member, at)
  if (text === undefined) return undefined
  return text.length >= 1 && text.length <= 255 ? text : refuse(inside(at, member), 'Input should have 1 to 255 characters')
}

/** Whether the platform knows the name. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function readUrlSources(wire: JsonObject, at: Place, tools: readonly Tool[]): UrlSources {
  const sources = optionalObject(wire, 'url_sources', at)
  if (sources === undefined) return EVERY_SOURCE
  const place = inside(at, 'url_sources')
  const one = (member: string, types: readonly UrlSource['type'][]): UrlSource => {
    const source = optionalObject(sources, member, place)
    return source === undefined ? { type: 'all' } : readUrlSource(source, inside(place, member), { types, tools })
  }
  return {
    userInput: one('user_input', ['all', 'none']),
    clientToolResults: one('client_tool_results', ['all', 'none', 'only', 'except']),
    serverToolResults: one('server_tool_results', ['all', 'none', 'only', 'except']),
  }
}

function readUrlSource(source: JsonObject, at: Place, known: { types: readonly UrlSource['type'][]; tools: readonly Tool[] }): UrlSource {
  if (source.type === undefined) refuse(inside(at, 'type'), 'Field required')
  const type = optionalOneOf(source, 'type', { at, values: known.types })
  if (type === undefined) return refuse(inside(at, 'type'), 'Input should be a string')
  if (type === 'all' || type === 'none') return { type }
  const list = optionalList(source, 'tools', at) ?? refuse(inside(at, 'tools'), 'Field required')
  const names = new Set(known.tools.map((tool) => (tool.type === 'server' ? tool.wire.name : tool.name)))
  const tools = list.map((reference, index) => {
    const place = inside(inside(at, 'tools'), index)
    if (!isObject(reference)) return refuse(place, 'Input should be an object')
    if (reference.type !== 'tool_reference') refuse(inside(place, 'type'), "Input should be 'tool_reference'")
    const name = reference.name
    if (typeof name !== 'string') return refuse(inside(place, 'name'), 'Input should be a string')
    return names.has(name) ? name : refuse(inside(place, 'name'), `No tool named '${name.slice(0, 100)}' is declared`)
  })
  return { type, tools }
}
