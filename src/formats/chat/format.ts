// What every chat format's codec offers. As client format we use decodeRequest, encodeResponse,
// encodeStream, encodeError; as upstream format the mirror four. All functions are pure: ids and time
// come in through the context, and whatever is not kept is told to `note`.

import type { ChatRequest, ChatResponse } from '../../core/chat.ts'
import type { ChatEvent } from '../../core/chat-event.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { HttpRequest, WireRequest, WireResponse } from '../../core/http-message.ts'
import type { Usage } from '../../core/usage.ts'
import type { Note } from '../../core/warning.ts'
import type { Frame } from '../../lib/framing/frame.ts'
import type { IdSource } from '../../lib/ids.ts'
import type { JsonObject, JsonValue } from '../../lib/json.ts'
import type { Edit } from '../../lib/json-splice.ts'
import type { Transducer } from '../../lib/transducer.ts'

/**
 * What happens to one wire member. `mapped`: has a place in the neutral model. `carried`: kept in
 * `extensions` and only written again by the same format. `refused`: a 400. `dropped`: not sent, noted.
 */
export type Fate = 'mapped' | 'carried' | 'refused' | 'dropped'

/** A fate for every member of every nested object a request type declares, keyed by the object's name. */
export type Fates = Readonly<Record<string, Readonly<Record<string, Fate>>>>
/** Makes the compiler refuse a fate table that misses a member of `T`: `{…} satisfies FatesOf<T>`. */
export type FatesOf<T> = { readonly [K in keyof Required<T>]: Fate }

export type Framing = 'sse' | 'json-array' | 'aws-event-stream'

/** All that admission needs to know before anything is decoded. */
export interface Peek {
  /** The model as the client named it, decorations (`models/`, `[1m]`) already removed. */
  readonly model: string
  readonly stream: boolean
  /** Limit of output tokens per choice, when stated. */
  readonly maxOutputTokens?: number
  readonly choices: number
  readonly hasTools: boolean
  /** Framing the client expects when it streams. */
  readonly framing: Framing
  /** Names of server-side tools declared, in the neutral kinds. */
  readonly serverTools: readonly string[]
  /** The client did not ask for the usage frames that we ask the upstream for: they are taken out. */
  readonly hidesUsage?: boolean
  /** Uses what only OpenAI knows of tools: free-text ones, or a choice among some. Most hosts of the format refuse it. */
  readonly openaiTools?: boolean
  /** Not spelled as upstreams of the format read it: the body must be written anew. */
  readonly misspelled?: boolean
}

/** What one translation knows. The same value serves a request's encoder and its answer's decoder and encoder. */
export interface ChatContext {
  readonly request: ChatRequest
  /** The name the client asked for, which its answer shows. */
  readonly requestedModel: string
  /** The name sent upstream; facts about models (effort or budget, sampling) are looked up by it. */
  readonly upstreamModel: string
  readonly ids: IdSource
  readonly nowMs: number
  readonly note: Note
  /** Stop sequences that the upstream was not told: its answer must be cut where one begins. */
  readonly cutAt?: readonly string[]
}

/** What a passing frame or answer tells the watcher, without being translated. */
export interface Sighting {
  readonly usage?: Usage
  /** The model's words, reasoning or calls have begun. */
  readonly content?: boolean
  /** The format's own last event (or finish reason, where it has no terminator) was seen. */
  readonly end?: boolean
  readonly error?: GatewayError
  /** The frame holds nothing but usage: it may be taken out when only we asked for it. */
  readonly usageOnly?: boolean
  /** A message begins; a second one in the same stream is a splice of two answers. */
  readonly start?: boolean
  /** The format's terminator: whatever follows is no part of the answer. */
  readonly sealed?: boolean
}

/** A passing stream that has begun: the data of the frame that opened it, and of the last one that went out. */
export interface Begun {
  readonly opening: string
  readonly last: string
}

/** Looks at traffic of the same format that goes by unchanged. */
export interface Watch {
  /** A frame without any of these substrings is content and needs no look. */
  readonly markers: readonly string[]
  /** Where a frame names the model. */
  readonly modelPath: readonly string[]
  /** The frame that clients wait for and some upstreams leave out. */
  readonly terminator?: Frame
  frame(frame: Frame): Sighting
  /** Looks at a whole unary answer. */
  response(wire: JsonValue): Sighting
}

export interface ChatFormat {
  readonly id: string
  /** The top-level member of an answer that names the model. */
  readonly modelField: string
  /** Where an answer may say what it cost: clients of the format let unknown members of its usage be. */
  readonly costPath?: readonly string[]
  /** The same in the frame of a stream that tells its whole usage. */
  readonly frameCostPath?: readonly string[]
  readonly fields: Fates
  /** How its streams are framed as an upstream. */
  readonly upstreamFraming: Framing
  /** Media kinds that upstreams of this format cannot fetch by URL, so that we inline them. */
  readonly inline?: readonly ('image' | 'file' | 'audio')[]
  /** Headers an upstream of this format wants even when the client sent none. */
  readonly defaultHeaders?: Readonly<Record<string, string>>
  /** Whether upstreams of this format fan a request out into `n` choices by themselves. */
  readonly nativeChoices: boolean
  /** Path below the provider's base URL, e.g. `/chat/completions`; with query where the format needs one. */
  path(upstreamModel: string, stream: boolean): string
  /** @throws GatewayError `invalid_request` when what admission needs is missing or of the wrong kind. */
  peek(http: HttpRequest): Peek
  /** @throws GatewayError 400 naming the field, for what is refused or malformed. */
  decodeRequest(http: HttpRequest, note: Note): ChatRequest
  /** @throws GatewayError 400 for what this upstream format cannot express and must not lose. */
  encodeRequest(ctx: ChatContext): WireRequest
  decodeResponse(wire: JsonValue, ctx: ChatContext): ChatResponse
  encodeResponse(response: ChatResponse, ctx: ChatContext): JsonObject
  /** Frames to events; keeps the grammar of `core/chat-event.ts` whatever the upstream does. */
  decodeStream(ctx: ChatContext): Transducer<Frame, ChatEvent>
  encodeStream(ctx: ChatContext): Transducer<ChatEvent, Frame>
  /** Classifies an upstream's refusal. `wire` is the parsed body, or its text when it is not JSON. */
  decodeError(status: number, wire: JsonValue, headers: { get(name: string): string | null }): GatewayError
  encodeError(error: GatewayError, requestId: string): WireResponse
  /**
   * The error as the last frame of a stream, for callers without a context.
   * @param begun what has gone out of the answer, in formats whose errors repeat it. Absent: nothing.
   */
  encodeErrorFrame(error: GatewayError, requestId: string, begun?: Begun): Frame
  /** Edits that a body of this format needs on its way to an upstream of the same format. */
  passthroughEdits(peek: Peek, upstreamModel: string, body: JsonObject): Edit[]
  readonly watch: Watch
  /** A keep-alive frame that this format's official parsers ignore. */
  readonly heartbeat: string
  /** Client headers that mean something to an upstream of the same format. */
  readonly forwardedHeaders: readonly string[]
}
