// Why an answer ended, in neutral words. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

import type { Finish, FinishReason } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { asObject, asString, type JsonValue } from '../../../lib/json.ts'

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  stop_sequence: 'stop-sequence',
  guardrail_intervened: 'content-filter',
  content_filtered: 'content-filter',
  model_context_window_exceeded: 'context',
}

export interface Seen {
  /** A call that the client must answer. */
  readonly calls: boolean
  /** Anything at all. */
  readonly content: boolean
}

/** @throws GatewayError when the model wrote something unusable and nothing else. */
export function decodeFinish(raw: string | undefined, seen: Seen, additional: JsonValue | undefined): Finish {
  if ((raw === 'malformed_model_output' || raw === 'malformed_tool_use') && !seen.content) {
    throw new GatewayError('upstream_error', { message: 'The model wrote a tool call that cannot be read.', upstreamType: raw })
  }
  const known = REASONS[raw ?? ''] ?? 'stop'
  // Only a finished turn can be waiting for results; one that ended in JSON shown as text waits for none.
  const reason = known === 'stop' && seen.calls ? 'tool-calls' : known === 'tool-calls' && !seen.calls ? 'stop' : known
  const matched = asString(asObject(additional)?.stop_sequence)
  return { reason, ...(raw !== undefined && { raw }), ...(matched !== undefined && { stopSequence: matched }) }
}
