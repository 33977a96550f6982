import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { runThrough } from '../transducer.ts'
import type { Frame } from './frame.ts'
import { sseDecoder, sseText } from './sse.ts'

const meaning = ({ event, data, comment }: Frame) => ({ event, data, comment })
const decode = (pieces: string[]) => runThrough(sseDecoder(), pieces)

const STREAMS = [
  'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n',
  'event: message_start\ndata: {"x":"ü😀"}\n\nevent: ping\ndata: {"type": "ping"}\n\n',
  ': keep-alive\n\ndata:no space\r\n\r\ndata: crlf\r\n\r\n',
  'data: one\rdata: two\r\rdata: three\r\r',
  'data: a\r\n\ndata: b\n\r\n\nid: 7\ndata: c\n\n\n\n',
  '\ufeffdata: bom\n\n\n\ndata: end without a blank line',
  'event: lonely\n\ndata: x\n\n',
]

describe('sse', () => {
  test('any split of the text gives the same frames', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STREAMS), fc.array(fc.nat(200), { maxLength: 12 }), (text, cuts) => {
        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
        const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length))
        expect(decode(pieces).map(meaning)).toEqual(decode([text]).map(meaning))
      }),
      { numRuns: 2000 },
    )
  })

  test('reads every line end, missing spaces, joined data and comments', () => {
    expect(decode([STREAMS[2] as string]).map(meaning)).toEqual([
      { data: '', comment: true, event: undefined },
      { data: 'no space', comment: undefined, event: undefined },
      { data: 'crlf', comment: undefined, event: undefined },
    ])
    expect(decode([STREAMS[3] as string]).map(({ data }) => data)).toEqual(['one\ntwo', 'three'])
    expect(decode([STREAMS[5] as string]).map(({ data }) => data)).toEqual(['bom', 'end without a blank line'])
  })

  test('raw texts add up to the stream', () => {
    expect(
      decode([STREAMS[1] as string])
        .map(sseText)
        .join(''),
    ).toBe(STREAMS[1] as string)
  })

  test('a frame of our own is written with its event and every data line', () => {
    expect(sseText({ event: 'e', data: 'a\nb' })).toBe('event: e\ndata: a\ndata: b\n\n')
    expect(sseText({ data: '{}' })).toBe('data: {}\n\n')
  })

  test('a block without end is refused', () => {
    expect(() => runThrough(sseDecoder(100), ['data: ', 'x'.repeat(200)])).toThrow(RangeError)
  })
})
