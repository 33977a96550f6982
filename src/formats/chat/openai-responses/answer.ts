// Between the decoder of a whole answer and the readers of its items.

import type { ChatEvent } from '../../../core/chat-event.ts'
import type { JsonObject } from '../../../lib/json.ts'

/** What item readers may say about the whole answer. */
export interface Answer {
  emit(event: ChatEvent): void
  nextBlock(): number
  freshId(prefix: string): string
  neutralName(name: string, namespace?: string): string
  /** Whether the client declared a tool of this name. */
  declares(name: string): boolean
  sawCall(): void
  sawRefusal(): void
  sawSearch(): void
}

export interface ItemReader {
  /** A delta or part event of this item. */
  event(type: string, wire: JsonObject): void
  /** The whole item; called at most once. */
  done(item: JsonObject): void
  /** Closes what is open when the stream ends without a `done`. */
  close(): void
}
