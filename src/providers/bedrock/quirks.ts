// Claude's own stream inside Amazon's framing: each event is base64 within a `chunk`.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html

import type { Frame } from '../../lib/framing/frame.ts'
import { asObject, asString, type JsonObject, tryParseJson } from '../../lib/json.ts'
import type { Transducer } from '../../lib/transducer.ts'

/** Anthropic's word for each exception that a stream can carry. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  throttlingException: 'rate_limit_error',
  serviceUnavailableException: 'overloaded_error',
  modelTimeoutException: 'timeout_error',
  validationException: 'invalid_request_error',
  internalServerException: 'api_error',
  modelStreamErrorException: 'api_error',
}

/** Event-stream frames as the frames of Anthropic's own stream. */
export const anthropicChunks = (): Transducer<Frame, Frame> => ({
  push(frame, emit) {
    const body = asObject(tryParseJson(frame.data))
    if (frame.event === 'exception') return emit(errorFrame(body))
    const bytes = asString(body?.bytes)
    // A frame that cannot be read goes on as it is: the codec then fails on it instead of losing text.
    const data = bytes === undefined ? undefined : decoded(bytes)
    const type = data === undefined ? undefined : asString(asObject(tryParseJson(data))?.type)
    emit(data === undefined || type === undefined ? { data: frame.data } : { event: type, data })
  },
  end() {},
})

function errorFrame(body: JsonObject | undefined): Frame {
  const type = ERROR_TYPES[asString(body?.type) ?? ''] ?? 'api_error'
  const error = { type, message: asString(body?.message) ?? asString(body?.originalMessage) ?? 'The upstream failed.' }
  return { event: 'error', data: JSON.stringify({ type: 'error', error }) }
}

function decoded(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.fromBase64(base64))
  } catch {
    return undefined
  }
}
