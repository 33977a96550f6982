// One block of an upstream's stream from its start to its stop, by kind. A block opens its neutral
// counterpart when it is made and closes it in `stop`.

import type { ChatEvent } from '../../../core/chat-event.ts'
import { GatewayError } from '../../../core/errors.ts'
import { type Signature, unpackSignature } from '../../../core/signature.ts'
import { asObject, asString, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { type JsonPlan, plannedText } from '../json-plan.ts'
import { customText } from './answer-blocks.ts'
import { decodeCitation, decodeCitations } from './citations.ts'
import { inputObject, jsonPlan } from './json-plan.ts'
import { toolNames } from './names.ts'
import { callExtensions, decodeServerResult, isServerCall, isServerResult } from './server-blocks.ts'
import { FORMAT_ID, restOf } from './wire.ts'

type Emit = (event: ChatEvent) => void

export interface OpenBlock {
  /** A call that the client has to answer. */
  readonly isCall: boolean
  delta(delta: JsonObject, emit: Emit): void
  stop(emit: Emit): void
}

interface At {
  readonly choice: number
  readonly block: number
}

const misplaced = (): GatewayError => new GatewayError('upstream_malformed', {}, 'a delta of another kind than its block')

const TEXT_DELTAS = new Set(['text_delta', 'input_json_delta', 'thinking_delta'])

/** What carries the model's words must fit its block; deltas of kinds we do not know add nothing to it. */
function ignoreUnlessText(type: string | undefined): void {
  if (type !== undefined && TEXT_DELTAS.has(type)) throw misplaced()
}

function piece(delta: JsonObject, key: string): string {
  // Some compatible hosts write null where there is nothing to add.
  const text = delta[key] ?? (delta[key] === null ? '' : undefined)
  if (typeof text !== 'string') throw new GatewayError('upstream_malformed', {}, `a delta without ${key}`)
  return text
}

export function openBlock(wire: JsonObject, block: number, ctx: ChatContext, emit: Emit): OpenBlock {
  const at: At = { choice: 0, block }
  const type = asString(wire['type'])
  if (type === undefined) throw new GatewayError('upstream_malformed', {}, 'a block without a type')
  if (type === 'text') return textBlock(wire, at, emit)
  if (type === 'thinking') return thinkingBlock(wire, at, emit)
  if (type === 'redacted_thinking') return redactedBlock(wire, at, emit)
  if (type === 'tool_use') return callBlock(wire, at, ctx, emit)
  if (isServerCall(type)) return serverCallBlock(wire, at, ctx, emit)
  if (isServerResult(type) && typeof wire['tool_use_id'] === 'string') {
    emit({ type: 'server-tool-result', result: decodeServerResult(wire, type, wire['tool_use_id']), ...at })
    return { isCall: false, delta: () => {}, stop: () => {} }
  }
  return opaqueBlock(wire, at)
}

function textBlock(wire: JsonObject, at: At, emit: Emit): OpenBlock {
  emit({ type: 'text-start', ...at })
  for (const citation of decodeCitations(wire['citations'])) emit({ type: 'citation', citation, ...at })
  const first = asString(wire['text'])
  if (first) emit({ type: 'text-delta', text: first, ...at })
  return {
    isCall: false,
    delta(delta, emit) {
      if (delta['type'] === 'text_delta') {
        const text = piece(delta, 'text')
        if (text !== '') emit({ type: 'text-delta', text, ...at })
      } else if (delta['type'] === 'citations_delta') {
        const citation = decodeCitation(delta['citation'] ?? null)
        if (citation) emit({ type: 'citation', citation, ...at })
      } else ignoreUnlessText(asString(delta['type']))
    },
    stop: (emit) => emit({ type: 'text-end', ...at }),
  }
}

function thinkingBlock(wire: JsonObject, at: At, emit: Emit): OpenBlock {
  emit({ type: 'reasoning-start', ...at })
  const first = asString(wire['thinking'])
  if (first) emit({ type: 'reasoning-delta', text: first, ...at })
  let signature: Signature | undefined = signatureOf(wire['signature'])
  return {
    isCall: false,
    delta(delta, emit) {
      if (delta['type'] === 'thinking_delta') {
        const text = piece(delta, 'thinking')
        if (text !== '') emit({ type: 'reasoning-delta', text, ...at })
      } else if (delta['type'] === 'signature_delta') signature = signatureOf(delta['signature']) ?? signature
      else ignoreUnlessText(asString(delta['type']))
    },
    stop: (emit) => emit({ type: 'reasoning-end', ...at, ...(signature && { signature }) }),
  }
}

const signatureOf = (value: unknown): Signature | undefined =>
  typeof value === 'string' && value !== '' ? unpackSignature(value, FORMAT_ID) : undefined

function redactedBlock(wire: JsonObject, at: At, emit: Emit): OpenBlock {
  emit({ type: 'reasoning-start', redacted: unpackSignature(asString(wire['data']) ?? '', FORMAT_ID), ...at })
  return {
    isCall: false,
    delta: (delta) => ignoreUnlessText(asString(delta['type'])),
    stop: (emit) => emit({ type: 'reasoning-end', ...at }),
  }
}

const CALL_MEMBERS = new Set(['type', 'id', 'name', 'input'])

/**
 * The input of a call. `input` in the start is a placeholder while deltas follow; it counts only when none
 * came and it is not empty.
 */
function inputReader(wire: JsonObject): { add(delta: JsonObject): string; rest(): string } {
  let any = false
  return {
    add(delta) {
      if (delta['type'] !== 'input_json_delta') {
        ignoreUnlessText(asString(delta['type']))
        return ''
      }
      const text = piece(delta, 'partial_json')
      if (text !== '') any = true
      return text
    },
    rest() {
      const input = asObject(wire['input'])
      return any || input === undefined || Object.keys(input).length === 0 ? '' : JSON.stringify(input)
    },
  }
}

function callBlock(wire: JsonObject, at: At, ctx: ChatContext, emit: Emit): OpenBlock {
  const wireName = asString(wire['name'])
  if (!wireName) throw new GatewayError('upstream_malformed', {}, 'a call without a name')
  const plan = jsonPlan(ctx)
  const reader = inputReader(wire)
  if (plan !== undefined && wireName === plan.tool) return plannedBlock(reader, plan, at, emit)
  const name = toolNames(ctx.request).fromWire(wireName)
  const custom = ctx.request.tools.some((tool) => tool.type === 'custom' && tool.name === name)
  const id = asString(wire['id']) || ctx.ids.next('toolu_')
  const rest = restOf(wire, CALL_MEMBERS)
  emit({
    type: 'tool-call-start',
    id,
    name,
    kind: custom ? 'custom' : 'function',
    ...at,
    ...(rest && { extensions: { [FORMAT_ID]: rest } }),
  })
  // Free text stands inside a JSON string, so it can only be told when the string is whole.
  let held = ''
  const add = (text: string, emit: Emit): void => {
    if (custom) held += text
    else if (text !== '') emit({ type: 'tool-call-delta', text, ...at })
  }
  return {
    isCall: true,
    delta: (delta, emit) => add(reader.add(delta), emit),
    stop(emit) {
      add(reader.rest(), emit)
      if (custom && held !== '') emit({ type: 'tool-call-delta', text: customText(held), ...at })
      emit({ type: 'tool-call-end', ...at })
    },
  }
}

/** A call that stands for the JSON the client asked for: shown as text, piece by piece where possible. */
function plannedBlock(reader: ReturnType<typeof inputReader>, plan: JsonPlan, at: At, emit: Emit): OpenBlock {
  emit({ type: 'text-start', ...at })
  let held = ''
  let any = false
  const add = (text: string, emit: Emit): void => {
    if (plan.wrapKey !== undefined) held += text
    else if (text !== '') {
      any = true
      emit({ type: 'text-delta', text, ...at })
    }
  }
  return {
    isCall: false,
    delta: (delta, emit) => add(reader.add(delta), emit),
    stop(emit) {
      add(reader.rest(), emit)
      if (!any) emit({ type: 'text-delta', text: plannedText(plan, held), ...at })
      emit({ type: 'text-end', ...at })
    },
  }
}

function serverCallBlock(wire: JsonObject, at: At, ctx: ChatContext, emit: Emit): OpenBlock {
  const id = asString(wire['id']) || ctx.ids.next('srvtoolu_')
  const reader = inputReader(wire)
  emit({ type: 'server-tool-start', id, name: asString(wire['name']) ?? 'server_tool', extensions: callExtensions(wire), ...at })
  // Held until it is whole: a query is short, and readers of the input must get JSON whatever came.
  let held = ''
  return {
    isCall: false,
    delta(delta) {
      held += reader.add(delta)
    },
    stop(emit) {
      const text = held + reader.rest()
      if (text !== '')
        emit({ type: 'server-tool-delta', text: isObject(tryParseJson(text)) ? text : JSON.stringify(inputObject(text)), ...at })
      emit({ type: 'server-tool-end', ...at })
    },
  }
}

/** A block of a kind we do not know, kept whole: its deltas are laid into the members they name. */
function opaqueBlock(start: JsonObject, at: At): OpenBlock {
  const wire: JsonObject = { ...start }
  return {
    isCall: false,
    delta(delta) {
      for (const [key, value] of Object.entries(delta)) {
        if (key === 'type') continue
        const before = wire[key]
        wire[key] = typeof before === 'string' && typeof value === 'string' ? before + value : value
      }
    },
    stop: (emit) => emit({ type: 'opaque', format: FORMAT_ID, wire, ...at }),
  }
}
