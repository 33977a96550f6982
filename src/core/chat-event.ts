// A chat answer as a stream of events, the grammar they keep, and the fold into a whole answer.
//
//   stream   = response-start { event } { finish }+ ( end | error ) | error
//   event    = block events, citation, media, usage, opaque, logprobs
//
// - A block is opened once by its `-start`, closed once by its `-end`; its deltas come between.
//   Several blocks may be open together (interleaved tool calls, several choices).
// - `block` numbers are unique within a choice and rise in order of opening; that order is the order of content.
// - `usage` is cumulative and may come anywhere after `response-start`; the last value of a member counts.
// - Each choice has exactly one `finish`, after all its blocks are closed.
// - Exactly one `end` or `error` closes the stream. A cut stream ends in `error`.

import { type JsonObject, type JsonValue, tryParseJson } from '../lib/json.ts'
import type {
  AudioBlock,
  Block,
  ChatResponse,
  Choice,
  Citation,
  Extensions,
  Finish,
  ImageBlock,
  ServerToolResultBlock,
  TokenLogprob,
} from './chat.ts'
import { GatewayError } from './errors.ts'
import type { Signature } from './signature.ts'
import { laterUsage, type Usage } from './usage.ts'

interface At {
  /** Index of the choice, from 0. */
  readonly choice: number
  /** Number of the block within its choice. */
  readonly block: number
}

export type ChatEvent =
  | {
      readonly type: 'response-start'
      readonly id: string
      readonly model: string
      readonly createdMs?: number
      readonly extensions?: Extensions
    }
  | ({ readonly type: 'text-start'; readonly refusal?: true; readonly extensions?: Extensions } & At)
  | ({ readonly type: 'text-delta'; readonly text: string } & At)
  | ({ readonly type: 'text-end'; readonly signature?: Signature } & At)
  | ({ readonly type: 'reasoning-start'; readonly redacted?: Signature; readonly summary?: boolean } & At)
  | ({ readonly type: 'reasoning-delta'; readonly text: string } & At)
  | ({ readonly type: 'reasoning-end'; readonly signature?: Signature; readonly extensions?: Extensions } & At)
  | ({
      readonly type: 'tool-call-start'
      readonly id: string
      readonly name: string
      readonly kind: 'function' | 'custom'
      readonly extensions?: Extensions
    } & At)
  /** A piece of the arguments' text. An `-end` without any delta means `{}` for a function. */
  | ({ readonly type: 'tool-call-delta'; readonly text: string } & At)
  | ({ readonly type: 'tool-call-end'; readonly signature?: Signature } & At)
  | ({ readonly type: 'server-tool-start'; readonly id: string; readonly name: string; readonly extensions?: Extensions } & At)
  /** A piece of the input's JSON text. */
  | ({ readonly type: 'server-tool-delta'; readonly text: string } & At)
  | ({ readonly type: 'server-tool-end' } & At)
  /** Whole at once: opens and closes its block. */
  | ({ readonly type: 'server-tool-result'; readonly result: ServerToolResultBlock } & At)
  /** An image or a piece of audio. Images are whole; audio pieces of one block add up. */
  | ({ readonly type: 'media'; readonly media: ImageBlock | AudioBlock } & At)
  /** Belongs to the text block `block`, before or after its text. */
  | ({ readonly type: 'citation'; readonly citation: Citation } & At)
  | { readonly type: 'logprobs'; readonly choice: number; readonly tokens: readonly TokenLogprob[] }
  | { readonly type: 'usage'; readonly usage: Usage }
  /** A whole unknown block of `format`, or (without `block`) a frame-level extra. */
  | { readonly type: 'opaque'; readonly choice: number; readonly block?: number; readonly format: string; readonly wire: JsonValue }
  | { readonly type: 'finish'; readonly choice: number; readonly finish: Finish; readonly extensions?: Extensions }
  | { readonly type: 'end'; readonly extensions?: Extensions }
  | { readonly type: 'error'; readonly error: GatewayError }

export type ChatEventType = ChatEvent['type']

/** Events after which failover is no longer possible: the client has seen content. */
export const isContent = (event: ChatEvent): boolean => {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return event.text !== ''
    case 'tool-call-start':
    case 'server-tool-start':
    case 'server-tool-result':
    case 'media':
      return true
    case 'reasoning-start':
      return event.redacted !== undefined
    case 'reasoning-end':
      return event.signature !== undefined
    case 'opaque':
      return event.block !== undefined
    default:
      return false
  }
}

