// Reasoning signatures: opaque proofs an upstream wants back unchanged. They only mean something to the
// wire format that issued them, so each carries its issuer, and travels through other formats in a
// packed form that names it. Encoders send a signature on only when the issuer is their own format.

export interface Signature {
  /** Id of the format whose upstream issued it. */
  readonly format: string
  /** The value as issued. */
  readonly value: string
}

const PREFIX = 'swy1.'

/** The text that carries `signature` inside a reply in `format`: bare at home, packed abroad. */
export function packSignature(signature: Signature, format: string): string {
  return signature.format === format ? signature.value : `${PREFIX}${signature.format}.${signature.value}`
}

/** Reads back what `packSignature` wrote into a reply in `format`. */
export function unpackSignature(text: string, format: string): Signature {
  if (!text.startsWith(PREFIX)) return { format, value: text }
  const end = text.indexOf('.', PREFIX.length)
  if (end < 0) return { format, value: text }
  return { format: text.slice(PREFIX.length, end), value: text.slice(end + 1) }
}
