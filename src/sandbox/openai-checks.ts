// How OpenAI words its refusals, shared by its two chat wires.

import { isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { Failure, type FailureBody, retryHeaders } from './failure.ts'
import { isBase64 } from './tokens.ts'

export const missing = (param: string): Failure =>
  new Failure(400, `Missing required parameter: '${param}'.`, { param, code: 'missing_required_parameter' })

export const invalidType = (param: string, expected: string, got: unknown): Failure =>
  new Failure(400, `Invalid type for '${param}': expected ${expected}, but got ${kindOf(got)} instead.`, { param, code: 'invalid_type' })

export const invalidValue = (param: string, got: unknown, supported: readonly string[]): Failure =>
  new Failure(400, `Invalid value: '${String(got)}'. Supported values are: ${listed(supported)}.`, { param, code: 'invalid_value' })

export const refused = (param: string, message: string, code?: string): Failure =>
  new Failure(400, message, { param, ...(code !== undefined && { code }) })

const listed = (values: readonly string[]): string =>
  values.length < 2
    ? `'${values[0]}'`
    : `${values
        .slice(0, -1)
        .map((value) => `'${value}'`)
        .join(', ')}${values.length > 2 ? ',' : ''} and '${values.at(-1)}'`

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The member as an array of at least one. */
export function fullArray(body: JsonObject, param: string): JsonValue[] {
  const value = body[param]
  if (value === undefined) throw missing(param)
  if (!Array.isArray(value)) throw invalidType(param, 'an array of objects', value)
  if (value.length === 0)
    throw refused(
      param,
      `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      'empty_array',
    )
  return value
}

export function object(value: JsonValue | undefined, param: string): JsonObject {
  if (value === undefined) throw missing(param)
  if (!isObject(value)) throw invalidType(param, 'an object', value)
  return value
}

export function text(value: JsonValue | undefined, param: string): string {
  if (value === undefined) throw missing(param)
  if (typeof value !== 'string') throw invalidType(param, 'a string', value)
  return value
}

/** A member that may be absent or null. */
export function optional<T extends 'string' | 'boolean'>(
  body: JsonObject,
  param: string,
  type: T,
): (T extends 'string' ? string : boolean) | undefined {
  const value = body[param]
  if (value === undefined || value === null) return undefined
  if (typeof value !== type) throw invalidType(param, `a ${type}`, value)
  return value as T extends 'string' ? string : boolean
}

export interface Range {
  readonly integer?: boolean
  readonly min?: number
  readonly max?: number
}

/** A number that may be absent or null. */
export function number(body: JsonObject, param: string, { integer, min, max }: Range): number | undefined {
  const value = body[param]
  if (value === undefined || value === null) return undefined
  const word = integer ? 'integer' : 'decimal'
  if (typeof value !== 'number' || (integer && !Number.isInteger(value)))
    throw invalidType(param, integer ? 'an integer' : 'a decimal', value)
  if (min !== undefined && value < min)
    throw refused(
      param,
      `Invalid '${param}': ${word} below minimum value. Expected a value >= ${min}, but got ${value} instead.`,
      `${word}_below_min_value`,
    )
  if (max !== undefined && value > max)
    throw refused(
      param,
      `Invalid '${param}': ${word} above maximum value. Expected a value <= ${max}, but got ${value} instead.`,
      `${word}_above_max_value`,
    )
  return value
}

/** An image address: https, http or a base64 data URL. */
export function imageUrl(value: JsonValue | undefined, param: string): void {
  const url = text(value, param)
  if (/^https?:\/\//i.test(url)) return
  const data = /^data:image\/[\w.+-]+;base64,/i.exec(url.slice(0, 100))
  if (data === null)
    throw refused(param, `Invalid '${param}'. Expected a valid URL, but got a value with an invalid format.`, 'invalid_value')
  if (!isBase64(url.slice(data[0].length))) throw refused(param, 'Invalid base64 image_url.', 'invalid_base64')
}

/** A function tool's schema: an object schema or nothing. */
export function parameters(value: JsonValue | undefined, name: string, param: string): JsonValue | undefined {
  if (value === undefined || value === null) return undefined
  const schema = object(value, param)
  if (Object.keys(schema).length > 0 && schema.type !== 'object') {
    const got = JSON.stringify(schema.type ?? 'None')
    throw refused(
      param,
      `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: ${got}'.`,
      'invalid_function_parameters',
    )
  }
  return schema
}

export function toolName(value: JsonValue | undefined, param: string): string {
  const name = text(value, param)
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    throw refused(
      param,
      `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      'invalid_value',
    )
  return name
}

/** OpenAI's rules for `strict` schemas, as far as translators trip over them. */
export function strictSchema(schema: JsonValue | undefined, param: string, path: readonly string[] = []): void {
  if (!isObject(schema)) return
  const fail = (what: string): Failure =>
    refused(param, `Invalid schema: In context=(${path.map((step) => `'${step}'`).join(', ')}), ${what}`, 'invalid_json_schema')
  if (isObject(schema.properties)) {
    if (schema.additionalProperties !== false) throw fail(`'additionalProperties' is required to be supplied and to be false.`)
    const required = Array.isArray(schema.required) ? schema.required : []
    for (const [name, property] of Object.entries(schema.properties)) {
      if (!required.includes(name))
        throw fail(`'required' is required to be supplied and to be an array including every key in properties. Missing '${name}'.`)
      strictSchema(property, param, [...path, 'properties', name])
    }
  }
  if (schema.items !== undefined) strictSchema(schema.items, param, [...path, 'items'])
  for (const keyword of ['anyOf', '$defs'] as const) {
    const parts = schema[keyword]
    if (parts !== undefined && parts !== null && typeof parts === 'object')
      for (const [key, part] of Object.entries(parts)) strictSchema(part as JsonValue, param, [...path, keyword, key])
  }
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'invalid_request_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  429: 'requests',
}
const CODES: Readonly<Record<number, string>> = { 404: 'model_not_found', 429: 'rate_limit_exceeded' }

/** The inner error object. 529 is unknown here and becomes 503. */
export function openaiError({ status, message, detail }: Failure): {
  message: string
  type: string
  param: string | null
  code: string | null
} {
  const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
  return { message, type, param: detail.param ?? null, code: detail.code ?? CODES[status] ?? null }
}

export const openaiFailure = (failure: Failure): FailureBody => ({
  status: failure.status === 529 ? 503 : failure.status,
  body: { error: openaiError(failure) },
  headers: retryHeaders(failure),
})
