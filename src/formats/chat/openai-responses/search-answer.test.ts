// An answer with hosted searches as a Responses client gets it: blocks that others cite one by one are spans of one text.

import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Citation } from '../../../core/chat.ts'
import { type ChatEvent, foldEvents } from '../../../core/chat-event.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { openaiResponses } from './index.ts'
import { contextOf, decode, framesOf, REQUEST } from './test-kit.ts'

const at = (block: number): { choice: number; block: number } => ({ choice: 0, block })
const START: ChatEvent = { type: 'response-start', id: 'up_1', model: 'upstream' }
const END: ChatEvent[] = [{ type: 'finish', choice: 0, finish: { reason: 'stop' } }, { type: 'end' }]
const cite = (url: string, span?: Citation['span']): Citation => ({ kind: 'url', url, title: 'T', ...(span && { span }) })

function text(block: number, words: string, citations: readonly Citation[] = []): ChatEvent[] {
  return [
    { type: 'text-start', ...at(block) },
    ...citations.map((citation): ChatEvent => ({ type: 'citation', citation, ...at(block) })),
    { type: 'text-delta', text: words, ...at(block) },
    { type: 'text-end', ...at(block) },
  ]
}
const search = (block: number, input: object, errorCode?: string): ChatEvent[] => [
  { type: 'server-tool-start', id: `srvtoolu_${block}`, name: 'web_search', ...at(block) },
  { type: 'server-tool-delta', text: JSON.stringify(input), ...at(block) },
  { type: 'server-tool-end', ...at(block) },
  {
    type: 'server-tool-result',
    result: {
      ...{ type: 'server-tool-result', callId: `srvtoolu_${block}`, name: 'web_search' },
      ...(errorCode === undefined ? { results: [{ url: 'https://a.com/', title: 'A' }] } : { errorCode }),
    },
    ...at(block + 1),
  },
]

const SEARCHING: ChatRequest = {
  ...REQUEST,
  tools: [{ type: 'server', kind: 'web-search', format: 'openai-responses', wire: { type: 'web_search' } }],
}

interface Told {
  readonly body: JsonObject
  readonly types: readonly string[]
}
function told(events: readonly ChatEvent[], request = SEARCHING): Told {
  const frames = framesOf(events, contextOf(request)).map(({ data }) => JSON.parse(data) as JsonObject)
  const body = frames.at(-1)?.['response'] as JsonObject
  const whole = openaiResponses.encodeResponse(foldEvents([...events]), contextOf(request)) as JsonObject
  const plain = (value: JsonObject): string => JSON.stringify(value['output']).replace(/"(ws|msg)_[^"]*"/g, '"$1"')
  expect(plain(whole)).toBe(plain(body))
  return { body, types: frames.map(({ type }) => String(type).replace('response.', '')) }
}
const partsOf = ({ body }: Told): JsonObject[] =>
  (body['output'] as JsonObject[]).flatMap((item) => (Array.isArray(item['content']) ? (item['content'] as JsonObject[]) : []))

const CITED = [
  START,
  ...text(0, 'Hi 🎉. '),
  ...text(1, 'Sure 🚀.', [cite('https://a.com/'), cite('https://b.com/')]),
  ...text(2, ' Bye.'),
  ...END,
]

test('cited blocks are spans of one text, counted in characters', () => {
  const answer = told(CITED)
  const [part, ...more] = partsOf(answer)
  expect(more).toEqual([])
  expect(part?.['text']).toBe('Hi 🎉. Sure 🚀. Bye.')
  const annotations = part?.['annotations'] as { start_index: number; end_index: number; url: string }[]
  expect(annotations.map(({ url }) => url)).toEqual(['https://a.com/', 'https://b.com/'])
  for (const { start_index, end_index } of annotations) {
    expect([...String(part?.['text'])].slice(start_index, end_index).join('')).toBe('Sure 🚀.')
  }
})

test('a citation follows its words', () => {
  const { types } = told(CITED)
  expect(types.slice(4, -4)).toEqual([
    ...['output_text.delta', 'output_text.delta', 'output_text.annotation.added', 'output_text.annotation.added', 'output_text.delta'],
  ])
  expect(types.filter((type) => type === 'content_part.added')).toHaveLength(1)
})

test('a span within a block counts from the start of the text', () => {
  const events = [START, ...text(0, 'One. '), ...text(1, 'Two is cited.', [cite('https://a.com/', { start: 0, end: 3 })]), ...END]
  expect(partsOf(told(events))[0]?.['annotations']).toMatchObject([{ start_index: 5, end_index: 8 }])
})

describe('what is not joined', () => {
  test('text around a search', () => {
    const answer = told([START, ...text(0, 'Wait. '), ...search(1, { query: 'q' }), ...text(3, 'Done.', [cite('https://a.com/')]), ...END])
    expect((answer.body['output'] as JsonObject[]).map(({ type }) => type)).toEqual(['message', 'web_search_call', 'message'])
    expect(partsOf(answer).map((part) => part['text'])).toEqual(['Wait. ', 'Done.'])
    expect(partsOf(answer)[1]?.['annotations']).toMatchObject([{ start_index: 0, end_index: 5 }])
  })

  test('a refusal', () => {
    const events: ChatEvent[] = [
      ...[START, ...text(0, 'Well. ')],
      ...[
        { type: 'text-start' as const, refusal: true as const, ...at(1) },
        { type: 'text-delta' as const, text: 'No.', ...at(1) },
      ],
      ...[{ type: 'text-end' as const, ...at(1) }, ...END],
    ]
    expect(partsOf(told(events)).map(({ type }) => type)).toEqual(['output_text', 'refusal'])
  })

  test('blocks of an answer without search', () => {
    expect(partsOf(told(CITED, decode({ model: 'm', input: 'Hi' })))).toHaveLength(3)
  })
})

test('a search that failed, and one without input', () => {
  const answer = told([
    START,
    ...search(0, { query: 'q' }, 'unavailable'),
    ...search(2, {}, 'invalid_tool_input'),
    ...text(4, 'Sorry.'),
    ...END,
  ])
  expect((answer.body['output'] as JsonObject[]).slice(0, 2)).toMatchObject([
    { type: 'web_search_call', status: 'failed', action: { type: 'search', queries: ['q'] } },
    { type: 'web_search_call', status: 'failed', action: { type: 'search', queries: [] } },
  ])
})
