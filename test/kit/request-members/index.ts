// One sample for each member that a client of a format may send beside the bare minimum: the whole body that holds it.
// Only the top of a request and what stands directly in tools, messages and parts; values are ones that ask for something.

import { CHAT } from './chat.ts'
import { GEMINI } from './gemini.ts'
import { MESSAGES } from './messages.ts'
import { RESPONSES } from './responses.ts'
import type { Sample } from './sample.ts'

export const REQUEST_MEMBERS: Readonly<Record<string, readonly Sample[]>> = {
  'openai-chat': CHAT,
  'openai-responses': RESPONSES,
  'anthropic-messages': MESSAGES,
  'gemini-generate-content': GEMINI,
}
