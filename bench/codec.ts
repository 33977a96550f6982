// What the codecs themselves cost, in one process and without sockets: `bun bench/codec.ts [word]`, the word choosing rows.
// Microseconds for one request or one streamed event, the best of several rounds after warming up. A tool for finding
// costs, not a measure of the whole: that is `npm run bench`.

import { noNote } from '../src/core/warning.ts'
import { anthropicMessages, type ChatContext, type ChatFormat, openaiChat } from '../src/formats/index.ts'
import type { Frame } from '../src/lib/framing/frame.ts'
import { sseDecoder, sseText } from '../src/lib/framing/sse.ts'
import { randomIds } from '../src/lib/ids.ts'
import { type JsonObject, parseJson } from '../src/lib/json.ts'
import { membersOf } from '../src/lib/json-splice.ts'
import { runThrough } from '../src/lib/transducer.ts'
import { chatRequest, type Dialect, streamFrames, unaryAnswer } from './payloads.ts'
import { figure, table } from './table.ts'

const ROUNDS = 9
const ROUND_MS = 60
const EVENTS = 200
/** Read by nobody: it keeps the work from being optimised away. */
const sink: unknown[] = [undefined]

/** Microseconds of one call. */
function micros(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    let calls = 0
    while (performance.now() - start < ROUND_MS) {
      for (let i = 0; i < 16; i++) sink[0] = work()
      calls += 16
    }
    best = Math.min(best, ((performance.now() - start) * 1000) / calls)
  }
  return best
}

const openai: readonly [ChatFormat, Dialect] = [openaiChat, 'openai']
const anthropic: readonly [ChatFormat, Dialect] = [anthropicMessages, 'anthropic']

function requestText(dialect: Dialect, stream: boolean): string {
  const text = chatRequest('bench', { stream })
  if (dialect === 'openai') return text
  const { messages, stream_options: _none, ...rest } = JSON.parse(text) as JsonObject & { messages: JsonObject[] }
  return JSON.stringify({ ...rest, system: messages[0]?.['content'], messages: messages.slice(1) })
}

const httpRequest = (format: ChatFormat, text: string) => ({
  method: 'POST',
  path: format.path('bench', false),
  query: new URLSearchParams(),
  headers: new Headers(),
  text,
  body: parseJson(text) as JsonObject,
})

function contextOf(format: ChatFormat, text: string): ChatContext {
  const request = format.decodeRequest(httpRequest(format, text), noNote)
  return { request, requestedModel: 'bench', upstreamModel: 'claude-sonnet-4-5', ids: randomIds, nowMs: Date.now(), note: noNote }
}

type Row = [name: string, work: () => unknown, units?: number]

function unaryRows([client, clientDialect]: typeof openai, [upstream, upstreamDialect]: typeof openai): Row[] {
  const text = requestText(clientDialect, false)
  const http = httpRequest(client, text)
  const ctx = contextOf(client, text)
  const { body } = upstream.encodeRequest(ctx)
  const answerText = unaryAnswer(upstreamDialect)
  const wire = parseJson(answerText)
  const answer = upstream.decodeResponse(wire, ctx)
  const encoded = client.encodeResponse(answer, ctx)
  const way = `${client.id} → ${upstream.id}`
  return [
    [`${way}: parse request`, () => parseJson(text)],
    [`${way}: members of request`, () => membersOf(text)],
    [`${way}: peek`, () => client.peek(http)],
    [`${way}: decodeRequest`, () => client.decodeRequest(http, noNote)],
    [`${way}: encodeRequest`, () => upstream.encodeRequest(ctx)],
    [`${way}: print request`, () => JSON.stringify(body)],
    [`${way}: parse answer`, () => parseJson(answerText)],
    [`${way}: decodeResponse`, () => upstream.decodeResponse(wire, ctx)],
    [`${way}: encodeResponse`, () => client.encodeResponse(answer, ctx)],
    [`${way}: print answer`, () => JSON.stringify(encoded)],
  ]
}

function streamRows([client, clientDialect]: typeof openai, [upstream, upstreamDialect]: typeof openai): Row[] {
  const ctx = contextOf(client, requestText(clientDialect, true))
  const { head, deltas, tail } = streamFrames(upstreamDialect, EVENTS)
  const texts = [...head, ...deltas, ...tail]
  const units = texts.length
  const frames = (): Frame[] => runThrough(sseDecoder(), texts)
  const seen = frames()
  const events = runThrough(upstream.decodeStream(ctx), seen)
  const out = runThrough(client.encodeStream(ctx), events)
  const way = `${upstream.id} → ${client.id}`
  return [
    [`${way} event: deframe`, frames, units],
    [`${way} event: decodeStream`, () => runThrough(upstream.decodeStream(ctx), seen), units],
    [`${way} event: encodeStream`, () => runThrough(client.encodeStream(ctx), events), units],
    [`${way} event: enframe`, () => out.reduce((length, frame) => length + sseText(frame).length, 0), units],
    [`${way} event: parse alone`, () => seen.map(({ data }) => (data === '[DONE]' ? undefined : JSON.parse(data))), units],
  ]
}

const wanted = process.argv[2] ?? ''
const rows = [
  ...unaryRows(openai, anthropic),
  ...unaryRows(anthropic, openai),
  ...streamRows(openai, anthropic),
  ...streamRows(anthropic, openai),
].filter(([name]) => name.includes(wanted))
console.log(
  table(
    ['what', 'µs'],
    rows.map(([name, work, units = 1]) => [name, figure(micros(work) / units)]),
  ),
)
