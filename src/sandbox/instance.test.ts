// Generated values are valid against their schemas, by zod's reading of them.

import { expect, test } from 'bun:test'
import { z } from 'zod'
import type { JsonObject } from '../lib/json.ts'
import { instanceOf } from './instance.ts'
import { stringFor } from './pattern.ts'

const SCHEMAS: JsonObject[] = [
  { type: 'string' },
  { type: 'string', minLength: 30, maxLength: 31 },
  { type: 'string', maxLength: 3 },
  { type: 'string', pattern: '^[A-Z]{3}-\\d{2,4}(foo|bar)?$' },
  { type: 'integer', minimum: 5, maximum: 9 },
  { type: 'integer', exclusiveMinimum: 5 },
  { type: 'number', maximum: -2 },
  { type: 'integer', multipleOf: 7, minimum: 10 },
  { enum: ['b', 'c'] },
  { const: 'fixed' },
  { type: ['string', 'null'] },
  { type: 'array', items: { type: 'boolean' }, minItems: 3 },
  { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
  {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'array', items: { enum: [1, 2] } } },
    required: ['a'],
    additionalProperties: false,
  },
  { anyOf: [{ type: 'null' }, { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] }] },
  {
    allOf: [
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
      { type: 'object', properties: { b: { type: 'number' } }, required: ['b'] },
    ],
  },
  {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        type: 'object',
        properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
        required: ['name'],
      },
    },
  },
  { type: 'object', additionalProperties: { type: 'number' } },
  ...['date-time', 'date', 'email', 'uuid', 'ipv4', 'ipv6', 'uri'].map((format) => ({ type: 'string', format })),
]

test('every value fits its schema', () => {
  for (const schema of SCHEMAS) {
    const value = instanceOf(schema)
    const result = z.fromJSONSchema(schema as never).safeParse(value)
    expect([schema, value, result.success]).toEqual([schema, value, true])
  }
})

test('Gemini’s dialect and booleans', () => {
  expect(instanceOf({ type: 'OBJECT', properties: { a: { type: 'INTEGER' }, b: { type: 'STRING', nullable: true } } })).toEqual({
    a: 1,
    b: 'sandbox b',
  })
  expect(typeof instanceOf(true)).toBe('string')
  expect(instanceOf(false)).toBeNull()
  expect(instanceOf(undefined)).toBeNull()
})

test('sparse values hold what is required and null where it will do', () => {
  const schema: JsonObject = {
    type: 'object',
    properties: { a: { type: ['string', 'null'] }, b: { type: 'string' }, c: { type: 'number' } },
    required: ['a', 'c'],
  }
  expect(instanceOf(schema, { sparse: true })).toEqual({ a: null, c: 1 })
})

test('patterns', () => {
  for (const pattern of ['^a+$', '\\w{3}', '^(?:x|y)[0-9]{2}$', '^[^a]$', '^\\+?[1-9]\\d{1,14}$'])
    expect(stringFor(pattern)).toMatch(new RegExp(pattern))
  expect(stringFor('^(?=.*z)a$')).toBeUndefined()
  expect(stringFor('(')).toBeUndefined()
})
