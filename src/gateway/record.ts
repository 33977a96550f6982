// What one exchange leaves behind: its attempts, its receipt, its usage, its outcome. Filled as the
// exchange goes, frozen by `finish`.

import type { Caller } from '../access/index.ts'
import { type Bill, type CutPolicy, estimatedUsage, type Produced, type Receipt, type Settlement, textTokens } from '../billing/index.ts'
import type { Block } from '../core/chat.ts'
import type { ErrorCode } from '../core/errors.ts'
import { laterUsage, type Usage } from '../core/usage.ts'
import type { Warning } from '../core/warning.ts'
import { dollarsText } from '../lib/money.ts'
import type { LimitRule, Slot, Standing } from '../limits/index.ts'
import type { Route } from '../snapshot/index.ts'

export interface AttemptRecord {
  readonly channel: string
  readonly provider: string
  readonly upstreamModel: string
  readonly format: string
  readonly mode: 'passthrough' | 'translate'
  readonly durationMs: number
  readonly error?: ErrorCode
}

export interface SearchRecord {
  readonly backend: string
  readonly outcome: string
  readonly durationMs: number
  /** What the try cost us, nano-dollars. */
  readonly costNanos: number
}

/** `ok`: a whole answer. `error`: none, or one that ended in an error. `cancelled`: the client left. */
export type Outcome = 'ok' | 'error' | 'cancelled'

export class ExchangeRecord {
  readonly id: string
  readonly format: string
  readonly startedMs: number
  /** Who asked, once they are identified. */
  caller: Caller | undefined
  /** The end customer as the client names them, where anybody counts them. */
  customer: string | undefined
  model = ''
  stream = false
  readonly attempts: AttemptRecord[] = []
  /** Channels that had no place, and the kind of limit that said so. */
  passedOver: { readonly channel: string; readonly limit: LimitRule['kind'] }[] | undefined
  /** Tries of search backends, for searches that we ran ourselves. */
  searches: SearchRecord[] | undefined
  warnings: Warning[] = []
  /** How many warnings came from reading the request: these stay when a candidate fails. */
  decodeWarnings = 0
  usage: Usage | undefined
  firstContentMs: number | undefined
  /** Time spent waiting for upstreams, for the overhead header. */
  upstreamMs = 0
  outcome: Outcome = 'error'
  error: ErrorCode | undefined
  durationMs = 0
  finished = false
  /** What admission reserved; `finish` gives it back. */
  bill: Bill | undefined
  slot: Slot | undefined
  /** Taken on the channel that answers. */
  place: Slot | undefined
  /** Where the limits stood that refused. */
  standings: readonly Standing[] | undefined
  policy: CutPolicy = 'produced'
  /** Who gave the answer, once somebody did. */
  served: Route | undefined
  /** Whether the answer holds anything. */
  spoke = false
  /** Text of the answer so far, where it is decoded; kept for counting. */
  text = ''
  /** Tokens of an answer that goes by undecoded, roughly. Absent: it is decoded. */
  passedTokens: (() => number) | undefined
  /** Usage of each model call, where one exchange makes several. */
  rounds: Usage[] | undefined
  settlement: Settlement | undefined
  /** The whole answer as JSON, when its client has gone and it is to be kept. */
  kept: string | undefined
  /** Told when the exchange has ended. */
  atEnd: (() => void) | undefined
  /** How many of the searches served tries that did not become the answer. */
  lostSearches = 0
  #inputTokens: () => number = () => 0

  constructor(id: string, format: string, startedMs: number) {
    this.id = id
    this.format = format
    this.startedMs = startedMs
  }

  /** @param inputTokens an upper estimate of the input, for answers without a report. */
  reserve(bill: Bill, policy: CutPolicy, inputTokens: () => number): void {
    this.bill = bill
    this.policy = policy
    this.#inputTokens = inputTokens
  }

