// The neutral chat model: what a request and an answer mean, in no vendor's shape. It is block-structured
// because order, signatures and citations exist in Anthropic, Gemini and Responses and cannot be told in
// flat messages. Members are optional where absence has its own meaning.

import type { JsonObject, JsonValue } from '../lib/json.ts'
import type { Signature } from './signature.ts'
import type { Usage } from './usage.ts'

/** Fields of one format carried unread, by format id; they reappear only when encoding that format. */
export type Extensions = Readonly<Record<string, JsonObject>>

/** A prompt-cache breakpoint behind the block (or tool) that carries it. */
export interface CacheHint {
  readonly ttl?: '5m' | '1h'
}

// ── Blocks ────────────────────────────────────────────────────────────────────────────────────────

/** Where bytes are. `data` is bare base64 without line breaks or data-URL prefix. */
export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType?: string }
  /** A file in one vendor's store, named by the format that knows it. */
  | { readonly kind: 'file-id'; readonly format: string; readonly id: string; readonly mediaType?: string }
  /** A document given as plain text. */
  | { readonly kind: 'text'; readonly mediaType: string; readonly text: string }

export interface TextBlock {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[]
  /** Gemini signs text parts too. Signed text must never be altered. */
  readonly signature?: Signature
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
export interface ImageBlock {
  readonly type: 'image'
  readonly source: MediaSource
  /** Resolution hint. */
  readonly detail?: 'low' | 'high' | 'auto' | 'original'
  readonly signature?: Signature
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
export interface AudioBlock {
  readonly type: 'audio'
  readonly source: MediaSource
  /** Spoken words, in answers that carry both. */
  readonly transcript?: string
  /** An answer's audio id, by which a later turn may refer to it instead of repeating the bytes. */
  readonly id?: string
  readonly expiresAt?: number
  readonly extensions?: Extensions
}
/** A document or any other file: PDF, text, video. */
export interface FileBlock {
  readonly type: 'file'
  readonly source: MediaSource
  readonly name?: string
  /** Surrounding context for the model (Anthropic `context`). */
  readonly context?: string
  readonly citationsEnabled?: boolean
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
export interface ReasoningBlock {
  readonly type: 'reasoning'
  /** May be empty: a signature alone is content. */
  readonly text: string
  readonly signature?: Signature
  /** Present when the upstream withheld the text: the sealed data to send back. `text` is then empty. */
  readonly redacted?: Signature
  /** Whether the text is a summary rather than the reasoning itself. */
  readonly summary?: boolean
  readonly extensions?: Extensions
}
export interface ToolCallBlock {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /** `function`: JSON text exactly as the model wrote it, `{}` when empty. `custom`: free text. */
  readonly arguments: string
  readonly kind: 'function' | 'custom'
  readonly signature?: Signature
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
export interface ToolResultBlock {
  readonly type: 'tool-result'
  readonly callId: string
  /** Name of the tool, where the client's format states it. */
  readonly name?: string
  readonly content: readonly (TextBlock | ImageBlock | AudioBlock | FileBlock | OpaqueBlock)[]
  readonly isError: boolean
  /** A structured result exactly as the client's format held it (Gemini `response`). `content` says the same as text. */
  readonly structured?: JsonObject
  readonly kind?: 'function' | 'custom'
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
/** A call the upstream (or we) executed by itself: web search, code execution, … */
export interface ServerToolCallBlock {
  readonly type: 'server-tool-call'
  readonly id: string
  /** `web_search`, `web_fetch`, `code_execution`, or the format's own name. */
  readonly name: string
  readonly input: JsonValue
  readonly extensions?: Extensions
}
export interface ServerToolResultBlock {
  readonly type: 'server-tool-result'
  readonly callId: string
  readonly name: string
  readonly results?: readonly SearchResult[]
  readonly page?: FetchedPage
  /** An error code in Anthropic's vocabulary, e.g. `max_uses_exceeded`. */
  readonly errorCode?: string
  readonly extensions?: Extensions
}
export interface SearchResult {
  readonly url: string
  readonly title: string
  readonly pageAge?: string | null
  /** Sealed text of the result, opaque to the client. Empty when none. */
  readonly sealed?: string
}
export interface FetchedPage {
  readonly url: string
  readonly title?: string
  readonly retrievedAt?: string
  readonly source: MediaSource
  readonly citationsEnabled?: boolean
}
export interface RefusalBlock {
  readonly type: 'refusal'
  readonly text: string
}
/** Content of one format carried unread. Other formats refuse or drop it, aloud. */
export interface OpaqueBlock {
  readonly type: 'opaque'
  readonly format: string
  readonly wire: JsonValue
}
export type Block =
  | TextBlock
  | ImageBlock
  | AudioBlock
  | FileBlock
  | ReasoningBlock
  | ToolCallBlock
  | ToolResultBlock
  | ServerToolCallBlock
  | ServerToolResultBlock
  | RefusalBlock
  | OpaqueBlock

export interface Citation {
  /** `url`: a web page. `document`: a place in a supplied document. `search-result`: a supplied search result. */
  readonly kind: 'url' | 'document' | 'search-result'
  readonly url?: string
  readonly title?: string | null
  /** The words of the source that support the claim. */
  readonly citedText?: string
  /** Sealed place in the source (Anthropic `encrypted_index`). */
  readonly sealed?: string
  /** Span of the answer's text block that is supported, in UTF-16 units, end exclusive. Absent: the whole block. */
  readonly span?: { readonly start: number; readonly end: number }
  /** The citation as its own format wrote it. */
  readonly extensions?: Extensions
}

// ── Request ───────────────────────────────────────────────────────────────────────────────────────

/**
 * One turn. System messages may stand anywhere: the leading ones are the system prompt.
 * Tool results are blocks of a user message; neighbouring user messages are legal.
 */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  /** OpenAI tells `developer` from `system`; others do not. */
  readonly origin?: 'developer'
  /** The speaker's name, where the format has one. */
  readonly name?: string
  readonly content: readonly Block[]
  readonly extensions?: Extensions
}

export interface FunctionTool {
  readonly type: 'function'
  readonly name: string
  readonly description?: string
  /** JSON Schema of the arguments as the client wrote it. Absent: no parameters. */
  readonly parameters?: JsonObject
  /** Absent: the client did not say; formats differ in their default, so encoders write it out. */
  readonly strict?: boolean
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
/** A tool whose input is free text, perhaps bound by a grammar (OpenAI `custom`). */
export interface CustomTool {
  readonly type: 'custom'
  readonly name: string
  readonly description?: string
  /** `{type:'text'}` or `{type:'grammar', syntax, definition}`. Absent: text. */
  readonly format?: JsonObject
  readonly cache?: CacheHint
  readonly extensions?: Extensions
}
/** A tool that runs at the upstream or inside the gateway. */
export interface ServerTool {
  readonly type: 'server'
  /** What it does, across formats. `other`: known to one format only. */
  readonly kind: 'web-search' | 'web-fetch' | 'code-execution' | 'other'
  /** Format that declared it, and its declaration as written. */
  readonly format: string
  readonly wire: JsonObject
  readonly cache?: CacheHint
}
export type Tool = FunctionTool | CustomTool | ServerTool

export type ToolChoice =
  | { readonly type: 'auto' }
  | { readonly type: 'none' }
  | { readonly type: 'required' }
  /** One tool by name. `server` names a server tool. */
  | { readonly type: 'tool'; readonly name: string; readonly server?: true }
  /** Only these tools may be called; `required`: one must be. */
  | { readonly type: 'allowed'; readonly names: readonly string[]; readonly required: boolean }

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export interface ReasoningSettings {
  readonly effort?: Effort
  /** Thinking budget in tokens; -1: the model decides. */
  readonly budgetTokens?: number
  /** Anthropic `adaptive`: the model decides whether and how long. */
  readonly adaptive?: boolean
  /** Whether the client wants to see it: summaries or nothing. Absent: the format's default. */
  readonly display?: 'summarized' | 'omitted' | 'full'
}

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name?: string
      readonly description?: string
      readonly schema: JsonObject
      readonly strict?: boolean
    }

export interface ChatRequest {
  /** The name the client asked for. */
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice?: ToolChoice
  /** `false`: at most one call a turn. */
  readonly parallelToolCalls?: boolean
  readonly stream: boolean
  /** Whether the client wants a frame with the usage at the end of its stream (OpenAI `include_usage`). Absent: it did not say. */
  readonly usageFrame?: boolean
  /** Number of choices wanted, at least 1. */
  readonly choices: number
  /** Limit of all output tokens, reasoning included. */
  readonly maxOutputTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  readonly seed?: JsonValue
  readonly stopSequences?: readonly string[]
  readonly logitBias?: JsonObject
  /** Log probabilities wanted; `top`: alternatives per token. */
  readonly logprobs?: { readonly top: number }
  readonly reasoning?: ReasoningSettings
  readonly responseFormat?: ResponseFormat
  readonly verbosity?: string
  /** Kinds of output wanted beside text. */
  readonly modalities?: readonly ('text' | 'audio' | 'image')[]
  readonly audioOutput?: { readonly voice?: JsonValue; readonly format?: string }
  readonly serviceTier?: string
  readonly metadata?: JsonObject
  /** The end customer as the client names them (`user`, `safety_identifier`, `metadata.user_id`). */
  readonly endUser?: string
  readonly cacheKey?: string
  /** A cache breakpoint over the whole request (Anthropic top-level `cache_control`). */
  readonly cache?: CacheHint
  readonly extensions: Extensions
}

// ── Response ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Why a choice ended. `stop`: the model was done. `stop-sequence`: one of the client's strings matched.
 * `length`: output limit. `context`: window full. `tool-calls`: client tools to run. `content-filter`:
 * blocked by a filter. `refusal`: the model declined. `pause`: a server-tool loop was paused.
 */
export type FinishReason = 'stop' | 'stop-sequence' | 'length' | 'context' | 'tool-calls' | 'content-filter' | 'refusal' | 'pause'

export interface Finish {
  readonly reason: FinishReason
  /** The upstream's own word. */
  readonly raw?: string
  /** The stop sequence that matched, when the upstream names it. */
  readonly stopSequence?: string
  /** The upstream's explanation of a refusal or filter. */
  readonly explanation?: string
}

export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes?: readonly number[] | null
  readonly top?: readonly TokenLogprob[]
}

export interface Choice {
  readonly index: number
  readonly content: readonly Block[]
  readonly finish: Finish
  readonly logprobs?: readonly TokenLogprob[]
  readonly extensions?: Extensions
}

export interface ChatResponse {
  /** The upstream's id; empty when it gave none. */
  readonly id: string
  /** The upstream's name of the serving model. */
  readonly model: string
  /** Epoch milliseconds, when the upstream said. */
  readonly createdMs?: number
  readonly choices: readonly Choice[]
  /** Absent: not reported. */
  readonly usage?: Usage
  readonly extensions?: Extensions
}
