// Keeps secrets sealed where they are stored: AES-256-GCM under a key of its own for each secret, made from one of the
// master keys, and bound to the place it is stored at. Written as `v1.<name of the master key>.<salt, text, tag>`,
// the latter two in base64url.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Secret } from './secret.ts'

const VERSION = 'v1'
const SALT_BYTES = 16
const TAG_BYTES = 16
const LEAST_KEY_BYTES = 16

/** A sealed secret that cannot be opened; the message is for the operator and holds no secret. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

interface MasterKey {
  readonly name: string
  readonly bytes: Buffer
}

/** The master keys; the first seals, all open. */
export class Vault {
  readonly #keys: readonly MasterKey[]

  /** @param text `name:base64` entries, comma separated. @throws VaultError naming the entry by position, never by value. */
  constructor(text: string) {
    this.#keys = text.split(',').map((entry, index) => {
      const [, name, value] = /^\s*([^:]+):(\S+)\s*$/.exec(entry) ?? []
      const bytes = Buffer.from(value ?? '', 'base64')
      if (name === undefined || bytes.length < LEAST_KEY_BYTES)
        throw new VaultError(`master key ${index + 1}: want name:base64 with at least ${LEAST_KEY_BYTES} bytes`)
      return { name, bytes }
    })
  }

  /** @param place where it will be stored, such as `channel/ch_1`: it opens nowhere else. */
  seal(secret: string, place: string): string {
    const master = this.#keys[0] as MasterKey
    const salt = randomBytes(SALT_BYTES)
    const { key, nonce } = derived(master, salt)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(bound(master.name, place))
    const sealed = Buffer.concat([salt, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${VERSION}.${Buffer.from(master.name, 'utf8').toString('base64url')}.${sealed.toString('base64url')}`
  }

  /** @throws VaultError when its master key is not there, or it was altered or moved. */
  open(sealed: string, place: string): Secret {
    const [version, label, body] = sealed.split('.')
    const name = nameOf(label)
    const bytes = Buffer.from(body ?? '', 'base64url')
    if (version !== VERSION || name === '' || bytes.length < SALT_BYTES + TAG_BYTES) throw new VaultError(`${place}: not a sealed secret`)
    const master = this.#keys.find((candidate) => candidate.name === name)
    if (master === undefined) throw new VaultError(`${place}: the master key \`${name}\` that sealed its secret is missing`)
    const { key, nonce } = derived(master, bytes.subarray(0, SALT_BYTES))
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAAD(bound(name, place))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      return new Secret(Buffer.concat([decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8'))
    } catch {
      throw new VaultError(`${place}: its secret was altered, or the master key \`${name}\` is another one now`)
    }
  }

  /** Whether it was sealed by another master key than the one that seals now. */
  isStale(sealed: string): boolean {
    return nameOf(sealed.split('.')[1]) !== this.#keys[0]?.name
  }
}

const nameOf = (label: string | undefined): string => Buffer.from(label ?? '', 'base64url').toString('utf8')

function derived(master: MasterKey, salt: Uint8Array): { key: Buffer; nonce: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha256', master.bytes, salt, 'stored-secret/v1', 44))
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) }
}

const bound = (name: string, place: string): Buffer => Buffer.from(JSON.stringify([VERSION, name, place]), 'utf8')
