import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type ChatEvent, foldEvents } from '../core/chat-event.ts'
import { citationsFor } from './cite.ts'
import { markerParser } from './markers.ts'
import { SealRing } from './seal.ts'
import { SourceList } from './sources.ts'
import { citedText } from './text-blocks.ts'

const ring = new SealRing(`k:${Buffer.alloc(32, 7).toString('base64')}`)
const sources = new SourceList()
sources.addAll(
  [
    { url: 'https://a.example/', title: 'A', pageAge: null, passages: ['Apples cost 4 euros.'] },
    { url: 'https://b.example/', title: 'B', pageAge: null, passages: ['Pears cost 5 euros.'] },
  ],
  'srvtoolu_1',
)
sources.add({ url: 'https://quiet.example/', title: 'Q', pageAge: null, passages: ['Plums.'] }, { callId: 'x', rank: 0, cited: false })

function run(pieces: readonly string[]): { events: ChatEvent[]; strays: number } {
  let block = 0
  let strays = 0
  const events: ChatEvent[] = []
  const text = citedText({
    parser: markerParser({ sources }),
    choice: 0,
    nextBlock: () => block++,
    cite: (claim, numbers) => citationsFor(claim, numbers, { sources, ring, tenant: 'org' }),
    stray: () => strays++,
  })
  for (const piece of pieces) text.push(piece, (event) => events.push(event))
  text.end((event) => events.push(event))
  return { events, strays }
}

const folded = (events: readonly ChatEvent[]) =>
  foldEvents([
    { type: 'response-start', id: 'r', model: 'm' },
    ...events,
    { type: 'finish', choice: 0, finish: { reason: 'stop' } },
    { type: 'end' },
  ]).choices[0]?.content ?? []
const shape = (events: readonly ChatEvent[]) =>
  folded(events).map((block) =>
    block.type === 'text' ? { text: block.text, cites: block.citations?.map(({ url, citedText }) => [url, citedText]) } : block,
  )

describe('text blocks', () => {
  const ANSWER = 'Here it is. Apples cost 4 euros [1]. Pears cost 5. [2]\n\nPlums are blue [3]. Bye [7].'

  test('cited stretches are blocks of their own, glue is uncited', () => {
    const { events, strays } = run([ANSWER])
    expect(shape(events)).toEqual([
      { text: 'Here it is. ', cites: undefined },
      { text: 'Apples cost 4 euros.', cites: [['https://a.example/', 'Apples cost 4 euros.']] },
      { text: ' ', cites: undefined },
      { text: 'Pears cost 5.', cites: [['https://b.example/', 'Pears cost 5 euros.']] },
      { text: '\n\nPlums are blue. Bye [7].', cites: undefined },
    ])
    expect(strays).toBe(1)
  })

  test('citations come before the text of their block, and every block is closed once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 12 }), (lengths) => {
        const pieces: string[] = []
        let rest = ANSWER
        for (const length of lengths) {
          pieces.push(rest.slice(0, length))
          rest = rest.slice(length)
        }
        const { events } = run([...pieces, rest])
        const open = new Set<number>()
        const spoken = new Set<number>()
        for (const event of events) {
          if (event.type === 'text-start') open.add(event.block)
          if (event.type === 'citation') expect([open.has(event.block), spoken.has(event.block)]).toEqual([true, false])
          if (event.type === 'text-delta') {
            expect(open.has(event.block)).toBe(true)
            spoken.add(event.block)
          }
          if (event.type === 'text-end') expect(open.delete(event.block)).toBe(true)
        }
        expect(open.size).toBe(0)
        expect(shape(events)).toEqual(shape(run([ANSWER]).events))
      }),
      { numRuns: 300 },
    )
  })

  test('no text, no block', () => expect(run(['']).events).toEqual([]))
})
