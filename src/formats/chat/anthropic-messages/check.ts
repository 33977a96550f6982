// Reading a client's JSON: each reader returns `undefined` for absent or null and throws a 400 that names
// the field for a value of the wrong kind.

import type { CacheHint } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

export const fieldPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

export const required = (path: string): Error => invalid(path, `${path}: Field required`)

/** @throws a 400 unless `value` is an object. */
export function objectAt(value: JsonValue | undefined, path: string): JsonObject {
  if (value === undefined) throw required(path)
  if (!isObject(value)) throw invalid(path, `${path}: Input should be an object`)
  return value
}

export function optionalText(object: JsonObject, key: string, path: string): string | undefined {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw invalid(fieldPath(path, key), `${fieldPath(path, key)}: Input should be a valid string`)
  return value
}

export function requiredText(object: JsonObject, key: string, path: string): string {
  const value = optionalText(object, key, path)
  if (value === undefined) throw required(fieldPath(path, key))
  return value
}

/** A name or id: text that is not empty. */
export function requiredName(object: JsonObject, key: string, path: string): string {
  const value = requiredText(object, key, path)
  if (value === '') throw invalid(fieldPath(path, key), `${fieldPath(path, key)}: String should have at least 1 character`)
  return value
}

export function optionalNumber(object: JsonObject, key: string, path: string): number | undefined {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  // A number too long for a double arrives as a raw JSON object; here its size is all that counts.
  const number = typeof value === 'object' && !Array.isArray(value) && !isObject(value) ? Number(JSON.stringify(value)) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw invalid(fieldPath(path, key), `${fieldPath(path, key)}: Input should be a valid number`)
  }
  return number
}

/** A whole number of at least `least`. */
export function optionalInteger(object: JsonObject, key: string, path: string, least = 0): number | undefined {
  const value = optionalNumber(object, key, path)
  if (value === undefined) return undefined
  const field = fieldPath(path, key)
  if (!Number.isInteger(value)) throw invalid(field, `${field}: Input should be a valid integer`)
  if (value < least) throw invalid(field, `${field}: Input should be greater than or equal to ${least}`)
  return value
}

export function optionalBoolean(object: JsonObject, key: string, path: string): boolean | undefined {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw invalid(fieldPath(path, key), `${fieldPath(path, key)}: Input should be a valid boolean`)
  return value
}

export function optionalObject(object: JsonObject, key: string, path: string): JsonObject | undefined {
  const value = object[key]
  return value === undefined || value === null ? undefined : objectAt(value, fieldPath(path, key))
}

export function optionalArray(object: JsonObject, key: string, path: string): JsonValue[] | undefined {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw invalid(fieldPath(path, key), `${fieldPath(path, key)}: Input should be a valid list`)
  return value
}

export function optionalTexts(object: JsonObject, key: string, path: string): string[] | undefined {
  return optionalArray(object, key, path)?.map((item, i) => {
    if (typeof item === 'string') return item
    throw invalid(`${fieldPath(path, key)}[${i}]`, `${fieldPath(path, key)}[${i}]: Input should be a valid string`)
  })
}

/** The breakpoint in `cache_control`. A lifetime we do not know counts as the default one. */
export function cacheOf(object: JsonObject, path: string): CacheHint | undefined {
  const control = optionalObject(object, 'cache_control', path)
  if (control === undefined) return undefined
  const ttl = optionalText(control, 'ttl', fieldPath(path, 'cache_control'))
  return ttl === '5m' || ttl === '1h' ? { ttl } : {}
}
