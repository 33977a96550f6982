// One model answer of several, on its way to the client: blocks get the numbers of the whole message, text gets its
// citations, calls of hosted tools are taken out and started, and the finish is kept back, since another round may follow.

import type { Block, Finish, ToolCallBlock } from '../core/chat.ts'
import { type ChatEvent, responseFold } from '../core/chat-event.ts'
import { laterUsage, type Usage } from '../core/usage.ts'
import { asObject, tryParseJson } from '../lib/json.ts'
import { type CitedText, citedText, markerParser, type PrintedCalls, type PrintedSink, printedCalls, readArgument } from '../tools/index.ts'
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

/** A block of our own for words that were held when theirs had ended. */
const LATE_BLOCK = -1

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
  /** Looks for calls in the words; absent where none can be made. */
  readonly #printing: PrintedCalls | undefined
  readonly #printed: ToolCallBlock[] = []
  /** The words of the answer without printed calls. */
  #words = ''
  #defers = false

  constructor(parts: RoundParts) {
    this.#parts = parts
    const names = parts.last ? [] : parts.turn.functions.filter((name) => parts.turn.hostedName(name) !== undefined)
    this.#printing = names.length > 0 ? printedCalls(names) : undefined
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
        return this.#read(event, emit)
      case 'text-end':
        return this.#endText(event, emit)
      case 'tool-call-start':
        return this.#startCall(event, emit)
      case 'tool-call-delta':
        return this.#growCall(event, out)
      case 'tool-call-end':
        return this.#endCall(event, out)
      case 'text-start':
        if (event.refusal !== true && (this.#printing !== undefined || this.#marks)) return
        return this.#place(event, out)
      case 'citation':
        if (!this.#blocks.has(event.block) && !this.#openCited(event, emit)) return
        return this.#place({ ...event, citation: this.#parts.turn.shown(event.citation) }, out)
      case 'logprobs':
        return out(event)
      default:
        if (!('block' in event)) return out(event)
        this.#letTextGo(emit)
        return this.#place(event, this.#sink(emit))
    }
  }

  /** The answer has ended: everything held goes out, and calls that were cut off are judged. */
  close(emit: Emit): void {
    this.#printing?.end(this.#printedSink(LATE_BLOCK, emit))
    this.#letTextGo(emit)
    for (const asked of this.#ended) this.#run(asked, emit)
  }

  /** The answer as the model gave it, for the history of the next round. */
  content(): Block[] {
    const fold = responseFold()
    for (const event of this.#raw) fold.add(event)
    const content = fold.result().choices[0]?.content ?? []
    if (this.#printed.length === 0) return [...content]
    const words: Block[] = this.#words.trim() === '' ? [] : [{ type: 'text', text: this.#words }]
    return [...content.filter(({ type }) => type !== 'text'), ...words, ...this.#printed]
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

  #read({ block, text }: Extract<ChatEvent, { type: 'text-delta' }>, emit: Emit): void {
    if (this.#printing === undefined) return this.#say(block, text, emit)
    this.#printing.push(text, this.#printedSink(block, emit))
  }

  #printedSink(block: number, emit: Emit): PrintedSink {
    return {
      say: (words) => this.#say(block, words, emit),
      call: (call) => {
        const name = this.#parts.turn.hostedName(call.name)
        if (name === undefined) return
        this.#closeText(block, emit)
        const asked: ToolCallBlock = {
          type: 'tool-call',
          id: this.#parts.nextId().replace('srvtoolu_', 'call_'),
          kind: 'function',
          ...call,
        }
        this.#printed.push(asked)
        this.#run({ block: asked, name }, emit)
      },
    }
  }

  #say(block: number, text: string, emit: Emit): void {
    const out = this.#sink(emit)
    this.#words += text
    this.spoke ||= text.trim() !== ''
    if (this.#blocks.has(block) || !this.#marks) {
      if (!this.#blocks.has(block)) this.#place({ type: 'text-start', choice: 0, block }, out)
      return this.#place({ type: 'text-delta', choice: 0, block, text }, out)
    }
    this.#cited ??= this.#newText()
    this.#cited.push(text, out)
  }

  /** Ends the text that is open; what the model goes on to say is a block of its own. */
  #closeText(block: number, emit: Emit): void {
    const out = this.#sink(emit)
    if (this.#blocks.has(block)) this.#place({ type: 'text-end', choice: 0, block }, out)
    this.#blocks.delete(block)
    this.#cited?.end(out)
    this.#cited = undefined
  }

  /** Text that its upstream cites is no printed call, and begins now. */
  #openCited({ choice, block }: Extract<ChatEvent, { type: 'citation' }>, emit: Emit): boolean {
    if (this.#marks) return false
    this.#letTextGo(emit)
    this.#place({ type: 'text-start', choice, block }, this.#sink(emit))
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

  #endText(event: Extract<ChatEvent, { type: 'text-end' }>, emit: Emit): void {
    this.#printing?.pause(this.#printedSink(event.block, emit))
    const out = this.#sink(emit)
    if (this.#blocks.has(event.block)) return this.#place(event, out)
    this.#cited?.end(out)
    this.#cited = undefined
  }

  /** Text that waits for its marker, or that might have been a call, before something else begins. */
  #letTextGo(emit: Emit): void {
    this.#printing?.release(this.#printedSink(LATE_BLOCK, emit))
    this.#closeText(LATE_BLOCK, emit)
  }

  #startCall(event: Extract<ChatEvent, { type: 'tool-call-start' }>, emit: Emit): void {
    this.#letTextGo(emit)
    const out = this.#sink(emit)
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

/** Why the message ends, when no other round follows. */
export function finishOf(round: RoundReader, ended: { readonly spent: boolean; readonly last: boolean; readonly pauses: boolean }): Finish {
  const finish = round.finish?.finish ?? { reason: 'stop' }
  if (round.asksClient) return finish
  if (ended.spent && round.calls.length > 0) return { reason: 'length' }
  // The model wants to search and nothing else, and may not: only the client can let it go on.
  if (ended.last && !round.spoke) return { reason: ended.pauses ? 'pause' : 'stop' }
  return finish.reason === 'tool-calls' ? { reason: 'stop' } : finish
}
