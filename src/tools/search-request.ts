// The body of `POST /v1/search`: a search without a model, in our own form, with the filters of the hosted tool.

import { isObject, type JsonObject } from '../lib/json.ts'
import { readLocation } from './declaration-anthropic.ts'
import { domainList, optionalCount, optionalString, refuse } from './fields.ts'
import { RESULTS_PER_SEARCH } from './passages.ts'
import { DEFAULT_CONTEXT_TOKENS, type SearchToolSettings } from './settings.ts'

export interface SearchRequest {
  readonly query: string
  /** Results wanted, 1 to `MAX_RESULTS`. */
  readonly limit: number
  /** Name of the one backend to ask. */
  readonly backend?: string
  readonly settings: SearchToolSettings
}

export const MAX_RESULTS = 20

/** @throws GatewayError 400 naming the field. */
export function readSearchRequest(body: JsonObject): SearchRequest {
  const query = body.query
  if (query === undefined || query === null) return refuse('query', 'Field required')
  if (typeof query !== 'string') return refuse('query', 'Input should be a string')
  if (query.trim() === '') return refuse('query', 'Input should not be empty')
  const limit = optionalCount(body, 'max_results', '') ?? RESULTS_PER_SEARCH
  if (limit > MAX_RESULTS) refuse('max_results', `Input should be at most ${MAX_RESULTS}`)
  const backend = optionalString(body, 'backend', '')
  const location = readLocation(withType(body), '')
  return {
    query,
    limit,
    ...(backend !== undefined && { backend }),
    settings: {
      kind: 'web-search',
      format: 'search',
      rules: { allowed: domainList(body, 'allowed_domains', ''), blocked: domainList(body, 'blocked_domains', '') },
      responseInclusion: 'full',
      ...(location && { location }),
      contextTokens: DEFAULT_CONTEXT_TOKENS,
      always: true,
    },
  }
}

/** There is one type of location only, so it may be left out. */
function withType(body: JsonObject): JsonObject {
  const location = body.user_location
  return isObject(location) && location.type === undefined ? { ...body, user_location: { type: 'approximate', ...location } } : body
}
