// Citations on this wire: characters against units, and their place in a stream.

import { describe, expect, test } from 'bun:test'
import type { ChatEvent } from '../../../core/chat-event.ts'
import { decodeAnnotation, encodeAnnotation, spanAt } from './annotations.ts'
import { decodeResponse } from './response.ts'
import { decodeStream } from './stream-decode.ts'
import { contextOf, decoded } from './test-kit.ts'

const TEXT = '你好 🎉. Lamps are bright. Bye.'
const CLAIM = 'Lamps are bright.'
const start = [...TEXT.slice(0, TEXT.indexOf(CLAIM))].length
const annotation = {
  type: 'url_citation',
  url_citation: { start_index: start, end_index: start + CLAIM.length, url: 'https://e.com/', title: 'E' },
}

test('places are counted in characters, both ways', () => {
  const home = spanAt(0, 0, TEXT)
  const found = decodeAnnotation(annotation, [home])
  expect(TEXT.slice(found?.citation.span?.start, found?.citation.span?.end)).toBe(CLAIM)
  expect(encodeAnnotation(found?.citation as never, home)).toEqual(annotation)
})

test('a second text counts from the start of all', () => {
  const first = spanAt(0, 0, '🎉🎉')
  const second = spanAt(1, first.length, 'a 🎉 b')
  const wire = encodeAnnotation({ kind: 'url', url: 'https://e.com/', span: { start: 2, end: 4 } }, second)
  expect(wire).toMatchObject({ url_citation: { start_index: 4, end_index: 5 } })
  expect(decodeAnnotation(wire as never, [first, second])).toMatchObject({ block: 1, citation: { span: { start: 2, end: 4 } } })
  expect(encodeAnnotation({ kind: 'url', url: 'https://e.com/' }, second)).toMatchObject({ url_citation: { start_index: 2, end_index: 7 } })
})

describe('a citation comes before the end of its text', () => {
  const chunk = (delta: object, finish: string | null = null): { data: string } => ({
    data: JSON.stringify({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    }),
  })
  const order = (deltas: readonly object[]): string[] => {
    const decoder = decodeStream(contextOf(decoded()))
    const events: ChatEvent[] = []
    for (const delta of deltas) decoder.push(chunk(delta), (event) => events.push(event))
    decoder.push(chunk({}, 'stop'), (event) => events.push(event))
    decoder.push({ data: '[DONE]' }, (event) => events.push(event))
    return events.map(({ type }) => type).filter((type) => type.startsWith('text') || type === 'citation')
  }

  test.each([
    ['in a chunk of its own', [{ content: TEXT }, { annotations: [annotation] }]],
    ['beside its text', [{ content: TEXT, annotations: [annotation] }]],
    ['before its text', [{ annotations: [annotation] }, { content: TEXT }]],
  ])('%s', (_name, deltas) => {
    expect(order(deltas)).toEqual(['text-start', 'text-delta', 'citation', 'text-end'])
  })

  test('without any text it has a text of its own', () => {
    expect(order([{ annotations: [annotation] }])).toEqual(['text-start', 'citation', 'text-end'])
  })
})

test('a whole answer', () => {
  const message = { role: 'assistant', content: TEXT, annotations: [annotation] }
  const { choices } = decodeResponse({ choices: [{ index: 0, message, finish_reason: 'stop' }] }, contextOf(decoded()))
  expect(choices[0]?.content).toMatchObject([{ type: 'text', text: TEXT, citations: [{ url: 'https://e.com/', title: 'E' }] }])
})
