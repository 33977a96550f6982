// Admission: who calls, what they want, where it may go, and what is reserved for it. Nothing is sent before this returns.

import { type Caller, mayUseChannel, mayUseModel } from '../access/index.ts'
import type { Ask, Bill } from '../billing/index.ts'
import type { ChatRequest } from '../core/chat.ts'
import { GatewayError, invalid } from '../core/errors.ts'
import type { HttpRequest } from '../core/http-message.ts'
import type { Note, Warning } from '../core/warning.ts'
import type { Peek } from '../formats/index.ts'
import { membersOf } from '../lib/json-splice.ts'
import { type Candidate, conversationOf, plan } from '../routing/index.ts'
import type { Snapshot } from '../snapshot/index.ts'
import type { Admitted } from './admitted.ts'
import type { Call, Gateway } from './call.ts'
import { claim, type Demand } from './claim.ts'
import { estimateUnread } from './estimate.ts'
import { extentOf } from './extent.ts'
import { lingering } from './lingering.ts'
import type { ExchangeRecord } from './record.ts'
import { shallow } from './shallow.ts'

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

/** A request before anything is reserved for it. */
export interface Considered extends Omit<Admitted, 'candidates' | 'gone'> {
  /** Where it may go, those without a price among them. */
  readonly planned: readonly Candidate[]
  readonly bill: Bill
}

/** Who asks for what, where it may go and what that may cost. Reserves nothing. @throws GatewayError */
export async function consider(call: Call, gateway: Gateway, record: ExchangeRecord): Promise<Considered> {
  const { http, format } = call
  const resolved = gateway.access.resolve(http)
  const caller = resolved instanceof Promise ? await resolved : resolved
  record.caller = caller
  refuseRepeats(http)
  const peek = format.peek(http)
  record.model = peek.model
  record.stream = peek.stream
  const snapshot = gateway.snapshot()
  const planned = mayUseModel(caller, peek.model) ? planOf(call, { peek, caller, snapshot, gateway }) : []
  if (planned.length === 0) throw unknownModel(peek.model)

  const note = noteInto(record, http.headers.get('x-switchyard-strict') === 'true')
  let decoded: ChatRequest | undefined
  function request(): ChatRequest {
    if (decoded === undefined) {
      decoded = shallow(() => format.decodeRequest(http, note))
      record.decodeWarnings = record.warnings.length
    }
    return decoded
  }

  const bill = gateway.billing.open(askOf(call, { peek, caller, snapshot, planned, request, gateway }), {
    id: record.id,
    account: caller.account,
    mode: caller.billing,
  })
  record.reserve(bill, caller.cutStreams, () => estimateUnread(request, http.text))
  record.customer = customerOf(http, caller, request)
  return { call, caller, peek, planned, record, note, request, bill }
}

/** Reserves what an exchange may take. @throws GatewayError */
export async function admit(received: Call, gateway: Gateway, record: ExchangeRecord): Promise<Admitted> {
  const { planned, bill, caller, peek, note, request } = await consider(received, gateway, record)
  const demand: Demand = {
    caller,
    bill,
    customer: record.customer,
    // The sandbox under a test key takes nothing from the models that really run.
    models: caller.mode === 'test' ? [] : gateway.snapshot().modelLimits(peek.model),
    nowMs: received.receivedMs,
    promptTokens: () => bill.quote.extent().inputTokens,
    outputTokens: () => outputOf(bill),
    refused: (standings) => {
      record.standings = standings
    },
  }
  const claimed = claim(demand, gateway)
  record.slot = claimed instanceof Promise ? await claimed : claimed

  const gone = received.signal
  if (gone.aborted) throw new GatewayError('client_closed')
  // What is paid for whole is finished whoever waits for it.
  const call = caller.cutStreams === 'finish' ? finishing(received, record, gateway) : received
  const { offers } = bill.quote
  const priced = offers.includes(undefined) ? planned.filter((_, index) => offers[index] !== undefined) : planned
  const { outputLimit } = bill
  if (outputLimit === undefined) return { call, gone, caller, peek, candidates: priced, record, note, request }
  const limited = { ...request(), maxOutputTokens: outputLimit }
  note({ kind: 'changed', field: 'max_tokens', reason: `the balance covers ${outputLimit} tokens of output` })
  // It holds for every candidate.
  record.decodeWarnings = record.warnings.length
  // A limit that the client did not write can only be sent by writing the body anew.
  const candidates = priced.map((candidate): Candidate => ({ ...candidate, mode: 'translate' }))
  return { call, gone, caller, peek: { ...peek, maxOutputTokens: outputLimit }, candidates, record, note, request: () => limited }
}

