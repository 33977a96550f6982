// Token counters. On the wire `input_tokens` is only what came after the last cache breakpoint; our
// `inputTokens` is everything. A stream reports twice (start and end), each cumulative, so single counters
// are merged before the sum is taken: a later zero or absence never erases a number.

import type { Usage } from '../../../core/usage.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { saidBeside } from './wire.ts'

/** The counters of one response as its reports have told them so far. */
export type Counters = Map<string, number>

const TOP = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens', 'output_tokens'] as const
const NESTED = [
  ['cache_creation', ['ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens']],
  ['server_tool_use', ['web_search_requests', 'web_fetch_requests']],
  ['output_tokens_details', ['thinking_tokens']],
] as const
const READ: ReadonlySet<string> = new Set([...TOP, ...NESTED.map(([parent]) => parent)])

/** Adds one report. Returns `false` when it holds no counter. */
export function addReport(counters: Counters, wire: JsonValue | undefined): boolean {
  if (!isObject(wire)) return false
  let any = false
  for (const key of TOP) any = keep(counters, key, wire[key]) || any
  for (const [parent, keys] of NESTED) {
    const part = wire[parent]
    if (isObject(part)) for (const key of keys) any = keep(counters, key, part[key]) || any
  }
  return any
}

function keep(counters: Counters, key: string, value: JsonValue | undefined): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return false
  if (value > 0 || !counters.has(key)) counters.set(key, value)
  return true
}

/** What the counters add up to. */
export function usageOf(counters: Counters): Usage {
  const read = counters.get('cache_read_input_tokens')
  const lifetimes = (counters.get('ephemeral_5m_input_tokens') ?? 0) + (counters.get('ephemeral_1h_input_tokens') ?? 0)
  const created = counters.get('cache_creation_input_tokens') ?? (lifetimes > 0 ? lifetimes : undefined)
  const usage: { -readonly [K in keyof Usage]: Usage[K] } = {
    inputTokens: (counters.get('input_tokens') ?? 0) + (read ?? 0) + (created ?? 0),
    outputTokens: counters.get('output_tokens') ?? 0,
  }
  const oneHour = counters.get('ephemeral_1h_input_tokens')
  const thinking = counters.get('thinking_tokens')
  const searches = counters.get('web_search_requests')
  const fetches = counters.get('web_fetch_requests')
  if (read !== undefined) usage.cachedInputTokens = read
  if (created !== undefined) usage.cacheWriteTokens = created
  if (oneHour !== undefined) usage.cacheWrite1hTokens = oneHour
  if (thinking !== undefined) usage.reasoningTokens = thinking
  if (searches !== undefined) usage.webSearches = searches
  if (fetches !== undefined) usage.webFetches = fetches
  return usage
}

/** One whole report; `undefined` when it holds none. */
export function decodeUsage(wire: JsonValue | undefined): Usage | undefined {
  const counters: Counters = new Map()
  return addReport(counters, wire) ? usageOf(counters) : undefined
}

/** The members of a report that are not counters we know (`service_tier`, `speed`, …). */
export function usageRest(wire: JsonValue | undefined): JsonObject | undefined {
  if (!isObject(wire)) return undefined
  return saidBeside(wire, READ)
}

/** The counters a `message_delta` shows: cumulative, all four of them always there. */
export function encodeDeltaUsage(usage: Usage | undefined): JsonObject {
  const read = usage?.cachedInputTokens ?? 0
  const created = usage?.cacheWriteTokens ?? 0
  const wire: JsonObject = {
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - read - created),
    cache_creation_input_tokens: created,
    cache_read_input_tokens: read,
    output_tokens: usage?.outputTokens ?? 0,
  }
  const tools = serverToolUse(usage)
  if (tools !== null) wire['server_tool_use'] = tools
  if (usage?.reasoningTokens) wire['output_tokens_details'] = { thinking_tokens: usage.reasoningTokens }
  return wire
}

/** The `usage` of a whole message. */
export function encodeUsage(usage: Usage | undefined, rest: JsonObject | undefined): JsonObject {
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = encodeDeltaUsage(usage)
  const created = usage?.cacheWriteTokens ?? 0
  const oneHour = Math.min(usage?.cacheWrite1hTokens ?? 0, created)
  return {
    input_tokens,
    cache_creation_input_tokens,
    cache_read_input_tokens,
    cache_creation: created > 0 ? { ephemeral_5m_input_tokens: created - oneHour, ephemeral_1h_input_tokens: oneHour } : null,
    output_tokens,
    output_tokens_details: usage?.reasoningTokens ? { thinking_tokens: usage.reasoningTokens } : null,
    server_tool_use: serverToolUse(usage),
    service_tier: 'standard',
    ...rest,
  }
}

function serverToolUse(usage: Usage | undefined): JsonObject | null {
  if (usage?.webSearches === undefined && usage?.webFetches === undefined) return null
  return { web_search_requests: usage.webSearches ?? 0, web_fetch_requests: usage.webFetches ?? 0 }
}
