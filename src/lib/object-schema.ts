// The parameter schema of a tool as OpenAI's wires want it. Other formats and their clients allow less:
// no schema, no `type`, no `properties`.

import { isObject, type JsonObject } from './json.ts'

/** What a schema may hold and still mean an object without saying so. */
const OBJECT_MEMBERS = new Set([
  '$schema',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  '$defs',
  'definitions',
])

/** OpenAI refuses a tool whose schema lacks `type: object` or `properties`. What says something else stays as written. */
export function objectSchema(schema: JsonObject | undefined): JsonObject {
  if (schema === undefined) return { type: 'object', properties: {} }
  const untyped = schema['type'] === undefined && Object.keys(schema).every((key) => OBJECT_MEMBERS.has(key))
  if (!untyped && schema['type'] !== 'object') return schema
  const { properties } = schema
  return !untyped && isObject(properties) ? schema : { ...schema, type: 'object', properties: isObject(properties) ? properties : {} }
}
