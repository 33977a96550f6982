// DeepSeek's rule for the reasoning of earlier turns.

import type { JsonObject } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import { omit } from '../quirks/openai-chat.ts'
import { eachMessage } from '../quirks/openai-chat-messages.ts'

/**
 * Turns that called tools must carry their reasoning again, be it empty; the R1 generation refuses it.
 * https://api-docs.deepseek.com/guides/thinking_mode
 */
export const reasoningBeforeCalls: RequestQuirk = (body, ctx) =>
  repaired(/r1(\b|-)/i.test(ctx.upstreamModel), /reasoner/i.test(ctx.upstreamModel))(body, ctx)

const repaired = (firstGeneration: boolean, reasoner: boolean): RequestQuirk =>
  eachMessage((message) => {
    if (message.role !== 'assistant') return message
    const called = Array.isArray(message.tool_calls) && message.tool_calls.length > 0
    if (firstGeneration || (reasoner && !called)) return omit(message, ['reasoning_content', 'reasoning'])
    return called ? withReasoning(message) : message
  })

const withReasoning = (message: JsonObject): JsonObject => {
  const text = message.reasoning_content ?? message.reasoning
  return { ...omit(message, ['reasoning']), reasoning_content: typeof text === 'string' ? text : '' }
}
