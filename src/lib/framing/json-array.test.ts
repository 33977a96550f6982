import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { runThrough } from '../transducer.ts'
import { jsonArrayDecoder, jsonArrayEncoder } from './json-array.ts'

const TEXT = '[{"a":"x]},\\"{","n":[1,[2]]}\n,\r\n{"b":{}}\n,{"c":"\\\\"}]\n'

test('elements come whole for every split', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 8 }), (cuts) => {
      const at = [...new Set(cuts)].sort((a, b) => a - b)
      const pieces = [0, ...at].map((from, index) => TEXT.slice(from, at[index] ?? TEXT.length))
      expect(runThrough(jsonArrayDecoder(), pieces).map(({ data }) => JSON.parse(data))).toEqual(JSON.parse(TEXT))
    }),
  )
})

test('a cut element is handed on, so that reading it fails', () => {
  expect(runThrough(jsonArrayDecoder(), ['[{"a":1},{"b"']).map(({ data }) => data)).toEqual(['{"a":1}', '{"b"'])
})

test('text that is no array is refused', () => {
  expect(() => runThrough(jsonArrayDecoder(), ['<html>'])).toThrow(SyntaxError)
})

test('what is written reads back', () => {
  const array = jsonArrayEncoder()
  const text = array.element({ data: '{"a":1}' }) + array.element({ data: '{"b":2}' }) + array.end()
  expect(JSON.parse(text)).toEqual([{ a: 1 }, { b: 2 }])
  expect(jsonArrayEncoder().end()).toBe('[]')
})
