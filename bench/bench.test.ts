import { expect, test } from 'bun:test'
import { configuration, MODELS } from './gateways.ts'
import { MessageReader } from './http1.ts'
import { percentile } from './load.ts'
import { median } from './measure.ts'
import { chatRequest, streamFrames, unaryAnswer } from './payloads.ts'
import { statMicros } from './processes.ts'
import { figure, verdict } from './table.ts'

function read(pieces: Buffer[], side: 'request' | 'response', closed = false): string[] {
  const seen: string[] = []
  let body = ''
  const reader = new MessageReader(
    {
      onHead: (head) => void seen.push(head.split('\r\n')[0] ?? ''),
      onBody: (bytes) => {
        body += bytes.toString()
      },
      onEnd: () => {
        seen.push(body)
        body = ''
      },
    },
    side,
  )
  for (const piece of pieces) reader.push(piece)
  if (closed) seen.push(String(reader.close()))
  return seen
}

const TWO = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello' +
    'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\na;x=1\r\n0123456789\r\n0\r\n\r\n',
)

test('messages are read the same however their bytes are split', () => {
  const expected = ['HTTP/1.1 200 OK', 'hello', 'HTTP/1.1 201 Created', 'wiki0123456789']
  for (let size = 1; size <= TWO.length; size++) {
    const pieces: Buffer[] = []
    for (let at = 0; at < TWO.length; at += size) pieces.push(TWO.subarray(at, at + size))
    expect(read(pieces, 'response')).toEqual(expected)
  }
})

test('a response without a length ends with its connection, a cut one does not', () => {
  expect(read([Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc')], 'response', true)).toEqual(['HTTP/1.1 200 OK', 'abc', 'true'])
  expect(read([Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc')], 'response', true)).toEqual(['HTTP/1.1 200 OK', 'false'])
  expect(read([Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n')], 'request')).toEqual(['GET / HTTP/1.1', ''])
})

test('payloads are what they say', () => {
  expect(JSON.parse(chatRequest('m', { stream: true }))).toMatchObject({
    model: 'm',
    stream: true,
    stream_options: { include_usage: true },
  })
  const large = chatRequest('m', { stream: false, imageBytes: 1_000_000 })
  expect(Math.abs(large.length - 1_000_000)).toBeLessThan(5_000)
  const url: string = JSON.parse(large).messages.at(-1).content[1].image_url.url
  const base64 = url.slice(url.indexOf(',') + 1)
  expect(Buffer.from(base64, 'base64').toString('base64')).toBe(base64)
  for (const dialect of ['openai', 'anthropic'] as const) {
    expect(JSON.parse(unaryAnswer(dialect)).usage).toBeDefined()
    const { head, deltas, tail } = streamFrames(dialect, 7)
    expect(deltas).toHaveLength(7)
    for (const frame of [...head, ...deltas, ...tail]) {
      expect(frame.endsWith('\n\n')).toBe(true)
      const data = frame.slice(frame.indexOf('data: ') + 6).trim()
      if (data !== '[DONE]') expect(() => JSON.parse(data)).not.toThrow()
    }
  }
})

test('the configuration is YAML with a channel for each model', () => {
  const parsed = Bun.YAML.parse(configuration('http://127.0.0.1:1')) as { channels: { models: string[]; base_url: string }[] }
  expect(parsed.channels.map(({ models }) => models[0])).toEqual(MODELS.map(({ name }) => name))
  expect(parsed.channels[0]?.base_url).toBe('http://127.0.0.1:1/unary/v1')
})

test('statistics', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(3)
  expect(percentile([1, 2, 3, 4], 0.99)).toBe(4)
  expect(statMicros('42 (a b) c) S 1 2 3 4 5 6 7 8 9 10 30 12 0')).toBe(420_000)
  expect([figure(1234.5), figure(12.34), figure(1.234), figure(Number.NaN)]).toEqual(['1235', '12.3', '1.23', '–'])
  expect([verdict(1.5, 1.5), verdict(1.6, 1.5)]).toEqual(['met (≤ 1.5)', 'MISSED (≤ 1.5)'])
})
