// Names, marks and small wire shapes of Gemini's generateContent. The authority on shapes is the SDK's
// types; requests and answers are read as plain JSON, because clients and upstreams send what they like.

import type { Content, FunctionCallingConfigMode, FunctionDeclaration, Part } from '@google/genai'

import type { JsonObject } from '../../../lib/json.ts'

export const FORMAT = 'gemini-generate-content'

export type WireMode = `${FunctionCallingConfigMode}`
export type WireContent = Content
export type WirePart = Part
export type WireDeclaration = FunctionDeclaration

/** One frame of an answer. The SDK declares a class with getters; on the wire it is plain data. */
export interface WireChunk extends JsonObject {
  candidates?: JsonObject[]
}

/**
 * Sent instead of a thought signature we do not have; Gemini 3 answers 400 for a call without either.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export const SKIP_SIGNATURE = 'skip_thought_signature_validator'

/** Sole member of an `args` object that holds arguments which are not a JSON object, as the model wrote them. */
export const RAW_ARGUMENTS = '_raw_arguments'

/** Sole argument of a function that stands for a free-text tool. */
export const CUSTOM_INPUT = 'input'

/** Marks a sealed reasoning block inside a packed signature: unlike a plain signature it replaces the text. */
export const REDACTED_MARK = 'redacted.'

/** Members of a part of which exactly one says what it is. */
export const PART_KINDS = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'audioTranscription',
] as const satisfies readonly (keyof Part)[]
export type PartKind = (typeof PART_KINDS)[number]

/** Members that describe a part without being its content. They are carried beside the block. */
export const PART_HINTS = [
  'mediaResolution',
  'videoMetadata',
  'partMetadata',
  'mediaProcessing',
  'speechMetadata',
] as const satisfies readonly (keyof Part)[]
