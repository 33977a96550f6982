// Schemas: Gemini's OpenAPI subset to JSON Schema, and JSON Schema to what Gemini's JSON-Schema mode takes
// (supported keywords: SDK type `GenerateContentConfig.responseJsonSchema`).

import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { camelCase } from './spelling.ts'

const MAX_DEPTH = 200
/** Nodes that inlined references may add up to: a short schema can unfold without end. */
const MAX_NODES = 5000

type Entries = [string, JsonValue | undefined][]

// ── OpenAPI subset → JSON Schema ──────────────────────────────────────────────────────────────────

const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])
const OPENAPI_KEYS = new Set([...COUNTS, 'type', 'anyOf', 'items', 'properties', 'nullable', 'example', 'propertyOrdering'])

/** JSON Schema with the same meaning: lower-case types, numbers for counts, `null` for `nullable`. */
export function fromOpenApi(schema: JsonValue, path: string, depth = 0): JsonObject {
  if (!isObject(schema)) throw invalid(path, `${path} must be a schema object`)
  if (depth > MAX_DEPTH) throw invalid(path.slice(0, 200), 'The schema is nested too deeply.')
  const entries: Entries = []
  let nullable = false
  for (const [name, value] of Object.entries(schema)) {
    if (value === undefined || value === null) continue
    const key = OPENAPI_KEYS.has(name) ? name : OPENAPI_KEYS.has(camelCase(name)) ? camelCase(name) : name
    if (key === 'nullable') nullable = value === true
    else if (key === 'type') entries.push([key, typeName(value)])
    else if (key === 'example') entries.push(['examples', [value]])
    else if (key === 'items') entries.push([key, Array.isArray(value) ? value : fromOpenApi(value, `${path}.items`, depth + 1)])
    else if (key === 'anyOf' && Array.isArray(value))
      entries.push([key, value.map((item, i) => fromOpenApi(item, `${path}.anyOf[${i}]`, depth + 1))])
    else if (key === 'properties' && isObject(value)) {
      entries.push([key, mapped(value, (item, name) => fromOpenApi(item, `${path}.properties.${name}`, depth + 1))])
    } else entries.push([key, COUNTS.has(key) && typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value])
  }
  return withNull(Object.fromEntries(entries), nullable)
}

function typeName(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(typeName)
  return typeof value === 'string' ? value.toLowerCase() : value
}

function withNull(schema: JsonObject, nullable: boolean): JsonObject {
  if (schema['type'] === 'type_unspecified') delete schema['type']
  if (!nullable) return schema
  const { type } = schema
  if (typeof type === 'string') {
    if (Array.isArray(schema['enum'])) schema['enum'] = [...schema['enum'], null]
    return { ...schema, type: type === 'null' ? type : [type, 'null'] }
  }
  return Array.isArray(schema['anyOf']) ? { ...schema, anyOf: [...schema['anyOf'], { type: 'null' }] } : schema
}

const mapped = (object: JsonObject, map: (value: JsonValue, name: string) => JsonValue): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, value === undefined ? value : map(value, name)]))

// ── JSON Schema → what Gemini takes ───────────────────────────────────────────────────────────────

const SUPPORTED = new Set([
  ...['$id', '$defs', '$ref', '$anchor', 'type', 'format', 'title', 'description', 'enum', 'items', 'prefixItems', 'minItems', 'maxItems'],
  ...['minimum', 'maximum', 'anyOf', 'oneOf', 'properties', 'additionalProperties', 'required', 'propertyOrdering'],
])
/** Words the model should still read when the decoder cannot enforce them. */
const SPOKEN = new Set([
  ...['pattern', 'minLength', 'maxLength', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'default', 'examples', 'uniqueItems'],
  ...['minProperties', 'maxProperties', 'not', 'contentEncoding', 'propertyNames'],
])

interface Cleaning {
  readonly root: JsonObject
  /** Only supported keywords may stay, as an answer's schema demands. */
  readonly strict: boolean
  nodes: number
  /** References that had to stay because they are recursive or grow too large. */
  kept: boolean
}

/**
 * A schema for `parametersJsonSchema` (`strict` false) or `responseJsonSchema` (`strict` true). Local
 * references are inlined; recursive ones stay, with their definitions.
 */
