// Blocks of an answer as a client of this format reads them; unary answers and streams share them.

import type { AudioBlock, ImageBlock, ReasoningBlock } from '../../../core/chat.ts'
import { packSignature, type Signature } from '../../../core/signature.ts'
import { asString, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import { CALL_SIGNATURE_MARK } from './blocks-decode.ts'
import { CUSTOM_INPUT_KEY, FORMAT_ID } from './wire.ts'

export const redactedWire = (sealed: Signature): JsonObject => ({ type: 'redacted_thinking', data: packSignature(sealed, FORMAT_ID) })

export const signatureText = (signature: Signature | undefined): string =>
  signature === undefined ? '' : packSignature(signature, FORMAT_ID)

/** A reasoning block worth showing: with text, or with a signature to send back. */
export const showsReasoning = (block: Pick<ReasoningBlock, 'text' | 'signature'>): boolean =>
  block.text !== '' || block.signature !== undefined

/**
 * The block behind a call that carries another vendor's proof for it (Gemini signs calls): a client that
 * replays the turn brings it back, and the decoder joins it to the call again.
 */
export function callSignatureWire(signature: Signature | undefined): JsonObject | undefined {
  if (signature === undefined || signature.format === FORMAT_ID) return undefined
  return redactedWire({ format: signature.format, value: CALL_SIGNATURE_MARK + signature.value })
}

/** Free text as the one string of an object. */
export const customInput = (text: string): JsonObject => ({ [CUSTOM_INPUT_KEY]: text })

/** The free text inside an object's JSON; the JSON itself when the model did not keep to the form. */
export function customText(json: string): string {
  const value = tryParseJson(json)
  return (isObject(value) ? asString(value[CUSTOM_INPUT_KEY]) : undefined) ?? json
}

export const mediaName = (media: ImageBlock | AudioBlock): string => (media.type === 'image' ? 'an image' : 'audio')
