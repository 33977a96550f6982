// Web search as OpenAI (Responses and Chat) and Gemini declare it. They have fewer fields than Anthropic's tool; what is
// missing gets the widest meaning. Shapes: the SDK types of openai 7 and @google/genai 3.

import type { ServerTool } from '../core/chat.ts'
import { asObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import type { SearchLocation } from '../search/index.ts'
import { isTimezone } from './declaration-anthropic.ts'
import { type DomainRules, NO_RULES } from './domains.ts'
import { domainList, inside, optionalObject, optionalOneOf, optionalString, type Place } from './fields.ts'
import { DEFAULT_CONTEXT_TOKENS, EVERY_SOURCE, type FetchToolSettings, type SearchToolSettings } from './settings.ts'

/** `search_context_size` has no counterpart elsewhere; we read it as room for result text. */
const CONTEXT_TOKENS = { low: 4000, medium: DEFAULT_CONTEXT_TOKENS, high: 16_000 } as const

const GOOGLE = [
  'googleSearch',
  'google_search',
  'googleSearchRetrieval',
  'google_search_retrieval',
  'enterpriseWebSearch',
  'enterprise_web_search',
]

/** Chat's `web_search_options`, which is no entry of `tools` and so has neither a type nor a name. */
export const isChatOption = ({ format, wire }: ServerTool): boolean =>
  format === 'openai-chat' && wire.type === undefined && wire.function === undefined && !GOOGLE.some((name) => wire[name] !== undefined)

/** @throws GatewayError 400 naming the field. */
export function readMirrorTool(tool: ServerTool, at: Place): SearchToolSettings | FetchToolSettings {
  if (tool.kind === 'web-fetch') return fetchTool(tool.format)
  if (tool.format === 'gemini-generate-content' || GOOGLE.some((name) => tool.wire[name] !== undefined)) return readGoogleSearch(tool, at)
  const { wire } = tool
  const size = optionalOneOf(wire, 'search_context_size', { at, values: ['low', 'medium', 'high'] })
  const location = readLocation(wire, at)
  return {
    kind: 'web-search',
    format: tool.format,
    rules: readFilters(wire, at),
    responseInclusion: 'full',
    contextTokens: CONTEXT_TOKENS[size ?? 'medium'],
    ...(location && { location }),
    // Chat's search models search on every request.
    always: isChatOption(tool),
  }
}

const fetchTool = (format: string): FetchToolSettings => ({
  kind: 'web-fetch',
  format,
  rules: NO_RULES,
  responseInclusion: 'full',
  citations: false,
  useCache: true,
  urlSources: EVERY_SOURCE,
})

function readFilters(wire: JsonObject, at: Place): DomainRules {
  const filters = optionalObject(wire, 'filters', at)
  if (filters === undefined) return NO_RULES
  const place = inside(at, 'filters')
  return { allowed: domainList(filters, 'allowed_domains', place), blocked: domainList(filters, 'blocked_domains', place) }
}

/** Responses has the members beside `type`, Chat under `approximate`. */
function readLocation(wire: JsonObject, at: Place): SearchLocation | undefined {
  const outer = optionalObject(wire, 'user_location', at)
  if (outer === undefined) return undefined
  const outerPlace = inside(at, 'user_location')
  const nested = optionalObject(outer, 'approximate', outerPlace)
  const location = nested ?? outer
  const place = nested === undefined ? outerPlace : inside(outerPlace, 'approximate')
  const city = optionalString(location, 'city', place)
  const region = optionalString(location, 'region', place)
  const country = optionalString(location, 'country', place)
  const timezone = optionalString(location, 'timezone', place)
  const read: SearchLocation = {
    ...(city && { city }),
    ...(region && { region }),
    ...(country && /^[A-Za-z]{2}$/.test(country) && { country: country.toUpperCase() }),
    ...(timezone && isTimezone(timezone) && { timezone }),
  }
  return Object.keys(read).length > 0 ? read : undefined
}

function readGoogleSearch(tool: ServerTool, at: Place): SearchToolSettings {
  const member = GOOGLE.find((name) => tool.wire[name] !== undefined)
  const wire = (member === undefined ? undefined : optionalObject(tool.wire, member, at)) ?? {}
  const place = member === undefined ? at : inside(at, member)
  const timeRange = readInterval(wire.timeRangeFilter ?? wire.time_range_filter)
  return {
    kind: 'web-search',
    format: tool.format,
    rules: { allowed: [], blocked: domainList(wire, wire.exclude_domains === undefined ? 'excludeDomains' : 'exclude_domains', place) },
    responseInclusion: 'full',
    contextTokens: DEFAULT_CONTEXT_TOKENS,
    always: false,
    ...(timeRange && { timeRange }),
  }
}

function readInterval(value: JsonValue | undefined): SearchToolSettings['timeRange'] {
  const interval = asObject(value)
  const startMs = Date.parse(String(interval?.startTime ?? interval?.start_time ?? ''))
  const endMs = Date.parse(String(interval?.endTime ?? interval?.end_time ?? ''))
  return Number.isFinite(startMs) && Number.isFinite(endMs) && startMs <= endMs ? { startMs, endMs } : undefined
}
