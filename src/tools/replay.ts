// History with hosted tools, for a model that knows none: each call and result becomes an ordinary tool call and tool
// result with the unsealed text, sources are numbered in the order of the history, and the markers that were taken out
// of earlier answers are put back, or the model would stop citing.

import type { Block, Citation, Message, ServerToolCallBlock, ServerToolResultBlock, TextBlock, ToolResultBlock } from '../core/chat.ts'
import { invalid } from '../core/errors.ts'
import { asObject, asString } from '../lib/json.ts'
import { type RenderContext, renderError, renderPage, renderSearch } from './render.ts'
import { checkIndex, openResult, type SealContext } from './results.ts'
import type { Source, SourceList } from './sources.ts'

export interface ReplayOptions extends SealContext {
  /** Filled with every source of the history. */
  readonly sources: SourceList
  readonly boundary: string
  /** What the upstream's functions are called. */
  readonly names: { readonly search: string; readonly fetch: string }
  /** Which hosted tools the request declares. */
  readonly declared: { readonly search: boolean; readonly fetch: boolean }
  /** Format of the client. */
  readonly format: string
  /** Searches, counted from the newest, whose results are kept whole; of older ones the best passage stays. */
  readonly keepWhole?: number
  /** Whether earlier answers get their markers back. Absent: yes. */
  readonly markers?: boolean
  /** How a search's results are handed over, where the model wants more than their text. */
  readonly blocksOf?: (sources: readonly Source[]) => readonly TextBlock[]
}

/** A call that the history leaves open: it is run now, and its result opens the next answer. */
export interface PendingCall {
  readonly call: ServerToolCallBlock
  /** Index in the returned messages behind which its result belongs. */
  readonly after: number
}

export interface Replayed {
  readonly messages: readonly Message[]
  readonly pending: readonly PendingCall[]
  /** Documents so far, fetched ones included: the index of the next one. */
  readonly documents: number
}

type HostedName = 'web_search' | 'web_fetch'
const isHosted = (name: string): name is HostedName => name === 'web_search' || name === 'web_fetch'

/** @throws GatewayError 400 for damaged seals, and for open calls that cannot be carried on. */
export function replayHistory(messages: readonly Message[], options: ReplayOptions): Replayed {
  return new Replay(messages, options).run()
}

/** The messages with results of pending calls put where they belong. */
export function withPending(replayed: Replayed, resultOf: (call: ServerToolCallBlock) => ToolResultBlock): Message[] {
  return replayed.messages.flatMap((message, index) => {
    const results = replayed.pending.filter(({ after }) => after === index).map(({ call }) => resultOf(call))
    return results.length > 0 ? [message, { role: 'user' as const, content: results }] : [message]
  })
}

class Replay {
  readonly #messages: readonly Message[]
  readonly #options: ReplayOptions
  readonly #render: RenderContext
  readonly #results = new Map<string, { block: ServerToolResultBlock; path: string }>()
  readonly #out: Message[] = []
  readonly #pending: PendingCall[] = []
  /** System messages in front stand in a member of their own on the wire, so places are counted behind them. */
  readonly #offset: number
  readonly #lastAssistant: number
  #documents = 0
  #searchesLeft: number

