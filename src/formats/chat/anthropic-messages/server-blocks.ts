// Blocks of tools that ran at the upstream or inside the gateway: calls and results of web search, web
// fetch and the others. What came in this format keeps its wire and goes out with it unchanged; search and
// fetch made elsewhere are written from their neutral members. Anything else has no form here.

import type { FetchedPage, SearchResult, ServerToolCallBlock, ServerToolResultBlock } from '../../../core/chat.ts'
import { asBoolean, asObject, asString, compact, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { wireServerToolId } from './names.ts'
import { DIRECT_CALLER, FORMAT_ID } from './wire.ts'

const RESULT_SUFFIX = '_tool_result'

export const isServerCall = (type: string): boolean => type === 'server_tool_use' || type === 'mcp_tool_use'
export const isServerResult = (type: string): boolean => type.endsWith(RESULT_SUFFIX) && type !== RESULT_SUFFIX

export function decodeServerCall(wire: JsonObject, id: string): ServerToolCallBlock {
  return {
    type: 'server-tool-call',
    id,
    name: asString(wire['name']) ?? 'server_tool',
    input: wire['input'] ?? {},
    extensions: callExtensions(wire),
  }
}

/** A call's wire is kept without its input, which a stream brings later and others may change. */
export function callExtensions(wire: JsonObject): Readonly<Record<string, JsonObject>> {
  const { input: _input, ...rest } = wire
  return { [FORMAT_ID]: { wire: rest } }
}

export function decodeServerResult(wire: JsonObject, type: string, callId: string): ServerToolResultBlock {
  const content = wire['content']
  const errorCode = isObject(content) ? asString(content['error_code']) : undefined
  return compact({
    type: 'server-tool-result' as const,
    callId,
    name: type.slice(0, -RESULT_SUFFIX.length),
    results: Array.isArray(content) && type === 'web_search_tool_result' ? content.flatMap(decodeSearchResult) : undefined,
    page: type === 'web_fetch_tool_result' && errorCode === undefined ? decodePage(asObject(content)) : undefined,
    errorCode,
    extensions: { [FORMAT_ID]: { wire } },
  }) as ServerToolResultBlock
}

function decodeSearchResult(item: JsonValue): SearchResult[] {
  if (!isObject(item) || typeof item['url'] !== 'string') return []
  const age = item['page_age']
  return [
    compact({
      url: item['url'],
      title: asString(item['title']) ?? '',
      pageAge: age === null || typeof age === 'string' ? age : undefined,
      sealed: asString(item['encrypted_content']),
    }) as SearchResult,
  ]
}

function decodePage(content: JsonObject | undefined): FetchedPage | undefined {
  const url = asString(content?.['url'])
  const document = asObject(content?.['content'])
  const source = asObject(document?.['source'])
  const data = asString(source?.['data'])
  if (url === undefined || data === undefined) return undefined
  const mediaType = asString(source?.['media_type']) ?? 'text/plain'
  return compact({
    url,
    title: asString(document?.['title']),
    retrievedAt: asString(content?.['retrieved_at']),
    source: source?.['type'] === 'base64' ? { kind: 'base64' as const, mediaType, data } : { kind: 'text' as const, mediaType, text: data },
    citationsEnabled: asBoolean(asObject(document?.['citations'])?.['enabled']),
  }) as FetchedPage
}

/** The block's own wire, when it came in this format. */
export const ownWire = (block: { readonly extensions?: Readonly<Record<string, JsonObject>> }): JsonObject | undefined =>
  asObject(block.extensions?.[FORMAT_ID]?.['wire'])

const WRITABLE = new Set(['web_search', 'web_fetch'])

/** Whether a call or result of the tool can be shown to a client of this format. */
export const canShow = (block: { readonly name: string; readonly extensions?: Readonly<Record<string, JsonObject>> }): boolean =>
  WRITABLE.has(block.name) || ownWire(block) !== undefined

/** A call's block with `input`; for a stream's start that is `{}`. */
export function encodeServerCall(block: Omit<ServerToolCallBlock, 'type' | 'input'>, input: JsonValue): JsonObject {
  const own = ownWire(block)
  if (own !== undefined) return { caller: DIRECT_CALLER, ...own, input }
  return { type: 'server_tool_use', id: wireServerToolId(block.id), name: block.name, input, caller: DIRECT_CALLER }
}

export function encodeServerResult(block: ServerToolResultBlock): JsonObject {
  const own = ownWire(block)
  if (own !== undefined) return own['caller'] === undefined ? { ...own, caller: DIRECT_CALLER } : own
  const type = `${block.name}${RESULT_SUFFIX}`
  const content =
    block.errorCode !== undefined || (block.name === 'web_fetch' && block.page === undefined)
      ? { type: `${type}_error`, error_code: block.errorCode ?? 'unavailable' }
      : block.page !== undefined
        ? encodePage(block.page)
        : (block.results ?? []).map(encodeSearchResult)
  return { type, tool_use_id: wireServerToolId(block.callId), content, caller: DIRECT_CALLER }
}

const encodeSearchResult = (result: SearchResult): JsonObject => ({
  type: 'web_search_result',
  url: result.url,
  title: result.title,
  encrypted_content: result.sealed ?? '',
  page_age: result.pageAge ?? null,
})

function encodePage(page: FetchedPage): JsonObject {
  const { source } = page
  const media = 'mediaType' in source && source.mediaType !== undefined ? source.mediaType : 'text/plain'
  const data = source.kind === 'base64' ? source.data : source.kind === 'text' ? source.text : ''
  return {
    type: 'web_fetch_result',
    url: page.url,
    retrieved_at: page.retrievedAt ?? null,
    content: {
      type: 'document',
      title: page.title ?? null,
      source: { type: source.kind === 'base64' ? 'base64' : 'text', media_type: media, data },
      citations: page.citationsEnabled === undefined ? null : { enabled: page.citationsEnabled },
    },
  }
}
