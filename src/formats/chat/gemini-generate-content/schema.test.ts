import { expect, test } from 'bun:test'

import { cleanSchema, fromOpenApi } from './schema.ts'

test('OpenAPI types, counts and nullability become JSON Schema', () => {
  const schema = {
    type: 'OBJECT',
    properties: {
      type: { type: 'ARRAY', items: { type: 'STRING', enum: ['a'], nullable: true }, minItems: '2' },
      nullable: { type: 'NUMBER' },
    },
  }
  expect(fromOpenApi(schema, 's')).toEqual({
    type: 'object',
    properties: {
      type: { type: 'array', items: { type: ['string', 'null'], enum: ['a', null] }, minItems: 2 },
      nullable: { type: 'number' },
    },
  })
})

test('local references are inlined, recursive ones stay with their definitions', () => {
  const schema = {
    type: 'object',
    properties: { point: { $ref: '#/definitions/Point' }, tree: { $ref: '#/definitions/Node' } },
    definitions: {
      Point: { type: 'number' },
      Node: { type: 'object', properties: { next: { $ref: '#/definitions/Node' }, at: { $ref: '#/definitions/Point' } } },
    },
  }
  const clean = cleanSchema(schema, true)
  expect(clean).toMatchObject({
    properties: { point: { type: 'number' }, tree: { properties: { next: { $ref: '#/$defs/Node' }, at: { type: 'number' } } } },
  })
  expect(clean['$defs']).toMatchObject({ Node: { properties: { next: { $ref: '#/$defs/Node' } } }, Point: { type: 'number' } })
  expect(cleanSchema({ properties: { a: { $ref: '#/$defs/X' } }, $defs: { X: { type: 'string' } } }, true)).toEqual({
    properties: { a: { type: 'string' } },
  })
})

test('a schema that unfolds without end stays small', () => {
  const $defs: Record<string, object> = { d0: { type: 'string' } }
  for (let i = 1; i < 40; i++)
    $defs[`d${i}`] = { type: 'object', properties: { a: { $ref: `#/$defs/d${i - 1}` }, b: { $ref: `#/$defs/d${i - 1}` } } }
  const clean = cleanSchema({ $ref: '#/$defs/d39', $defs } as never, true)
  expect(JSON.stringify(clean).length).toBeLessThan(2_000_000)
})

test('parameters keep their words, answers only the supported ones', () => {
  const schema = {
    $schema: 'x',
    type: 'object',
    properties: { n: { type: 'integer', exclusiveMinimum: 3, description: 'N' }, b: { enum: [true] } },
    patternProperties: { x: {} },
  }
  expect(cleanSchema(schema, false)).toEqual({
    type: 'object',
    properties: { n: { type: 'integer', exclusiveMinimum: 3, description: 'N' }, b: { enum: [true] } },
    patternProperties: { x: {} },
  })
  expect(cleanSchema(schema, true)).toEqual({
    type: 'object',
    properties: { n: { type: 'integer', description: 'N (exclusiveMinimum: 3)' }, b: { description: '(one of: [true])' } },
  })
})

test('members named like prototypes are plain members', () => {
  const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"STRING"}}}')
  expect(Object.keys(cleanSchema(schema, false)['properties'] as object)).toEqual(['__proto__'])
  expect(JSON.stringify(fromOpenApi(schema, 's'))).toContain('"__proto__":{"type":"string"}')
})
