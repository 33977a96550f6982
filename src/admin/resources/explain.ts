// What would become of a client's request: who it is, where it may go, at which price, under which limits, and why it
// would be refused. Nothing is sent, held or charged.

import type { z } from 'zod'
import { type Caller, type KnownKey, knownKey, mayUseChannel, mayUseModel } from '../../access/index.ts'
import { explainQuote } from '../../billing/index.ts'
import { GatewayError } from '../../core/errors.ts'
import type { HttpRequest } from '../../core/http-message.ts'
import type { Peek } from '../../formats/index.ts'
import type { JsonObject } from '../../lib/json.ts'
import { type Candidate, plan } from '../../routing/index.ts'
import { demand, sees } from '../actor.ts'
import { explain } from '../contract.ts'
import { faulty } from '../failure.ts'
import type { AdminParts, ClientTarget } from '../parts.ts'
import { type ActedContext, type Route, route } from '../route.ts'
import { dollarsOf } from '../shown.ts'

type Ask = z.infer<typeof explain.ask>

/** Characters that make a token in the languages that need the most of them: an upper estimate. */
const CHARACTERS_PER_TOKEN = 2

/** Collects what is known, up to and beyond the first refusal. */
class Explanation {
  refusal: GatewayError | undefined
  readonly shown: Record<string, unknown> = {}

  refuse(error: GatewayError): void {
    this.refusal ??= error
  }

