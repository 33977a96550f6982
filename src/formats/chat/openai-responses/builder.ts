// Folds neutral events into the response object of this wire, telling each step on the way. Only choice 0: the
// wire has no others. An item is closed when the next one opens or the answer ends, because only then is it
// known whether a limit cut it.

import type { Citation, Finish, ServerToolResultBlock } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import type { GatewayError } from '../../../core/errors.ts'
import { laterUsage, type Usage } from '../../../core/usage.ts'
import { asObject, asString, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { echoOf } from './echo.ts'
import { failureOf } from './errors.ts'
import { namespacedTools, type Qualified } from './names.ts'
import {
  annotationOf,
  imageItem,
  type Listener,
  OpenCall,
  OpenMessage,
  type OpenPart,
  OpenReasoning,
  OpenSearch,
  Output,
  queriesOf,
  wholeItem,
} from './output.ts'
import { includes } from './request-decode.ts'
import { sealCall, sealReasoning, sealRedacted, sealText } from './seal.ts'
import { searches } from './tool-search.ts'
import { encodeUsage } from './usage.ts'
import { carriedOf, FORMAT, INCLUDE_SOURCES, SENT } from './wire.ts'

/** What stands behind a neutral block number. Parts and reasoning items open with their first content. */
type Slot =
  | { kind: 'text'; refusal: boolean; phase: string | undefined; part?: OpenPart; start: number; waiting: Citation[] }
  | { kind: 'reasoning'; item?: OpenReasoning }
  | { kind: 'call'; id: string; item: OpenCall }
  | { kind: 'search'; id: string; fetch: boolean; item: OpenSearch }

export class ResponseBuilder {
  started = false
  over = false
  readonly #ctx: ChatContext
  readonly #tell: Listener
  readonly #output: Output
  readonly #names: ReadonlyMap<string, Qualified>
  readonly #joins: boolean
  readonly #slots = new Map<number, Slot>()
  readonly #searches = new Map<string, { item: OpenSearch; fetch: boolean }>()
  readonly #calls: OpenCall[] = []
  #message: OpenMessage | undefined
  #part: OpenPart | undefined
  #refused = false
  #response: JsonObject = {}
  #usage: Usage | undefined
  #finish: Finish = { reason: 'stop' }

  constructor(ctx: ChatContext, tell: Listener) {
    this.#ctx = ctx
    this.#tell = tell
    this.#output = new Output(ctx.ids, tell)
    this.#names = namespacedTools(ctx.request)
    this.#joins = ctx.request.tools.some((tool) => tool.type === 'server' && tool.kind.startsWith('web-'))
  }

  add(event: ChatEvent): void {
    if ('choice' in event && event.choice !== 0) return
    switch (event.type) {
      case 'response-start':
        return this.#start(event)
      case 'text-start':
        return void this.#slots.set(event.block, {
          kind: 'text',
          refusal: event.refusal === true,
          phase: asString(carriedOf(event.extensions)['phase']),
          start: 0,
          waiting: [],
        })
      case 'text-delta':
        return this.#text(event.block, event.text)
      case 'text-end':
        return this.#textEnd(event)
      case 'citation':
        return this.#citation(event.block, event.citation)
      case 'logprobs':
        if (this.#part !== undefined) this.#message?.measure(this.#part, event.tokens)
        return
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return this.#reasoning(event)
      case 'tool-call-start':
        return this.#callStart(event)
      case 'tool-call-delta':
      case 'tool-call-end':
        return this.#call(event)
      case 'server-tool-start':
      case 'server-tool-delta':
      case 'server-tool-end':
        return this.#serverTool(event)
      case 'server-tool-result':
        return this.#serverResult(event.result)
      case 'media':
        return this.#media(event.media)
      case 'opaque':
        return this.#opaque(event)
      case 'usage':
        this.#usage = laterUsage(this.#usage, event.usage)
        return
      case 'finish':
        this.#finish = event.finish
        return
      case 'end':
        return this.#end()
      case 'error':
        return this.fail(event.error)
    }
  }

  #start(event: Extract<ChatEvent, { type: 'response-start' }>): void {
    if (this.started) return
    this.started = true
    const { ids, request, requestedModel, nowMs } = this.#ctx
    const tier = event.extensions?.[FORMAT]?.['service_tier'] ?? event.extensions?.['openai-chat']?.['service_tier']
    this.#response = echoOf(request, {
      id: event.id.startsWith('resp_') ? event.id : ids.next('resp_'),
      createdAt: Math.floor((event.createdMs ?? nowMs) / 1000),
      model: requestedModel,
      ...(tier !== undefined && { tier }),
    })
    this.#tell('response.created', { response: { ...this.#response } })
    this.#tell('response.in_progress', { response: { ...this.#response } })
  }

  // ── Text ────────────────────────────────────────────────────────────────────────────────────────

  #text(block: number, text: string): void {
    const slot = this.#slots.get(block)
    if (slot?.kind !== 'text' || text === '') return
    const part = this.#partOf(slot)
    part.message.say(part, text)
  }

  #partOf(slot: Extract<Slot, { kind: 'text' }>): OpenPart {
    if (slot.part !== undefined) return slot.part
    this.#settleCalls()
    if (this.#message !== undefined && this.#message.phase !== slot.phase) this.#closeMessage('completed')
    const last = this.#joinable(slot)
    if (last !== undefined) {
      last.closing = false
      slot.start = last.text.length
      slot.part = last
      return last
    }
    this.#message ??= new OpenMessage(this.#output, slot.phase)
    slot.part = this.#message.openPart(slot.refusal)
    this.#part = slot.part
    if (slot.refusal) this.#refused = true
    return slot.part
  }

  /** OpenAI's own search writes one text with spans in it, where others have a block for each span. */
  #joinable(slot: Extract<Slot, { kind: 'text' }>): OpenPart | undefined {
    const last = this.#part
    const open = last !== undefined && last.message === this.#message && last.closing && !last.closed
    return this.#joins && open && !last.refusal && !slot.refusal ? last : undefined
  }

  #textEnd(event: Extract<ChatEvent, { type: 'text-end' }>): void {
    const slot = this.#slots.get(event.block)
    if (slot?.kind !== 'text') return
    this.#slots.delete(event.block)
    for (const citation of slot.waiting) this.#annotate(this.#partOf(slot), citation, slot.start)
    const { part } = slot
    if (part === undefined) return
    part.closing = true
    // Log probabilities may follow the text they belong to.
    if (this.#ctx.request.logprobs === undefined && !this.#joins) part.message.settle()
    if (event.signature) this.#sealed(sealText(event.signature))
  }

  #citation(block: number, citation: Citation): void {
    const slot = this.#slots.get(block)
    if (slot?.kind !== 'text') return
    // A span can be counted once its text is out; a citation of the whole block waits for the block's end.
    if (citation.span !== undefined && slot.part !== undefined && slot.start + citation.span.end <= slot.part.text.length)
      this.#annotate(slot.part, citation, slot.start)
    else slot.waiting.push(citation)
  }

  /** @param start where the citation's block begins in the part. */
  #annotate(part: OpenPart, citation: Citation, start: number): void {
    const { start: from, end } = citation.span ?? { start: 0, end: part.text.length - start }
    const annotation = annotationOf(part, { ...citation, span: { start: start + from, end: start + end } })
    if (annotation !== undefined && !part.refusal) part.message.annotate(part, annotation)
    else this.#dropped('citation', 'a citation without a URL has no place in this format')
  }

  #closeMessage(status: 'completed' | 'incomplete'): void {
    this.#message?.done(status)
    this.#message = undefined
  }

  /** Called before an item opens: a message that still speaks stays open beside it. */
  #makeRoom(): void {
    this.#settleCalls()
    if (this.#message?.busy === false) this.#closeMessage('completed')
  }

  // ── Reasoning ───────────────────────────────────────────────────────────────────────────────────

  #reasoning(event: Extract<ChatEvent, { type: 'reasoning-start' | 'reasoning-delta' | 'reasoning-end' }>): void {
    if (event.type === 'reasoning-start') {
      if (event.redacted) return this.#sealed(sealRedacted(event.redacted))
      return void this.#slots.set(event.block, { kind: 'reasoning' })
    }
    const slot = this.#slots.get(event.block)
    if (slot?.kind !== 'reasoning') return
    if (event.type === 'reasoning-delta') {
      if (event.text !== '') this.#reasoningOf(slot).say(event.text)
      return
    }
    this.#slots.delete(event.block)
    if (event.signature) this.#reasoningOf(slot).done(sealReasoning(event.signature))
    else slot.item?.done(undefined)
  }

  #reasoningOf(slot: Extract<Slot, { kind: 'reasoning' }>): OpenReasoning {
    if (slot.item === undefined) {
      this.#makeRoom()
      slot.item = new OpenReasoning(this.#output)
    }
    return slot.item
  }

  /** A reasoning item that only carries a sealed value back to us. */
  #sealed(encrypted: string): void {
    this.#makeRoom()
    new OpenReasoning(this.#output).done(encrypted)
  }

  // ── Calls ───────────────────────────────────────────────────────────────────────────────────────

  #callStart(event: Extract<ChatEvent, { type: 'tool-call-start' }>): void {
    this.#makeRoom()
    const own = carriedOf(event.extensions)
    const local = asString(asObject(own['namespace'])?.['name'])
    const { namespace, name } =
      local === undefined
        ? (this.#names.get(event.name) ?? { name: event.name })
        : { namespace: local, name: asString(own['localName']) ?? event.name }
    const id = event.id === '' ? this.#ctx.ids.next('call_') : event.id
    const kind = searches(this.#ctx.request.tools, event.name) ? 'tool-search' : event.kind
    const item = new OpenCall(this.#output, { kind, callId: id, name, ...(namespace !== undefined && { namespace }) })
    this.#calls.push(item)
    this.#slots.set(event.block, { kind: 'call', id, item })
  }

  #call(event: Extract<ChatEvent, { type: 'tool-call-delta' | 'tool-call-end' }>): void {
    const slot = this.#slots.get(event.block)
    if (slot?.kind !== 'call') return
    if (event.type === 'tool-call-delta') return slot.item.say(event.text)
    this.#slots.delete(event.block)
    slot.item.closing = true
    if (event.signature) this.#sealed(sealCall(event.signature, slot.id))
  }

  #settleCalls(): void {
    for (const call of this.#calls) if (call.closing) call.done(false)
  }

  // ── Hosted tools, media, the rest ───────────────────────────────────────────────────────────────

  #serverTool(event: Extract<ChatEvent, { type: 'server-tool-start' | 'server-tool-delta' | 'server-tool-end' }>): void {
    if (event.type !== 'server-tool-start') {
      const slot = this.#slots.get(event.block)
      if (event.type === 'server-tool-delta' && slot?.kind === 'search') slot.item.say(event.text)
      return
    }
    const own = asObject(carriedOf(event.extensions)['item'])
    const fetch = event.name === 'web_fetch'
    if (own === undefined && !fetch && event.name !== 'web_search')
      return this.#dropped('server_tool', `a call of the server tool '${event.name}' has no place in this format`)
    this.#makeRoom()
    if (own !== undefined && own['type'] !== 'web_search_call') return wholeItem(this.#output, own, 'item_')
    const item = new OpenSearch(this.#output, event.id)
    this.#searches.set(event.id, { item, fetch })
    this.#slots.set(event.block, { kind: 'search', id: event.id, fetch, item })
  }

  #serverResult(result: ServerToolResultBlock): void {
    const search = this.#searches.get(result.callId)
    if (search === undefined) return
    this.#searches.delete(result.callId)
    const own = asObject(asObject(carriedOf(result.extensions)['item'])?.['action'])
    const sources = (result.results ?? []).map(({ url }) => ({ type: 'url', url }))
    const wanted = includes(carriedOf(this.#ctx.request.extensions)[SENT], INCLUDE_SOURCES)
    search.item.done(own ?? { ...actionOf(search), ...(wanted && !search.fetch && { sources }) }, result.errorCode !== undefined)
  }

  #media(media: Extract<ChatEvent, { type: 'media' }>['media']): void {
    this.#makeRoom()
    if (media.type === 'image' && imageItem(this.#output, media)) return
    this.#dropped(media.type, `${media.type} output has no place in this format`)
  }

  #opaque(event: Extract<ChatEvent, { type: 'opaque' }>): void {
    if (event.block === undefined) return
    if (event.format !== FORMAT || !isObject(event.wire)) return this.#dropped('opaque', `content that only '${event.format}' knows`)
    this.#makeRoom()
    wholeItem(this.#output, event.wire, 'item_')
  }

  #dropped(field: string, reason: string): void {
    this.#ctx.note({ kind: 'dropped', field: `output.${field}`, reason })
  }

  // ── End ─────────────────────────────────────────────────────────────────────────────────────────

  #end(): void {
    const incomplete = this.#incompleteReason()
    this.#explainRefusal()
    this.#closeAll(incomplete !== undefined)
    if (incomplete === undefined) return this.#terminal('completed', {})
    this.#terminal('incomplete', { incomplete_details: { reason: incomplete } })
  }

  #incompleteReason(): string | undefined {
    switch (this.#finish.reason) {
      case 'length':
      case 'context':
        return 'max_output_tokens'
      case 'content-filter':
        return 'content_filter'
      case 'refusal':
        return this.#refused ? undefined : 'content_filter'
      default:
        return undefined
    }
  }

  /** A refusal told only in the finish becomes a part that clients show; an empty answer is an empty message. */
  #explainRefusal(): void {
    const { reason, explanation } = this.#finish
    // What a filter stopped half way keeps its words alone: the reason stands in `incomplete_details`.
    const silent = reason === 'content-filter' && this.#output.items.length === 0
    const declined = (reason === 'refusal' || silent) && !this.#refused && explanation !== undefined && explanation !== ''
    if (!declined && (this.#output.items.length > 0 || reason !== 'stop')) return
    this.#makeRoom()
    this.#message ??= new OpenMessage(this.#output, undefined)
    const part = this.#message.openPart(declined)
    if (declined) this.#message.say(part, explanation)
    part.closing = true
  }

  #closeAll(cut: boolean): void {
    for (const slot of this.#slots.values()) if (slot.kind === 'reasoning') slot.item?.done(undefined, cut ? 'incomplete' : 'completed')
    this.#slots.clear()
    const last = this.#calls.at(-1)
    for (const call of this.#calls) call.done(cut && call === last)
    for (const search of this.#searches.values()) search.item.done(actionOf(search), false)
    this.#searches.clear()
    this.#closeMessage(cut ? 'incomplete' : 'completed')
  }

  /** Ends in `response.failed` with what was delivered. */
  fail(error: GatewayError): void {
    this.#start({ type: 'response-start', id: '', model: '' })
    // No `done` events: what was open stays as far as it came.
    this.#message?.sync()
    for (const call of this.#calls) call.sync()
    for (const slot of this.#slots.values()) if (slot.kind === 'reasoning') slot.item?.sync()
    for (const item of this.#output.items) if (item['status'] === 'in_progress') item['status'] = 'incomplete'
    this.#terminal('failed', { error: failureOf(error) })
  }

  #terminal(status: 'completed' | 'incomplete' | 'failed', members: JsonObject): void {
    if (this.over) return
    this.over = true
    const usage = this.#usage === undefined ? null : encodeUsage(this.#usage)
    const completed =
      status === 'completed' ? { completed_at: Math.max(Number(this.#response['created_at']), Math.floor(this.#ctx.nowMs / 1000)) } : {}
    this.#tell(`response.${status}`, {
      response: { ...this.#response, status, ...completed, ...members, output: this.#output.items, usage },
    })
  }
}

function actionOf({ item, fetch }: { item: OpenSearch; fetch: boolean }): JsonObject {
  const input = tryParseJson(item.input)
  if (fetch) return { type: 'open_page', url: asString(asObject(input)?.['url']) ?? null }
  const queries = queriesOf(input)
  return { type: 'search', queries, query: queries.join(' · ') }
}