  /** What was seen of the answer. */
  produced(): Produced {
    return { outputTokens: () => textTokens(this.text) + (this.passedTokens?.() ?? 0), inputTokens: this.#inputTokens }
  }

  passOver(channel: string, limit: LimitRule['kind']): void {
    this.passedOver ??= []
    this.passedOver.push({ channel, limit })
  }

  addUsage(usage: Usage): void {
    this.usage = laterUsage(this.usage, usage)
  }

  /** A model call of several begins. @param inputTokens as in `reserve`. */
  beginRound(inputTokens: () => number): void {
    this.#inputTokens = inputTokens
  }

  /** The model call has ended. @param usage absent: it was not reported, and its words are counted. */
  endRound(usage: Usage | undefined, words: () => string): void {
    this.rounds ??= []
    this.rounds.push(usage ?? { inputTokens: this.#inputTokens(), outputTokens: textTokens(words()), estimated: true })
    this.#inputTokens = () => 0
    this.text = ''
  }

  /**
   * A try that did not become the answer: what it used is our cost alone, and the next one begins anew.
   * @param worked the upstream may have been at work without a report: then its input is counted.
   */
  abandon(route: Route, worked: boolean): void {
    const used = this.rounds ?? (this.usage !== undefined ? [this.usage] : worked ? [estimatedUsage(this.produced())] : [])
    for (const usage of used) this.bill?.attempted(route, usage)
    this.lostSearches = this.searches?.length ?? 0
    this.rounds = undefined
    this.usage = undefined
    this.passedTokens = undefined
    this.text = ''
    this.spoke = false
  }

  /** The row's JSON: plain members, since it is written for every exchange and read for few. */
  detail(): string {
    const {
      id,
      caller,
      outcome,
      format,
      model,
      stream,
      durationMs,
      firstContentMs,
      error,
      attempts,
      passedOver,
      searches,
      usage,
      warnings,
    } = this
    const charge = this.settlement?.chargeNanos
    const cost = this.settlement?.costNanos
    return JSON.stringify({
      id,
      keyId: caller?.keyId ?? '',
      outcome,
      format,
      model,
      stream,
      durationMs,
      firstContentMs,
      error,
      attempts,
      passedOver,
      searches,
      usage,
      charge,
      cost,
      warnings,
    })
  }
}

/** What counts as output of an answer's content. */
export const wordsOf = (content: readonly Block[]): string =>
  content.map((block) => ('text' in block ? block.text : block.type === 'tool-call' ? block.arguments : '')).join('')

interface StoredDetail {
  readonly format: string
  readonly model: string
  readonly stream: boolean
  readonly durationMs: number
  readonly firstContentMs?: number
  readonly error?: string
  readonly attempts: readonly AttemptRecord[]
  readonly passedOver?: readonly { readonly channel: string; readonly limit: string }[]
  readonly searches?: readonly SearchRecord[]
  readonly usage?: Usage
  /** Nano-dollars. */
  readonly charge?: number
  readonly cost?: number
  readonly warnings: readonly Warning[]
}

/** A stored exchange as `GET /v1/requests/{id}` shows it. @param bill how its cost came about, when something was posted. */
export function requestJson(row: { id: string; startedMs: number; outcome: string; detail: string }, bill?: Receipt): object {
  const detail = JSON.parse(row.detail) as StoredDetail
  return {
    id: row.id,
    object: 'request',
    format: detail.format,
    model: detail.model,
    stream: detail.stream,
    started_at: new Date(row.startedMs).toISOString(),
    duration_ms: detail.durationMs,
    first_content_ms: detail.firstContentMs ?? null,
    outcome: row.outcome,
    error: detail.error ?? null,
    attempts: detail.attempts.map(({ channel, provider, upstreamModel, format, mode, durationMs, error }) => ({
      channel,
      provider,
      upstream_model: upstreamModel,
      format,
      mode,
      duration_ms: durationMs,
      error: error ?? null,
    })),
    passed_over: detail.passedOver ?? [],
    searches: (detail.searches ?? []).map(({ backend, outcome, durationMs, costNanos }) => ({
      backend,
      outcome,
      duration_ms: durationMs,
      cost: dollarsText(costNanos),
    })),
    usage: detail.usage === undefined ? null : usageJson(detail.usage),
    cost: detail.charge === undefined ? null : dollarsText(detail.charge),
    upstream_cost: detail.cost === undefined ? null : dollarsText(detail.cost),
    bill: bill ?? null,
    receipt: detail.warnings,
  }
}

function usageJson(usage: Usage): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(usage).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  )
}
