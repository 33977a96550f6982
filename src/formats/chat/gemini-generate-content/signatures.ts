// Thought signatures on the wire. `thoughtSignature` is a field of bytes: typed clients (Python, Go, Java)
// refuse what is not base64, so another format's signature travels packed and encoded.

import { packSignature, type Signature, unpackSignature } from '../../../core/signature.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { FORMAT } from './wire.ts'

/** Base64 of the first bytes that `packSignature` writes for a foreign signature. */
const PACKED = 'c3d5MS'

export function wireSignature(signature: Signature): string {
  return signature.format === FORMAT ? signature.value : base64(packSignature(signature, FORMAT))
}

/** The member of a part; nothing for no signature. */
export const signatureMember = (signature: Signature | undefined): JsonObject =>
  signature === undefined ? {} : { thoughtSignature: wireSignature(signature) }

/** Clients may have turned the value into bytes and back, into the other alphabet or without padding. */
export function readSignature(value: string | undefined): Signature | undefined {
  if (value === undefined || value === '') return undefined
  const text = value.startsWith(PACKED) ? fromBase64(value) : value
  const signature = unpackSignature(text ?? value, FORMAT)
  return signature.format === FORMAT ? { format: FORMAT, value } : signature
}

function base64(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function fromBase64(value: string): string | undefined {
  try {
    const binary = atob(value.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''))
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
  } catch {
    return undefined
  }
}
