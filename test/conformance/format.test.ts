// One contract for every chat format, run over every registered one and every pair.

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Block, ChatRequest, ChatResponse } from '../../src/core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../../src/core/chat-event.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { CHAT_FORMATS, type ChatFormat, CLIENT_CHAT_FORMATS } from '../../src/formats/index.ts'
import type { Frame } from '../../src/lib/framing/frame.ts'
import { sseDecoder, sseText } from '../../src/lib/framing/sse.ts'
import { parseJson } from '../../src/lib/json.ts'
import { runThrough } from '../../src/lib/transducer.ts'
import { contextFor, httpRequest } from '../golden/matrix.ts'
import { grammarProblems } from '../kit/grammar.ts'
import { REQUESTS, RESPONSES } from '../kit/scenarios.ts'

const REQUEST: ChatRequest = {
  ...(REQUESTS['tool-required'] as ChatRequest),
  toolChoice: { type: 'auto' },
  reasoning: { effort: 'low', display: 'summarized' },
}

/** What must survive any route: words, calls and how it ended. */
function essence(response: ChatResponse): object {
  return response.choices.map(({ content, finish }) => ({
    text: content.map((block) => (block.type === 'text' || block.type === 'refusal' ? block.text : '')).join(''),
    reasoning: content.map((block) => (block.type === 'reasoning' ? block.text : '')).join(''),
    calls: content.flatMap((block: Block) =>
      block.type === 'tool-call' ? [{ name: block.name, arguments: JSON.stringify(parseJson(block.arguments)) }] : [],
    ),
    // Anthropic has one word for what a filter stopped and what the model declined.
    finish: finish.reason === 'refusal' ? 'content-filter' : finish.reason,
  }))
}

const wireFrames = (format: ChatFormat, events: Iterable<ChatEvent>): Frame[] =>
  // Through text and back, so that what is read is what a client would read.
  runThrough(sseDecoder(), [
    runThrough(format.encodeStream(contextFor(format, { ...REQUEST, stream: true })), events)
      .map(sseText)
      .join(''),
  ])

const streamed = (format: ChatFormat, frames: Iterable<Frame>): ChatEvent[] =>
  runThrough(format.decodeStream(contextFor(format, { ...REQUEST, stream: true })), frames)

for (const format of CLIENT_CHAT_FORMATS) {
  describe(format.id, () => {
    for (const [name, response] of Object.entries(RESPONSES)) {
      test(`${name}: an answer survives its own wire, whole and streamed`, () => {
        const wire = format.encodeResponse(response, contextFor(format, REQUEST))
        const whole = format.decodeResponse(parseJson(JSON.stringify(wire)), contextFor(format, REQUEST))
        const events = streamed(format, wireFrames(format, unfoldResponse(response)))
        expect(grammarProblems(events)).toEqual([])
        expect(essence(foldEvents(events))).toEqual(essence(whole))
        expect(essence(whole)).toEqual(essence(response))
        expect(foldEvents(events).usage?.outputTokens).toBe(response.usage?.outputTokens as number)
        expect(whole.usage?.inputTokens).toBe(response.usage?.inputTokens as number)
      })

      test(`${name}: a stream cut anywhere ends in an error`, () => {
        const frames = wireFrames(format, unfoldResponse(response))
        const complete = streamed(format, frames)
        for (let length = 0; length < frames.length; length++) {
          const events = streamed(format, frames.slice(0, length))
          expect(grammarProblems(events)).toEqual([])
          // Whatever comes after the last content may be lost; content may not.
          if (events.at(-1)?.type !== 'error') expect(essence(foldEvents(events))).toEqual(essence(foldEvents(complete)))
        }
      })
    }

    for (const [name, request] of Object.entries(REQUESTS)) {
      test(`${name}: a request survives its own wire`, () => {
        const once = format.encodeRequest(contextFor(format, request)).body
        const decoded = format.decodeRequest(httpRequest(format, once), () => {})
        const again = format.encodeRequest(contextFor(format, decoded)).body
        expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(once)))
      })
    }

    test('every failure has a body and a last frame of the format', () => {
      for (const code of [
        'unauthenticated',
        'model_not_found',
        'rate_limited',
        'insufficient_quota',
        'upstream_overloaded',
        'internal',
      ] as const) {
        const { status, body } = format.encodeError(new GatewayError(code), 'req_1')
        expect(status).toBeGreaterThanOrEqual(400)
        expect(JSON.stringify(body)).toContain('error')
        expect(sseText(format.encodeErrorFrame(new GatewayError(code), 'req_1'))).toEndWith('\n\n')
      }
    })
  })
}