  /** What `work` returns; `undefined` when it refuses. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (thrown) {
      if (!(thrown instanceof GatewayError) || thrown.code === 'internal') throw thrown
      this.refuse(thrown)
      return undefined
    }
  }

  json(): object {
    const { refusal } = this
    return {
      admitted: refusal === undefined,
      refusal:
        refusal === undefined
          ? null
          : { code: refusal.code, status: refusal.status, message: refusal.message, field: refusal.details.field ?? null },
      ...this.shown,
    }
  }
}

async function explained(context: ActedContext, ask: Ask): Promise<object> {
  const { parts } = context
  const result = new Explanation()
  const known = await knownOf(context, ask.key_id)
  judgeKey(result, known, context.nowMs)
  const caller = known?.caller
  if (caller !== undefined) {
    result.shown.caller = callerJson(caller)
    result.shown.balance = dollarsOf((await parts.billing.balance(caller.account)) ?? 0)
  }
  const headers = new Headers(Object.entries(ask.headers ?? {}))
  const target = result.attempt(() => parts.targetOf(ask.path.split('?')[0] as string))
  if (target === undefined) {
    result.refuse(new GatewayError('not_found', { message: 'No chat format is served at this address.' }))
    return result.json()
  }
  result.shown.format = target.format.id
  const http = httpOf(ask, target, headers)
  const peek = result.attempt(() => target.format.peek(http))
  if (peek === undefined) return result.json()
  result.shown.model = peek.model
  result.shown.stream = peek.stream
  if (caller !== undefined && !mayUseModel(caller, peek.model)) result.refuse(unknownModel(peek.model))
  const candidates = planned(result, { parts, target, peek, caller, nowMs: context.nowMs })
  if (candidates.length === 0) return result.json()
  await priced(result, { parts, peek, caller, candidates, http, nowMs: context.nowMs })
  return result.json()
}

async function knownOf({ parts, actor }: ActedContext, keyId: string): Promise<KnownKey | undefined> {
  const { keys, projects, callers } = parts.store
  const key = await keys.byId(keyId)
  const project = key === undefined ? undefined : await projects.byId(key.projectId)
  if (key === undefined || project === undefined || !sees(actor, project.organisationId)) throw faulty('key_id', 'there is no such key')
  demand(actor, { area: 'insight', act: 'read' }, project.organisationId)
  const row = await callers.byHash(key.hash)
  return row === undefined ? undefined : knownKey(row, await callers.budgets(row), key.hash)
}

function judgeKey(result: Explanation, known: KnownKey | undefined, nowMs: number): void {
  if (known === undefined) result.refuse(new GatewayError('unauthenticated', { message: 'The API key is revoked.' }))
  else if (known.refusal !== undefined) result.refuse(new GatewayError('unauthenticated', { message: known.refusal }))
  else if (known.untilMs !== undefined && known.untilMs <= nowMs)
    result.refuse(new GatewayError('unauthenticated', { message: 'The API key has expired.' }))
}

function httpOf(ask: Ask, target: ClientTarget, headers: Headers): HttpRequest {
  const body = ask.body as JsonObject
  const named = target.deployment !== undefined && typeof body.model !== 'string' ? { ...body, model: target.deployment } : body
  return {
    method: 'POST',
    path: target.path,
    query: new URLSearchParams(ask.path.split('?')[1] ?? ''),
    headers,
    text: JSON.stringify(named),
    body: named,
  }
}

interface Planning {
  readonly parts: AdminParts
  readonly target: ClientTarget
  readonly peek: Peek
  readonly caller: Caller | undefined
  readonly nowMs: number
}

function planned(result: Explanation, { parts, target, peek, caller, nowMs }: Planning): Candidate[] {
  const all = plan({
    snapshot: parts.publishing.current(),
    model: peek.model,
    clientFormat: target.format,
    choices: peek.choices,
    sandboxOnly: caller?.mode === 'test',
    nowMs,
    cooldowns: parts.cooldowns,
    // The likeliest order: chance would show another one each time.
    random: () => 0.5,
  })
  const allowed = caller === undefined ? all : all.filter(({ channel }) => mayUseChannel(caller, channel.name))
  result.shown.plan = all.map((candidate) => ({
    channel: candidate.channel.name,
    provider: candidate.channel.provider.id,
    upstream_model: candidate.upstreamModel,
    format: candidate.via.format.id,
    mode: candidate.mode,
    priority: candidate.channel.priority,
    cooling_down: parts.cooldowns.active(candidate.channel.id, nowMs),
    allowed: allowed.includes(candidate),
  }))
  if (allowed.length === 0) result.refuse(unknownModel(peek.model))
  return allowed
}

interface Pricing extends Omit<Planning, 'target'> {
  readonly candidates: readonly Candidate[]
  readonly http: HttpRequest
}

async function priced(result: Explanation, { parts, peek, caller, candidates, http, nowMs }: Pricing): Promise<void> {
  const quote = result.attempt(() =>
    parts.billing.quote({
      model: peek.model,
      routes: candidates,
      prices: parts.publishing.current().prices,
      nowMs,
      choices: peek.choices,
      inputTokens: () => Math.ceil(http.text.length / CHARACTERS_PER_TOKEN),
      ...(peek.maxOutputTokens !== undefined && { maxOutputTokens: peek.maxOutputTokens }),
      ...(caller?.multiplier !== undefined && { multiplier: caller.multiplier }),
    }),
  )
  result.shown.price = quote === undefined ? null : explainQuote(quote)
  if (quote === undefined || caller === undefined || caller.billing !== 'prepaid' || quote.free) return
  const balance = (await parts.billing.balance(caller.account)) ?? 0
  const covered = quote.affordable(balance)
  if (covered < Math.min(256, peek.maxOutputTokens ?? 256))
    result.refuse(
      new GatewayError('insufficient_quota', { message: `The balance of ${dollarsOf(balance)} dollars does not cover the request.` }),
    )
  else if (balance < quote.ceiling()) result.shown.output_limit = covered
}

const unknownModel = (model: string): GatewayError =>
  new GatewayError('model_not_found', { message: `The model \`${model}\` does not exist or you do not have access to it.`, field: 'model' })

function callerJson(caller: Caller): object {
  return {
    key_id: caller.keyId,
    name: caller.name,
    organisation_id: caller.organisationId,
    project_id: caller.projectId,
    user_id: caller.userId ?? null,
    group_id: caller.groupId ?? null,
    account: caller.account,
    billing: caller.billing,
    mode: caller.mode,
    limits: caller.limits.map(({ scope, id, requestsPerMinute, tokensPerMinute, concurrency }) => ({
      scope,
      id,
      requests_per_minute: requestsPerMinute ?? null,
      tokens_per_minute: tokensPerMinute ?? null,
      concurrency: concurrency ?? null,
    })),
    budgets: caller.budgets.map(({ id, scope, customer, period, amount }) => ({
      id,
      scope,
      customer: customer === '' ? null : customer,
      period,
      amount: dollarsOf(amount),
    })),
    tags: caller.tags,
  }
}

export const explainRoutes: readonly Route[] = [
  route<never, Ask>({
    tag: 'explain',
    method: 'POST',
    path: '/admin/explain',
    summary: 'What would become of a client’s request; nothing is sent.',
    needs: { area: 'insight', act: 'read' },
    body: explain.ask,
    run: async (context, { body }) => ({ body: await explained(context, body) }),
  }),
]
