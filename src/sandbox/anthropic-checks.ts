// How Anthropic words its refusals, and its checks of single blocks.

import { asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { Failure, type FailureBody, retryHeaders } from './failure.ts'
import { idFrom, isBase64 } from './tokens.ts'

export const bad = (message: string): Failure => new Failure(400, message)
export const required = (path: string): Failure => bad(`${path}: Field required`)

export function object(value: JsonValue | undefined, path: string): JsonObject {
  if (value === undefined) throw required(path)
  if (!isObject(value)) throw bad(`${path}: Input should be a valid dictionary`)
  return value
}

export function array(value: JsonValue | undefined, path: string): JsonValue[] {
  if (value === undefined) throw required(path)
  if (!Array.isArray(value)) throw bad(`${path}: Input should be a valid array`)
  return value
}

export function text(value: JsonValue | undefined, path: string): string {
  if (value === undefined) throw required(path)
  if (typeof value !== 'string') throw bad(`${path}: Input should be a valid string`)
  return value
}

export interface Range {
  readonly integer?: boolean
  readonly min?: number
  readonly max?: number
}

/** A number that may be absent or null. */
export function number(value: JsonValue | undefined, path: string, { integer, min, max }: Range): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || (integer && !Number.isInteger(value)))
    throw bad(`${path}: Input should be a valid ${integer ? 'integer' : 'number'}`)
  if (min !== undefined && value < min) throw bad(`${path}: Input should be greater than or equal to ${min}`)
  if (max !== undefined && value > max) throw bad(`${path}: Input should be less than or equal to ${max}`)
  return value
}

const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

/** An image's or a document's source. */
export function source(block: JsonObject, path: string): void {
  const kind = String(block.type)
  const from = object(block.source, `${path}.${kind}.source`)
  const type = text(from.type, `${path}.${kind}.source.type`)
  const at = `${path}.${kind}.source.${type}`
  if (type === 'base64') {
    const media = text(from.media_type, `${at}.media_type`)
    const allowed = kind === 'image' ? IMAGE_TYPES : ['application/pdf']
    if (!allowed.includes(media)) throw bad(`${at}.media_type: Input should be ${allowed.map((name) => `'${name}'`).join(' or ')}`)
    const data = text(from.data, `${at}.data`)
    if (data === '') throw bad(`${at}.data: ${kind === 'image' ? 'image' : 'document'} cannot be empty`)
    if (!isBase64(data)) throw bad(`${at}.data: Invalid base64 data`)
  } else if (type === 'url') {
    if (!/^https?:\/\//.test(text(from.url, `${at}.url`))) throw bad(`${at}.url: Only HTTPS URLs are supported.`)
  } else if (type === 'file') text(from.file_id, `${at}.file_id`)
  else if (kind === 'document' && type === 'text') text(from.data, `${at}.data`)
  else if (kind !== 'document' || type !== 'content')
    throw bad(
      `${path}.${kind}.source: Input tag '${type}' found using 'type' does not match any of the expected tags: 'base64', 'url', 'file'`,
    )
}

/** Entries of a domain list; empty for null and absent. @throws Failure for what is no host. */
export function domains(value: JsonValue | undefined, path: string): string[] {
  if (value === undefined || value === null) return []
  return array(value, path).map((entry, index) => {
    const domain = text(entry, `${path}.${index}`)
    const [host = ''] = domain.split('/')
    if (!/^[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u.test(host) || !host.includes('.'))
      throw bad(`${path}.${index}: Invalid domain '${domain}'`)
    return domain
  })
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

export const anthropicError = ({ status, message }: Failure): object => ({
  type: 'error',
  error: { type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'), message },
})

export const anthropicFailure = (failure: Failure): FailureBody => ({
  status: failure.status,
  body: { ...anthropicError(failure), request_id: idFrom(failure.status, 'req_', failure.message) },
  headers: retryHeaders(failure),
})

/** Breakpoints in a value, however deep. */
export function breakpoints(value: JsonValue | undefined, depth = 0): number {
  if (depth > 6 || value === null || typeof value !== 'object') return 0
  let count = 0
  for (const inner of Array.isArray(value) ? value : Object.values(value)) count += breakpoints(inner, depth + 1)
  return count + (isObject(value) && isObject(value.cache_control) && asString(value.type) !== undefined ? 1 : 0)
}
