// Admission: who calls, what they want, where it may go. Nothing is sent before this returns.

import type { Caller } from '../access/index.ts'
import type { ChatRequest } from '../core/chat.ts'
import { GatewayError, invalid } from '../core/errors.ts'
import type { Note, Warning } from '../core/warning.ts'
import type { Peek } from '../formats/index.ts'
import { membersOf } from '../lib/json-splice.ts'
import { type Candidate, plan } from '../routing/index.ts'
import type { Call, Gateway } from './call.ts'
import type { ExchangeRecord } from './record.ts'

export interface Admitted {
  readonly call: Call
  readonly caller: Caller
  readonly peek: Peek
  readonly candidates: readonly Candidate[]
  readonly record: ExchangeRecord
  /** Adds to the receipt; in strict mode a drop throws. */
  readonly note: Note
  /** The decoded request, made once and shared by all candidates that need it. */
  request(): ChatRequest
}

// What we price and route by must be what the upstream serves, and parsers differ in which twin they take.
const READ_ONCE = new Set([
  'model',
  'stream',
  'n',
  'tools',
  'messages',
  'input',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'contents',
  'generationConfig',
])

/** @throws GatewayError */
export function admit(call: Call, gateway: Gateway, record: ExchangeRecord): Admitted {
  const { http, format } = call
  const caller = gateway.access.identify(http)
  record.keyId = caller.keyId
  refuseRepeats(http.text)
  const peek = format.peek(http)
  record.model = peek.model
  record.stream = peek.stream
  const candidates = plan({
    snapshot: gateway.snapshot(),
    model: peek.model,
    clientFormat: format,
    choices: peek.choices,
    nowMs: call.receivedMs,
    cooldowns: gateway.cooldowns,
    random: gateway.random,
  })
  if (candidates.length === 0) {
    throw new GatewayError('model_not_found', {
      message: `The model \`${peek.model}\` does not exist or you do not have access to it.`,
      field: 'model',
    })
  }
  const note = noteInto(record, http.headers.get('x-switchyard-strict') === 'true')
  let decoded: ChatRequest | undefined
  function request(): ChatRequest {
    if (decoded === undefined) {
      decoded = shallow(() => format.decodeRequest(http, note))
      record.decodeWarnings = record.warnings.length
    }
    return decoded
  }
  return { call, caller, peek, candidates, record, note, request }
}

/** What is nested deeper than the runtime's stack can walk is the client's fault. @throws GatewayError 400 */
export function shallow<T>(walk: () => T): T {
  try {
    return walk()
  } catch (thrown) {
    throw thrown instanceof RangeError
      ? new GatewayError('invalid_request', { message: 'The request is nested too deeply.' }, thrown)
      : thrown
  }
}

function refuseRepeats(text: string): void {
  const seen = new Set<string>()
  for (const { key } of membersOf(text)) {
    if (!READ_ONCE.has(key)) continue
    if (seen.has(key)) throw invalid(key, `The member \`${key}\` stands twice in the request body.`)
    seen.add(key)
  }
}

function noteInto(record: ExchangeRecord, strict: boolean): Note {
  return (warning: Warning) => {
    if (strict && warning.kind === 'dropped') {
      throw new GatewayError('strict_drop', {
        field: warning.field,
        message: `Strict mode: \`${warning.field}\` would have been dropped${warning.reason === undefined ? '' : ` (${warning.reason})`}.`,
      })
    }
    if (!record.warnings.some((other) => other.kind === warning.kind && other.field === warning.field)) record.warnings.push(warning)
  }
}
