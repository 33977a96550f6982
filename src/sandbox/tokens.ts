// The sandbox's arithmetic: a token is a word of up to twelve characters, an input token four characters;
// ids, signatures and seals come from a hash of what was asked. Nothing here is random and nothing is secret.

const PIECE = /\s*\S{1,12}|\s+$/gu

/** Cuts text into tokens; joined they are the text again. */
export const pieces = (text: string): string[] => text.match(PIECE) ?? (text === '' ? [] : [text])

export const countTokens = (text: string): number => pieces(text).length

/** Cuts text every twelve characters, for tool arguments. */
export const fragments = (text: string): string[] => text.match(/[\s\S]{1,12}/gu) ?? []

const HASHED = 4096

/** FNV-1a over the first 4096 units and the length. */
export function hash(text: string, seed = 0x811c9dc5): number {
  let value = seed ^ text.length
  const end = Math.min(text.length, HASHED)
  for (let i = 0; i < end; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** An id such as `chatcmpl-4kZ…`: the same for the same seed, prefix and salt. */
export function idFrom(seed: number, prefix: string, salt: string | number = ''): string {
  let state = hash(`${prefix}${salt}`, seed) || 1
  let text = prefix
  for (let i = 0; i < 24; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    text += ALPHABET[(state >>> 0) % 62]
  }
  return text
}

const MARK = 'swsb1.'

export type SealPurpose = 'thinking' | 'thought' | 'reasoning' | 'search' | 'index'

/** Opaque base64 that binds `content` to a purpose: a stand-in for the vendors' signatures and encrypted blobs. */
export const seal = (purpose: SealPurpose, content: string): string =>
  btoa(`${MARK}${purpose}.${hash(content).toString(16).padStart(8, '0')}.${encodeURIComponent(content).slice(0, 2000)}`)

export type SealState = 'intact' | 'altered' | 'foreign'

/**
 * Whether a blob is one that `seal` made for this purpose. `content` absent means only the blob's own
 * consistency of purpose is looked at. `foreign` is anything the sandbox never made.
 */
export function sealState(purpose: SealPurpose, blob: string, content?: string): SealState {
  let text: string
  try {
    text = atob(blob)
  } catch {
    return 'foreign'
  }
  if (!text.startsWith(MARK)) return 'foreign'
  if (!text.startsWith(`${MARK}${purpose}.`)) return 'altered'
  return content === undefined || seal(purpose, content) === blob ? 'intact' : 'altered'
}

/** True when text looks like standard base64. Long text is looked at on both ends only. */
export function isBase64(text: string, urlSafe = false): boolean {
  const shape = urlSafe ? /^[A-Za-z0-9+/_-]+={0,2}$/ : /^[A-Za-z0-9+/]+={0,2}$/
  if (text.length <= 65_536) return shape.test(text)
  return shape.test(text.slice(0, 4096)) && shape.test(text.slice(-4096))
}
