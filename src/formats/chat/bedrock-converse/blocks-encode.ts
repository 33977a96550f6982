// Neutral blocks as Converse content, one request's worth: document numbers and cache points are counted
// over the whole request.

import type { Block, CacheHint, ReasoningBlock, ToolCallBlock, ToolResultBlock } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { inputObject } from '../anthropic-messages/json-plan.ts'
import { type ToolNames, wireToolId } from '../anthropic-messages/names.ts'
import type { Receipt } from '../anthropic-messages/receipt.ts'
import { encodeFile, encodeImage } from './media.ts'
import { CUSTOM_INPUT_KEY, type Family, FORMAT_ID } from './wire.ts'

const MOST_CACHE_POINTS = 4
/** The wire's own limit. A longer legal id is cut behind a hash of the whole, so that two never meet. */
const LONGEST_ID = 64

function toolUseId(id: string): string {
  const legal = wireToolId(id)
  return legal.length <= LONGEST_ID ? legal : wireToolId(`${legal.slice(0, 40)}.${legal}`)
}

export class BlockEncoder {
  readonly receipt: Receipt
  readonly #names: ToolNames
  readonly #family: Family
  #documents = 0
  #cachePoints = 0

  constructor(parts: { readonly receipt: Receipt; readonly names: ToolNames; readonly family: Family }) {
    this.receipt = parts.receipt
    this.#names = parts.names
    this.#family = parts.family
  }

  /** Appends a block and the cache point behind it, if any. */
  add(content: JsonObject[], block: Block, field: string): void {
    const wire = this.#encode(block, field)
    if (wire === undefined) return
    content.push(wire)
    if ('cache' in block && block.cache !== undefined) this.addCachePoint(content, block.cache, `${field}.cache_control`)
  }

  /** Appends the result of call `id`; a call without one gets an error, since the upstream wants each answered. */
  addResult(content: JsonObject[], id: string, result: { readonly block: ToolResultBlock; readonly field: string } | undefined): void {
    if (result === undefined) {
      this.receipt.changed('messages', 'a tool call without a result was answered with an error')
      const text = 'The tool call was not completed: no result was given.'
      content.push({ toolResult: { toolUseId: toolUseId(id), content: [{ text }], status: 'error' } })
      return
    }
    const { block, field } = result
    const inner: JsonObject[] = []
    if (block.structured !== undefined) inner.push({ json: block.structured })
    for (const [i, item] of block.content.entries()) {
      // The text of a structured result says the same as its JSON.
      if (block.structured === undefined || item.type !== 'text') this.#addInner(inner, item, `${field}.content[${i}]`)
    }
    if (inner.length === 0) inner.push({ text: '(no output)' })
    content.push({ toolResult: { toolUseId: toolUseId(id), content: inner, ...(block.isError && { status: 'error' }) } })
    if (block.cache !== undefined) this.addCachePoint(content, block.cache, `${field}.cache_control`)
  }

  #addInner(inner: JsonObject[], item: ToolResultBlock['content'][number], field: string): void {
    const wire = this.#encode(item, field)
    if (wire !== undefined) inner.push(wire)
  }

  /** A result whose call is not in the history, as text. */
  addOrphan(content: JsonObject[], block: ToolResultBlock, field: string): void {
    this.receipt.changed(field, 'a tool result whose call is not in the history was sent as text')
    const inner: JsonObject[] = []
    for (const [i, item] of block.content.entries()) this.#addInner(inner, item, `${field}.content[${i}]`)
    if (inner.length > 0)
      content.push({ text: `Result of an earlier call of ${block.name ?? 'a tool'}${block.isError ? ' (failed)' : ''}:` }, ...inner)
  }

  addCachePoint(content: JsonObject[], hint: CacheHint, field: string): void {
    if (!this.#family.caches) this.receipt.dropped(field, 'the model has no prompt cache')
    else if (this.#cachePoints >= MOST_CACHE_POINTS) this.receipt.dropped(field, 'a request may hold four cache points')
    else {
      this.#cachePoints++
      content.push({ cachePoint: { type: 'default', ...(hint.ttl === '1h' && { ttl: '1h' }) } })
    }
  }

  #encode(block: Block, field: string): JsonObject | undefined {
    switch (block.type) {
      case 'text':
      case 'refusal':
        // Blank text blocks are a 400 wherever they stand.
        return block.text.trim() === '' ? undefined : { text: block.text }
      case 'image':
        return encodeImage(block, field)
      case 'file':
        return encodeFile(block, field, ++this.#documents)
      case 'audio':
        if (block.transcript) return { text: block.transcript }
        throw new GatewayError('unsupported_content', { field, message: 'This model does not take audio.' })
      case 'reasoning':
        return this.#reasoning(block, field)
      case 'tool-call':
        return this.#call(block)
      case 'server-tool-call':
      case 'server-tool-result':
        this.receipt.dropped(field, 'tools that an upstream ran by itself cannot be told to this one')
        return undefined
      case 'opaque':
        if (block.format === FORMAT_ID) return block.wire as JsonObject
        this.receipt.dropped(field, 'content that only another format knows')
        return undefined
      case 'tool-result':
        return undefined
    }
  }

  #call({ id, name, kind, arguments: text }: ToolCallBlock): JsonObject {
    const input = kind === 'custom' ? { [CUSTOM_INPUT_KEY]: text } : inputObject(text)
    return { toolUse: { toolUseId: toolUseId(id), name: this.#names.toWire(name), input } }
  }

  /** Reasoning goes back only to the format that signed it, and then unaltered. */
  #reasoning({ text, signature, redacted }: ReasoningBlock, field: string): JsonObject | undefined {
    if (redacted?.format === FORMAT_ID) return { reasoningContent: { redactedContent: redacted.value } }
    if (redacted === undefined && signature?.format === FORMAT_ID) {
      return { reasoningContent: { reasoningText: { text, signature: signature.value } } }
    }
    this.receipt.dropped(field, 'reasoning that this upstream did not sign')
    return undefined
  }
}
