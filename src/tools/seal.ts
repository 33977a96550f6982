// Sealing of `encrypted_content` and `encrypted_index`: stateless, readable by every node that has the ring, bound to
// organisation, address, title and purpose. Layout before base64: magic and version (6) · key id (4) · salt (16) ·
// ciphertext · tag (16). Each blob has a key of its own (HKDF over a fresh salt), so no nonce is ever repeated.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { asObject, type JsonObject, tryParseJson } from '../lib/json.ts'
import { deflateRaw, inflateRaw } from '../lib/platform/deflate.ts'

// Six bytes are exactly eight base64 characters, so the prefix can be told without decoding.
const MAGIC = Buffer.from('SWYws1', 'latin1')
const PREFIX = MAGIC.toString('base64')
/** Stands in every text that holds an intact blob of ours. */
export const SEAL_PREFIX = PREFIX
const ID = 4
const SALT = 16
const TAG = 16
const SMALLEST = MAGIC.length + ID + SALT + TAG
const MAX_PLAIN_BYTES = 4 * 1024 * 1024

export type SealPurpose = 'result' | 'index'

/** What a blob is bound to; opening needs the same values. */
export interface SealBinding {
  readonly purpose: SealPurpose
  readonly tenant: string
  readonly url: string
  readonly title: string
}

export type Opened =
  | { readonly state: 'opened'; readonly payload: JsonObject }
  /** Not ours: another vendor's, another gateway's, or empty. */
  | { readonly state: 'foreign' }
  /** Ours and not openable: altered, moved, or its key is gone from the ring. */
  | { readonly state: 'invalid'; readonly reason: 'damaged' | 'unknown-key' }

interface MasterKey {
  readonly id: string
  readonly tag: Buffer
  readonly key: Buffer
}

/** Master keys; the first seals, all open. */
export class SealRing {
  readonly #keys: readonly MasterKey[]

  /**
   * @param text `kid:base64` entries, comma separated, at least 16 bytes of key each.
   * @throws Error naming the entry by position, never by value.
   */
  constructor(text: string) {
    const entries = text.split(',').map((entry) => entry.trim())
    this.#keys = entries.map((entry, index) => {
      const colon = entry.indexOf(':')
      const id = entry.slice(0, colon)
      const key = Buffer.from(entry.slice(colon + 1), 'base64')
      if (colon < 1 || key.length < 16) throw new Error(`seal key ${index + 1}: want kid:base64 with at least 16 bytes`)
      return { id, key, tag: createHash('sha256').update(id).digest().subarray(0, ID) }
    })
  }

  seal(payload: JsonObject, binding: SealBinding): string {
    const master = this.#keys[0] as MasterKey
    const salt = randomBytes(SALT)
    const { key, nonce } = deriveKey(master, salt, binding.purpose)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(associated(master, binding))
    const plain = deflateRaw(Buffer.from(JSON.stringify(payload), 'utf8'))
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
    return Buffer.concat([MAGIC, master.tag, salt, sealed, cipher.getAuthTag()]).toString('base64')
  }

  open(text: string, binding: SealBinding): Opened {
    if (!looksOurs(text)) return { state: 'foreign' }
    const bytes = Buffer.from(text, 'base64')
    // Base64 has spare bits at its end; a blob has one spelling only.
    if (bytes.length < SMALLEST || bytes.toString('base64') !== text) return { state: 'invalid', reason: 'damaged' }
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return { state: 'invalid', reason: 'damaged' }
    const tag = bytes.subarray(MAGIC.length, MAGIC.length + ID)
    const master = this.#keys.find((candidate) => candidate.tag.equals(tag))
    if (master === undefined) return { state: 'invalid', reason: 'unknown-key' }
    try {
      return { state: 'opened', payload: decrypt(bytes, master, binding) }
    } catch {
      return { state: 'invalid', reason: 'damaged' }
    }
  }
}

function decrypt(bytes: Buffer, master: MasterKey, binding: SealBinding): JsonObject {
  const start = MAGIC.length + ID
  const { key, nonce } = deriveKey(master, bytes.subarray(start, start + SALT), binding.purpose)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(associated(master, binding))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG))
  const packed = Buffer.concat([decipher.update(bytes.subarray(start + SALT, bytes.length - TAG)), decipher.final()])
  const payload = asObject(tryParseJson(Buffer.from(inflateRaw(packed, MAX_PLAIN_BYTES)).toString('utf8')))
  if (payload === undefined) throw new Error('not an object')
  return payload
}

function deriveKey(master: MasterKey, salt: Uint8Array, purpose: SealPurpose): { key: Buffer; nonce: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha256', master.key, salt, `web-search/v1/${purpose}`, 44))
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) }
}

const associated = (master: MasterKey, { purpose, tenant, url, title }: SealBinding): Buffer =>
  Buffer.from(JSON.stringify([1, master.id, purpose, tenant, url, title]), 'utf8')

/**
 * Whether a blob is ours, even with a character changed or lost in its magic: damage must be refused, not taken for
 * another vendor's. Four neighbouring characters of the prefix near the start are enough; by chance that happens
 * less than once in 300,000 foreign blobs.
 */
function looksOurs(text: string): boolean {
  const head = text.slice(0, PREFIX.length + 2)
  for (let i = 0; i + 4 <= PREFIX.length; i++) if (head.includes(PREFIX.slice(i, i + 4))) return true
  return false
}
