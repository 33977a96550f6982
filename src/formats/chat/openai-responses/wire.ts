// Names of the OpenAI Responses wire that several files of this codec share, and the few facts about its
// vocabulary that the SDK's types only state as comments. The types themselves come from package `openai`.

import type { Extensions } from '../../../core/chat.ts'
import type { JsonObject } from '../../../lib/json.ts'

export const FORMAT = 'openai-responses'

/** The request as the client wrote it, kept beside the carried fields so that the answer can echo it. */
export const SENT: unique symbol = Symbol('request as sent')

/** Fields of this format that have no neutral place. A symbol hides the original from translation receipts. */
export interface Carried extends JsonObject {
  [SENT]?: JsonObject
}

/** The request of a client of this format as it was written. */
export const sentOf = (extensions: Extensions | undefined): JsonObject => carriedOf(extensions)[SENT] ?? {}

export const carriedOf = (extensions: Extensions | undefined): Carried => (extensions?.[FORMAT] as Carried | undefined) ?? {}

/** OpenAI's limits: https://platform.openai.com/docs/api-reference/responses/create */
export const MAX_NAME = 64
export const MAX_CALL_ID = 64
export const MIN_OUTPUT_TOKENS = 16

export const INCLUDE_ENCRYPTED = 'reasoning.encrypted_content'
export const INCLUDE_LOGPROBS = 'message.output_text.logprobs'
export const INCLUDE_SOURCES = 'web_search_call.action.sources'

/** Files that OpenAI stores are the same for all its formats. */
export const isOpenAIStore = (format: string): boolean => format.startsWith('openai-')

/** `web_search`, `web_search_preview` and their dated versions. */
export const isWebSearch = (type: string): boolean => type.startsWith('web_search') && !type.endsWith('_call')
