// The open blocks of a streamed answer. The upstream's block indexes are labels: ours count what we open.

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { asString, isObject, type JsonObject } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { decodeCitation } from './citations.ts'
import type { Seen } from './finish.ts'
import { type CallReader, callReader } from './tool-call.ts'
import { FORMAT_ID } from './wire.ts'

type Kind = 'text' | 'reasoning' | 'redacted' | 'function' | 'custom' | 'json'
interface Open {
  readonly kind: Kind
  readonly block: number
  /** Text held back until the block is whole. */
  held: string
  signature: string
}
type Emit = (event: ChatEvent) => void

export class StreamBlocks {
  readonly #reader: CallReader
  readonly #open = new Map<number, Open>()
  #count = 0
  #calls = false
  /** Words beside a structured answer: shown only when no structured answer comes. */
  #aside = ''
  #structured = false

  constructor(ctx: ChatContext) {
    this.#reader = callReader(ctx)
  }

  seen(): Seen {
    return { calls: this.#calls, content: this.#count > 0 }
  }

  start(index: number, start: JsonObject, emit: Emit): void {
    this.stop(index, emit)
    const { toolUse } = start
    if (!isObject(toolUse)) return
    const name = asString(toolUse.name)
    const id = asString(toolUse.toolUseId)
    if (name === undefined || id === undefined) throw new GatewayError('upstream_malformed')
    const kind = this.#reader.kindOf(name)
    const { block } = this.#opened(index, kind)
    if (kind === 'json') {
      this.#structured = true
      emit({ type: 'text-start', choice: 0, block })
      return
    }
    this.#calls = true
    emit({ type: 'tool-call-start', choice: 0, block, id, name: this.#reader.nameOf(name), kind })
  }

  delta(index: number, delta: JsonObject, emit: Emit): void {
    const { text, toolUse, reasoningContent, citation } = delta
    if (typeof text === 'string') return this.#text(index, text, emit)
    if (isObject(toolUse)) return this.#input(index, asString(toolUse.input) ?? '', emit)
    if (isObject(reasoningContent)) return this.#reasoning(index, reasoningContent, emit)
    const decoded = citation === undefined ? undefined : decodeCitation(citation)
    if (decoded !== undefined && this.#reader.plan === undefined) {
      emit({ type: 'citation', choice: 0, block: this.#ensure(index, 'text', emit).block, citation: decoded })
    } else emit({ type: 'opaque', choice: 0, format: FORMAT_ID, wire: { contentBlockDelta: { delta } } })
  }

  #text(index: number, text: string, emit: Emit): void {
    if (this.#reader.plan !== undefined) {
      this.#aside += text
      return
    }
    // Empty pieces stand beside tool calls and mean nothing.
    if (text === '' && !this.#open.has(index)) return
    emit({ type: 'text-delta', choice: 0, block: this.#ensure(index, 'text', emit).block, text })
  }

  #input(index: number, text: string, emit: Emit): void {
    const open = this.#open.get(index)
    if (open === undefined) throw new GatewayError('upstream_malformed')
    if (open.kind === 'function') {
      if (text !== '') emit({ type: 'tool-call-delta', choice: 0, block: open.block, text })
    } else if (open.kind === 'json' && this.#reader.plan?.wrapKey === undefined) {
      if (text !== '') emit({ type: 'text-delta', choice: 0, block: open.block, text })
      open.held = 'sent'
    } else open.held += text
  }

  #reasoning(index: number, wire: JsonObject, emit: Emit): void {
    const redacted = asString(wire.redactedContent)
    if (redacted !== undefined) {
      this.#ensure(index, 'redacted', emit).held += redacted
      return
    }
    const open = this.#ensure(index, 'reasoning', emit)
    const text = asString(wire.text)
    if (text !== undefined && text !== '') emit({ type: 'reasoning-delta', choice: 0, block: open.block, text })
    open.signature += asString(wire.signature) ?? ''
  }

  #opened(index: number, kind: Kind): Open {
    const open: Open = { kind, block: this.#count++, held: '', signature: '' }
    this.#open.set(index, open)
    return open
  }

  /** The open block at an index. Another kind at the same index closes the one before. */
  #ensure(index: number, kind: 'text' | 'reasoning' | 'redacted', emit: Emit): Open {
    const open = this.#open.get(index)
    if (open?.kind === kind) return open
    this.stop(index, emit)
    const made = this.#opened(index, kind)
    if (kind === 'text') emit({ type: 'text-start', choice: 0, block: made.block })
    else if (kind === 'reasoning') emit({ type: 'reasoning-start', choice: 0, block: made.block })
    return made
  }

  stop(index: number, emit: Emit): void {
    const open = this.#open.get(index)
    if (open === undefined) return
    this.#open.delete(index)
    const at = { choice: 0, block: open.block }
    switch (open.kind) {
      case 'text':
        return emit({ type: 'text-end', ...at })
      case 'reasoning':
        return emit({
          type: 'reasoning-end',
          ...at,
          ...(open.signature !== '' && { signature: { format: FORMAT_ID, value: open.signature } }),
        })
      case 'redacted':
        emit({ type: 'reasoning-start', ...at, redacted: { format: FORMAT_ID, value: open.held } })
        return emit({ type: 'reasoning-end', ...at })
      case 'function':
        return emit({ type: 'tool-call-end', ...at })
      case 'custom':
        emit({ type: 'tool-call-delta', ...at, text: this.#reader.textOf('custom', open.held) })
        return emit({ type: 'tool-call-end', ...at })
      case 'json':
        if (open.held !== 'sent') emit({ type: 'text-delta', ...at, text: this.#reader.textOf('json', open.held) })
        return emit({ type: 'text-end', ...at })
    }
  }

  closeAll(emit: Emit): void {
    for (const index of [...this.#open.keys()].sort((a, b) => a - b)) this.stop(index, emit)
    if (this.#aside === '' || this.#structured) return
    const { block } = this.#opened(-1, 'text')
    emit({ type: 'text-start', choice: 0, block })
    emit({ type: 'text-delta', choice: 0, block, text: this.#aside })
    this.stop(-1, emit)
  }
}
