// Reading a client's request: every member answers to its camelCase and its snake_case name, null is
// absent, and a value of the wrong kind is a 400 that names the field. Objects whose keys belong to the
// user (schemas, arguments, labels) are never respelled.

import { invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

const snakes = new Map<string, string>()

export function snakeCase(name: string): string {
  let snake = snakes.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    snakes.set(name, snake)
  }
  return snake
}

export const camelCase = (name: string): string => name.replace(/(?!^)_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** The member under either spelling; null counts as absent. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (value !== undefined && value !== null) return value
  const snake = snakeCase(name)
  const other = snake !== name && Object.hasOwn(object, snake) ? object[snake] : undefined
  return other ?? undefined
}

export function stringOf(object: JsonObject, name: string, path: string): string | undefined {
  const value = member(object, name)
  if (value === undefined || typeof value === 'string') return value
  throw invalid(at(path, name), `${at(path, name)} must be a string`)
}

export function booleanOf(object: JsonObject, name: string, path: string): boolean | undefined {
  const value = member(object, name)
  if (value === undefined || typeof value === 'boolean') return value
  throw invalid(at(path, name), `${at(path, name)} must be true or false`)
}

export interface Bounds {
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
}

/** A number as `[object, name, path]` names it. */
export function numberOf(object: JsonObject, name: string, place: { path: string } & Bounds): number | undefined {
  const value = member(object, name)
  if (value === undefined) return undefined
  const field = at(place.path, name)
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(field, `${field} must be a number`)
  if (place.integer === true && !Number.isInteger(value)) throw invalid(field, `${field} must be an integer`)
  if (place.min !== undefined && value < place.min) throw invalid(field, `${field} must be at least ${place.min}`)
  if (place.max !== undefined && value > place.max) throw invalid(field, `${field} must be at most ${place.max}`)
  return value
}

export function objectOf(object: JsonObject, name: string, path: string): JsonObject | undefined {
  const value = member(object, name)
  if (value === undefined || isObject(value)) return value
  throw invalid(at(path, name), `${at(path, name)} must be an object`)
}

export function arrayOf(object: JsonObject, name: string, path: string): JsonValue[] | undefined {
  const value = member(object, name)
  if (value === undefined || Array.isArray(value)) return value
  throw invalid(at(path, name), `${at(path, name)} must be an array`)
}

export function stringsOf(object: JsonObject, name: string, path: string): string[] | undefined {
  return arrayOf(object, name, path)?.map((item, index) => {
    if (typeof item === 'string') return item
    throw invalid(`${at(path, name)}[${index}]`, `${at(path, name)}[${index}] must be a string`)
  })
}

/** Members that `known` does not name, under their camelCase names. */
export function othersOf(object: JsonObject, known: ReadonlySet<string>): JsonObject {
  const entries: [string, JsonValue | undefined][] = []
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === null) continue
    const camel = camelCase(name)
    if (!known.has(camel)) entries.push([camel, value])
  }
  return Object.fromEntries(entries)
}

export const at = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
