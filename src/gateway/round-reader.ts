// One model answer of several, on its way to the client: blocks get the numbers of the whole message, text gets its
// citations, calls of hosted tools are taken out and started, and the finish is kept back, since another round may follow.

import type { Block, Finish, ToolCallBlock } from '../core/chat.ts'
import { type ChatEvent, responseFold } from '../core/chat-event.ts'
import { laterUsage, type Usage } from '../core/usage.ts'
import { asObject, tryParseJson } from '../lib/json.ts'
import { type CitedText, citedText, markerParser, printedCall, readArgument } from '../tools/index.ts'
import type { HostedCall, HostedName, Turn } from './turn.ts'

type Emit = (event: ChatEvent) => void

/** A call of this round: as the model made it, and as it runs. */
export interface RoundCall {
  readonly asked: ToolCallBlock
  readonly running: HostedCall
}

export interface RoundParts {
  readonly turn: Turn
  /** The next free block number of the whole message. */
  nextBlock(): number
  nextId(): string
  /** No more calls are possible: what the model asks for all the same is dropped. */
  readonly last: boolean
}

interface Asked {
  readonly block: ToolCallBlock
  readonly name: HostedName
}

/** What small models print in place of a call begins like this. */
const OPENINGS = ['<tool_call>', '```', '{'] as const
const PRINTED = /^(?:<tool_call>[\s\S]*|```(?:json|tool_code|tool_call)?[ \t]*(?:\n\s*(?:\{[\s\S]*)?)?|\{[\s\S]*)$/
const MAX_PRINTED = 4000

export class RoundReader {
  readonly calls: RoundCall[] = []
  /** What came behind the first hosted call: it follows the results. */
  readonly deferred: ChatEvent[] = []
  usage: Usage | undefined
  finish: Extract<ChatEvent, { type: 'finish' }> | undefined
  end: Extract<ChatEvent, { type: 'end' }> | undefined
  /** The client has tools of its own to run. */
  asksClient = false
  /** The model said something in words. */
  spoke = false
  readonly #parts: RoundParts
  readonly #raw: ChatEvent[] = []
  readonly #blocks = new Map<number, number>()
  readonly #asked = new Map<number, Asked>()
  /** Whole calls that wait for the next event: it tells whether the limit of tokens cut the last one off. */
  #ended: Asked[] = []
  readonly #dropped = new Set<number>()
  #cited: CitedText | undefined
  /** Text that may turn out to be a printed call; `undefined` once it cannot be. */
  #probe: string | undefined
  #printed: ToolCallBlock | undefined
  #defers = false

  constructor(parts: RoundParts) {
    this.#parts = parts
    this.#probe = parts.turn.functions.length > 0 && !parts.last ? '' : undefined
  }

  /** Whether a sentence waits for its marker. */
  get holds(): boolean {
    return this.#cited?.holds === true
  }

  /** Gives out the sentence that waited too long. */
  flush(emit: Emit): void {
    this.#cited?.flush(this.#sink(emit))
  }

  take(event: ChatEvent, emit: Emit): void {
    this.#raw.push(event)
    if (this.#ended.length > 0 && event.type !== 'usage') this.#runEnded(event, emit)
    const out = this.#sink(emit)
    switch (event.type) {
      case 'usage':
        this.usage = laterUsage(this.usage, event.usage)
        return
      case 'finish':
        this.finish = event
        return
      case 'end':
        this.end = event
        return
      case 'text-delta':
        return this.#say(event, out)
      case 'text-end':
        return this.#endText(event, out)
      case 'tool-call-start':
        return this.#startCall(event, out)
      case 'tool-call-delta':
        return this.#growCall(event, out)
      case 'tool-call-end':
        return this.#endCall(event, out)
      case 'text-start':
        if (event.refusal !== true && (this.#probe !== undefined || this.#marks)) return
        return this.#place(event, out)
      case 'citation':
        if (!this.#blocks.has(event.block) && !this.#openCited(event, out)) return
        return this.#place({ ...event, citation: this.#parts.turn.shown(event.citation) }, out)
      case 'logprobs':
        return out(event)
      default:
        if (!('block' in event)) return out(event)
        this.#letTextGo(out)
        return this.#place(event, out)
    }
  }

  /** The answer has ended: everything held goes out, and calls that were cut off are judged. */
  close(emit: Emit): void {
    const out = this.#sink(emit)
    const printed = this.#probe === undefined ? undefined : printedCall(this.#probe, this.#parts.turn.functions)
    const name = printed && this.#parts.turn.hostedName(printed.name)
    if (printed !== undefined && name !== undefined) {
      this.#printed = { type: 'tool-call', id: this.#parts.nextId().replace('srvtoolu_', 'call_'), kind: 'function', ...printed }
      this.#probe = undefined
      this.#run({ block: this.#printed, name }, emit)
    }
    this.#letTextGo(out)
    for (const asked of this.#ended) this.#run(asked, emit)
  }

  /** The answer as the model gave it, for the history of the next round. */
  content(): Block[] {
    const fold = responseFold()
    for (const event of this.#raw) fold.add(event)
    const content = fold.result().choices[0]?.content ?? []
    const printed = this.#printed
    return printed === undefined ? [...content] : [...content.filter(({ type }) => type !== 'text'), printed]
  }

  get #marks(): boolean {
    return this.#parts.turn.citing === 'markers' && this.#parts.turn.sources.count() > 0
  }

  #sink(emit: Emit): Emit {
    return this.#defers ? (event) => void this.deferred.push(event) : emit
  }

  /** Gives the event the block number of the whole message. */
  #place(event: ChatEvent, out: Emit): void {
    if (!('block' in event) || event.block === undefined) return out(event)
    let block = this.#blocks.get(event.block)
    if (block === undefined) {
      block = this.#parts.nextBlock()
      this.#blocks.set(event.block, block)
    }
    out({ ...event, block })
  }

  #say(event: Extract<ChatEvent, { type: 'text-delta' }>, out: Emit): void {
    let { text } = event
    if (this.#probe !== undefined) {
      this.#probe += text
      if (mayBePrinted(this.#probe)) return
      text = this.#probe
      this.#probe = undefined
    }
    this.spoke ||= text.trim() !== ''
    if (this.#blocks.has(event.block) || !this.#marks) {
      if (!this.#blocks.has(event.block)) this.#place({ type: 'text-start', choice: 0, block: event.block }, out)
      return this.#place({ ...event, text }, out)
    }
    this.#cited ??= this.#newText()
    this.#cited.push(text, out)
  }

  /** Text that its upstream cites is no printed call, and begins now. */
  #openCited({ choice, block }: Extract<ChatEvent, { type: 'citation' }>, out: Emit): boolean {
    if (this.#marks) return false
    this.#letTextGo(out)
    this.#place({ type: 'text-start', choice, block }, out)
    return true
  }

  #newText(): CitedText {
    const { turn, nextBlock } = this.#parts
    return citedText({
      parser: markerParser({ sources: turn.sources }),
      choice: 0,
      nextBlock,
      cite: (claim, numbers) => turn.cite(claim, numbers),
    })
  }

  #endText(event: Extract<ChatEvent, { type: 'text-end' }>, out: Emit): void {
    if (this.#blocks.has(event.block)) return this.#place(event, out)
    if (this.#probe === undefined) this.#letTextGo(out)
  }

  /** Text that waits for its marker, or that might have been a call, before something else begins. */
  #letTextGo(out: Emit): void {
    const probe = this.#probe
    this.#probe = undefined
    if (probe !== undefined && probe !== '') {
      const block = -1
      this.#say({ type: 'text-delta', choice: 0, block, text: probe }, out)
      if (this.#blocks.has(block)) this.#place({ type: 'text-end', choice: 0, block }, out)
    }
    this.#cited?.end(out)
    this.#cited = undefined
  }

  #startCall(event: Extract<ChatEvent, { type: 'tool-call-start' }>, out: Emit): void {
    this.#letTextGo(out)
    const name = event.kind === 'function' ? this.#parts.turn.hostedName(event.name) : undefined
    if (name === undefined) {
      this.asksClient = true
      return this.#place(event, out)
    }
    if (this.#parts.last || !this.#parts.turn.functions.includes(event.name)) {
      this.#dropped.add(event.block)
      return
    }
    this.#defers = true
    this.#asked.set(event.block, { name, block: { type: 'tool-call', id: event.id, name: event.name, arguments: '', kind: 'function' } })
  }

  #growCall(event: Extract<ChatEvent, { type: 'tool-call-delta' }>, out: Emit): void {
    const asked = this.#asked.get(event.block)
    if (asked === undefined) {
      if (!this.#dropped.has(event.block)) this.#place(event, out)
      return
    }
    const { block } = asked
    this.#asked.set(event.block, { ...asked, block: { ...block, arguments: block.arguments + event.text } })
  }

  #endCall(event: Extract<ChatEvent, { type: 'tool-call-end' }>, out: Emit): void {
    const asked = this.#asked.get(event.block)
    if (asked !== undefined) this.#ended.push(asked)
    else if (!this.#dropped.has(event.block)) this.#place(event, out)
  }

  #runEnded(next: ChatEvent, emit: Emit): void {
    const ended = this.#ended
    this.#ended = []
    if (next.type === 'finish' && next.finish.reason === 'length') ended.pop()
    for (const asked of ended) this.#run(asked, emit)
  }

  /** Shows the call and starts it. The client sees Anthropic's own name and input, whatever the function is called. */
  #run({ block: asked, name }: Asked, emit: Emit): void {
    const { turn, nextBlock, nextId } = this.#parts
    this.#defers = true
    const key = name === 'web_search' ? 'query' : 'url'
    const input = readArgument(asked.arguments, key)
    const shown = input === undefined ? (asObject(tryParseJson(asked.arguments)) ?? {}) : { [key]: input }
    const id = nextId()
    const at = { choice: 0, block: nextBlock() }
    emit({ type: 'server-tool-start', id, name, ...at })
    emit({ type: 'server-tool-delta', text: JSON.stringify(shown), ...at })
    emit({ type: 'server-tool-end', ...at })
    this.calls.push({ asked, running: turn.start(name, id, input) })
  }
}

function mayBePrinted(text: string): boolean {
  const begun = text.trimStart()
  if (begun === '') return true
  if (begun.length > MAX_PRINTED) return false
  return OPENINGS.some((opening) => opening.startsWith(begun)) || PRINTED.test(begun) || /^```[a-z_]{0,9}$/.test(begun)
}

/** Why the message ends, when no other round follows. */
export function finishOf(round: RoundReader, ended: { readonly spent: boolean; readonly last: boolean; readonly pauses: boolean }): Finish {
  const finish = round.finish?.finish ?? { reason: 'stop' }
  if (round.asksClient) return finish
  if (ended.spent && round.calls.length > 0) return { reason: 'length' }
  // The model wants to search and nothing else, and may not: only the client can let it go on.
  if (ended.last && !round.spoke) return { reason: ended.pauses ? 'pause' : 'stop' }
  return finish.reason === 'tool-calls' ? { reason: 'stop' } : finish
}
