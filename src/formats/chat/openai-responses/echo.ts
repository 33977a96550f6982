// The response object around the output: what this wire echoes of the request, in the order OpenAI writes it.

import type { ChatRequest } from '../../../core/chat.ts'
import { asObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import { carriedOf, SENT } from './wire.ts'

const or = (value: JsonValue | undefined, otherwise: JsonValue): JsonValue => (value === undefined || value === null ? otherwise : value)

/** The members that do not change while the response grows. */
export function echoOf(
  request: ChatRequest,
  facts: { readonly id: string; readonly createdAt: number; readonly model: string; readonly tier?: JsonValue },
): JsonObject {
  const sent = carriedOf(request.extensions)[SENT] ?? {}
  const reasoning = asObject(sent['reasoning'])
  const text = asObject(sent['text'])
  return {
    id: facts.id,
    object: 'response',
    created_at: facts.createdAt,
    status: 'in_progress',
    access_programs: null,
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: or(sent['instructions'], null),
    max_output_tokens: or(sent['max_output_tokens'], null),
    max_tool_calls: or(sent['max_tool_calls'], null),
    model: facts.model,
    output: [],
    parallel_tool_calls: or(sent['parallel_tool_calls'], true),
    previous_response_id: null,
    prompt_cache_key: or(sent['prompt_cache_key'], null),
    reasoning: { effort: or(reasoning?.['effort'], null), summary: or(reasoning?.['summary'], null) },
    safety_identifier: or(sent['safety_identifier'], null),
    service_tier: or(
      facts.tier,
      sent['service_tier'] === undefined || sent['service_tier'] === 'auto' ? 'default' : or(sent['service_tier'], 'default'),
    ),
    // Nothing is kept here: a client that did not ask is told so.
    store: or(sent['store'], false),
    temperature: or(sent['temperature'], 1),
    text: { ...text, format: or(text?.['format'], { type: 'text' }), verbosity: or(text?.['verbosity'], 'medium') },
    tool_choice: or(sent['tool_choice'], 'auto'),
    tools: or(sent['tools'], []),
    top_logprobs: or(sent['top_logprobs'], 0),
    top_p: or(sent['top_p'], 1),
    truncation: or(sent['truncation'], 'disabled'),
    usage: null,
    user: or(sent['user'], null),
    metadata: or(sent['metadata'], {}),
  }
}
