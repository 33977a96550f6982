// The output a client receives, built item by item. One state produces both the streamed events and the final
// response, so that the last event can never differ from what was streamed (hazard H217); a whole answer is
// the same run with nobody listening to the steps.

import type { Citation, ImageBlock, TokenLogprob } from '../../../core/chat.ts'
import type { IdSource } from '../../../lib/ids.ts'
import { asArray, asObject, asString, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import { encodeAnnotation } from './citations.ts'

/** Told of each step: the event's type and its members without `sequence_number`. */
export type Listener = (type: string, members: JsonObject) => void

export interface OpenItem {
  readonly index: number
  readonly item: JsonObject & { id: string }
  done: boolean
}

/** Opening and closing items; `output_index` is the place in `output`. */
export class Output {
  readonly items: JsonObject[] = []
  readonly ids: IdSource
  readonly #tell: Listener

  constructor(ids: IdSource, tell: Listener) {
    this.ids = ids
    this.#tell = tell
  }

  /** The event carries a snapshot: the item itself goes on growing. */
  open(item: JsonObject & { id: string }): OpenItem {
    const index = this.items.length
    this.items.push(item)
    this.#tell('response.output_item.added', { output_index: index, item: { ...item } })
    return { index, item, done: false }
  }

  step(type: string, at: OpenItem, members: JsonObject): void {
    this.#tell(type, { item_id: at.item.id, output_index: at.index, ...members })
  }

  done(at: OpenItem): void {
    if (at.done) return
    at.done = true
    this.#tell('response.output_item.done', { output_index: at.index, item: at.item })
  }
}

// ── Message ───────────────────────────────────────────────────────────────────────────────────────

/** One content part; `closing`: its text is over, but log probabilities may still come. */
export interface OpenPart {
  readonly message: OpenMessage
  readonly index: number
  readonly refusal: boolean
  text: string
  annotations: JsonObject[]
  logprobs: JsonObject[]
  closing: boolean
  closed: boolean
}

export class OpenMessage {
  readonly phase: string | undefined
  readonly #output: Output
  readonly #at: OpenItem
  readonly #content: JsonObject[] = []
  readonly #parts: OpenPart[] = []

  constructor(output: Output, phase: string | undefined) {
    this.#output = output
    this.phase = phase
    const item = {
      id: output.ids.next('msg_'),
      type: 'message',
      status: 'in_progress',
      role: 'assistant',
      content: [],
      ...(phase !== undefined && { phase }),
    }
    this.#at = output.open(item)
    this.#at.item['content'] = this.#content
  }

  get busy(): boolean {
    return this.#parts.some((part) => !part.closing)
  }

  openPart(refusal: boolean): OpenPart {
    this.settle()
    const part: OpenPart = {
      message: this,
      index: this.#content.length,
      refusal,
      text: '',
      annotations: [],
      logprobs: [],
      closing: false,
      closed: false,
    }
    this.#parts.push(part)
    this.#content.push(partWire(part))
    this.#output.step('response.content_part.added', this.#at, { content_index: part.index, part: partWire(part) })
    return part
  }

  say(part: OpenPart, delta: string): void {
    part.text += delta
    const type = part.refusal ? 'response.refusal.delta' : 'response.output_text.delta'
    this.#output.step(type, this.#at, { content_index: part.index, delta, ...(!part.refusal && { logprobs: [] }) })
  }

  annotate(part: OpenPart, annotation: JsonObject): void {
    const annotation_index = part.annotations.push(annotation) - 1
    this.#output.step('response.output_text.annotation.added', this.#at, { content_index: part.index, annotation_index, annotation })
  }

  measure(part: OpenPart, tokens: readonly TokenLogprob[]): void {
    for (const token of tokens) part.logprobs.push(logprobWire(token))
  }

  /** Closes the parts whose text is over. */
  settle(): void {
    for (const part of this.#parts) if (part.closing && !part.closed) this.#closePart(part)
  }

  #closePart(part: OpenPart): void {
    part.closed = true
    const wire = partWire(part)
    this.#content[part.index] = wire
    const at = { content_index: part.index }
    if (part.refusal) this.#output.step('response.refusal.done', this.#at, { ...at, refusal: part.text })
    else this.#output.step('response.output_text.done', this.#at, { ...at, text: part.text, logprobs: part.logprobs })
    this.#output.step('response.content_part.done', this.#at, { ...at, part: wire })
  }

  /** Puts what was said so far into the item, for an answer that fails. */
  sync(): void {
    for (const part of this.#parts) this.#content[part.index] = partWire(part)
  }

  done(status: 'completed' | 'incomplete'): void {
    for (const part of this.#parts) part.closing = true
    this.settle()
    this.#at.item['status'] = status
    this.#output.done(this.#at)
  }
}

const partWire = (part: OpenPart): JsonObject =>
  part.refusal
    ? { type: 'refusal', refusal: part.text }
    : { type: 'output_text', annotations: part.annotations, logprobs: part.logprobs, text: part.text }

const logprobWire = ({ token, logprob, bytes, top }: TokenLogprob): JsonObject => ({
  token,
  logprob,
  bytes: bytes === undefined || bytes === null ? utf8(token) : [...bytes],
  top_logprobs: (top ?? []).map((entry) => ({
    token: entry.token,
    logprob: entry.logprob,
    bytes: entry.bytes ? [...entry.bytes] : utf8(entry.token),
  })),
})

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)]

export const annotationOf = (part: OpenPart, citation: Citation): JsonObject | undefined => encodeAnnotation(citation, part.text)

// ── Reasoning ─────────────────────────────────────────────────────────────────────────────────────

export class OpenReasoning {
  readonly #output: Output
  readonly #at: OpenItem
  #text: string | undefined

  constructor(output: Output) {
    this.#output = output
    this.#at = output.open({ id: output.ids.next('rs_'), type: 'reasoning', summary: [], status: 'in_progress' })
  }

  say(delta: string): void {
    if (this.#text === undefined) {
      this.#text = ''
      this.#output.step('response.reasoning_summary_part.added', this.#at, { summary_index: 0, part: { type: 'summary_text', text: '' } })
    }
    this.#text += delta
    this.#output.step('response.reasoning_summary_text.delta', this.#at, { summary_index: 0, delta })
  }

  sync(): void {
    if (this.#text !== undefined && !this.#at.done) this.#at.item['summary'] = [{ type: 'summary_text', text: this.#text }]
  }

  done(encrypted: string | undefined, status: 'completed' | 'incomplete' = 'completed'): void {
    const text = this.#text
    if (text !== undefined) {
      this.#output.step('response.reasoning_summary_text.done', this.#at, { summary_index: 0, text })
      this.#output.step('response.reasoning_summary_part.done', this.#at, { summary_index: 0, part: { type: 'summary_text', text } })
      this.#at.item['summary'] = [{ type: 'summary_text', text }]
    }
    if (encrypted !== undefined) this.#at.item['encrypted_content'] = encrypted
    this.#at.item['status'] = status
    this.#output.done(this.#at)
  }
}

// ── Calls ─────────────────────────────────────────────────────────────────────────────────────────

export interface CallHead {
  readonly kind: 'function' | 'custom' | 'tool-search'
  readonly callId: string
  readonly name: string
  readonly namespace?: string
}

export class OpenCall {
  readonly #output: Output
  readonly #at: OpenItem
  readonly #kind: CallHead['kind']
  #text = ''
  /** Its text is over; whether it was cut shows only when the answer goes on or ends. */
  closing = false

  constructor(output: Output, { kind, callId, name, namespace }: CallHead) {
    this.#output = output
    this.#kind = kind
    if (kind === 'tool-search') {
      const item = { id: output.ids.next('tsc_'), type: 'tool_search_call', status: 'in_progress', call_id: callId, execution: 'client' }
      this.#at = output.open({ ...item, arguments: {} })
      return
    }
    const rest = { call_id: callId, name, ...(namespace !== undefined && { namespace }) }
    this.#at = output.open(
      kind === 'function'
        ? { id: output.ids.next('fc_'), type: 'function_call', status: 'in_progress', arguments: '', ...rest }
        : { id: output.ids.next('ctc_'), type: 'custom_tool_call', status: 'in_progress', input: '', ...rest },
    )
  }

  sync(): void {
    if (!this.#at.done && this.#kind !== 'tool-search') this.#at.item[this.#kind === 'function' ? 'arguments' : 'input'] = this.#text
  }

  say(delta: string): void {
    if (delta === '') return
    this.#text += delta
    // A search is told whole: its arguments are an object.
    if (this.#kind === 'tool-search') return
    this.#output.step(
      this.#kind === 'function' ? 'response.function_call_arguments.delta' : 'response.custom_tool_call_input.delta',
      this.#at,
      { delta },
    )
  }

  /** `cut`: the output limit fell inside; the partial text stands, but is never announced as whole (hazard H13). */
  done(cut: boolean): void {
    if (this.#at.done) return
    if (this.#kind === 'tool-search') {
      this.#at.item['arguments'] = asObject(tryParseJson(this.#text)) ?? (this.#text.trim() === '' ? {} : this.#text)
      this.#at.item['status'] = cut && !isJson(this.#text) ? 'incomplete' : 'completed'
      return this.#output.done(this.#at)
    }
    const whole = this.#kind === 'custom' ? this.#text : this.#text.trim() === '' ? '{}' : this.#text
    const broken = cut && (this.#kind === 'custom' || !isJson(this.#text))
    if (!broken && whole !== this.#text) this.say(whole.slice(this.#text.length))
    const member = this.#kind === 'function' ? 'arguments' : 'input'
    this.#at.item[member] = broken ? this.#text : whole
    this.#at.item['status'] = broken ? 'incomplete' : 'completed'
    if (!broken) {
      const { name } = this.#at.item
      const type = this.#kind === 'function' ? 'response.function_call_arguments.done' : 'response.custom_tool_call_input.done'
      this.#output.step(type, this.#at, { [member]: whole, ...(this.#kind === 'function' && { name: name as string }) })
    }
    this.#output.done(this.#at)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// ── Hosted tools ──────────────────────────────────────────────────────────────────────────────────

export class OpenSearch {
  readonly #output: Output
  readonly #at: OpenItem
  #input = ''

  constructor(output: Output, id: string) {
    this.#output = output
    this.#at = output.open({ id: id.startsWith('ws_') ? id : output.ids.next('ws_'), type: 'web_search_call', status: 'in_progress' })
    output.step('response.web_search_call.in_progress', this.#at, {})
    output.step('response.web_search_call.searching', this.#at, {})
  }

  say(delta: string): void {
    this.#input += delta
  }

  get input(): string {
    return this.#input
  }

  done(action: JsonObject, failed: boolean): void {
    if (this.#at.done) return
    if (!failed) this.#output.step('response.web_search_call.completed', this.#at, {})
    this.#at.item['status'] = failed ? 'failed' : 'completed'
    this.#at.item['action'] = action
    this.#output.done(this.#at)
  }
}

/** An item that is told whole. */
export function wholeItem(output: Output, item: JsonObject, prefix: string): void {
  output.done(output.open({ ...item, id: asString(item['id']) || output.ids.next(prefix) }))
}

/** A made image, as the built-in image tool would give it. */
export function imageItem(output: Output, { source }: ImageBlock): boolean {
  if (source.kind !== 'base64') return false
  const item = { id: output.ids.next('ig_'), type: 'image_generation_call', status: 'in_progress', result: null }
  const at = output.open(item)
  output.step('response.image_generation_call.in_progress', at, {})
  output.step('response.image_generation_call.completed', at, {})
  Object.assign(at.item, {
    status: 'completed',
    result: source.data,
    output_format: source.mediaType.slice(source.mediaType.indexOf('/') + 1),
  })
  output.done(at)
  return true
}

/** Every query of a search input, whatever its tool calls them. */
export function queriesOf(input: JsonValue | undefined): string[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return []
  const many = asArray(input['queries'])?.filter((query): query is string => typeof query === 'string')
  return many ?? [asString(input['query'])].filter((query): query is string => query !== undefined)
}
