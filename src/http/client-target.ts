// What a client's address means, for those who explain requests without sending them.

import type { ClientTarget } from '../admin/index.ts'
import { anthropicMessages, type ChatFormat, geminiGenerateContent, openaiChat, openaiResponses } from '../formats/index.ts'
import { targetOf } from './paths.ts'

const FORMATS: Readonly<Record<string, ChatFormat>> = {
  chat: openaiChat,
  responses: openaiResponses,
  messages: anthropicMessages,
  'count-tokens': anthropicMessages,
  gemini: geminiGenerateContent,
}

/** `undefined` where no chat is taken. */
export function clientTarget(path: string): ClientTarget | undefined {
  const target = targetOf(path)
  const format = target === undefined ? undefined : FORMATS[target.endpoint.kind]
  if (target === undefined || format === undefined) return undefined
  const { endpoint, deployment } = target
  return {
    format,
    path: endpoint.kind === 'gemini' ? endpoint.path : path,
    ...(deployment !== undefined && { deployment }),
  }
}
