// Serves the three vendors by path: finds the wire, reads the body, plays the answer.
// Web standards only, so that it answers in-process and on a port alike.

import { isObject, type JsonObject } from '../lib/json.ts'
import { anthropic } from './anthropic.ts'
import { readAnthropic } from './anthropic-request.ts'
import { answerTo, isOddity } from './behaviours.ts'
import { Failure } from './failure.ts'
import { gemini } from './gemini.ts'
import { readCount, readGemini } from './gemini-request.ts'
import { createMemory } from './memory.ts'
import { vendorOf } from './models.ts'
import { anthropicModel, anthropicModels, geminiModel, geminiModels, openaiModel, openaiModels } from './models-list.ts'
import { openaiChat } from './openai-chat.ts'
import { readChat } from './openai-chat-request.ts'
import { openaiResponses } from './openai-responses.ts'
import { readResponses } from './openai-responses-request.ts'
import { playStream, playWhole, type Wire } from './play.ts'
import type { Prompt, Rules } from './prompt.ts'
import { hash, idFrom } from './tokens.ts'

export interface SandboxOptions {
  /** Refuse members the vendor does not know. Default true. */
  readonly strict?: boolean
  /** Enforce restrictions of single models and changing bounds too. Default false. */
  readonly modelRules?: boolean
  /** Refuse requests without any key. Default false. */
  readonly requireKey?: boolean
}

export type SandboxHandler = (request: Request) => Promise<Response>

/** Where a request goes: its wire, how its body is read, and whether only a count is wanted. */
interface Route {
  readonly wire: Wire
  read(body: JsonObject, rules: Rules): Prompt
  /** Prints a count instead of an answer. */
  readonly count?: (tokens: number) => object
}

/**
 * Answers as OpenAI, Anthropic and Gemini do. The promise rejects only with the request's own abort reason.
 * The state of `test/500-then-ok` lives in the handler.
 */
export function sandboxHandler(options: SandboxOptions = {}): SandboxHandler {
  const rules: Rules = { strict: options.strict ?? true, modelRules: options.modelRules ?? false }
  const memory = createMemory(Date.now)

  async function answer(request: Request, path: string, route: Route): Promise<Response> {
    const text = await request.text()
    const prompt = route.read(parsed(text), rules)
    checkModel(prompt, route.wire)
    if (route.count) return jsonResponse(route.count(prompt.inputTokens))
    const exchange = request.headers.get('x-switchyard-exchange') ?? `${path}.${hash(text)}`
    const found = answerTo(prompt, exchange, memory)
    if (isOddity(found)) {
      const stream = prompt.stream && found.body === ''
      return respond(found.body, 200, { 'content-type': stream ? route.wire.streamType(prompt) : found.contentType })
    }
    const play = { answer: found, signal: request.signal }
    if (!prompt.stream) return respond(await playWhole(route.wire, prompt, play), 200, { 'content-type': 'application/json' })
    return respond(playStream(route.wire, prompt, play), 200, {
      'content-type': route.wire.streamType(prompt),
      'cache-control': 'no-cache',
    })
  }

  return async (request) => {
    const url = new URL(request.url)
    const path = url.pathname.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1')
    const wire = wireFor(path, request.headers, url.searchParams)
    try {
      if (options.requireKey === true && !hasKey(request.headers, url.searchParams))
        throw new Failure(401, "You didn't provide an API key.", { code: 'invalid_api_key' })
      if (request.method === 'GET' || request.method === 'HEAD') return listing(path, wire, url.searchParams)
      const route = request.method === 'POST' ? routeFor(path, url.searchParams) : undefined
      if (route === undefined) throw new Failure(404, `Invalid URL (${request.method} ${path})`, { code: 'unknown_url' })
      return await answer(request, path, route)
    } catch (cause) {
      if (cause instanceof Failure) return failed(wire, cause)
      throw cause
    }
  }
}

const GEMINI_METHOD = /^\/v1(?:beta|alpha)?\/models\/(.+)(?::|%3[aA])(generateContent|streamGenerateContent|countTokens)$/

