// Every place of a good request, answer and stream is replaced by values of every other kind. A client's
// garbage is a 400, an upstream's an upstream error; nothing else is ever thrown, and streams keep their grammar.

import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { type ChatEvent, responseFold } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { anthropicMessages } from './index.ts'
import { context, decode, framesOf, httpOf, request } from './test-kit.ts'

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
const fixtureJson = (name: string): JsonObject => parseJson(fixture(name)) as JsonObject

const GARBAGE: readonly JsonValue[] = [null, true, 0, -1.5, '', 'x', [], [null], [[]], {}, { type: 'text' }, { type: 7 }]

/** All copies of `value` in which one place is replaced by garbage or removed. */
function* mutations(value: JsonValue): Generator<JsonValue> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) for (const other of [...GARBAGE, ...mutations(item)]) yield value.with(i, other)
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _removed, ...rest } = value
      yield rest
      for (const other of [...GARBAGE, ...mutations(item as JsonValue)]) yield { ...value, [key]: other }
    }
  }
}

/** The error of `work`, which must be one of ours. */
function ours(work: () => unknown): GatewayError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
}

function checkGrammar(events: readonly ChatEvent[]): void {
  const open = new Set<number>()
  expect(events.filter(({ type }) => type === 'end' || type === 'error')).toHaveLength(1)
  expect(['end', 'error']).toContain(events.at(-1)?.type as string)
  if (events.length > 1) expect(events[0]?.type).toBe('response-start')
  for (const event of events) {
    if (!('block' in event) || event.block === undefined) continue
    if (event.type.endsWith('-start')) open.add(event.block)
    else if (event.type.endsWith('-end')) expect(open.delete(event.block)).toBe(true)
    else if (event.type.endsWith('-delta')) expect(open.has(event.block)).toBe(true)
  }
  if (events.at(-1)?.type === 'end') expect(open.size).toBe(0)
}

describe('garbage', () => {
  test('in a request', () => {
    let accepted = 0
    for (const mutation of mutations(fixtureJson('everything.request.json'))) {
      const body = mutation as JsonObject
      const error = ours(() => anthropicMessages.peek(httpOf(body))) ?? ours(() => decode(body))
      if (error !== undefined) {
        expect(error.status).toBe(400)
        expect(error.details.field).toBeString()
        continue
      }
      accepted++
      const refused = ours(() => anthropicMessages.encodeRequest(context(decode(body), 'claude-opus-4-8')))
      if (refused !== undefined) expect(refused.status).toBe(400)
    }
    expect(accepted).toBeGreaterThan(1000)
  })

  test.each(['plain', 'parallel-tools', 'thinking', 'web-search', 'refusal', 'unknown-block'])('in the answer %s', (name) => {
    for (const mutation of mutations(fixtureJson(`${name}.response.json`))) {
      const error = ours(() =>
        anthropicMessages.encodeResponse(anthropicMessages.decodeResponse(mutation, context(request())), context(request())),
      )
      if (error !== undefined) expect(error.status).toBeGreaterThanOrEqual(500)
      ours(() => anthropicMessages.watch.response(mutation))
      ours(() => anthropicMessages.decodeError(500, mutation, { get: () => 'x' }))
    }
    for (const other of GARBAGE) expect(ours(() => anthropicMessages.decodeResponse(other, context(request())))?.status).toBe(502)
  })

  test.each(['plain', 'parallel-tools', 'thinking', 'web-search', 'refusal', 'unknown-block'])('in the stream %s', (name) => {
    const frames = framesOf(fixture(`${name}.stream.sse`))
    for (const [i, frame] of frames.entries()) {
      for (const mutation of mutations(JSON.parse(frame.data) as JsonValue)) {
        const mutated = frames.with(i, { event: 'x', data: JSON.stringify(mutation) })
        const events = runThrough(anthropicMessages.decodeStream(context(request())), mutated)
        checkGrammar(events)
        const fold = responseFold()
        ours(() => {
          for (const event of events) fold.add(event)
        })
        const out = runThrough(anthropicMessages.encodeStream(context(request())), events)
        expect(out.at(-1)?.event).toBe(events.at(-1)?.type === 'end' ? 'message_stop' : 'error')
        anthropicMessages.watch.frame(mutated[i] as (typeof mutated)[number])
      }
    }
  })
})
