// Identifiers: time-ordered UUIDv7 behind a prefix for what we store, short random text for wire ids.

import { randomBytes } from 'node:crypto'
import { uuidv7 } from './platform/runtime.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

// Labels are cut from one long random text: to draw and spell each by itself costs more than the rest of a small answer.
const POOL_LENGTH = 4096
let pool = ''
let used = 0

/** Random letters and digits, slightly biased: for labels, never for secrets. */
export function randomText(length: number): string {
  if (used + length > pool.length) {
    pool = ''
    for (const byte of randomBytes(Math.max(length, POOL_LENGTH))) pool += ALPHABET[byte % 62]
    used = 0
  }
  used += length
  return pool.slice(used - length, used)
}

/** Random letters and digits, each equally likely: for keys and other secrets. */
export function secretText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
  }
  return text
}

/** A stored thing's id: `ch_0199…`. */
export const prefixedId = (prefix: string, nowMs: number): string => `${prefix}_${uuidv7(nowMs)}`

/** Where codecs take their ids from, so that tests can fix them. */
export interface IdSource {
  /** A fresh wire id such as `chatcmpl-…`: the prefix is printed as given. */
  next(prefix: string): string
}

export const randomIds: IdSource = { next: (prefix) => prefix + randomText(24) }

/** Counts instead of drawing: `msg_1`, `msg_2`. For golden files. */
export function countingIds(): IdSource {
  let count = 0
  return { next: (prefix) => `${prefix}${++count}` }
}