function finishing(received: Call, record: ExchangeRecord, { settings }: Gateway): Call {
  const { signal, end } = lingering(received.signal, settings.finishLimitMs)
  record.atEnd = end
  return { ...received, signal }
}

interface Planning {
  readonly peek: Peek
  readonly caller: Caller
  readonly snapshot: Snapshot
}

function planOf(call: Call, { peek, caller, snapshot, gateway }: Planning & { readonly gateway: Gateway }): Candidate[] {
  const candidates = plan({
    snapshot,
    model: peek.model,
    clientFormat: call.format,
    choices: peek.choices,
    body: peek,
    sandboxOnly: caller.mode === 'test',
    nowMs: call.receivedMs,
    cooldowns: gateway.cooldowns,
    random: gateway.random,
    conversation: () => conversationOf(call.http, caller.keyId, gateway.settings.sticky),
  })
  return caller.channels === undefined ? candidates : candidates.filter(({ channel }) => mayUseChannel(caller, channel.name))
}

function askOf(
  call: Call,
  {
    peek,
    caller,
    snapshot,
    planned,
    request,
    gateway,
  }: Planning & {
    readonly planned: readonly Candidate[]
    readonly gateway: Gateway
    request(): ChatRequest
  },
): Ask {
  return {
    model: peek.model,
    routes: planned,
    prices: snapshot.prices,
    nowMs: call.receivedMs,
    ...extentOf({ call, peek, request }, planned, gateway),
    ...(caller.multiplier !== undefined && { multiplier: caller.multiplier }),
    ...(peek.maxOutputTokens !== undefined && { maxOutputTokens: peek.maxOutputTokens }),
  }
}

const outputOf = ({ quote }: Bill): number => {
  const offer = quote.offers.find((candidate) => candidate !== undefined)
  return offer === undefined ? 0 : quote.outputTokens(offer) * quote.ask.choices
}

/** The end customer: named by a header, else as the format has it where a budget counts them. */
const customerOf = ({ headers }: HttpRequest, { budgets }: Caller, request: () => ChatRequest): string | undefined =>
  headers.get('x-switchyard-customer') ?? (budgets.some(({ scope }) => scope === 'customer') ? request().endUser : undefined)

const unknownModel = (model: string): GatewayError =>
  new GatewayError('model_not_found', {
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    field: 'model',
  })

/** Short texts are searched for a second spelling first: few have one, and only then are the members looked at one by one. */
const SHORT = 32_768

function refuseRepeats({ text, body }: HttpRequest): void {
  if (text.length < SHORT && !text.includes('\\u') && !Object.keys(body).some((key) => READ_ONCE.has(key) && standsTwice(text, key))) return
  const seen = new Set<string>()
  for (const { key } of membersOf(text)) {
    if (!READ_ONCE.has(key)) continue
    if (seen.has(key)) throw invalid(key, `The member \`${key}\` stands twice in the request body.`)
    seen.add(key)
  }
}

function standsTwice(text: string, key: string): boolean {
  const quoted = `"${key}"`
  const first = text.indexOf(quoted)
  return text.indexOf(quoted, first + quoted.length) >= 0
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
