// The wire of Anthropic's Messages API: names and types from the official SDK, and the few constants of
// the protocol. Bodies of clients and upstreams are untrusted, so codecs read them as plain JSON; the SDK's
// types bind what we declare (`fields.ts`) and what we write.
// https://platform.claude.com/docs/en/api/messages

import type Anthropic from '@anthropic-ai/sdk'
import type { Frame } from '../../../lib/framing/frame.ts'
import type { JsonObject } from '../../../lib/json.ts'

export type WireStopReason = Anthropic.Messages.StopReason | Anthropic.Beta.Messages.BetaStopReason
export type WireStreamEventType = Anthropic.Messages.RawMessageStreamEvent['type']
export type WireErrorType = Anthropic.ErrorType | 'request_too_large'

export const FORMAT_ID = 'anthropic-messages'

/** Sent when the client named no version of its own. */
export const DEFAULT_VERSION = '2023-06-01'

/** Key under which text that is not a JSON object travels inside `input`, which must be one. */
export const RAW_INPUT_KEY = '_raw'

/** Key of the one string that stands for a free-text tool's input. */
export const CUSTOM_INPUT_KEY = 'input'

/** Claude Code's attribution line, which only Anthropic's own API strips: https://code.claude.com/docs/en/llm-gateway-protocol */
export const ATTRIBUTION_PREFIX = 'x-anthropic-billing-header'

export const DIRECT_CALLER: JsonObject = { type: 'direct' }

/** A named SSE record: the official parsers skip events without a name. */
export const eventFrame = (type: WireStreamEventType | 'error', data: string): Frame => ({ event: type, data })

/** As `restOf`, without nulls, which say nothing in an answer. */
export function saidBeside(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined
  for (const key in object) {
    if (known.has(key) || object[key] === undefined || object[key] === null) continue
    rest ??= {}
    rest[key] = object[key]
  }
  return rest
}

/** The members of `object` that are not in `known`, or `undefined` when there are none. */
export function restOf(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined
  for (const key in object) {
    if (known.has(key) || object[key] === undefined) continue
    rest ??= {}
    rest[key] = object[key]
  }
  return rest
}
