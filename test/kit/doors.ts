// One Switchyard with a channel of each wire, all to one scripted upstream, and clients of the four formats that ask
// it. For tests that drive one request through several pairs.

import { type Running, startSwitchyard } from './switchyard.ts'
import { type ScriptedUpstream, startUpstream } from './upstream.ts'

export type Door = 'chat' | 'responses' | 'messages' | 'gemini'
export const DOORS: readonly Door[] = ['chat', 'responses', 'messages', 'gemini']
/** The wire of an upstream, and the model that its channel serves. */
export const WIRES = { chat: 'c', messages: 'a', gemini: 'g', responses: 'r' } as const

export const SECRET = 'sk-upstream-secret-1'

export interface House {
  readonly running: Running
  readonly upstream: ScriptedUpstream
  ask(door: Door, model: string, options?: Asked): Promise<Reply>
  stop(): Promise<void>
}

export interface Asked {
  readonly stream?: boolean
  /** Merged into the smallest request of the format. */
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** An answer of any of four shapes, read into without ceremony. */
// biome-ignore lint/suspicious/noExplicitAny: each test knows which shape it asked for
export type Loose = Record<string, any>

export interface Reply {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  /** The parsed body, `{}` when it is no JSON object. */
  readonly json: Loose
  /** What `x-switchyard-warnings` says, entry by entry. */
  readonly warnings: readonly string[]
}

/** @param channels further lines of the configuration's channel list. */
export async function openHouse(channels: readonly string[] = []): Promise<House> {
  const upstream = startUpstream()
  const channel = (provider: string, models: string, more = `base_url: "${upstream.url}"`): string =>
    `  - { name: ${provider}, provider: ${provider}, credential: ${SECRET}, models: [${models}], ${more} }`
  const running = await startSwitchyard({
    config: [
      'local_servers: false',
      'channels:',
      channel('openai-compatible', 'c', `base_url: "${upstream.url}/v1"`),
      channel('anthropic', 'a, claude-sonnet-4-5, claude-opus-4-8'),
      channel('gemini', 'g, gemini-2.5-flash, gemini-3-pro-preview'),
      channel('openai', 'r, gpt-5.5, gpt-4o', `base_url: "${upstream.url}/v1", formats: [openai-responses]`),
      ...channels.map((line) => line.replaceAll('UPSTREAM', upstream.url)),
    ].join('\n'),
  })
  return {
    running,
    upstream,
    ask: (door, model, options = {}) => ask(running, { door, model, options }),
    async stop() {
      await running.stop()
      upstream.stop()
    },
  }
}

/** A client of each format, for a program that is not a house. */
export const doorOf =
  (running: Pick<Running, 'url' | 'key'>) =>
  (door: Door, model: string, options: Asked = {}): Promise<Reply> =>
    ask(running, { door, model, options })

/** Sends the request; the answer is the caller's to read. */
export function knock({ url, key }: Pick<Running, 'url' | 'key'>, { door, model, options }: Question): Promise<Response> {
  const { path, body } = smallest(door, model, options.stream === true)
  return fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify({ ...body, ...options.body }),
    ...(options.signal && { signal: options.signal }),
  })
}

interface Question {
  readonly door: Door
  readonly model: string
  readonly options: Asked
}

async function ask({ url, key }: Pick<Running, 'url' | 'key'>, { door, model, options }: Question): Promise<Reply> {
  const response = await knock({ url, key }, { door, model, options })
  const text = await response.text()
  const warnings = response.headers.get('x-switchyard-warnings')?.split(', ') ?? []
  return { status: response.status, text, headers: response.headers, json: parsed(text), warnings }
}

function smallest(door: Door, model: string, stream: boolean): { path: string; body: object } {
  const turn = { messages: [{ role: 'user', content: 'hi' }] }
  switch (door) {
    case 'chat':
      return { path: '/v1/chat/completions', body: { model, ...(stream && { stream }), ...turn } }
    case 'responses':
      return { path: '/v1/responses', body: { model, ...(stream && { stream }), input: 'hi' } }
    case 'messages':
      return { path: '/v1/messages', body: { model, ...(stream && { stream }), max_tokens: 4096, ...turn } }
    case 'gemini':
      return {
        path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
        body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
      }
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The JSON payloads of an SSE text. @throws when a frame is not whole. */
export function payloads(text: string): Loose[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error(`a torn stream: ${text.slice(-200)}`)
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':') && !block.endsWith('[DONE]'))
    .map((block) => JSON.parse(/^data: ?(.*)$/m.exec(block)?.[1] ?? '') as Record<string, unknown>)
}

/** All words of an answer to a client, whole or streamed, whatever the format. */
export function wordsOf(door: Door, reply: Reply): string {
  const frames = reply.text.startsWith('{') ? [reply.json] : payloads(reply.text)
  return frames.map((frame) => wordsIn(door, frame)).join('')
}

function wordsIn(door: Door, frame: Loose): string {
  switch (door) {
    case 'chat':
      return frame.choices?.[0]?.message?.content ?? frame.choices?.[0]?.delta?.content ?? ''
    case 'responses':
      if (frame.object === 'response')
        return (frame.output ?? [])
          .flatMap((item: Loose) => item.content ?? [])
          .map((part: Loose) => part.text ?? '')
          .join('')
      return frame.type === 'response.output_text.delta' ? frame.delta : ''
    case 'messages':
      if (frame.content !== undefined) return frame.content.map((block: Loose) => block.text ?? '').join('')
      return frame.delta?.text ?? ''
    case 'gemini':
      return (frame.candidates?.[0]?.content?.parts ?? []).map((part: Loose) => (part.thought ? '' : (part.text ?? ''))).join('')
  }
}
