// What goes into an exchange, what comes out, and the parts of the house it works with.

import type { Access } from '../access/index.ts'
import type { Billing } from '../billing/index.ts'
import type { HttpRequest } from '../core/http-message.ts'
import type { ChatFormat } from '../formats/index.ts'
import type { IdSource } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { CooldownList, Limits } from '../limits/index.ts'
import type { Stickiness } from '../routing/index.ts'
import type { Snapshot } from '../snapshot/index.ts'
import type { AnswerRepository, RequestRepository, UsageRepository } from '../store/index.ts'
import type { GuardedFetch, Upstream } from '../upstream/index.ts'
import type { ExchangeMetrics } from './metrics.ts'
import type { WebTools } from './web.ts'

/** One inbound request in one client format. */
export interface Call {
  readonly format: ChatFormat
  readonly http: HttpRequest
  /** `req_…`: names the exchange in the answer, the log and the store. */
  readonly requestId: string
  /** Aborts when the client is gone; of an admitted call, when its work must stop. */
  readonly signal: AbortSignal
  readonly receivedMs: number
}

export interface UnaryAnswer {
  readonly kind: 'unary'
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** An answer that goes out while it is made. `pump` never rejects; it returns when the last byte is written. */
export interface StreamAnswer {
  readonly kind: 'stream'
  readonly headers: Record<string, string>
  pump(sink: Sink): Promise<void>
}

export type Answer = UnaryAnswer | StreamAnswer

/** Where a stream is written. A returned promise settles when the client has taken enough to go on. */
export interface Sink {
  write(piece: string | Uint8Array): Promise<void> | undefined
}

export interface GatewaySettings {
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Silence after which a streaming client gets its 200 and heartbeats although nothing has come. */
  readonly earlyAnswerMs: number
  readonly heartbeatMs: number
  /** How long an answer is read on for a client that has gone, where its group has it finished. */
  readonly finishLimitMs: number
  /** Which conversations stay on one of several equal channels. */
  readonly sticky: Stickiness
}

export interface Gateway {
  readonly access: Access
  readonly limits: Limits
  readonly billing: Billing
  snapshot(): Snapshot
  readonly cooldowns: CooldownList
  readonly upstream: Upstream
  /** Fetches a client-supplied URL through the address guard. */
  readonly fetchGuarded: GuardedFetch
  readonly requests: RequestRepository
  /** Whole answers that no client took. */
  readonly answers: AnswerRepository
  readonly usage: UsageRepository
  readonly metrics: ExchangeMetrics
  /** Web search and web fetch that the gateway runs itself. */
  readonly web: WebTools
  readonly log: Log
  readonly ids: IdSource
  readonly settings: GatewaySettings
  nowMs(): number
  random(): number
}
