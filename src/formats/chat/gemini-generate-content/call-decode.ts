// Function calls of one candidate: whole in one part, or as Vertex streams them, a name first and pieces of
// arguments after. Parallel calls stand one behind the other.

import { GatewayError } from '../../../core/errors.ts'
import type { Signature } from '../../../core/signature.ts'
import { asString, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import { type JsonPlan, plannedText } from '../json-plan.ts'
import type { BlockWriter } from './block-writer.ts'
import type { NameMap } from './names.ts'
import { type ArgumentBuilder, argumentBuilder } from './partial-args.ts'
import { argumentText } from './parts.ts'
import { CUSTOM_INPUT, FORMAT } from './wire.ts'

export interface CallContext {
  readonly writer: BlockWriter
  readonly names: NameMap
  /** A call id unique over the conversation; the upstream's own when it is free. */
  readonly idFor: (wireId: string | undefined) => string
  /** Only the first call is wanted. */
  readonly single: boolean
  /** The function that takes the answer itself: its arguments are told as text. */
  readonly plan: JsonPlan | undefined
}

export interface CallDecoder {
  /** @throws GatewayError `upstream_malformed` for a call without a name. */
  add(wire: JsonObject, signature: Signature | undefined): void
  /** Closes a streamed call whose last piece never came. */
  end(): void
  /** Calls seen, those left out included. */
  readonly count: number
  /** The answer came as a call. */
  readonly answered: boolean
}

interface OpenCall {
  /** `undefined`: a call too many, read and left out. `answer`: no call but the answer. */
  readonly block: number | 'answer' | undefined
  readonly name: string
  readonly args: ArgumentBuilder
  signature: Signature | undefined
}

export function callDecoder({ writer, names, idFor, single, plan }: CallContext): CallDecoder {
  const { choice } = writer
  let open: OpenCall | undefined
  let count = 0
  let answered = false

  function add(wire: JsonObject, signature: Signature | undefined): void {
    const name = asString(wire['name']) ?? ''
    const pieces = (wire['partialArgs'] ?? undefined) !== undefined
    if (open !== undefined && (name === '' || (pieces && name === open.name))) return more(open, wire, signature)
    end()
    if (name === '') {
      // The empty end mark of a streamed call that was not needed.
      if ((wire['args'] ?? undefined) === undefined && !pieces) return
      throw new GatewayError('upstream_malformed', { message: 'The upstream sent a function call without a name.' })
    }
    const goesOn = pieces || wire['willContinue'] === true
    const block = opened(name, asString(wire['id']) || undefined)
    if (goesOn) {
      open = { block, name, args: argumentBuilder(), signature }
      if (pieces) more(open, wire, signature)
    } else if (block !== undefined) write({ block, name, signature }, textOf(wire['args'] ?? undefined))
  }

  function opened(name: string, wireId: string | undefined): OpenCall['block'] {
    if (plan !== undefined && name.replace(/^default_api[.:]/, '') === plan.tool) return 'answer'
    count++
    return !single || count === 1 ? begin(name, wireId) : undefined
  }

  function begin(name: string, wireId: string | undefined): number {
    const block = writer.next()
    const id = idFor(wireId)
    const client = names.toClient(name)
    const own = wireId === id ? { extensions: { [FORMAT]: { id } } } : {}
    writer.emit({ type: 'tool-call-start', id, name: client, kind: names.isCustom(client) ? 'custom' : 'function', choice, block, ...own })
    return block
  }

  function more(call: OpenCall, wire: JsonObject, signature: Signature | undefined): void {
    call.signature = signature ?? call.signature
    const pieceGoesOn = call.args.add(wire['partialArgs'])
    // The last frame may simply lack the mark.
    if (wire['willContinue'] !== true && !pieceGoesOn) end()
  }

  function end(): void {
    if (open === undefined) return
    const { block, name, args, signature } = open
    open = undefined
    if (block !== undefined) write({ block, name, signature }, args.text())
  }

  function write(call: { block: number | 'answer'; name: string; signature: Signature | undefined }, args: string): void {
    const { block, signature } = call
    if (block === 'answer') return answer(args)
    const text = names.isCustom(names.toClient(call.name)) ? customInput(args) : args
    if (text !== '') writer.emit({ type: 'tool-call-delta', text, choice, block })
    writer.emit({ type: 'tool-call-end', choice, block, ...(signature && { signature }) })
  }

  /** The signature stays behind: it is that of a call which the client will never send back. */
  function answer(args: string): void {
    if (plan === undefined || answered) return
    answered = true
    const block = writer.next()
    writer.emit({ type: 'text-start', choice, block })
    writer.emit({ type: 'text-delta', text: plannedText(plan, args), choice, block })
    writer.emit({ type: 'text-end', choice, block })
  }

  return {
    add,
    end,
    get count() {
      return count
    },
    get answered() {
      return answered
    },
  }
}

/** No `args` at all is a call without arguments. */
function textOf(args: JsonValue | undefined): string {
  if (args === undefined) return '{}'
  if (isObject(args)) return argumentText(args)
  return typeof args === 'string' ? args : JSON.stringify(args)
}

/** A free-text tool's one string; what is no such object stays as it is. */
function customInput(text: string): string {
  const args = tryParseJson(text)
  const input = isObject(args) ? args[CUSTOM_INPUT] : undefined
  return typeof input === 'string' ? input : text
}
