// A request that may run: what admission found out about it. Everything behind admission works from this.

import type { Caller } from '../access/index.ts'
import type { ChatRequest } from '../core/chat.ts'
import type { Note } from '../core/warning.ts'
import type { Peek } from '../formats/index.ts'
import type { Candidate } from '../routing/index.ts'
import type { Call } from './call.ts'
import type { ExchangeRecord } from './record.ts'

export interface Admitted {
  /** Its signal stops the work. */
  readonly call: Call
  /** Aborts when the client is gone, though the work may go on. */
  readonly gone: AbortSignal
  readonly caller: Caller
  readonly peek: Peek
  readonly candidates: readonly Candidate[]
  readonly record: ExchangeRecord
  /** Adds to the receipt; in strict mode a drop throws. */
  readonly note: Note
  /** The decoded request, made once and shared by all candidates that need it. */
  request(): ChatRequest
}
