// Typed look at a client's JSON: null counts as absent, a wrong type is a 400 that names the field.

import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

type Value = JsonValue | undefined

export const kindOf = (value: Value): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : isObject(value) ? 'an object' : `a ${typeof value}`

const wrong = (field: string, wanted: string, value: Value): Error =>
  invalid(field, `Invalid type for '${field}': expected ${wanted}, but got ${kindOf(value)} instead.`)

export function textAt(value: Value, field: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrong(field, 'a string', value)
  return value
}

/** A string that must be there. */
export function needText(value: Value, field: string): string {
  if (value === undefined || value === null) throw missing(field)
  return textAt(value, field) as string
}

export function flagAt(value: Value, field: string): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw wrong(field, 'a boolean', value)
  return value
}

export interface Range {
  readonly min: number
  readonly max: number
  readonly integer?: true
}

export function numberAt(value: Value, field: string, range: Range): number | undefined {
  if (value === undefined || value === null) return undefined
  // A number that a double cannot hold arrives as raw JSON text; here its nearest double is enough.
  const number =
    typeof value === 'object' && !Array.isArray(value) && !isObject(value) ? Number((value as { rawJSON?: string }).rawJSON) : value
  if (typeof number !== 'number' || Number.isNaN(number)) throw wrong(field, range.integer ? 'an integer' : 'a number', value)
  if (range.integer && !Number.isInteger(number)) throw wrong(field, 'an integer', value)
  if (number < range.min) throw invalid(field, `Invalid '${field}': expected a value >= ${range.min}, but got ${number} instead.`)
  if (number > range.max) throw invalid(field, `Invalid '${field}': expected a value <= ${range.max}, but got ${number} instead.`)
  return number
}

export function objectAt(value: Value, field: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw wrong(field, 'an object', value)
  return value
}

export function listAt(value: Value, field: string): JsonValue[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw wrong(field, 'an array', value)
  return value
}

export function needObject(value: Value, field: string): JsonObject {
  if (value === undefined || value === null) throw missing(field)
  return objectAt(value, field) as JsonObject
}

export function oneOf<const T extends string>(value: Value, field: string, allowed: readonly T[]): T | undefined {
  const text = textAt(value, field)
  if (text === undefined) return undefined
  if (!(allowed as readonly string[]).includes(text)) {
    throw invalid(field, `Invalid value: '${text.slice(0, 64)}'. Supported values are: ${allowed.map((word) => `'${word}'`).join(', ')}.`)
  }
  return text as T
}

export const missing = (field: string): Error => invalid(field, `Missing required parameter: '${field}'.`)

/** The object without the named members, or `undefined` when nothing is left. */
export function without(object: JsonObject, names: readonly string[]): JsonObject | undefined {
  let rest: JsonObject | undefined
  for (const key in object) {
    if (object[key] === undefined || names.includes(key)) continue
    rest ??= {}
    rest[key] = object[key]
  }
  return rest
}
