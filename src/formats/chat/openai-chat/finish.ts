// Finish reasons. Only OpenAI's five words go to clients; the upstream's own stays beside them as
// `native_finish_reason`. What compatible hosts invent is read by meaning.

import type { ChatCompletion } from 'openai/resources/chat/completions'
import type { Finish, FinishReason } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'

export type WireFinish = ChatCompletion.Choice['finish_reason']

const MEANING: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  stop_sequence: 'stop-sequence',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  max_completion_tokens: 'length',
  model_length: 'length',
  token_limit: 'length',
  model_context_window_exceeded: 'context',
  context_length: 'context',
  context_length_exceeded: 'context',
  tool_calls: 'tool-calls',
  'tool-calls': 'tool-calls',
  tool_call: 'tool-calls',
  tool_use: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  'content-filter': 'content-filter',
  safety: 'content-filter',
  recitation: 'content-filter',
  blocklist: 'content-filter',
  prohibited_content: 'content-filter',
  spii: 'content-filter',
  image_safety: 'content-filter',
  sensitive: 'content-filter',
  guardrail_intervened: 'content-filter',
  refusal: 'refusal',
  pause_turn: 'pause',
}

const FAILURES: ReadonlySet<string> = new Set(['error', 'network_error', 'insufficient_system_resource', 'internal_error'])
const CUTS: ReadonlySet<string> = new Set(['abort', 'aborted', 'cancelled', 'canceled'])
/** The model's call could not be read. Not a safety matter: with nothing to show it is a failure. */
const BAD_CALLS: ReadonlySet<string> = new Set([
  'malformed_function_call',
  'unexpected_tool_call',
  'too_many_tool_calls',
  'malformed_response',
])

/** The failure that a finish reason really is, or `undefined`. `produced`: the choice has content. */
export function finishFailure(raw: string, produced: boolean): GatewayError | undefined {
  const word = raw.toLowerCase()
  if (FAILURES.has(word)) return new GatewayError('upstream_error', { upstreamCode: raw })
  if (CUTS.has(word)) return new GatewayError('upstream_cut', { upstreamCode: raw })
  return BAD_CALLS.has(word) && !produced ? new GatewayError('upstream_error', { upstreamCode: raw }) : undefined
}

export interface Ended {
  /** `finish_reason`; `undefined` when the upstream never said. */
  readonly raw: string | undefined
  /** `native_finish_reason`, the word of a host's own upstream. */
  readonly native: string | undefined
  readonly calls: boolean
  readonly refused: boolean
  /** The client's string that matched, where the host says so (vLLM `stop_reason`). */
  readonly stopSequence?: string | undefined
}

export function decodeFinish({ raw, native, calls, refused, stopSequence }: Ended): Finish {
  const word = raw?.toLowerCase() ?? ''
  const meant = Object.hasOwn(MEANING, word) ? (MEANING[word] as FinishReason) : 'stop'
  return {
    reason: settled(meant, { calls, refused, matched: stopSequence !== undefined }),
    ...((native ?? raw) !== undefined && { raw: native ?? (raw as string) }),
    ...(stopSequence !== undefined && { stopSequence }),
  }
}

/** Agents stop working when a turn with calls says it is done; and they wait when one without says it calls. */
function settled(meant: FinishReason, { calls, refused, matched }: { calls: boolean; refused: boolean; matched: boolean }): FinishReason {
  if (meant === 'tool-calls') return calls ? 'tool-calls' : 'stop'
  if (meant !== 'stop') return meant
  if (calls) return 'tool-calls'
  if (refused) return 'refusal'
  return matched ? 'stop-sequence' : 'stop'
}

const WORDS: Readonly<Record<FinishReason, WireFinish>> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  context: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
}

/** The word for clients, and the upstream's own when it is another. */
export function encodeFinish(
  finish: Finish,
  { calls, legacy }: { calls: boolean; legacy: boolean },
): {
  finish_reason: WireFinish
  native_finish_reason?: string
} {
  const own = ownWord(finish, calls)
  const finish_reason = legacy && own === 'tool_calls' ? 'function_call' : own
  const native = finish.raw
  const tellsNative = native !== undefined && native !== own && native !== finish_reason
  return tellsNative ? { finish_reason, native_finish_reason: native } : { finish_reason }
}

function ownWord({ reason, raw }: Finish, calls: boolean): WireFinish {
  if (calls && (reason === 'stop' || reason === 'stop-sequence')) return 'tool_calls'
  // OpenAI's own refusals end with `stop` and tell the refusal in the message.
  return reason === 'refusal' && raw === 'stop' ? 'stop' : WORDS[reason]
}
