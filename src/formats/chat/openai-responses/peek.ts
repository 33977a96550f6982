// What admission needs, read without decoding; also the refusals that hold for passed requests too.

import { invalid, unsupported } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { asArray, asObject, asString, type JsonObject } from '../../../lib/json.ts'
import type { Peek } from '../format.ts'
import { flagAt, listAt, missing, needText, numberAt } from './read.ts'
import { isClientSearch } from './tool-search.ts'
import { isWebSearch } from './wire.ts'

export function peek(http: HttpRequest): Peek {
  const { body } = http
  const model = needText(body['model'], 'model')
  if (model.trim() === '') throw invalid('model', "Invalid 'model': empty string.")
  refuseState(body)
  if ((body['input'] ?? body['prompt'] ?? null) === null) throw missing('input')
  const tools = listAt(body['tools'], 'tools') ?? []
  const maxOutputTokens = numberAt(body['max_output_tokens'], 'max_output_tokens', { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true })
  return {
    model,
    stream: flagAt(body['stream'], 'stream') ?? false,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    choices: 1,
    hasTools: tools.length > 0,
    framing: 'sse',
    serverTools: serverKinds(
      tools.map(asObject).map((tool) => (tool !== undefined && isClientSearch(tool) ? 'function' : asString(tool?.['type']))),
    ),
  }
}

function serverKinds(types: readonly (string | undefined)[]): string[] {
  const kinds = new Set<string>()
  for (const type of types) {
    if (type === undefined || type === 'function' || type === 'custom' || type === 'namespace') continue
    kinds.add(isWebSearch(type) ? 'web-search' : type === 'code_interpreter' ? 'code-execution' : 'other')
  }
  return [...kinds]
}

const STATE = 'is not supported: responses are not stored here. Send the whole conversation in `input`.'

/** @throws GatewayError 400 for what only a gateway with stored responses can honour. */
export function refuseState(body: JsonObject): void {
  for (const field of ['previous_response_id', 'conversation'] as const) {
    if (body[field] !== undefined && body[field] !== null) throw unsupported(field, `'${field}' ${STATE}`)
  }
  if (flagAt(body['background'], 'background') === true) {
    throw unsupported('background', "'background' is not supported: responses are not stored here. Send the request without it.")
  }
  for (const [index, item] of (asArray(body['input']) ?? []).entries()) {
    if (asObject(item)?.['type'] === 'item_reference') {
      throw unsupported(`input[${index}].type`, `An 'item_reference' ${STATE}`)
    }
  }
}
