// Every wire format we speak, by operation. A new one is one folder and one line here.

import { anthropicMessages } from './chat/anthropic-messages/index.ts'
import { bedrockConverse } from './chat/bedrock-converse/index.ts'
import type { ChatFormat } from './chat/format.ts'
import { countTokensRequest, encodeCountTokens, geminiGenerateContent } from './chat/gemini-generate-content/index.ts'
import { openaiChat, withPlainTools } from './chat/openai-chat/index.ts'
import { openaiResponses } from './chat/openai-responses/index.ts'

export type { Begun, ChatContext, ChatFormat, Fate, Fates, Framing, Peek, Sighting, Watch } from './chat/format.ts'
export {
  anthropicMessages,
  bedrockConverse,
  countTokensRequest,
  encodeCountTokens,
  geminiGenerateContent,
  openaiChat,
  openaiResponses,
  withPlainTools,
}

/** Formats that clients may speak. */
export const CLIENT_CHAT_FORMATS: readonly ChatFormat[] = [openaiChat, openaiResponses, anthropicMessages, geminiGenerateContent]

/** All chat formats, those that only upstreams speak included. */
export const CHAT_FORMATS: readonly ChatFormat[] = [...CLIENT_CHAT_FORMATS, bedrockConverse]

const byId = new Map(CHAT_FORMATS.map((format) => [format.id, format]))

export const chatFormat = (id: string): ChatFormat | undefined => byId.get(id)
