import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Edit, membersOf, splice } from './json-splice.ts'

const BODY =
  '{ "model" : "a" , "big": 12345678901234567890, "one": 1.0, "nested": {"x": [1, {"model": "inner"}], "y": "\\"}"}, "last": null }'

describe('splice', () => {
  test('changes the named member and no other byte', () => {
    expect(splice(BODY, [{ op: 'set', path: ['model'], value: 'b' }])).toBe(BODY.replace('"a"', '"b"'))
  })

  test('adds, removes and renames', () => {
    const added = splice(BODY, [{ op: 'set', path: ['stream_options', 'include_usage'], value: true }])
    expect(JSON.parse(added).stream_options).toEqual({ include_usage: true })
    expect(splice('{}', [{ op: 'set', path: ['a'], value: 1 }])).toBe('{"a":1}')
    expect(JSON.parse(splice(BODY, [{ op: 'remove', path: ['last'] }]))).not.toHaveProperty('last')
    expect(splice('{"a":1,"b":2}', [{ op: 'remove', path: ['a'] }])).toBe('{"b":2}')
    expect(splice('{"a":1}', [{ op: 'remove', path: ['a'] }])).toBe('{}')
    expect(splice('{"a":1}', [{ op: 'rename', path: ['a'], to: 'b' }])).toBe('{"b":1}')
    expect(JSON.parse(splice('{"s":null}', [{ op: 'set', path: ['s', 'u'], value: true }]))).toEqual({ s: { u: true } })
  })

  test('agrees with parse-and-print on any object', () => {
    const key = fc.constantFrom('model', 'stream', 'a"b', 'ü', '')
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), key, fc.jsonValue(), fc.nat(2), (object, name, value, space) => {
        const text = JSON.stringify(object, null, space)
        const edit: Edit = { op: 'set', path: [name], value: value as never }
        expect(JSON.parse(splice(text, [edit]))).toEqual(JSON.parse(JSON.stringify({ ...object, [name]: value })))
        const { [name]: _gone, ...rest } = object
        expect(JSON.parse(splice(text, [{ op: 'remove', path: [name] }]))).toEqual(JSON.parse(JSON.stringify(rest)))
        expect(membersOf(text).map((member) => member.key)).toEqual(Object.keys(JSON.parse(text)))
      }),
      { numRuns: 500 },
    )
  })

  test('sees repeated members', () => {
    expect(membersOf('{"model":"a","model":"b"}').map(({ key }) => key)).toEqual(['model', 'model'])
    expect(membersOf('{"m\\u006fdel":1}').map(({ key }) => key)).toEqual(['model'])
    expect(membersOf('[1]')).toEqual([])
  })
})
