// Searches and page reads of other hosts as a Gemini client gets them.

import { expect, test } from 'bun:test'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { runThrough } from '../../../lib/transducer.ts'
import { context, format } from './test-kit.ts'

const at = (block: number): { choice: number; block: number } => ({ choice: 0, block })
const fetched = (block: number, url: string, page: boolean): ChatEvent[] => [
  { type: 'server-tool-start', id: `f${block}`, name: 'web_fetch', ...at(block) },
  { type: 'server-tool-delta', text: JSON.stringify({ url }), ...at(block) },
  { type: 'server-tool-end', ...at(block) },
  {
    type: 'server-tool-result',
    result: {
      ...{ type: 'server-tool-result', callId: `f${block}`, name: 'web_fetch' },
      ...(page
        ? { page: { url: `${url}/final`, source: { kind: 'text', mediaType: 'text/plain', text: 'x' } } }
        : { errorCode: 'url_not_accessible' }),
    },
    ...at(block + 1),
  },
]
const last = (events: readonly ChatEvent[]): JsonObject => {
  const frames = runThrough(format.encodeStream(context()), [
    { type: 'response-start', id: 'r', model: 'm' },
    ...events,
    { type: 'finish', choice: 0, finish: { reason: 'stop' } },
    { type: 'end' },
  ])
  return (JSON.parse(frames.at(-1)?.data ?? '{}') as { candidates: JsonObject[] }).candidates[0] as JsonObject
}

test('a page that was read, and one that was not', () => {
  const { urlContextMetadata } = last([...fetched(0, 'https://a.com', true), ...fetched(2, 'https://b.com', false)])
  expect(urlContextMetadata).toEqual({
    urlMetadata: [
      { retrievedUrl: 'https://a.com/final', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS' },
      { retrievedUrl: 'https://b.com', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_ERROR' },
    ],
  })
})

test('segments are bytes, over several texts', () => {
  const texts = ['你好 🎉. ', 'Lamps 💡 shine.', ' Bye.']
  const events = texts.flatMap((text, block): ChatEvent[] => [
    { type: 'text-start', ...at(block) },
    ...(block === 1
      ? [{ type: 'citation' as const, citation: { kind: 'url' as const, url: 'https://a.com/', title: 'A' }, ...at(block) }]
      : []),
    { type: 'text-delta', text, ...at(block) },
    { type: 'text-end', ...at(block) },
  ])
  const grounding = last(events)['groundingMetadata'] as { groundingSupports: { segment: { startIndex: number; endIndex: number } }[] }
  const [support] = grounding.groundingSupports
  const bytes = Buffer.from(texts.join('')).subarray(support?.segment.startIndex, support?.segment.endIndex)
  expect(bytes.toString('utf8')).toBe('Lamps 💡 shine.')
})

test('a failed search leaves its query and no sources', () => {
  const grounding = last([
    { type: 'server-tool-start', id: 's', name: 'web_search', ...at(0) },
    { type: 'server-tool-delta', text: '{"query":"lamps"}', ...at(0) },
    { type: 'server-tool-end', ...at(0) },
    {
      type: 'server-tool-result',
      result: { type: 'server-tool-result', callId: 's', name: 'web_search', errorCode: 'unavailable' },
      ...at(1),
    },
  ])['groundingMetadata']
  expect(grounding).toEqual({ webSearchQueries: ['lamps'] })
})