describe('pairs', () => {
  for (const upstream of CLIENT_CHAT_FORMATS) {
    for (const client of CLIENT_CHAT_FORMATS) {
      test(`${upstream.id} → ${client.id}: streaming and unary tell the same`, () => {
        for (const response of Object.values(RESPONSES)) {
          const wire = parseJson(JSON.stringify(upstream.encodeResponse(response, contextFor(upstream, REQUEST))))
          const whole = upstream.decodeResponse(wire, contextFor(upstream, REQUEST))
          const clientWire = parseJson(JSON.stringify(client.encodeResponse(whole, contextFor(client, REQUEST))))
          const relayed = streamed(client, wireFrames(client, streamed(upstream, wireFrames(upstream, unfoldResponse(response)))))
          expect(grammarProblems(relayed)).toEqual([])
          expect(essence(foldEvents(relayed))).toEqual(essence(client.decodeResponse(clientWire, contextFor(client, REQUEST))))
          expect(essence(foldEvents(relayed))).toEqual(essence(response))
        }
      })
    }
  }
})

describe('hostile input', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  for (const format of CLIENT_CHAT_FORMATS) {
    test(`${format.id}: no request makes it fall over`, () => {
      fc.assert(
        fc.property(
          fc.dictionary(
            fc.constantFrom(
              'model',
              'messages',
              'input',
              'contents',
              'tools',
              'tool_choice',
              'max_tokens',
              'n',
              'stop',
              'system',
              'thinking',
              'generationConfig',
              'reasoning',
              'response_format',
              'text',
              'stream',
              'metadata',
              'toolConfig',
            ),
            json,
          ),
          (body) => {
            try {
              const decoded = format.decodeRequest(httpRequest(format, body), () => {})
              for (const upstream of CHAT_FORMATS) {
                try {
                  upstream.encodeRequest(contextFor(upstream, decoded))
                } catch (thrown) {
                  expect(thrown).toBeInstanceOf(GatewayError)
                }
              }
            } catch (thrown) {
              if (!(thrown instanceof GatewayError)) throw thrown
              expect(thrown.status).toBe(400)
            }
          },
        ),
        { numRuns: 400 },
      )
    })

    test(`${format.id}: no upstream frame makes it fall over, and the grammar holds`, () => {
      const frame: fc.Arbitrary<Frame> = fc.oneof(
        json.map((value) => ({ data: JSON.stringify(value) })),
        fc.string().map((data) => ({ data })),
        fc.constantFrom(...wireFrames(format, unfoldResponse(RESPONSES['text-and-calls'] as ChatResponse))),
      )
      fc.assert(
        fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
          expect(grammarProblems(streamed(format, frames))).toEqual([])
        }),
        { numRuns: 400 },
      )
    })

    test(`${format.id}: no upstream answer makes it fall over`, () => {
      fc.assert(
        fc.property(json, (wire) => {
          try {
            format.decodeResponse(wire as never, contextFor(format, REQUEST))
          } catch (thrown) {
            if (!(thrown instanceof GatewayError)) throw thrown
          }
          for (const status of [400, 429, 500])
            expect(format.decodeError(status, wire as never, new Headers())).toBeInstanceOf(GatewayError)
        }),
        { numRuns: 400 },
      )
    })
  }
})