// ── Fold ──────────────────────────────────────────────────────────────────────────────────────────

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface OpenChoice {
  blocks: Map<number, Mutable<Block> & { input?: unknown }>
  inputs: Map<number, string>
  finish?: Finish
  logprobs?: TokenLogprob[]
  extensions?: Extensions
}

/**
 * The whole answer that a stream told. Streaming and unary answers go through this one place so that they
 * cannot drift apart.
 * @throws GatewayError the stream's own error, or `upstream_cut` when it did not end.
 */
export function foldEvents(events: Iterable<ChatEvent>): ChatResponse {
  const fold = responseFold()
  for (const event of events) fold.add(event)
  return fold.result()
}

/** The incremental form of `foldEvents`. */
export function responseFold(): { add(event: ChatEvent): void; result(): ChatResponse } {
  const choices = new Map<number, OpenChoice>()
  let id = ''
  let model = ''
  let createdMs: number | undefined
  let extensions: Extensions | undefined
  let usage: Usage | undefined
  let ended = false

  const choiceAt = (index: number): OpenChoice => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = { blocks: new Map(), inputs: new Map() }
      choices.set(index, choice)
    }
    return choice
  }
  const open = (at: At, block: Block): void => void choiceAt(at.choice).blocks.set(at.block, block as Mutable<Block>)
  const append = (at: At, text: string): void => {
    const choice = choiceAt(at.choice)
    const block = choice.blocks.get(at.block)
    if (block === undefined) return
    if (block.type === 'tool-call') block.arguments += text
    else if (block.type === 'server-tool-call') choice.inputs.set(at.block, (choice.inputs.get(at.block) ?? '') + text)
    else if (block.type === 'text' || block.type === 'reasoning' || block.type === 'refusal') block.text += text
  }
  const blockAt = (at: At): (Mutable<Block> & { input?: unknown }) | undefined => choiceAt(at.choice).blocks.get(at.block)

  function add(event: ChatEvent): void {
    switch (event.type) {
      case 'response-start':
        id = event.id
        model = event.model
        createdMs = event.createdMs
        extensions = event.extensions
        return
      case 'text-start':
        if (event.refusal) return open(event, { type: 'refusal', text: '' })
        return open(event, { type: 'text', text: '', ...(event.extensions && { extensions: event.extensions }) })
      case 'reasoning-start':
        return open(event, {
          type: 'reasoning',
          text: '',
          ...(event.redacted && { redacted: event.redacted }),
          ...(event.summary !== undefined && { summary: event.summary }),
        })
      case 'tool-call-start':
        return open(event, {
          type: 'tool-call',
          id: event.id,
          name: event.name,
          arguments: '',
          kind: event.kind,
          ...(event.extensions && { extensions: event.extensions }),
        })
      case 'server-tool-start':
        return open(event, {
          type: 'server-tool-call',
          id: event.id,
          name: event.name,
          input: {},
          ...(event.extensions && { extensions: event.extensions }),
        })
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta':
      case 'server-tool-delta':
        return append(event, event.text)
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
        return close(event)
      case 'server-tool-end': {
        const block = blockAt(event)
        const text = choiceAt(event.choice).inputs.get(event.block)
        if (block?.type === 'server-tool-call' && text) block.input = tryParseJson(text) ?? text
        return
      }
      case 'server-tool-result':
        return open(event, event.result)
      case 'media':
        return addMedia(event)
      case 'citation': {
        const block = blockAt(event)
        if (block?.type === 'text') block.citations = [...(block.citations ?? []), event.citation]
        return
      }
      case 'logprobs': {
        const choice = choiceAt(event.choice)
        choice.logprobs = [...(choice.logprobs ?? []), ...event.tokens]
        return
      }
      case 'usage':
        usage = laterUsage(usage, event.usage)
        return
      case 'opaque':
        if (event.block !== undefined)
          open({ choice: event.choice, block: event.block }, { type: 'opaque', format: event.format, wire: event.wire })
        return
      case 'finish': {
        const choice = choiceAt(event.choice)
        choice.finish = event.finish
        if (event.extensions) choice.extensions = event.extensions
        return
      }
      case 'end':
        ended = true
        if (event.extensions) extensions = { ...extensions, ...event.extensions }
        return
      case 'error':
        throw event.error
    }
  }

  function close(event: At & { type: string; signature?: Signature; extensions?: Extensions }): void {
    const block = blockAt(event)
    if (block === undefined) return
    if (block.type === 'tool-call' && block.kind === 'function' && block.arguments === '') block.arguments = '{}'
    if (event.signature && (block.type === 'text' || block.type === 'reasoning' || block.type === 'tool-call'))
      block.signature = event.signature
    if (event.extensions && block.type === 'reasoning') block.extensions = event.extensions
  }

  function addMedia(event: At & { media: ImageBlock | AudioBlock }): void {
    const block = blockAt(event)
    const { media } = event
    if (block?.type !== 'audio' || media.type !== 'audio') return open(event, { ...media })
    if (block.source.kind === 'base64' && media.source.kind === 'base64') {
      block.source = { ...block.source, data: block.source.data + media.source.data }
    }
    if (media.transcript) block.transcript = (block.transcript ?? '') + media.transcript
    if (media.id !== undefined) block.id = media.id
    if (media.expiresAt !== undefined) block.expiresAt = media.expiresAt
  }

  function result(): ChatResponse {
    if (!ended) throw new GatewayError('upstream_cut')
    const list: Choice[] = [...choices.entries()]
      .sort(([a], [b]) => a - b)
      .map(([index, choice]) => ({
        index,
        content: [...choice.blocks.entries()].sort(([a], [b]) => a - b).map(([, block]) => block as Block),
        finish: choice.finish ?? { reason: 'stop' },
        ...(choice.logprobs && { logprobs: choice.logprobs }),
        ...(choice.extensions && { extensions: choice.extensions }),
      }))
    return {
      id,
      model,
      ...(createdMs !== undefined && { createdMs }),
      choices: list,
      ...(usage && { usage }),
      ...(extensions && { extensions }),
    }
  }

  return { add, result }
}

