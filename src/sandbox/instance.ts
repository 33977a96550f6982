// A small valid value for a JSON Schema: for structured output and for tool arguments.
// Reads JSON Schema and Gemini's OpenAPI subset (upper-case types). Keywords that only a solver could
// satisfy (`not`, `if`, `dependentSchemas`, `propertyNames`) are not looked at.

import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from '../lib/json.ts'
import { stringFor } from './pattern.ts'

export interface InstanceOptions {
  /** A value for a property by name; `undefined` leaves it to the schema. Not asked where the schema fixes the value. */
  readonly hint?: (name: string, schema: JsonObject) => JsonValue | undefined
  /** Only what is required, and null where null will do: the fewest arguments a tool accepts. */
  readonly sparse?: boolean
}

interface Walk extends InstanceOptions {
  readonly root: JsonValue | undefined
}

const DEEP = 4
const DEEPEST = 24

/** A value that is valid against the schema. */
export const instanceOf = (schema: JsonValue | undefined, options: InstanceOptions = {}): JsonValue =>
  valueFor(schema, 'value', { at: 0, walk: { ...options, root: schema } })

interface Place {
  readonly at: number
  readonly walk: Walk
}
const below = ({ at, walk }: Place): Place => ({ at: at + 1, walk })

function valueFor(given: JsonValue | undefined, name: string, place: Place): JsonValue {
  const schema = resolved(given, place.walk)
  if (schema === undefined || place.at > DEEPEST) return null
  if (schema.const !== undefined) return schema.const
  const options = asArray(schema.enum)
  if (options !== undefined && options.length > 0) return (options.find((option) => option !== null) ?? null) as JsonValue
  const merged = merge(schema, place.walk)
  if (merged !== schema) return valueFor(merged, name, below(place))
  const type = typeOf(schema, place.walk.sparse === true && place.at > 0)
  if (type === 'object') return objectFor(schema, place)
  const hinted = place.walk.hint?.(name, schema)
  if (hinted !== undefined) return hinted
  if (type === 'array') return arrayFor(schema, name, place)
  if (type === 'integer' || type === 'number') return numberFor(schema, type === 'integer')
  if (type === 'boolean') return true
  return type === 'null' ? null : stringValue(schema, name)
}

function resolved(given: JsonValue | undefined, walk: Walk): JsonObject | undefined {
  let schema = given === true ? {} : asObject(given)
  for (let hops = 0; schema !== undefined && typeof schema.$ref === 'string' && hops < DEEPEST; hops++) {
    const { $ref, ...siblings } = schema
    const target = asObject(pointed(walk.root, $ref as string))
    schema = target === undefined ? undefined : Object.keys(siblings).length === 0 ? target : { ...target, ...siblings }
  }
  return schema
}

function pointed(root: JsonValue | undefined, reference: string): JsonValue | undefined {
  if (!reference.startsWith('#')) return undefined
  let found: JsonValue | undefined = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = Array.isArray(found) ? found[Number(key)] : asObject(found)?.[key]
  }
  return found
}

/** Folds `allOf` and one branch of `anyOf`/`oneOf` into the schema; the same object when there is none. */
function merge(schema: JsonObject, walk: Walk): JsonObject {
  const { allOf, anyOf, oneOf, ...rest } = schema
  const branches = asArray(anyOf) ?? asArray(oneOf)
  const all = asArray(allOf)
  if (branches === undefined && all === undefined) return schema
  let result: JsonObject = rest
  for (const part of all ?? []) result = join(result, resolved(part, walk) ?? {})
  if (branches === undefined) return result
  const objects = branches.map((branch) => resolved(branch, walk) ?? {})
  const isNull = (branch: JsonObject): boolean => branch.type === 'null' || branch.const === null
  const chosen = (walk.sparse ? objects.find(isNull) : undefined) ?? objects.find((branch) => !isNull(branch)) ?? objects[0]
  return join(result, chosen ?? {})
}

function join(a: JsonObject, b: JsonObject): JsonObject {
  const required = [...(asArray(a.required) ?? []), ...(asArray(b.required) ?? [])]
  const properties = { ...asObject(a.properties), ...asObject(b.properties) }
  return {
    ...a,
    ...b,
    ...(required.length > 0 && { required: [...new Set(required)] }),
    ...(Object.keys(properties).length > 0 && { properties }),
  }
}

function typeOf(schema: JsonObject, preferNull: boolean): string {
  const given = Array.isArray(schema.type) ? schema.type.map(String) : asString(schema.type) === undefined ? [] : [schema.type as string]
  const types = given.map((type) => type.toLowerCase())
  if (preferNull && (types.includes('null') || schema.nullable === true)) return 'null'
  const type = types.find((candidate) => candidate !== 'null') ?? types[0]
  if (type !== undefined && type !== 'type_unspecified') return type
  if (schema.properties !== undefined || schema.additionalProperties !== undefined || schema.required !== undefined) return 'object'
  if (schema.items !== undefined || schema.prefixItems !== undefined) return 'array'
  return schema.minimum !== undefined || schema.maximum !== undefined || schema.multipleOf !== undefined ? 'number' : 'string'
}

