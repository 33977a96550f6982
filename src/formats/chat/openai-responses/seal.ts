// Signatures inside reasoning items. `encrypted_content` is the only opaque field a Responses client sends
// back, so it also carries what other upstreams signed: thinking, redacted thinking, and Gemini's
// signatures of calls and texts, which have no place of their own on this wire. A foreign value is packed
// with its issuer; a word behind `#` says what it belongs to.

import type { Block, ReasoningBlock } from '../../../core/chat.ts'
import { packSignature, type Signature, unpackSignature } from '../../../core/signature.ts'
import { FORMAT } from './wire.ts'

type Mark = 'redacted' | 'call' | 'text'

const marked = (signature: Signature, mark: Mark, value = signature.value): string =>
  packSignature({ format: `${signature.format}#${mark}`, value }, FORMAT)

export const sealReasoning = (signature: Signature): string => packSignature(signature, FORMAT)
export const sealRedacted = (signature: Signature): string => marked(signature, 'redacted')
export const sealCall = (signature: Signature, callId: string): string =>
  marked(signature, 'call', `${encodeURIComponent(callId)}:${signature.value}`)
export const sealText = (signature: Signature): string => marked(signature, 'text')

/** Whether a value was issued by another format's upstream, so that OpenAI would refuse it. */
export const isForeign = (encrypted: string): boolean => unpackSignature(encrypted, FORMAT).format !== FORMAT

/**
 * Puts what `encrypted` holds where it belongs: a reasoning block, or a signature on an earlier block of the
 * same turn. A value that fits nowhere any more is left out; the turn works without it.
 */
export function unseal(encrypted: string, text: string, turn: Block[]): ReasoningBlock | undefined {
  const { format: issuer, value } = unpackSignature(encrypted, FORMAT)
  const [format = FORMAT, mark] = issuer.split('#')
  if (mark === 'redacted') return { type: 'reasoning', text: '', redacted: { format, value } }
  if (mark === 'call') signCall(turn, { format, value })
  else if (mark === 'text') signText(turn, { format, value })
  else return { type: 'reasoning', text, signature: { format, value }, summary: true }
  return undefined
}

function signCall(turn: Block[], { format, value }: Signature): void {
  const end = value.indexOf(':')
  const callId = decoded(value.slice(0, end))
  const at = turn.findLastIndex((block) => block.type === 'tool-call' && block.id === callId)
  const call = turn[at]
  if (call?.type === 'tool-call') turn[at] = { ...call, signature: { format, value: value.slice(end + 1) } }
}

function signText(turn: Block[], signature: Signature): void {
  const at = turn.findLastIndex((block) => block.type === 'text')
  const text = turn[at]
  if (text?.type === 'text') turn[at] = { ...text, signature }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