  constructor(messages: readonly Message[], options: ReplayOptions) {
    this.#messages = messages
    this.#options = options
    this.#render = { boundary: options.boundary, nowMs: options.nowMs, markers: options.markers ?? true }
    this.#offset = options.format === 'anthropic-messages' && messages[0]?.role === 'system' ? 1 : 0
    this.#lastAssistant = messages.findLastIndex(({ role }) => role === 'assistant')
    this.#searchesLeft = 0
    for (const [m, message] of messages.entries()) {
      for (const [b, block] of message.content.entries()) {
        if (block.type !== 'server-tool-result' || !isHosted(block.name) || this.#results.has(block.callId)) continue
        this.#results.set(block.callId, { block, path: this.#path(m, b) })
        if (block.results) this.#searchesLeft++
      }
    }
  }

  run(): Replayed {
    for (const [m, message] of this.#messages.entries()) {
      if (message.role === 'assistant') this.#assistant(message, m)
      else this.#other(message)
    }
    if (this.#pending.length > 0) this.#checkContinuation()
    return { messages: this.#out, pending: this.#pending, documents: this.#documents }
  }

  #path(m: number, b: number): string {
    return `messages[${m - this.#offset}].content[${b}]`
  }

  #other(message: Message): void {
    for (const block of message.content) {
      const inner = block.type === 'tool-result' ? block.content : [block]
      for (const item of inner) if (item.type === 'file') this.#documents++
    }
    this.#out.push(message)
  }

  #assistant(message: Message, m: number): void {
    let turn: Block[] = []
    let open: { call: ServerToolCallBlock; b: number }[] = []
    const close = (): void => {
      if (turn.length > 0) this.#out.push({ ...message, content: joinText(turn) })
      const answered = open.filter(({ call }) => this.#results.has(call.id))
      if (answered.length > 0) this.#out.push({ role: 'user', content: answered.map(({ call }) => this.#answer(call)) })
      turn = []
      open = []
    }
    for (const [b, block] of message.content.entries()) {
      if (block.type === 'server-tool-call' && isHosted(block.name)) {
        const kept = this.#keepCall(block, m, b)
        if (!kept) continue
        turn.push(this.#asToolCall(block))
        open.push({ call: block, b })
      } else if (block.type === 'server-tool-result' && isHosted(block.name)) {
        if (open.some(({ call }) => this.#results.has(call.id))) close()
      } else {
        // What follows a call that the same turn already answered belongs to the next round.
        if (open.length > 0 && block.type !== 'tool-call' && open.every(({ call }) => this.#answeredHere(call, message))) close()
        turn.push(block.type === 'text' ? this.#restored(block, this.#path(m, b)) : block)
      }
    }
    const waiting = open.filter(({ call }) => !this.#results.has(call.id))
    const at = this.#out.length
    close()
    for (const { call } of waiting) this.#pending.push({ call, after: at })
  }

  #answeredHere(call: ServerToolCallBlock, message: Message): boolean {
    return message.content.some((block) => block.type === 'server-tool-result' && block.callId === call.id)
  }

  /** A call without result is carried on only at the end of an Anthropic history; elsewhere it was never answered. */
  #keepCall(call: ServerToolCallBlock, m: number, b: number): boolean {
    if (this.#results.has(call.id)) return true
    if (this.#options.format !== 'anthropic-messages' || m !== this.#lastAssistant) return false
    const declared = call.name === 'web_search' ? this.#options.declared.search : this.#options.declared.fetch
    if (declared) return true
    const path = this.#path(m, b)
    throw invalid(path, `${path}: \`${call.name}\` tool use was found, but the tool was not provided in \`tools\``)
  }

  #checkContinuation(): void {
    for (const [m, message] of this.#messages.entries()) {
      if (m <= this.#lastAssistant || message.content.every((block) => block.type === 'tool-result')) continue
      const { call } = this.#pending[0] as PendingCall
      const path = `messages[${m - this.#offset}]`
      throw invalid(
        path,
        `${path}: \`${call.name}\` tool use with id \`${call.id.slice(0, 80)}\` was found without a corresponding \`${call.name}_tool_result\` block`,
      )
    }
  }

  #asToolCall(call: ServerToolCallBlock): Block {
    const { names } = this.#options
    return {
      type: 'tool-call',
      id: call.id,
      name: call.name === 'web_search' ? names.search : names.fetch,
      arguments: JSON.stringify(call.input ?? {}),
      kind: 'function',
    }
  }

  #answer(call: ServerToolCallBlock): ToolResultBlock {
    const found = this.#results.get(call.id) as { block: ServerToolResultBlock; path: string }
    return resultMessage(call, this.#options.names, this.#textOf(call, found))
  }

  #textOf(call: ServerToolCallBlock, { block, path }: { block: ServerToolResultBlock; path: string }): ToolResultBlock['content'] {
    if (block.errorCode !== undefined) return [{ type: 'text', text: renderError(block.errorCode) }]
    if (block.page !== undefined) return this.#pageText(call, block.page)
    const whole = this.#searchesLeft-- <= (this.#options.keepWhole ?? 4)
    const sources = (block.results ?? []).map((result, rank): Source => {
      const passages = openResult(result, this.#options, `${path}.content[${rank}]`)
      const evidence = { url: result.url, title: result.title, pageAge: result.pageAge ?? null, passages }
      const source = this.#options.sources.add(evidence, { callId: call.id, rank })
      return { ...source, passages: whole ? passages : passages.slice(0, 1) }
    })
    const blocks = sources.length > 0 ? this.#options.blocksOf?.(sources) : undefined
    return blocks ?? [{ type: 'text', text: renderSearch(asString(asObject(call.input)?.query) ?? '', sources, this.#render) }]
  }

  #pageText(call: ServerToolCallBlock, page: NonNullable<ServerToolResultBlock['page']>): ToolResultBlock['content'] {
    const documentIndex = this.#documents++
    const title = page.title ?? page.url
    const text = page.source.kind === 'text' ? page.source.text : ''
    const cited = page.citationsEnabled === true
    const evidence = { url: page.url, title, pageAge: null, passages: text === '' ? [] : [text] }
    const source = this.#options.sources.add(evidence, { callId: call.id, rank: 0, cited, documentIndex })
    if (page.source.kind === 'text') return [{ type: 'text', text: renderPage({ source, text }, this.#render) }]
    return [{ type: 'file', source: page.source, name: title }]
  }

  /** The text with its markers back; citations themselves mean nothing to the upstream. */
  #restored(block: TextBlock, path: string): Block {
    const { citations, ...rest } = block
    if (citations === undefined) return block
    for (const [c, citation] of citations.entries()) checkIndex(citation, this.#options, `${path}.citations[${c}]`)
    if (this.#options.markers === false) return rest
    return { ...rest, text: restoreMarkers(block.text, citations, this.#options.sources) }
  }
}

/** A tool result under the upstream's name for the tool. */
export const resultMessage = (
  call: { readonly id: string; readonly name: string },
  names: { readonly search: string; readonly fetch: string },
  content: ToolResultBlock['content'],
): ToolResultBlock => ({
  type: 'tool-result',
  callId: call.id,
  name: call.name === 'web_search' ? names.search : names.fetch,
  content,
  isError: false,
})

/** Text of an earlier answer with `[n]` behind it for each of its citations whose source has a number. */
export function restoreMarkers(text: string, citations: readonly Citation[], sources: SourceList): string {
  const numbers = new Set(citations.flatMap(({ url }) => (url === undefined ? [] : (sources.byUrl(url) ?? []))))
  if (numbers.size === 0) return text
  const body = text.trimEnd()
  return `${body} ${[...numbers].map((number) => `[${number}]`).join('')}${text.slice(body.length)}`
}

/** Neighbouring plain texts as one, as the model wrote them: formats join blocks with breaks. */
function joinText(blocks: readonly Block[]): Block[] {
  const joined: Block[] = []
  for (const block of blocks) {
    const last = joined[joined.length - 1]
    if (block.type === 'text' && last?.type === 'text' && isPlain(block) && isPlain(last)) {
      joined[joined.length - 1] = { ...last, text: last.text + block.text }
    } else {
      joined.push(block)
    }
  }
  return joined
}

const isPlain = (block: TextBlock): boolean => block.signature === undefined && block.cache === undefined && block.citations === undefined
