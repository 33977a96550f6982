// Why an answer ended, both ways.

import type { Finish, FinishReason } from '../../../core/chat.ts'
import { type Draft, put } from '../../../lib/draft.ts'
import { asObject, asString, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { WireStopReason } from './wire.ts'

const REASONS: Readonly<Record<WireStopReason, FinishReason>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  // The server shortened its context and wants the turn back to go on.
  compaction: 'pause',
  refusal: 'refusal',
  model_context_window_exceeded: 'context',
}

/** What the members `stop_reason`, `stop_sequence` and `stop_details` say. `calls`: client tools were called. */
export function decodeFinish(wire: JsonObject, calls: boolean): Finish {
  const raw = asString(wire['stop_reason'])
  const known = raw !== undefined && Object.hasOwn(REASONS, raw) ? REASONS[raw as WireStopReason] : 'stop'
  const finish: Draft<Finish> = { reason: resolved(known, calls) }
  put(finish, 'raw', raw)
  put(finish, 'stopSequence', asString(wire['stop_sequence']))
  put(finish, 'explanation', asString(asObject(wire['stop_details'])?.['explanation']))
  return finish
}

/** A call that was made must be answered, and one that was not cannot be. */
function resolved(reason: FinishReason, calls: boolean): FinishReason {
  if (reason === 'stop' && calls) return 'tool-calls'
  return reason === 'tool-calls' && !calls ? 'stop' : reason
}

export interface Ending {
  readonly finish: Finish
  /** A `tool_use` block was written. */
  readonly calls: boolean
  /** What the model said in refusing, when it came apart from its text. */
  readonly refusal?: string
  /** `stop_details` as this format's upstream wrote it. */
  readonly details?: JsonValue | undefined
}

const STOPS: Readonly<Record<FinishReason, WireStopReason>> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  context: 'model_context_window_exceeded',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
}

/** The three members by which a message tells its end. */
export function encodeFinish({ finish, calls, refusal, details }: Ending): JsonObject {
  const reason = resolved(finish.reason, calls)
  const refused = refusal !== undefined && reason === 'stop'
  const stop: WireStopReason = finish.raw === 'compaction' ? 'compaction' : refused ? 'refusal' : STOPS[reason]
  const explanation = finish.explanation ?? refusal ?? null
  return {
    stop_reason: stop,
    stop_sequence: stop === 'stop_sequence' ? (finish.stopSequence ?? null) : null,
    stop_details: asObject(details) ?? (stop === 'refusal' ? { type: 'refusal', category: null, explanation } : null),
  }
}
