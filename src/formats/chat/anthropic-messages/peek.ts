// What admission needs of a Messages request before it is decoded.

import { invalid } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { isObject, type JsonObject } from '../../../lib/json.ts'
import type { Peek } from '../format.ts'
import { optionalArray, optionalBoolean, optionalInteger, optionalText, required } from './check.ts'
import { serverToolKind } from './tools-decode.ts'

/** Claude Code marks a model it believes to have a million tokens: `claude-x[1m]`. */
const WINDOW_MARK = /\[1m\]$/i

/** The model without decoration. @throws a 400 when it is missing. */
export function modelOf(body: JsonObject): string {
  const model = optionalText(body, 'model', '')
  if (model === undefined) throw required('model')
  const bare = model.trim().replace(WINDOW_MARK, '')
  if (bare === '') throw invalid('model', 'model: String should have at least 1 character')
  return bare
}

export function peek(http: HttpRequest): Peek {
  const { body } = http
  const tools = optionalArray(body, 'tools', '') ?? []
  const kinds = tools.flatMap((tool) => (isObject(tool) ? (serverToolKind(tool['type']) ?? []) : []))
  const maxOutputTokens = optionalInteger(body, 'max_tokens', '')
  return {
    model: modelOf(body),
    stream: optionalBoolean(body, 'stream', '') ?? false,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    choices: 1,
    hasTools: tools.length > 0,
    framing: 'sse',
    serverTools: [...new Set(kinds)],
  }
}
