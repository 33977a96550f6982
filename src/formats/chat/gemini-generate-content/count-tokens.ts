// `:countTokens`: its body in the shape that the chat codec reads, and its answer.

import type { HttpRequest } from '../../../core/http-message.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { objectOf } from './spelling.ts'

/** The request with the body of a generateContent call, whether it came bare or wrapped. @throws GatewayError 400 */
export function countTokensRequest(http: HttpRequest): HttpRequest {
  const wrapped = objectOf(http.body, 'generateContentRequest', '')
  return wrapped === undefined ? http : { ...http, body: wrapped }
}

export const encodeCountTokens = (totalTokens: number): JsonObject => ({
  totalTokens,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }],
})
