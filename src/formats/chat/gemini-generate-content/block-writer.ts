// The blocks of one candidate as events: numbers in order, at most one text-like block open at a time.

import type { ChatEvent } from '../../../core/chat-event.ts'
import type { Signature } from '../../../core/signature.ts'

export type Emit = (event: ChatEvent) => void

export interface BlockWriter {
  readonly choice: number
  /** Where events go; set before each push. */
  emit: Emit
  /** The kind of the open block. */
  readonly open: 'text' | 'reasoning' | 'audio' | undefined
  /** Number for a block that opens and closes at once, or is closed by its caller. Closes the open one. */
  next(): number
  /** The open block of this kind, or a new one. */
  begin(kind: 'text' | 'reasoning' | 'audio', mediaType?: string): number
  close(signature?: Signature): void
}

export function blockWriter(choice: number): BlockWriter {
  let count = 0
  let current: { kind: 'text' | 'reasoning' | 'audio'; block: number; mediaType: string | undefined } | undefined

  const writer: BlockWriter = {
    choice,
    emit: () => {},
    get open() {
      return current?.kind
    },
    next() {
      writer.close()
      return count++
    },
    begin(kind, mediaType) {
      if (current?.kind === kind && current.mediaType === mediaType) return current.block
      writer.close()
      const block = count++
      current = { kind, block, mediaType }
      if (kind !== 'audio') writer.emit({ type: `${kind}-start`, choice, block })
      return block
    },
    close(signature) {
      if (current === undefined) return
      const { kind, block } = current
      current = undefined
      // Pieces of audio have no end of their own.
      if (kind !== 'audio') writer.emit({ type: `${kind}-end`, choice, block, ...(signature && { signature }) })
    },
  }
  return writer
}