/** The events that tell a whole answer: the mirror of `foldEvents`. */
export function* unfoldResponse(response: ChatResponse): Generator<ChatEvent> {
  yield {
    type: 'response-start',
    id: response.id,
    model: response.model,
    ...(response.createdMs !== undefined && { createdMs: response.createdMs }),
    ...(response.extensions && { extensions: response.extensions }),
  }
  for (const { index: choice, content, finish, logprobs, extensions } of response.choices) {
    for (const [block, item] of content.entries()) yield* unfoldBlock(item, { choice, block })
    if (logprobs) yield { type: 'logprobs', choice, tokens: logprobs }
    yield { type: 'finish', choice, finish, ...(extensions && { extensions }) }
  }
  if (response.usage) yield { type: 'usage', usage: response.usage }
  yield { type: 'end' }
}

function* unfoldBlock(item: Block, at: At): Generator<ChatEvent> {
  switch (item.type) {
    case 'text':
    case 'refusal':
      yield {
        type: 'text-start',
        ...(item.type === 'refusal' && { refusal: true as const }),
        ...(item.type === 'text' && item.extensions && { extensions: item.extensions }),
        ...at,
      }
      if (item.type === 'text') for (const citation of item.citations ?? []) yield { type: 'citation', citation, ...at }
      if (item.text !== '') yield { type: 'text-delta', text: item.text, ...at }
      yield { type: 'text-end', ...at, ...(item.type === 'text' && item.signature && { signature: item.signature }) }
      return
    case 'reasoning':
      yield {
        type: 'reasoning-start',
        ...at,
        ...(item.redacted && { redacted: item.redacted }),
        ...(item.summary !== undefined && { summary: item.summary }),
      }
      if (item.text !== '') yield { type: 'reasoning-delta', text: item.text, ...at }
      yield {
        type: 'reasoning-end',
        ...at,
        ...(item.signature && { signature: item.signature }),
        ...(item.extensions && { extensions: item.extensions }),
      }
      return
    case 'tool-call':
      yield {
        type: 'tool-call-start',
        id: item.id,
        name: item.name,
        kind: item.kind,
        ...at,
        ...(item.extensions && { extensions: item.extensions }),
      }
      yield { type: 'tool-call-delta', text: item.arguments, ...at }
      yield { type: 'tool-call-end', ...at, ...(item.signature && { signature: item.signature }) }
      return
    case 'server-tool-call':
      yield { type: 'server-tool-start', id: item.id, name: item.name, ...at, ...(item.extensions && { extensions: item.extensions }) }
      yield { type: 'server-tool-delta', text: JSON.stringify(item.input), ...at }
      yield { type: 'server-tool-end', ...at }
      return
    case 'server-tool-result':
      yield { type: 'server-tool-result', result: item, ...at }
      return
    case 'image':
    case 'audio':
      yield { type: 'media', media: item, ...at }
      return
    case 'opaque':
      yield { type: 'opaque', format: item.format, wire: item.wire, ...at }
      return
    case 'file':
    case 'tool-result':
      return
  }
}

/** A JSON object with only the members of one format's extensions, or `{}`. */
export const extensionOf = (extensions: Extensions | undefined, format: string): JsonObject => extensions?.[format] ?? {}
