// Tries candidates in order until one commits. Which failure moves on and which ends is decided by the
// error's code alone. Before a commit nothing has reached the client, so moving on is invisible.

import { ERRORS, type ErrorCode, GatewayError } from '../core/errors.ts'
import type { Refusal } from '../limits/index.ts'
import type { Candidate } from '../routing/index.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { crowded, leavePlace, placeOn, sooner } from './channel-place.ts'
import { scrubbed } from './scrub.ts'

const RETRY_PAUSE_MS = 100
/** Failures behind which the upstream may have read the prompt and begun: it bills that, whatever became of it. */
const WORKED: ReadonlySet<ErrorCode> = new Set([
  'client_closed',
  'upstream_timeout',
  'upstream_cut',
  'upstream_malformed',
  'upstream_empty',
])

/**
 * @param open tries one candidate; a rejection means that nothing of it reached the client.
 * @throws GatewayError the last candidate's failure, or the first that trying elsewhere cannot mend; `rate_limited` when
 * all were full.
 */
export async function attempt<Opened>(
  admitted: Admitted,
  gateway: Gateway,
  open: (candidate: Candidate) => Promise<Opened>,
): Promise<Opened> {
  const { candidates, call, record } = admitted
  let last: GatewayError | undefined
  let full: Refusal | undefined
  // A sole candidate gets a second chance for failures that repeating may mend, unless the client already repeats itself.
  const repeats = Number(call.http.headers.get('x-stainless-retry-count')) > 0
  const tries = candidates.length === 1 && !repeats ? [candidates[0] as Candidate, candidates[0] as Candidate] : candidates
  for (const [index, candidate] of tries.entries()) {
    if (call.signal.aborted) throw new GatewayError('client_closed')
    if (index > 0 && candidate === tries[index - 1]) {
      if (last === undefined || ERRORS[last.code].retry !== 'same') break
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS))
      if (call.signal.aborted) throw new GatewayError('client_closed')
    }
    // The receipt speaks of the candidate that answers, and of what decoding already lost.
    record.warnings.length = Math.min(record.warnings.length, record.decodeWarnings)
    const taking = placeOn(candidate, admitted, gateway)
    const place = taking instanceof Promise ? await taking : taking
    if (place?.refused === true) {
      full = sooner(full, place)
      record.passOver(candidate.channel.name, place.rule.kind)
      continue
    }
    const startedMs = gateway.nowMs()
    try {
      const opened = await open(candidate)
      gateway.cooldowns.succeed(candidate.channel.id)
      record.served = candidate
      record.place = place
      noteAttempt(admitted, candidate, gateway.nowMs() - startedMs)
      return opened
    } catch (thrown) {
      const error = call.signal.aborted ? new GatewayError('client_closed') : scrubbed(GatewayError.from(thrown), candidate)
      noteAttempt(admitted, candidate, gateway.nowMs() - startedMs, error)
      const worked = WORKED.has(error.code)
      record.abandon(candidate, worked)
      if (place !== undefined) leavePlace(place, error.code, { worked, nowMs: gateway.nowMs() })
      const { retry, cooldown, log } = ERRORS[error.code]
      if (cooldown) gateway.cooldowns.fail(candidate.channel.id, gateway.nowMs(), error.details.retryAfterMs)
      if (gateway.log.enabled(log)) {
        gateway.log(log, 'attempt failed', { request: record.id, channel: candidate.channel.name, code: error.code, cause: error.cause })
      }
      last = error
      if (retry === 'never') break
    }
  }
  throw last ?? (full === undefined ? new GatewayError('no_channel') : crowded(full))
}

function noteAttempt(
  { record }: Admitted,
  { channel, upstreamModel, via, mode }: Candidate,
  durationMs: number,
  error?: GatewayError,
): void {
  record.upstreamMs += durationMs
  record.attempts.push({
    channel: channel.name,
    provider: channel.provider.id,
    upstreamModel,
    format: via.format.id,
    mode,
    durationMs,
    ...(error && { error: error.code }),
  })
}
