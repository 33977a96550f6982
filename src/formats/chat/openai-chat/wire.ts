// Names of the Chat Completions wire that several files of this codec need, and readers that turn a
// client's mistake into a 400 naming the field. What an upstream sends is read leniently instead, with
// the `as…` readers of `lib/json.ts`.
// https://platform.openai.com/docs/api-reference/chat

import type { Extensions } from '../../../core/chat.ts'
import { type GatewayError, invalid } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

export const FORMAT = 'openai-chat'

/** Most choices one request may ask for. */
export const MAX_CHOICES = 8

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return isObject(value) ? 'an object' : 'a number'
  return value === undefined ? 'nothing' : `a ${typeof value}`
}

export const missing = (field: string): GatewayError => invalid(field, `Missing required parameter: '${field}'.`)
export const wrongType = (field: string, expected: string, value: unknown): GatewayError =>
  invalid(field, `Invalid type for '${field}': expected ${expected}, but got ${kindOf(value)} instead.`)

/** A number, also one that a double only holds rounded (those arrive as raw JSON objects). */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isObject(value)) return undefined
  const number = Number(JSON.stringify(value))
  return Number.isFinite(number) ? number : undefined
}

/**
 * The readers below give `undefined` for what is absent or null. `within` names what holds the member; the
 * field's whole name is only put together for an error. @throws GatewayError 400 for a wrong type.
 */
export function readNumber(from: JsonObject, key: string, within?: string): number | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  const number = numberOf(value)
  if (number === undefined) throw wrongType(nameOf(key, within), 'a number', value)
  return number
}
export function readPositiveInteger(from: JsonObject, key: string): number | undefined {
  const number = readNumber(from, key)
  if (number === undefined) return undefined
  if (!Number.isInteger(number)) throw invalid(key, `Invalid value for '${key}': expected an integer.`)
  if (number < 1) throw invalid(key, `Invalid value for '${key}': expected a value of at least 1.`)
  return number
}
export function readBoolean(from: JsonObject, key: string, within?: string): boolean | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw wrongType(nameOf(key, within), 'a boolean', value)
  return value
}
export function readString(from: JsonObject, key: string, within?: string): string | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(nameOf(key, within), 'a string', value)
  return value
}
export function readObject(from: JsonObject, key: string, within?: string): JsonObject | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw wrongType(nameOf(key, within), 'an object', value)
  return value
}
export function readArray(from: JsonObject, key: string, within?: string): JsonValue[] | undefined {
  const value = from[key]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw wrongType(nameOf(key, within), 'an array', value)
  return value
}
/** A string that must be there and not be empty. */
export function requireString(from: JsonObject, key: string, within?: string): string {
  const value = readString(from, key, within)
  if (value === undefined || value === '') throw missing(nameOf(key, within))
  return value
}

const nameOf = (key: string, within: string | undefined): string => (within === undefined ? key : `${within}.${key}`)

/** The members of `wire` that are not `known`; `undefined` when there are none. */
export function carriedMembers(wire: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let carried: JsonObject | undefined
  for (const key in wire) {
    // `__proto__` would change the object instead of being a member of it.
    if (known.has(key) || wire[key] === undefined || key === '__proto__') continue
    carried ??= {}
    carried[key] = wire[key]
  }
  return carried
}

/** As `carriedMembers`, as an extension of this format. */
export function extensionsFrom(wire: JsonObject, known: ReadonlySet<string>): Extensions | undefined {
  const carried = carriedMembers(wire, known)
  return carried === undefined ? undefined : { [FORMAT]: carried }
}

/** As `extensionsFrom`, ready to be spread. */
export function carriedFrom(wire: JsonObject, known: ReadonlySet<string>): { extensions?: Extensions } {
  const extensions = extensionsFrom(wire, known)
  return extensions === undefined ? {} : { extensions }
}

/** What this format carried in `extensions`, or nothing. */
export const ownExtension = (extensions: Extensions | undefined): JsonObject | undefined => extensions?.[FORMAT]
