// The event stream decoder: any chunking gives the same frames, and no damage passes.

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { runThrough } from '../transducer.ts'
import { awsEventStreamDecoder, awsEventStreamMessage, crc32 } from './aws-event-stream.ts'

const event = (type: string, payload: unknown): Uint8Array =>
  awsEventStreamMessage({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, JSON.stringify(payload))

function concatenated(messages: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const message of messages) {
    all.set(message, at)
    at += message.length
  }
  return all
}

describe('aws event stream', () => {
  test('the checksum is CRC-32', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  // The published vector "payload_one_str_header" of the encoding's own test suite.
  test('reads a message from the encoding’s own test vectors', () => {
    const hex = '0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1'
    expect(runThrough(awsEventStreamDecoder(), [Uint8Array.fromHex(hex)])).toEqual([{ event: '', data: "{'foo':'bar'}" }])
  })

  test('any chunking gives the same frames', () => {
    const bytes = concatenated([
      event('messageStart', { role: 'assistant' }),
      event('contentBlockDelta', { delta: { text: 'grüße 😀' } }),
      event('x', {}),
    ])
    const whole = runThrough(awsEventStreamDecoder(), [bytes])
    expect(whole.map((frame) => frame.event)).toEqual(['messageStart', 'contentBlockDelta', 'x'])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const pieces = edges.slice(1).map((end, index) => bytes.slice(edges[index], end))
        expect(runThrough(awsEventStreamDecoder(), pieces)).toEqual(whole)
      }),
      { numRuns: 200 },
    )
  })

  test('an exception names its type', () => {
    const headers = { ':exception-type': 'throttlingException', ':message-type': 'exception' }
    expect(runThrough(awsEventStreamDecoder(), [awsEventStreamMessage(headers, '{"message":"slow down"}')])).toEqual([
      { event: 'exception', data: '{"message":"slow down","type":"throttlingException"}' },
    ])
    const error = awsEventStreamMessage({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'oops' }, '')
    expect(runThrough(awsEventStreamDecoder(), [error])[0]?.data).toBe('{"type":"InternalError","message":"oops"}')
  })

  test('every damaged byte and every cut is noticed', () => {
    const good = event('contentBlockDelta', { delta: { text: 'hello' } })
    for (let index = 0; index < good.length; index++) {
      const bad = good.slice()
      bad[index] = (bad[index] as number) ^ 0x01
      expect(() => runThrough(awsEventStreamDecoder(), [bad])).toThrow()
    }
    for (let length = 1; length < good.length; length++) {
      expect(() => runThrough(awsEventStreamDecoder(), [good.slice(0, length)])).toThrow(SyntaxError)
    }
  })

  test('an enormous length is refused before it is waited for', () => {
    const prelude = new Uint8Array(12)
    const view = new DataView(prelude.buffer)
    view.setUint32(0, 0x7fffffff)
    view.setUint32(8, crc32(prelude.subarray(0, 8)))
    expect(() => runThrough(awsEventStreamDecoder(), [prelude])).toThrow(RangeError)
  })
})