function objectFor(schema: JsonObject, place: Place): JsonObject {
  const properties = asObject(schema.properties) ?? {}
  const required = (asArray(schema.required) ?? []).filter((name) => typeof name === 'string')
  const names = new Set<string>(required)
  const known = Object.keys(properties).filter((name) => properties[name] !== false)
  if (!place.walk.sparse && place.at < DEEP) for (const name of known) names.add(name)
  if (place.walk.sparse && place.at === 0) {
    for (const name of known)
      if (place.walk.hint?.(name, asObject(properties[name]) ?? {}) !== undefined && COMMAND.test(name)) names.add(name)
    if (names.size === 0 && known[0] !== undefined) names.add(known[0])
  }
  const least = asNumber(schema.minProperties) ?? 0
  for (const name of known) if (names.size < least) names.add(name)
  const result: JsonObject = {}
  const ordered = [...known.filter((name) => names.has(name)), ...[...names].filter((name) => !known.includes(name))]
  for (const name of ordered) result[name] = valueFor(properties[name] ?? schema.additionalProperties ?? true, name, below(place))
  for (let i = 1; Object.keys(result).length < Math.min(least, 100); i++) {
    result[`key${i}`] = valueFor(schema.additionalProperties ?? true, 'value', below(place))
  }
  return result
}

/** Names of properties that hold a command line. */
export const COMMAND = /^(command|cmd|commands|script|shell_command|command_line)$/i

function arrayFor(schema: JsonObject, name: string, place: Place): JsonValue[] {
  const result = (asArray(schema.prefixItems) ?? []).map((item) => valueFor(item, name, below(place)))
  if (schema.contains !== undefined) result.push(valueFor(schema.contains, name, below(place)))
  const friendly = place.at < DEEP && !place.walk.sparse && schema.items !== undefined && schema.items !== false ? 1 : 0
  const count = Math.min(Math.max(asNumber(Number(schema.minItems ?? 0)) ?? 0, friendly), asNumber(Number(schema.maxItems ?? 1000)) ?? 1000)
  const options = asArray(asObject(resolved(schema.items, place.walk))?.enum)
  for (let i = result.length; i < Math.min(count, 1000); i++) {
    const item = options?.[i] ?? valueFor(schema.items ?? true, name, below(place))
    result.push(schema.uniqueItems === true && options === undefined ? distinct(item, i) : item)
  }
  return result
}

function distinct(item: JsonValue, index: number): JsonValue {
  if (index === 0) return item
  if (typeof item === 'string') return `${item}${index}`
  return typeof item === 'number' ? item + index : item
}

function numberFor(schema: JsonObject, integer: boolean): number {
  const step = asNumber(schema.multipleOf) ?? (integer ? 1 : 0)
  const above = asNumber(schema.exclusiveMinimum)
  const under = asNumber(schema.exclusiveMaximum)
  const minimum = asNumber(schema.minimum) ?? (above === undefined ? undefined : above + (step || 0.5))
  const maximum = asNumber(schema.maximum) ?? (under === undefined ? undefined : under - (step || 0.5))
  let value = 1
  if (minimum !== undefined && value < minimum) value = minimum
  if (maximum !== undefined && value > maximum) value = maximum
  if (step > 0) value = minimum !== undefined ? Math.ceil(value / step) * step : Math.floor(value / step) * step
  return value
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-15T12:00:00Z',
  date: '2026-01-15',
  time: '12:00:00Z',
  duration: 'P1D',
  email: 'someone@example.com',
  'idn-email': 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '018d3b9e-5c5a-7000-8000-000000000001',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  'uri-reference': 'https://example.com/',
  iri: 'https://example.com/',
  'json-pointer': '/a',
  regex: '.*',
  byte: 'aGVsbG8=',
}

function stringValue(schema: JsonObject, name: string): string {
  const format = FORMATS[asString(schema.format) ?? '']
  if (format !== undefined) return format
  const pattern = asString(schema.pattern)
  const fitting = pattern === undefined ? undefined : stringFor(pattern)
  const least = Number(schema.minLength ?? 0)
  const most = Number(schema.maxLength ?? 10_000)
  let text = fitting ?? `sandbox ${name}`
  if (fitting === undefined && text.length > most) text = text.slice(0, Math.max(most, 0))
  return text.length < least ? text + (fitting?.at(-1) ?? 'x').repeat(Math.min(least, 10_000) - text.length) : text
}
