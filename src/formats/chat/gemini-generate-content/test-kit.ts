// Shared by this folder's tests: requests, contexts and frames made from plain values.

import type { ChatRequest } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import { noNote, type Warning } from '../../../core/warning.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { sseDecoder } from '../../../lib/framing/sse.ts'
import { countingIds } from '../../../lib/ids.ts'
import { type JsonObject, parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import type { ChatContext } from '../format.ts'
import { geminiGenerateContent } from './index.ts'

export const format = geminiGenerateContent

export const http = (body: unknown, path = '/v1beta/models/gemini-2.5-flash:generateContent', query = ''): HttpRequest => {
  const text = JSON.stringify(body)
  return { method: 'POST', path, query: new URLSearchParams(query), headers: new Headers(), text, body: parseJson(text) as JsonObject }
}

export const decode = (body: unknown, path?: string): ChatRequest => format.decodeRequest(http(body, path), noNote)

export const framesOf = (sse: string): Frame[] => runThrough(sseDecoder(), [sse])

export const request = (members: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'fast',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  stream: false,
  choices: 1,
  extensions: {},
  ...members,
})

export function context(members: Partial<ChatRequest> = {}, upstreamModel = 'gemini-2.5-flash'): ChatContext & { warnings: Warning[] } {
  const warnings: Warning[] = []
  return {
    request: request(members),
    requestedModel: 'fast',
    upstreamModel,
    ids: countingIds(),
    nowMs: 0,
    note: (warning) => void warnings.push(warning),
    warnings,
  }
}

export const encode = (members: Partial<ChatRequest> = {}, upstreamModel?: string): JsonObject =>
  format.encodeRequest(context(members, upstreamModel)).body

export const frame = (value: unknown): Frame => ({ data: JSON.stringify(value) })

export const events = (frames: readonly Frame[], ctx: ChatContext = context()): ChatEvent[] => runThrough(format.decodeStream(ctx), frames)

/** Breaks of the grammar in `core/chat-event.ts`; empty when it holds. */
export function grammarBreaks(list: readonly ChatEvent[]): string[] {
  const breaks: string[] = []
  const open = new Set<string>()
  const seen = new Set<string>()
  const finished = new Set<number>()
  for (const [index, event] of list.entries()) {
    const last = index === list.length - 1
    if ((event.type === 'end' || event.type === 'error') !== last) breaks.push(`${event.type} at ${index}`)
    if (index === 0 && event.type !== 'response-start' && event.type !== 'error') breaks.push(`begins with ${event.type}`)
    if (event.type === 'end' && open.size > 0) breaks.push('open at end')
    if (!('choice' in event) || !('block' in event) || event.block === undefined) {
      if (event.type === 'finish') {
        if (finished.has(event.choice)) breaks.push('two finishes')
        finished.add(event.choice)
      }
      continue
    }
    const at = `${event.choice}/${event.block}`
    if (event.type.endsWith('-start')) {
      if (seen.has(at)) breaks.push(`${at} opened twice`)
      seen.add(at)
      open.add(at)
    } else if (event.type.endsWith('-end')) {
      if (!open.delete(at)) breaks.push(`${at} closed but not open`)
    } else if (event.type.endsWith('-delta') && !open.has(at)) breaks.push(`${event.type} outside ${at}`)
  }
  return breaks
}
