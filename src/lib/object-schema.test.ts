import { expect, test } from 'bun:test'
import { objectSchema } from './object-schema.ts'

const PLAIN = { type: 'object', properties: {} }
const A = { a: { type: 'string' } }

test.each([
  ['nothing', undefined, PLAIN],
  ['an empty schema', {}, PLAIN],
  ['an object without properties', { type: 'object' }, PLAIN],
  ['null properties', { type: 'object', properties: null }, PLAIN],
  ['properties without a type', { properties: A, required: ['a'] }, { type: 'object', properties: A, required: ['a'] }],
  ['another type', { type: 'string' }, { type: 'string' }],
  ['a choice of schemas', { anyOf: [PLAIN] }, { anyOf: [PLAIN] }],
])('%s', (_name, schema, expected) => {
  expect(objectSchema(schema)).toEqual(expected)
})
