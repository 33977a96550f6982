// What one exchange leaves behind: its attempts, its receipt, its usage, its outcome. Filled as the
// exchange goes, frozen by `finish`.

import type { ErrorCode } from '../core/errors.ts'
import { laterUsage, type Usage } from '../core/usage.ts'
import type { Warning } from '../core/warning.ts'

export interface AttemptRecord {
  readonly channel: string
  readonly provider: string
  readonly upstreamModel: string
  readonly format: string
  readonly mode: 'passthrough' | 'translate'
  readonly durationMs: number
  readonly error?: ErrorCode
}

/** `ok`: a whole answer. `error`: none, or one that ended in an error. `cancelled`: the client left. */
export type Outcome = 'ok' | 'error' | 'cancelled'

export class ExchangeRecord {
  readonly id: string
  readonly format: string
  readonly startedMs: number
  keyId = ''
  model = ''
  stream = false
  readonly attempts: AttemptRecord[] = []
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

  constructor(id: string, format: string, startedMs: number) {
    this.id = id
    this.format = format
    this.startedMs = startedMs
  }

  addUsage(usage: Usage): void {
    this.usage = laterUsage(this.usage, usage)
  }

  /** The row's JSON, as `GET /v1/requests/{id}` shows it. */
  detail(): Record<string, unknown> {
    return {
      id: this.id,
      object: 'request',
      format: this.format,
      model: this.model,
      stream: this.stream,
      started_at: new Date(this.startedMs).toISOString(),
      duration_ms: this.durationMs,
      first_content_ms: this.firstContentMs ?? null,
      outcome: this.outcome,
      error: this.error ?? null,
      attempts: this.attempts.map(({ channel, provider, upstreamModel, format, mode, durationMs, error }) => ({
        channel,
        provider,
        upstream_model: upstreamModel,
        format,
        mode,
        duration_ms: durationMs,
        error: error ?? null,
      })),
      usage: this.usage === undefined ? null : usageJson(this.usage),
      receipt: this.warnings,
    }
  }
}

function usageJson(usage: Usage): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(usage).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  )
}
