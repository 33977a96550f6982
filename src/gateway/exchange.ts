// The story of one chat exchange, top to bottom: admit, attempt, answer, finish.

import { GatewayError } from '../core/errors.ts'
import { splice } from '../lib/json-splice.ts'
import { dollarsText } from '../lib/money.ts'
import { FREE_SLOT, type HeaderDialect, rateLimitHeaders } from '../limits/index.ts'
import { admit } from './admit.ts'
import type { Admitted } from './admitted.ts'
import { attempt } from './attempt.ts'
import type { Answer, Call, Gateway } from './call.ts'
import { dryRun } from './dry-run.ts'
import { finish } from './finish.ts'
import { keepable } from './kept.ts'
import { openStream, openUnary } from './open.ts'
import type { OpenStream } from './piece.ts'
import { ExchangeRecord } from './record.ts'
import { streamAnswer } from './relay.ts'

/** Carries one request to its answer. Never rejects: a failure is an answer in the client's format. */
export async function exchange(call: Call, gateway: Gateway): Promise<Answer> {
  const record = new ExchangeRecord(call.requestId, call.format.id, call.receivedMs)
  let { signal } = call
  gateway.metrics.started()
  try {
    if (call.http.headers.get('x-switchyard-dry-run') === 'true') return await dryRun(call, gateway, record)
    const admitted = await admit(call, gateway, record)
    signal = admitted.call.signal
    return withReceipt(admitted.peek.stream ? await streamed(admitted, gateway) : await unary(admitted, gateway), record, gateway)
  } catch (thrown) {
    const error = signal.aborted ? new GatewayError('client_closed') : GatewayError.from(thrown)
    const durable = finish(record, gateway, error)
    if (durable !== undefined)
      await durable.catch((cause: unknown) => gateway.log('error', 'a bill could not be closed', { id: record.id, cause }))
    return withReceipt(errorAnswer(call, error), record, gateway)
  }
}

async function unary(admitted: Admitted, gateway: Gateway): Promise<Answer> {
  const body = await attempt(admitted, gateway, (candidate) => openUnary(admitted, candidate, gateway))
  const { record, gone } = admitted
  if (gone.aborted && record.policy === 'finish') record.kept = keepable(body)
  const durable = finish(record, gateway)
  if (durable !== undefined) await durable
  return { kind: 'unary', status: 200, headers: { 'content-type': 'application/json' }, body: withCost(body, admitted) }
}

async function streamed(admitted: Admitted, gateway: Gateway): Promise<Answer> {
  const opening = attempt(admitted, gateway, (candidate) => openStream(admitted, candidate, gateway))
  const opened = await within(opening, gateway.settings.earlyAnswerMs)
  const answer = streamAnswer(admitted, gateway, opened ?? opening)
  if (!admitted.gone.aborted) return answer
  // Nobody will ask for it any more, and it is read to its end all the same.
  void answer.pump({ write: () => undefined })
  return { kind: 'unary', status: 499, headers: {}, body: '' }
}

/** The stream, or `undefined` when it takes longer: then the client gets its 200 and waits with heartbeats. */
async function within(opening: Promise<OpenStream>, limitMs: number): Promise<OpenStream | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs)
  })
  try {
    return await Promise.race([opening, late])
  } finally {
    clearTimeout(timer)
    // When it is late its failure is told in the stream; here it must not count as unhandled.
    opening.catch(() => {})
  }
}

/** An answer that we wrote says what it cost; one that goes by keeps its bytes, and the header says it. */
function withCost(body: string, { call, record }: Admitted): string {
  const { settlement } = record
  const written = record.attempts.at(-1)?.mode === 'translate' && call.format.costPath !== undefined
  if (settlement === undefined || !written) return body
  return splice(body, [{ op: 'set', path: call.format.costPath as readonly string[], value: dollarsText(settlement.chargeNanos) }])
}

/** An error in the client's own format, with its status and headers. */
export function errorAnswer({ format, requestId }: Pick<Call, 'format' | 'requestId'>, error: GatewayError): Answer {
  const { status, headers, body } = format.encodeError(error, requestId)
  return { kind: 'unary', status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

function withReceipt(answer: Answer, record: ExchangeRecord, gateway: Gateway): Answer {
  const { headers } = answer
  const serving = record.attempts.at(-1)
  if (serving !== undefined) {
    headers['x-switchyard-channel'] = headerSafe(serving.channel)
    if (serving.provider === 'sandbox') headers['x-switchyard-sandbox'] = 'true'
  }
  const { settlement, slot } = record
  if (settlement !== undefined && answer.kind === 'unary') headers['x-switchyard-cost'] = dollarsText(settlement.chargeNanos)
  if ((slot !== undefined && slot !== FREE_SLOT) || record.standings !== undefined) {
    const nowMs = gateway.nowMs()
    const standings = record.standings ?? slot?.standings(nowMs) ?? []
    Object.assign(headers, rateLimitHeaders(dialectOf(record.format), standings, nowMs))
  }
  headers['x-switchyard-overhead-ms'] = String(Math.max(0, gateway.nowMs() - record.startedMs - record.upstreamMs))
  if (record.warnings.length > 0) {
    headers['x-switchyard-warnings'] = headerSafe(record.warnings.map(({ kind, field }) => `${kind} ${field}`).join(', ')).slice(0, 2000)
  }
  return answer
}

const dialectOf = (format: string): HeaderDialect =>
  format === 'anthropic-messages' ? 'anthropic' : format === 'gemini-generate-content' ? 'gemini' : 'openai'

const headerSafe = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')
