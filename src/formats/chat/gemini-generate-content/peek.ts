// What the path and a glance at the body say: model, method, framing, limits. Nothing is decoded here.

import type { ServerTool } from '../../../core/chat.ts'
import { GatewayError, invalid } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { asObject, isObject, type JsonObject } from '../../../lib/json.ts'
import type { Edit } from '../../../lib/json-splice.ts'
import type { Peek } from '../format.ts'
import { arrayOf, camelCase, member, numberOf, objectOf } from './spelling.ts'

export interface Route {
  readonly model: string
  readonly method: string
}

const METHODS = new Set(['generateContent', 'streamGenerateContent', 'countTokens'])
const BELOW_MODELS = /^(?:\/v1(?:beta|alpha)?)*\/(?:projects\/[^/]+\/locations\/[^/]+\/publishers\/[^/]+\/)?(?:models|tunedModels)\/(.*)$/s

/**
 * Model and method of a path. The model may hold slashes and colons, the method follows the last colon.
 * @throws GatewayError `not_found` when the path is no method of a model.
 */
export function routeOf(path: string): Route {
  const rest = BELOW_MODELS.exec(path.replace(/%3A/gi, ':'))?.[1]
  const colon = rest?.lastIndexOf(':') ?? -1
  if (rest === undefined || colon < 0) throw new GatewayError('not_found')
  const method = rest.slice(colon + 1)
  if (!METHODS.has(method)) throw new GatewayError('not_found', { message: `The method ${method.slice(0, 64)} is not served here.` })
  const model = rest.slice(0, colon).replace(/^(?:models|tunedModels)\//, '')
  if (model.trim() === '') throw invalid('model', 'The path names no model.')
  return { model, method }
}

export function peek(http: HttpRequest): Peek {
  const { model, method } = routeOf(http.path)
  const config = objectOf(http.body, 'generationConfig', '') ?? {}
  const maxOutputTokens = numberOf(config, 'maxOutputTokens', { path: 'generationConfig', integer: true, min: 1 })
  const tools = toolMembers(http.body)
  return {
    model,
    stream: method === 'streamGenerateContent',
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    choices: numberOf(config, 'candidateCount', { path: 'generationConfig', integer: true, min: 1, max: 8 }) ?? 1,
    hasTools: tools.length > 0,
    framing: method === 'streamGenerateContent' && http.query.get('alt') !== 'sse' ? 'json-array' : 'sse',
    serverTools: [...new Set(tools.filter((name) => name !== 'functionDeclarations').map(serverToolKind))],
  }
}

function toolMembers(body: JsonObject): string[] {
  const given = member(body, 'tools')
  const list = isObject(given) ? [given] : (arrayOf(body, 'tools', '') ?? [])
  return list.flatMap((tool) => {
    const object = asObject(tool)
    return object === undefined
      ? []
      : Object.keys(object)
          .filter((key) => object[key] !== null)
          .map(camelCase)
  })
}

const KINDS: Readonly<Record<string, ServerTool['kind']>> = {
  googleSearch: 'web-search',
  googleSearchRetrieval: 'web-search',
  enterpriseWebSearch: 'web-search',
  urlContext: 'web-fetch',
  codeExecution: 'code-execution',
}

/** The neutral kind of a member of a tool. */
export const serverToolKind = (name: string): ServerTool['kind'] =>
  Object.hasOwn(KINDS, name) ? (KINDS[name] as ServerTool['kind']) : 'other'

/** The model stands in the path: a `model` in the body would contradict a renamed one. */
export const passthroughEdits = (_peek: Peek, _upstreamModel: string, body: JsonObject): Edit[] =>
  Object.hasOwn(body, 'model') ? [{ op: 'remove', path: ['model'] }] : []

/**
 * Path below the base URL. The model is one encoded segment, so that no name can climb out of it.
 * Tuned models live in a collection of their own.
 */
export function path(upstreamModel: string, stream: boolean): string {
  const tuned = upstreamModel.startsWith('tunedModels/')
  const name = upstreamModel.replace(/^(?:models|tunedModels)\//, '')
  const method = stream ? ':streamGenerateContent?alt=sse' : ':generateContent'
  return `/${tuned ? 'tunedModels' : 'models'}/${encodeURIComponent(name.toWellFormed())}${method}`
}
