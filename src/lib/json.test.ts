import { expect, test } from 'bun:test'
import { isObject, parseJson, printJson } from './json.ts'

test('numbers a double cannot hold survive parse and print', () => {
  const text = '{"id":12345678901234567890,"x":[0.1234567890123456789,-9007199254740993],"n":1,"s":"12345678901234567890"}'
  expect(JSON.stringify(parseJson(text))).toBe(text)
})

test('raw numbers are not objects', () => {
  const value = parseJson('{"id":12345678901234567890}')
  expect(isObject(value)).toBe(true)
  expect(isObject((value as { id: unknown }).id)).toBe(false)
})

test('half a character is replaced in print, and what only looks like one is not', () => {
  expect(printJson({ a: 'x\ud800y', b: '\udc00' })).toBe('{"a":"x\ufffdy","b":"\ufffd"}')
  const plain = { whole: '\ud83d\ude00', escaped: '\\ud800', twice: '\\\\ud800', nested: JSON.stringify({ a: '\ud800' }) }
  expect(printJson(plain)).toBe(JSON.stringify(plain))
})
