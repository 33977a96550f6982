// JSON Schemas for Anthropic's structured outputs, which take a part of the language only: objects must be
// closed, and bounds are a 400. What cannot be enforced is told to the model in the description instead.
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations

import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

const BOUNDS = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'patternProperties',
  'dependentRequired',
  'dependentSchemas',
  'if',
  'then',
  'else',
  'not',
  'unevaluatedProperties',
  'unevaluatedItems',
])
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])
/** Members whose value is a map from names to schemas. */
const SCHEMA_MAPS = new Set(['properties', '$defs', 'definitions'])
const SCHEMA_LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const MAX_DEPTH = 64

/** The schema as structured output takes it, and whether anything had to change. The original is not touched. */
export function closedSchema(schema: JsonObject): { schema: JsonObject; changed: boolean } {
  const state = { changed: false }
  return { schema: closed(schema, state, 0), changed: state.changed }
}

function closed(schema: JsonObject, state: { changed: boolean }, depth: number): JsonObject {
  if (depth > MAX_DEPTH) return schema
  const result: JsonObject = {}
  const told: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue
    if (isUnsupported(key, value)) told.push(`${key}: ${JSON.stringify(value)}`)
    else result[key === 'oneOf' ? 'anyOf' : key] = closedMember(key, value, state, depth)
  }
  if (told.length > 0) {
    state.changed = true
    const description = result['description']
    result['description'] = `${typeof description === 'string' && description !== '' ? `${description} ` : ''}{${told.join(', ')}}`
  }
  if (isObjectSchema(result) && result['additionalProperties'] !== false) {
    state.changed = true
    result['additionalProperties'] = false
  }
  return result
}

const isUnsupported = (key: string, value: JsonValue): boolean =>
  (BOUNDS.has(key) && !(key === 'minItems' && (value === 0 || value === 1))) ||
  (key === 'format' && !(typeof value === 'string' && FORMATS.has(value)))

function closedMember(key: string, value: JsonValue, state: { changed: boolean }, depth: number): JsonValue {
  if (SCHEMA_MAPS.has(key) && isObject(value)) {
    const map: JsonObject = {}
    for (const [name, item] of Object.entries(value)) map[name] = isObject(item) ? closed(item, state, depth + 1) : item
    return map
  }
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) {
    return value.map((item) => (isObject(item) ? closed(item, state, depth + 1) : item))
  }
  return key === 'items' && isObject(value) ? closed(value, state, depth + 1) : value
}

const isObjectSchema = (schema: JsonObject): boolean => {
  const type = schema['type']
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || (type === undefined && isObject(schema['properties']))
}

/** A tool's `input_schema`, which must say that it is an object. */
export function inputSchema(parameters: JsonObject | undefined): JsonObject {
  if (parameters === undefined) return { type: 'object', properties: {} }
  return parameters['type'] === 'object' ? parameters : { ...parameters, type: 'object' }
}
