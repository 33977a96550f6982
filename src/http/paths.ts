// What a path means, whatever way the client's base URL was spelled: host, host + /v1, a doubled /v1, or
// a whole endpoint path with another one appended. Exact spellings are one map look-up.

import type { CustomerQuestion } from '../admin/index.ts'
import { GatewayError } from '../core/errors.ts'

export type Endpoint =
  | { readonly kind: 'chat' }
  | { readonly kind: 'responses' }
  | { readonly kind: 'messages' }
  | { readonly kind: 'count-tokens' }
  | { readonly kind: 'gemini'; readonly path: string; readonly method: string }
  | { readonly kind: 'search' }
  | { readonly kind: 'models'; readonly dialect?: 'gemini' }
  | { readonly kind: 'model'; readonly id: string; readonly dialect?: 'gemini' }
  | { readonly kind: 'request'; readonly id: string }
  | { readonly kind: 'customer'; readonly question: CustomerQuestion }
  | { readonly kind: 'unsupported' }

const EXACT = new Map<string, Endpoint>([
  ['/v1/chat/completions', { kind: 'chat' }],
  ['/v1/responses', { kind: 'responses' }],
  ['/v1/messages', { kind: 'messages' }],
  ['/v1/messages/count_tokens', { kind: 'count-tokens' }],
  ['/v1/search', { kind: 'search' }],
  ['/v1/models', { kind: 'models' }],
  ['/v1/usage', { kind: 'customer', question: 'usage' }],
  ['/v1/balance', { kind: 'customer', question: 'balance' }],
  ['/v1/balance/redeem', { kind: 'customer', question: 'redeem' }],
  ['/v1/keys', { kind: 'customer', question: 'keys' }],
  ['/dashboard/billing/subscription', { kind: 'customer', question: 'subscription' }],
  ['/dashboard/billing/usage', { kind: 'customer', question: 'billing-usage' }],
  ['/v1/dashboard/billing/subscription', { kind: 'customer', question: 'subscription' }],
  ['/v1/dashboard/billing/usage', { kind: 'customer', question: 'billing-usage' }],
  ['/v1beta/models', { kind: 'models', dialect: 'gemini' }],
])

// Longest first, so that an appended path wins over the pasted one before it.
const SUFFIXES: readonly [RegExp, Endpoint['kind']][] = [
  [/\/messages\/count_tokens$/, 'count-tokens'],
  [/\/chat\/completions$/, 'chat'],
  [/\/responses$/, 'responses'],
  [/\/messages$/, 'messages'],
  [/\/search$/, 'search'],
]
// A model's own name may hold a colon (`org/name:free`): only Google's verbs make a method.
const VERBS = 'generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents|predict|predictLongRunning'
const GEMINI = new RegExp(`/models/(.+):(${VERBS})$`)
// The AI SDK leaves `models/` out when the model's name holds a slash.
const GEMINI_BARE = new RegExp(`^.*/v1(?:beta|alpha)?/([^/]+/.+):(${VERBS})$`)
const VERSIONS = new Set(['v1', 'v1beta', 'v1alpha', 'openai', 'cursor', 'anthropic', 'api', 'gemini'])
const PREFIX_WORDS = new Set([...VERSIONS, 'chat', 'completions', 'responses', 'messages', 'count_tokens', 'deployments'])

export interface Target {
  readonly endpoint: Endpoint
  /** The model an Azure deployment path names. */
  readonly deployment?: string
}

/** @returns `undefined` when nothing is at this path. @throws GatewayError 400 on bad percent-encoding. */
export function targetOf(rawPath: string): Target | undefined {
  const exact = EXACT.get(rawPath)
  if (exact !== undefined) return { endpoint: exact }
  const path = cleaned(rawPath)
  const gemini = GEMINI.exec(path) ?? GEMINI_BARE.exec(path)
  if (gemini !== null && /\/v1(beta|alpha)?\//.test(path)) {
    const version = path.startsWith('/v1/') ? 'v1' : 'v1beta'
    return { endpoint: { kind: 'gemini', path: `/${version}/models/${gemini[1]}:${gemini[2]}`, method: gemini[2] as string } }
  }
  const azure = /\/openai\/deployments\/([^/]+)\/(chat\/completions|responses)$/.exec(path)
  if (azure !== null) return { endpoint: { kind: azure[2] === 'responses' ? 'responses' : 'chat' }, deployment: azure[1] as string }
  const models = /^(?:\/[^/]+)*?\/models(?:\/(.+))?$/.exec(path)
  if (models !== null && onlyPrefixes(path.slice(0, path.indexOf('/models')))) {
    const dialect = /\/v1(beta|alpha)\//.test(path) ? ({ dialect: 'gemini' } as const) : {}
    return { endpoint: models[1] === undefined ? { kind: 'models', ...dialect } : { kind: 'model', id: models[1], ...dialect } }
  }
  const request = /^\/v1\/requests\/([\w-]+)$/.exec(path)
  if (request !== null) return { endpoint: { kind: 'request', id: request[1] as string } }
  for (const [suffix, kind] of SUFFIXES) {
    const match = suffix.exec(path)
    if (match !== null && onlyPrefixes(path.slice(0, match.index))) return { endpoint: { kind } as Endpoint }
  }
  return undefined
}

function cleaned(rawPath: string): string {
  let path = rawPath
  if (path.includes('%')) {
    try {
      path = decodeURIComponent(path)
    } catch {
      throw new GatewayError('invalid_request', { message: 'The path is not correctly percent-encoded.' })
    }
  }
  path = path.replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

const onlyPrefixes = (prefix: string): boolean => prefix.split('/').every((word) => word === '' || PREFIX_WORDS.has(word))