export function cleanSchema(schema: JsonObject, strict: boolean): JsonObject {
  const state: Cleaning = { root: schema, strict, nodes: 0, kept: false }
  const clean = cleanNode(schema, state, { stack: [], depth: 0 })
  const result = isObject(clean) ? clean : {}
  if (!state.kept) return result
  const defs: Entries = []
  for (const key of ['definitions', '$defs']) {
    const given = schema[key]
    // With the budget used up every reference in them stays a reference.
    if (isObject(given))
      defs.push(...Object.entries(mapped(given, (item) => cleanNode(item, { ...state, nodes: MAX_NODES }, { stack: [], depth: 0 }))))
  }
  return defs.length === 0 ? result : { ...result, $defs: Object.fromEntries(defs) }
}

interface Where {
  readonly stack: readonly string[]
  readonly depth: number
}

function cleanNode(node: JsonValue, state: Cleaning, where: Where): JsonValue {
  if (!isObject(node)) return node === true ? {} : node
  if (where.depth > MAX_DEPTH) throw invalid('schema', 'The schema is nested too deeply.')
  state.nodes++
  const reference = node['$ref']
  if (typeof reference === 'string') return cleanReference(node, reference, { state, where })
  const entries: Entries = []
  const spoken: string[] = []
  for (const [key, value] of Object.entries(node)) {
    if (value === undefined || key === '$schema' || key === '$comment' || key === '$defs' || key === 'definitions') continue
    if (key === 'const') entries.push(...(node['enum'] === undefined ? ([['enum', [value]]] as Entries) : []))
    else if (key === 'allOf' && Array.isArray(value) && value.length === 1) {
      const only = cleanNode(value[0] as JsonValue, state, { ...where, depth: where.depth + 1 })
      if (isObject(only)) for (const entry of Object.entries(only)) if (!Object.hasOwn(node, entry[0])) entries.push(entry)
    } else if (!state.strict || SUPPORTED.has(key)) entries.push([key, cleanValue(key, value, { state, where })])
    else if (SPOKEN.has(key)) spoken.push(`${key}: ${JSON.stringify(value)}`)
  }
  const clean = Object.fromEntries(entries)
  if (state.strict) checkEnum(clean, spoken)
  if (spoken.length > 0)
    clean['description'] = [clean['description'], `(${spoken.join(', ')})`].filter((text) => typeof text === 'string').join(' ')
  return clean
}

/** Enum members may be strings and numbers only. */
function checkEnum(schema: JsonObject, spoken: string[]): void {
  const values = schema['enum']
  if (!Array.isArray(values)) return
  if (values.every((value) => typeof value === 'string' || typeof value === 'number')) {
    schema['type'] ??= values.every((value) => typeof value === 'number') ? 'number' : 'string'
    return
  }
  spoken.push(`one of: ${JSON.stringify(values)}`)
  delete schema['enum']
}

const SCHEMA_MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas'])
const SCHEMA_LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const SCHEMAS = new Set(['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'])

function cleanValue(key: string, value: JsonValue, at: { state: Cleaning; where: Where }): JsonValue {
  const deeper = { ...at.where, depth: at.where.depth + 1 }
  if (SCHEMA_MAPS.has(key) && isObject(value)) return mapped(value, (item) => cleanNode(item, at.state, deeper))
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) return value.map((item) => cleanNode(item, at.state, deeper))
  if (SCHEMAS.has(key) && isObject(value)) return cleanNode(value, at.state, deeper)
  return value
}

function cleanReference(node: JsonObject, reference: string, at: { state: Cleaning; where: Where }): JsonValue {
  const { state, where } = at
  const target = resolved(state.root, reference)
  if (target === undefined || where.stack.includes(reference) || state.nodes >= MAX_NODES || where.stack.length > 50) {
    state.kept = true
    // Beside a reference only members that start with `$` may stand.
    return { $ref: reference.replace(/^#\/definitions\//, '#/$defs/') }
  }
  const inlined = cleanNode(target, state, { stack: [...where.stack, reference], depth: where.depth + 1 })
  if (!isObject(inlined)) return inlined
  const { $ref: _, ...siblings } = node
  const beside = cleanNode(siblings, state, { ...where, depth: where.depth + 1 })
  return isObject(beside) ? { ...inlined, ...beside } : inlined
}

/** What a local reference (`#`, `#/$defs/x`) points at. */
function resolved(root: JsonObject, reference: string): JsonValue | undefined {
  if (!reference.startsWith('#')) return undefined
  let node: JsonValue | undefined = root
  for (const step of reference.slice(1).split('/').slice(1)) {
    const key = decodeStep(step)
    if (isObject(node) && Object.hasOwn(node, key)) node = node[key]
    else if (Array.isArray(node) && /^\d+$/.test(key)) node = node[Number(key)]
    else return undefined
  }
  return node
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step
  }
}
