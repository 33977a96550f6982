// Cutting at stop sequences: the words before, nothing behind, whatever the pieces they came in.

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { grammarProblems } from '../../test/kit/grammar.ts'
import { type ChatEvent, foldEvents } from '../core/chat-event.ts'
import { runThrough } from '../lib/transducer.ts'
import { cutResponse, stopAt } from './stop-sequences.ts'

const usage = (words: string): { inputTokens: number; outputTokens: number } => ({ inputTokens: 1, outputTokens: words.length })

function spoken(pieces: readonly string[], choice = 0): ChatEvent[] {
  const at = { choice, block: 0 }
  return [
    { type: 'text-start', ...at },
    ...pieces.map((text): ChatEvent => ({ type: 'text-delta', text, ...at })),
    { type: 'text-end', ...at },
    { type: 'finish', choice, finish: { reason: 'stop' } },
  ]
}

const stream = (...choices: readonly string[][]): ChatEvent[] => [
  { type: 'response-start', id: 'r', model: 'm' },
  ...choices.flatMap((pieces, index) => spoken(pieces, index)),
  { type: 'usage', usage: { inputTokens: 9, outputTokens: 9 } },
  { type: 'end' },
]

function cut(sequences: readonly string[], events: readonly ChatEvent[], choices = 1): ChatEvent[] {
  const out = runThrough(stopAt({ sequences, choices, usage }), events)
  expect(grammarProblems(out)).toEqual([])
  return out
}

const textOf = (events: readonly ChatEvent[]): string[] =>
  foldEvents(events).choices.map(({ content }) => content.map((block) => (block.type === 'text' ? block.text : '')).join(''))

describe('a stream', () => {
  test('is cut at the first sequence, however its text was split', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', 'c') }),
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(5)),
        (text, sequences, sizes) => {
          const pieces: string[] = []
          for (let at = 0, turn = 0; at < text.length; turn++) {
            const size = (sizes[turn % Math.max(1, sizes.length)] ?? 0) + 1
            pieces.push(text.slice(at, at + size))
            at += size
          }
          const places = sequences
            .map((sequence) => ({ at: text.indexOf(sequence), end: text.indexOf(sequence) + sequence.length }))
            .filter(({ at }) => at >= 0)
            .sort((a, b) => a.end - b.end || a.at - b.at)
          const wanted = text.slice(0, places[0]?.at ?? text.length)
          const events = cut(sequences, stream(pieces))
          expect(textOf(events)).toEqual([wanted])
          expect(foldEvents(events).choices[0]?.finish.reason).toBe(places.length === 0 ? 'stop' : 'stop-sequence')
        },
      ),
    )
  })

  test('names the sequence and counts what was said', () => {
    const events = cut(['END'], stream(['one E', 'N', 'D two']))
    expect(textOf(events)).toEqual(['one '])
    expect(foldEvents(events)).toMatchObject({
      choices: [{ finish: { reason: 'stop-sequence', stopSequence: 'END' } }],
      usage: { inputTokens: 1, outputTokens: 4 },
    })
  })

  test('what only began like a sequence is given out', () => {
    expect(textOf(cut(['END'], stream(['one EN'])))).toEqual(['one EN'])
    expect(textOf(cut(['END'], stream(['EEN', 'EN', 'x'])))).toEqual(['EENENx'])
  })

  test('choices are cut one by one', () => {
    const events = cut(['X'], stream(['aXb'], ['cc'], ['X']), 3)
    expect(textOf(events)).toEqual(['a', 'cc', ''])
    expect(foldEvents(events).choices.map(({ finish }) => finish.reason)).toEqual(['stop-sequence', 'stop', 'stop-sequence'])
  })

  test('closes a call that is open beside the text; arguments and reasoning are not searched', () => {
    const events = cut(
      ['X'],
      [
        { type: 'response-start', id: 'r', model: 'm' },
        { type: 'reasoning-start', choice: 0, block: 0 },
        { type: 'reasoning-delta', choice: 0, block: 0, text: 'X' },
        { type: 'reasoning-end', choice: 0, block: 0 },
        { type: 'tool-call-start', choice: 0, block: 1, id: 'c', name: 'f', kind: 'function' },
        { type: 'tool-call-delta', choice: 0, block: 1, text: '{"a":"X"}' },
        { type: 'text-start', choice: 0, block: 2 },
        { type: 'text-delta', choice: 0, block: 2, text: 'oXo' },
        { type: 'error', error: new Error('never read') as never },
      ],
    )
    expect(foldEvents(events).choices[0]?.content).toMatchObject([{ text: 'X' }, { arguments: '{"a":"X"}' }, { text: 'o' }])
  })
})

test('a whole answer keeps its usage, and one without a sequence stays the same value', () => {
  const response = foldEvents(stream(['a\n\nb']))
  const parts = { choices: 1, usage }
  expect(cutResponse(response, { ...parts, sequences: ['\n\n'] })).toMatchObject({
    choices: [{ content: [{ text: 'a' }], finish: { stopSequence: '\n\n' } }],
    usage: { outputTokens: 9 },
  })
  expect(cutResponse(response, { ...parts, sequences: ['zz'] })).toBe(response)
  expect(cutResponse(response, undefined)).toBe(response)
})
