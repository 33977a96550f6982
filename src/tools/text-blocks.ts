// A model's text with markers as text blocks with citations: uncited stretches grow one open block, each cited one is a
// block of its own whose citations come before its text, as Anthropic streams it.

import type { Citation } from '../core/chat.ts'
import type { ChatEvent } from '../core/chat-event.ts'
import type { MarkerEvent, MarkerParser } from './markers.ts'

export interface CitedTextOptions {
  readonly parser: MarkerParser
  readonly choice: number
  /** The next free block number of the choice. */
  nextBlock(): number
  /** Citations to show for a claim; none makes it plain text. */
  cite(claim: string, sources: readonly number[]): readonly Citation[]
  /** A marker that could not be honoured, for counting. */
  readonly stray?: (reason: 'unknown-source' | 'nothing-to-cite') => void
}

export interface CitedText {
  push(text: string, emit: (event: ChatEvent) => void): void
  /** Gives out what is held when the model pauses; the open block stays open. */
  flush(emit: (event: ChatEvent) => void): void
  /** The model's text has ended: gives out everything and closes what is open. */
  end(emit: (event: ChatEvent) => void): void
  /** Whether something is held back that `flush` would give out. */
  readonly holds: boolean
}

export function citedText(options: CitedTextOptions): CitedText {
  const { parser, choice } = options
  let open: number | undefined

  const plain = (text: string, emit: (event: ChatEvent) => void): void => {
    if (open === undefined) {
      open = options.nextBlock()
      emit({ type: 'text-start', choice, block: open })
    }
    emit({ type: 'text-delta', choice, block: open, text })
  }
  const close = (emit: (event: ChatEvent) => void): void => {
    if (open !== undefined) emit({ type: 'text-end', choice, block: open })
    open = undefined
  }
  const take = (event: MarkerEvent, emit: (event: ChatEvent) => void): void => {
    if (event.type === 'stray') return options.stray?.(event.reason)
    if (event.type === 'text') return plain(event.text, emit)
    const citations = options.cite(event.text, event.sources)
    if (citations.length === 0) return plain(event.text, emit)
    close(emit)
    const block = options.nextBlock()
    emit({ type: 'text-start', choice, block })
    for (const citation of citations) emit({ type: 'citation', choice, block, citation })
    emit({ type: 'text-delta', choice, block, text: event.text })
    emit({ type: 'text-end', choice, block })
  }

  return {
    push: (text, emit) => parser.push(text, (event) => take(event, emit)),
    flush: (emit) => parser.flush((event) => take(event, emit)),
    end(emit) {
      parser.end((event) => take(event, emit))
      close(emit)
    },
    get holds() {
      return parser.held > 0
    },
  }
}
