// The few things we ask of the runtime outside the rooms that own I/O: YAML, hashing, inflating, files.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as zlib from 'node:zlib'

/** Parses one YAML document. @throws SyntaxError */
export const parseYaml = (text: string): unknown => Bun.YAML.parse(text)

/** One YAML document, for people to read. */
export const printYaml = (value: unknown): string => `${Bun.YAML.stringify(value, null, 2)}\n`

/** SHA-256 as lower-case hex: for look-up keys, not for passwords. */
export const sha256Hex = (text: string): string => Bun.SHA256.hash(text, 'hex')

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, then randomness, so ids sort by time. */
export const uuidv7 = (nowMs: number): string => Bun.randomUUIDv7('hex', nowMs)

/** A port of this address that nobody listens on at the moment. */
export function freePort(hostname: string): number {
  const listener = Bun.listen({ hostname, port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** The file's text, or `undefined` when there is none. */
export const readTextFile = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

/** Creates the directory and its parents, for the owner alone. */
export function ensureDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** Writes a file only its owner can read. */
export function writePrivateFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
}

/** Makes a file only its owner can read; `false` when there is one at the path already. */
export function makePrivateFile(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}

/** Undoes a request's content encoding. `undefined` for one we do not know. @throws on damaged data or beyond `maxBytes`. */
export function inflateBody(bytes: Uint8Array<ArrayBuffer>, encoding: string, maxBytes: number): Uint8Array | undefined {
  // Limits are enforced by the decompressor, so that a small bomb cannot fill memory first.
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, { maxOutputLength: maxBytes })
    case 'deflate':
      return zlib.inflateSync(bytes, { maxOutputLength: maxBytes })
    case 'br':
      return zlib.brotliDecompressSync(bytes, { maxOutputLength: maxBytes })
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, { maxOutputLength: maxBytes })
    case 'identity':
    case '':
      return bytes
    default:
      return undefined
  }
}
