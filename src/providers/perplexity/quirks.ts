// Perplexity knows no tools, and its roles must alternate.

import { isObject, type JsonObject } from '../../lib/json.ts'
import { eachMessage } from '../quirks/openai-chat-messages.ts'

/** Tool turns of a conversation that began elsewhere, as text. https://docs.perplexity.ai/guides/chat-completions-guide */
export const toolTurnsAsText = eachMessage((message) => {
  if (message.role === 'tool') return { role: 'user', content: `Result of a tool:\n${textOf(message)}` }
  if (!Array.isArray(message.tool_calls) || message.tool_calls.length === 0) return message
  const calls = message.tool_calls.map((call) => {
    const called = isObject(call) && isObject(call.function) ? call.function : {}
    return `Called the tool ${String(called.name)} with ${String(called.arguments ?? '{}')}`
  })
  return { role: 'assistant', content: [textOf(message), ...calls].filter(Boolean).join('\n') }
})

const textOf = ({ content }: JsonObject): string =>
  typeof content === 'string'
    ? content
    : Array.isArray(content)
      ? content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('\n')
      : ''