function routeFor(path: string, query: URLSearchParams): Route | undefined {
  if (path === '/v1/chat/completions') return { wire: openaiChat, read: readChat }
  if (path === '/v1/responses') return { wire: openaiResponses, read: readResponses }
  if (path === '/v1/responses/input_tokens')
    return { wire: openaiResponses, read: readResponses, count: (input_tokens) => ({ object: 'response.input_tokens', input_tokens }) }
  if (path === '/v1/messages') return { wire: anthropic, read: (body, rules) => readAnthropic(body, rules, false) }
  if (path === '/v1/messages/count_tokens')
    return { wire: anthropic, read: (body, rules) => readAnthropic(body, rules, true), count: (input_tokens) => ({ input_tokens }) }
  const method = GEMINI_METHOD.exec(path)
  if (method === null) return undefined
  const model = decodeURIComponent(method[1] as string).replace(/^models\//, '')
  const wire = gemini(query.get('alt') === 'sse')
  if (method[2] === 'countTokens')
    return { wire, read: (body, rules) => readCount(body, { model, stream: false }, rules), count: (totalTokens) => ({ totalTokens }) }
  const address = { model, stream: method[2] === 'streamGenerateContent' }
  return { wire, read: (body, rules) => readGemini(body, address, rules) }
}

/** The dialect of a path, for refusals and for `/v1/models`, which three vendors share. */
function wireFor(path: string, headers: Headers, query: URLSearchParams): Wire {
  if (path.startsWith('/v1/messages')) return anthropic
  if (path === '/v1/responses') return openaiResponses
  if (/^\/v1(beta|alpha)\b/.test(path) || /(:|%3[aA])\w+$/.test(path)) return gemini(true)
  if (path.startsWith('/v1/models')) {
    if (headers.has('anthropic-version')) return anthropic
    if (headers.has('x-goog-api-key') || query.has('key')) return gemini(true)
  }
  return openaiChat
}

function listing(path: string, wire: Wire, query: URLSearchParams): Response {
  if (path === '/') return respond('Switchyard sandbox\n', 200, { 'content-type': 'text/plain; charset=utf-8' })
  const found = /^\/v1(?:beta|alpha)?\/models(?:\/(.+))?$/.exec(path)
  if (found === null) throw new Failure(404, `Invalid URL (GET ${path})`, { code: 'unknown_url' })
  const id = found[1] === undefined ? undefined : decodeURIComponent(found[1]).replace(/^models\//, '')
  if (id !== undefined && vendorOf(id) === undefined) throw noModel(id, wire)
  if (wire === anthropic) return jsonResponse(id === undefined ? anthropicModels(query) : anthropicModel(id))
  if (wire === openaiChat) return jsonResponse(id === undefined ? openaiModels() : openaiModel(id))
  return jsonResponse(id === undefined ? geminiModels(query) : geminiModel(id))
}

function checkModel({ model }: Prompt, wire: Wire): void {
  if (vendorOf(model) === undefined) throw noModel(model, wire)
}

function noModel(model: string, wire: Wire): Failure {
  if (wire === anthropic) return new Failure(404, `model: ${model}`)
  if (wire === openaiChat || wire === openaiResponses)
    return new Failure(404, `The model \`${model}\` does not exist or you do not have access to it.`, { code: 'model_not_found' })
  return new Failure(
    404,
    `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
  )
}

function parsed(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Failure(400, 'We could not parse the JSON body of your request. The sandbox expects a JSON object.')
  }
  if (!isObject(value)) throw new Failure(400, 'The body of the request is not a JSON object.')
  return value
}

const hasKey = (headers: Headers, query: URLSearchParams): boolean =>
  /^bearer\s+\S/i.test(headers.get('authorization') ?? '') ||
  ['x-api-key', 'x-goog-api-key', 'api-key'].some((name) => headers.get(name)) ||
  !!query.get('key')

function failed(wire: Wire, failure: Failure): Response {
  const { status, body, headers } = wire.failure(failure)
  return respond(JSON.stringify(body), status, { 'content-type': 'application/json', ...headers })
}

const jsonResponse = (value: object): Response => respond(JSON.stringify(value), 200, { 'content-type': 'application/json' })

let served = 0

function respond(body: BodyInit, status: number, headers: Record<string, string>): Response {
  const id = idFrom(++served, 'req_')
  return new Response(body, { status, headers: { ...headers, 'x-switchyard-sandbox': 'true', 'x-request-id': id, 'request-id': id } })
}
