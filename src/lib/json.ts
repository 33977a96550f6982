// JSON values and a parser that keeps every number exactly as it was written.
// Numbers that a double cannot hold (64-bit ids, long decimals) stay raw text inside a `JSON.rawJSON`
// object, which `JSON.stringify` prints unchanged. Everything else is the platform's own parser.

export type JsonPrimitive = string | number | boolean | null
export type JsonValue = JsonPrimitive | JsonValue[] | JsonObject
export interface JsonObject {
  [key: string]: JsonValue | undefined
}

interface RawJson {
  readonly rawJSON: string
}
interface ReviverContext {
  readonly source?: string
}
// TypeScript's own library does not declare source text access yet.
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: ReviverContext) => unknown): unknown
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): boolean
}
const sourceJson = JSON as unknown as JsonWithSource

const LONG_NUMBER = /[\d.]{16}/

/**
 * Parses JSON text without rounding. Integers beyond 2^53 and decimals a double cannot hold become raw
 * JSON objects: opaque to arithmetic, printed unchanged by `JSON.stringify`.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): JsonValue {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as JsonValue
  return sourceJson.parse(text, keepExactNumber) as JsonValue
}

function keepExactNumber(_key: string, value: unknown, context: ReviverContext): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value
  return context.source.length < 16 || String(value) === context.source ? value : sourceJson.rawJSON(context.source)
}

/** As `parseJson`, but `undefined` instead of an exception. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** True for a JSON object: not null, not an array, not a raw number. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !sourceJson.isRawJSON(value)
}

/** The value when it is an object, else `undefined`. */
export const asObject = (value: unknown): JsonObject | undefined => (isObject(value) ? value : undefined)
/** The value when it is an array, else `undefined`. */
export const asArray = (value: unknown): JsonValue[] | undefined => (Array.isArray(value) ? (value as JsonValue[]) : undefined)
/** The value when it is a string, else `undefined`. */
export const asString = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
/** The value when it is a finite number, else `undefined`. */
export const asNumber = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
/** The value when it is a boolean, else `undefined`. */
export const asBoolean = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined)

/** True for an object without members. */
export function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

/** The object without members that are `undefined`; nulls, zeros and order stay. May return its argument. */
export function compact<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Deleting would turn the object into a slow dictionary, so what is there is copied instead.
  const kept: Partial<T> = {}
  let dropped = false
  for (const key in object) {
    const value = object[key]
    if (value === undefined) dropped = true
    else kept[key] = value
  }
  return (dropped ? kept : object) as { [K in keyof T]: Exclude<T[K], undefined> }
}

/** Halves of characters in a printed text: strict parsers refuse them, and a history that holds one is refused for ever. */
const LONE_HALF = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g

/** JSON text of a value, in which half a character (a string cut in the middle of one) is the replacement character. */
export function printJson(value: unknown): string {
  const text = JSON.stringify(value)
  return text.includes('\\ud') ? text.replace(LONE_HALF, '$1\ufffd') : text
}
