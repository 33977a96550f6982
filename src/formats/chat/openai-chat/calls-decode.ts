// Tool calls of one choice, put together from fragments. Hosts send the name late, leave out ids, types and
// indexes, give every call index 0, or repeat the id on each fragment: a call is announced when its name is
// known, and never taken for finished because its arguments happen to parse.

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Signature } from '../../../core/signature.ts'
import { isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import type { ToolNames } from './names.ts'
import { extraSignature } from './reasoning.ts'
import { carriedFrom, FORMAT, numberOf, ownExtension } from './wire.ts'

export type Emit = (event: ChatEvent) => void

/** What all choices of one answer share. */
export interface Answer {
  readonly ctx: ChatContext
  readonly names: ToolNames
  /** A whole message rather than pieces: entries of lists are never continuations. */
  readonly whole: boolean
}

interface Call {
  /** The upstream's `index`, when it gave one. */
  readonly index: number | undefined
  wireId: string
  block: number | undefined
  /** Arguments that wait for the name, or for the end where they must be unwrapped. */
  held: string
  /** A custom tool that was declared as a function of one `input` text. */
  unwrap: boolean
  custom: boolean
  carried: JsonObject | undefined
  signature: Signature | undefined
}

const CALL_KNOWN = new Set(['index', 'id', 'type', 'function', 'custom', 'extra_content'])

export class CallsDecoder {
  readonly #choice: number
  readonly #answer: Answer
  readonly #nextBlock: () => number
  readonly #calls: Call[] = []
  readonly #ids = new Set<string>()

  constructor(choice: number, answer: Answer, nextBlock: () => number) {
    this.#choice = choice
    this.#answer = answer
    this.#nextBlock = nextBlock
  }

  get any(): boolean {
    return this.#calls.some((call) => call.block !== undefined)
  }
  /** Whether a call has begun that has no name yet. */
  get pending(): boolean {
    return this.#calls.some((call) => call.block === undefined && call.held !== '')
  }

  /** Whether the delta speaks of calls at all. */
  wants(delta: JsonObject): boolean {
    return (isSomething(delta['tool_calls']) || isSomething(delta['function_call'])) && this.#entries(delta).length > 0
  }

  #entries(delta: JsonObject): JsonObject[] {
    const list = delta['tool_calls']
    const entries = Array.isArray(list) ? list.filter(isObject) : isObject(list) ? [list] : []
    const legacy = delta['function_call']
    return isObject(legacy) ? [...entries, { index: -1, type: 'function', function: legacy }] : entries
  }

  push(delta: JsonObject, emit: Emit): void {
    for (const entry of this.#entries(delta)) this.#fragment(entry, emit)
  }

  #fragment(entry: JsonObject, emit: Emit): void {
    const custom = isObject(entry['custom']) && !isObject(entry['function'])
    const body = isObject(entry['function']) ? entry['function'] : custom ? (entry['custom'] as JsonObject) : {}
    const id = typeof entry['id'] === 'string' ? entry['id'] : ''
    const name = typeof body['name'] === 'string' ? body['name'] : ''
    const call = this.#callOf(entry, { id, name })
    if (call.wireId === '') call.wireId = id
    if (custom) call.custom = true
    const signature = extraSignature(entry)
    if (signature !== undefined) call.signature = { format: FORMAT, value: signature }
    const carried = ownExtension(carriedFrom(entry, CALL_KNOWN).extensions)
    if (carried !== undefined) call.carried = { ...call.carried, ...carried }
    if (call.block === undefined && name !== '') this.#start(call, name, emit)
    const piece = argumentsPiece(custom ? body['input'] : body['arguments'])
    if (piece === '') return
    if (call.block === undefined || call.unwrap) call.held += piece
    else emit({ type: 'tool-call-delta', text: piece, choice: this.#choice, block: call.block })
  }

  /** The call a fragment continues, or a new one. */
  #callOf(entry: JsonObject, { id, name }: { id: string; name: string }): Call {
    const index = numberOf(entry['index']) ?? (typeof entry['index'] === 'string' ? Number(entry['index']) : undefined)
    const known = this.#answer.whole ? undefined : this.#known(index, { id, name })
    if (known !== undefined) return known
    const call: Call = {
      ...{ index, wireId: '', block: undefined, held: '', unwrap: false },
      ...{ custom: false, carried: undefined, signature: undefined },
    }
    this.#calls.push(call)
    return call
  }

  #known(index: number | undefined, { id, name }: { id: string; name: string }): Call | undefined {
    // A named fragment with an id of its own opens a call, whatever index it claims.
    const opens = (call: Call): boolean => id !== '' && call.wireId !== '' && call.wireId !== id && name !== ''
    if (index !== undefined) {
      const call = this.#calls.findLast((candidate) => candidate.index === index)
      return call !== undefined && opens(call) ? this.#calls.findLast((candidate) => candidate.wireId === id) : call
    }
    if (id !== '') return this.#calls.findLast((candidate) => candidate.wireId === id)
    const last = this.#calls.at(-1)
    return last !== undefined && name !== '' && last.block !== undefined ? undefined : last
  }

  #start(call: Call, wireName: string, emit: Emit): void {
    const { ctx, names } = this.#answer
    const name = names.fromWire(wireName)
    const declared = ctx.request.tools.find((tool) => tool.type !== 'server' && tool.name === name)
    call.unwrap = !call.custom && declared?.type === 'custom'
    call.block = this.#nextBlock()
    const id = call.wireId === '' || this.#ids.has(call.wireId) ? ctx.ids.next('call_') : call.wireId
    this.#ids.add(id)
    emit({
      type: 'tool-call-start',
      id,
      name,
      kind: call.custom || call.unwrap ? 'custom' : 'function',
      choice: this.#choice,
      block: call.block,
      ...(call.carried && { extensions: { [FORMAT]: call.carried } }),
    })
    if (call.held === '' || call.unwrap) return
    emit({ type: 'tool-call-delta', text: call.held, choice: this.#choice, block: call.block })
    call.held = ''
  }

  /** @throws GatewayError for arguments that never got a name. */
  close(emit: Emit): void {
    if (this.pending) throw new GatewayError('upstream_malformed', { message: 'The upstream sent a tool call without a name.' })
    for (const { block, unwrap, held, signature } of this.#calls) {
      if (block === undefined) continue
      const at = { choice: this.#choice, block }
      if (unwrap && held !== '') emit({ type: 'tool-call-delta', text: unwrapped(held), ...at })
      emit({ type: 'tool-call-end', ...at, ...(signature && { signature }) })
    }
  }
}

const isSomething = (value: unknown): boolean => value !== undefined && value !== null

/** Arguments are text; some hosts send the object itself. */
function argumentsPiece(value: unknown): string {
  if (typeof value === 'string') return value
  return isObject(value) ? JSON.stringify(value) : ''
}

/** The `input` of a custom tool that was declared as a function; other text as it is. */
function unwrapped(text: string): string {
  const value = tryParseJson(text)
  return isObject(value) && typeof value['input'] === 'string' ? value['input'] : text
}
