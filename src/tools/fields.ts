// Typed readers for members of a tool declaration. A member of the wrong type is a 400 that names its path; absent and null
// are the same, as every web tool documents its members as nullable.

import { invalid } from '../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { type DomainRule, parseDomain } from './domains.ts'

/** A place in the client's body, such as `tools[0].user_location`; empty for the body itself. */
export type Place = string

export const inside = (place: Place, member: string | number): Place =>
  typeof member === 'number' ? `${place}[${member}]` : place === '' ? member : `${place}.${member}`

export const refuse = (place: Place, message: string): never => {
  throw invalid(place, `${place}: ${message}`)
}

const given = (value: JsonValue | undefined): value is Exclude<JsonValue, null> => value !== undefined && value !== null

export function optionalObject(object: JsonObject, member: string, at: Place): JsonObject | undefined {
  const value = object[member]
  if (!given(value)) return undefined
  return isObject(value) ? value : refuse(inside(at, member), 'Input should be an object')
}

export function optionalBoolean(object: JsonObject, member: string, at: Place): boolean | undefined {
  const value = object[member]
  if (!given(value)) return undefined
  return typeof value === 'boolean' ? value : refuse(inside(at, member), 'Input should be a boolean')
}

export function optionalString(object: JsonObject, member: string, at: Place): string | undefined {
  const value = object[member]
  if (!given(value)) return undefined
  return typeof value === 'string' ? value : refuse(inside(at, member), 'Input should be a string')
}

/** A whole number of at least 1. */
export function optionalCount(object: JsonObject, member: string, at: Place): number | undefined {
  const value = object[member]
  if (!given(value)) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return refuse(inside(at, member), 'Input should be an integer')
  return value > 0 ? value : refuse(inside(at, member), 'Input should be greater than 0')
}

export function optionalOneOf<T extends string>(
  object: JsonObject,
  member: string,
  options: { at: Place; values: readonly T[] },
): T | undefined {
  const value = object[member]
  if (!given(value)) return undefined
  const found = options.values.find((candidate) => candidate === value)
  return found ?? refuse(inside(options.at, member), `Input should be ${options.values.map((item) => `'${item}'`).join(' or ')}`)
}

export function optionalList(object: JsonObject, member: string, at: Place): JsonValue[] | undefined {
  const value = object[member]
  if (!given(value)) return undefined
  return Array.isArray(value) ? value : refuse(inside(at, member), 'Input should be a list')
}

/** Domain entries; absent, null and empty all mean no filter. */
export function domainList(object: JsonObject, member: string, at: Place): DomainRule[] {
  const place = inside(at, member)
  return (optionalList(object, member, at) ?? []).map((entry, index) => {
    const where = inside(place, index)
    if (typeof entry !== 'string') return refuse(where, 'Input should be a string')
    const rule = parseDomain(entry)
    return typeof rule === 'string' ? refuse(where, `'${entry.slice(0, 100)}' ${rule}`) : rule
  })
}
