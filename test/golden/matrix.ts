// Generates the golden matrix: for every scenario, what each client format's request becomes for each
// upstream format, and what each upstream's answer becomes for each client. Everything is deterministic.

import { unfoldResponse } from '../../src/core/chat-event.ts'
import type { ChatRequest } from '../../src/core/chat.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { Warning } from '../../src/core/warning.ts'
import { CHAT_FORMATS, type ChatContext, type ChatFormat, CLIENT_CHAT_FORMATS } from '../../src/formats/index.ts'
import { sseText } from '../../src/lib/framing/sse.ts'
import { countingIds } from '../../src/lib/ids.ts'
import { parseJson } from '../../src/lib/json.ts'
import { runThrough } from '../../src/lib/transducer.ts'
import { REQUESTS, RESPONSES } from '../kit/scenarios.ts'

const MODELS: Readonly<Record<string, string>> = {
  'openai-chat': 'gpt-4o-mini',
  'openai-responses': 'gpt-5.5',
  'anthropic-messages': 'claude-sonnet-4-5',
  'gemini-generate-content': 'gemini-2.5-flash',
  'bedrock-converse': 'anthropic.claude-3-5-sonnet-20241022-v2:0',
}

export function contextFor(format: ChatFormat, request: ChatRequest, warnings: Warning[] = []): ChatContext {
  return {
    request,
    requestedModel: 'the-model',
    upstreamModel: MODELS[format.id] ?? 'the-model',
    ids: countingIds(),
    nowMs: 1_700_000_000_000,
    note: (warning) => void warnings.push(warning),
  }
}

/** A request of `format` as it would arrive over HTTP. */
export function httpRequest(format: ChatFormat, body: object): Parameters<ChatFormat['decodeRequest']>[0] {
  const gemini = format.id === 'gemini-generate-content'
  const whole = gemini ? body : { ...body, model: 'the-model' }
  const text = JSON.stringify(whole)
  return {
    method: 'POST',
    path: gemini ? '/v1beta/models/the-model:generateContent' : '/',
    query: new URLSearchParams(),
    headers: new Headers(),
    text,
    body: parseJson(text) as never,
  }
}

const refused = (thrown: unknown): object => {
  if (!(thrown instanceof GatewayError)) throw thrown
  return { refused: { code: thrown.code, message: thrown.message, ...(thrown.details.field !== undefined && { field: thrown.details.field }) } }
}

function requestFile(client: ChatFormat, upstream: ChatFormat, scenario: ChatRequest): object {
  const warnings: Warning[] = []
  try {
    const wire = client.encodeRequest(contextFor(client, scenario)).body
    const decoded = client.decodeRequest(httpRequest(client, wire), (warning) => void warnings.push(warning))
    const { body } = upstream.encodeRequest(contextFor(upstream, decoded, warnings))
    return { body, ...(warnings.length > 0 && { receipt: warnings }) }
  } catch (thrown) {
    return refused(thrown)
  }
}

/** All files of the matrix by name, as text. */
export function matrix(): Map<string, string> {
  const files = new Map<string, string>()
  for (const client of CLIENT_CHAT_FORMATS) {
    for (const upstream of CHAT_FORMATS) {
      const requests = Object.fromEntries(Object.entries(REQUESTS).map(([name, scenario]) => [name, requestFile(client, upstream, scenario)]))
      files.set(`requests/${client.id}--${upstream.id}.json`, `${JSON.stringify(requests, null, 1)}\n`)
    }
    const request = { ...(REQUESTS.tools as ChatRequest), tools: (REQUESTS['tool-required'] as ChatRequest).tools, reasoning: { effort: 'low' as const, display: 'summarized' as const } }
    for (const [name, response] of Object.entries(RESPONSES)) {
      files.set(`answers/${client.id}/${name}.json`, `${JSON.stringify(client.encodeResponse(response, contextFor(client, request)), null, 1)}\n`)
      const frames = runThrough(client.encodeStream(contextFor(client, { ...request, stream: true })), unfoldResponse(response))
      files.set(`answers/${client.id}/${name}.stream.txt`, frames.map(sseText).join(''))
    }
  }
  return files
}
