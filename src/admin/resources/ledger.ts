// Balances, statements, and what an operator does to them. The ledger posts each idempotency key once; the audit entry
// follows the posting, whose own row names who made it.

import { z } from 'zod'
import { accountOf } from '../../access/index.ts'
import { GatewayError } from '../../core/errors.ts'
import type { OrganisationRow } from '../../store/index.ts'
import { sees } from '../actor.ts'
import { ledger } from '../contract.ts'
import { commit } from '../edit.ts'
import { conflict, faulty, missing } from '../failure.ts'
import type { Reply } from '../message.ts'
import { pageLimit } from '../resource.ts'
import { type ActedContext, type Route, route } from '../route.ts'
import { dollarsOf, nanosIn, timeText } from '../shown.ts'

const write = { area: 'money', act: 'write' } as const
const read = { area: 'money', act: 'read' } as const
const tag = 'ledger'

type Kind = 'top-up' | 'adjust' | 'refund'
type Input = {
  organisation_id: string
  idempotency_key: string
  note?: string | undefined
  amount: string | number
  request_id?: string | undefined
}

async function organisationOf(context: ActedContext, id: string): Promise<OrganisationRow> {
  const row = await context.parts.store.organisations.byId(id)
  if (row === undefined || !sees(context.actor, id)) throw missing('organisation')
  return row
}

async function posted(context: ActedContext, kind: Kind, body: Input): Promise<Reply> {
  const { billing } = context.parts
  const organisation = await context.parts.store.organisations.byId(body.organisation_id)
  if (organisation === undefined) throw faulty('organisation_id', 'there is no such organisation')
  const amount = nanosIn('amount', body.amount)
  if (amount === 0 || (kind !== 'adjust' && amount < 0)) throw faulty('amount', 'must be more than zero')
  const account = accountOf(organisation.id, 'live')
  // Idempotency keys are the operator's own names: kept apart by organisation, and from the keys of exchanges.
  const key = `${kind}:${organisation.id}:${body.idempotency_key}`
  const before = (await billing.balance(account)) ?? 0
  if (organisation.billing === 'prepaid' && before + amount < 0)
    throw conflict(`The balance is ${dollarsOf(before)} dollars and cannot fall below zero.`)
  const note = { by: context.actor.id, ...(body.note !== undefined && { note: body.note }) }
  const posting = { key, account, amount, nowMs: context.nowMs, note }
  const fresh =
    kind === 'refund' && body.request_id !== undefined
      ? await billing.refund({ ...posting, exchange: body.request_id })
      : kind === 'adjust'
        ? await billing.adjust(posting)
        : kind === 'refund'
          ? refuseUnnamed()
          : await billing.topUp(posting)
  const balance = dollarsOf((await billing.balance(account)) ?? 0)
  await commit(context, {
    action: `ledger.${kind}`,
    resource: 'ledger',
    id: organisation.id,
    organisationId: organisation.id,
    after: { amount: dollarsOf(amount), posted: fresh, key: body.idempotency_key, note: body.note ?? null, balance },
    statements: [],
  })
  return { body: { posted: fresh, balance } }
}

function refuseUnnamed(): never {
  throw faulty('request_id', 'names the exchange that is given back; for anything else post an adjustment')
}

const topUp = route<never, z.infer<typeof ledger.topUp>>({
  tag,
  method: 'POST',
  path: '/admin/ledger/top-up',
  summary: 'Adds credit.',
  needs: write,
  body: ledger.topUp,
  shown: ledger.posted,
  run: (context, { body }) => posted(context, 'top-up', body),
})

const adjust = route<never, z.infer<typeof ledger.adjust>>({
  tag,
  method: 'POST',
  path: '/admin/ledger/adjust',
  summary: 'Corrects a balance in either direction.',
  needs: write,
  body: ledger.adjust,
  shown: ledger.posted,
  run: (context, { body }) => posted(context, 'adjust', body),
})

const refund = route<never, z.infer<typeof ledger.refund>>({
  tag,
  method: 'POST',
  path: '/admin/ledger/refund',
  summary: 'Gives back what an exchange was charged, or a part of it.',
  needs: write,
  body: ledger.refund,
  shown: ledger.posted,
  run: (context, { body }) => posted(context, 'refund', body),
})

const balance = route({
  tag,
  method: 'GET',
  path: '/admin/ledger/{id}',
  summary: 'The balance of an organisation.',
  needs: read,
  shown: ledger.balance,
  async run(context) {
    const organisation = await organisationOf(context, context.ids.id ?? '')
    const account = accountOf(organisation.id, 'live')
    return {
      body: {
        organisation_id: organisation.id,
        account,
        billing: organisation.billing,
        balance: dollarsOf((await context.parts.billing.balance(account)) ?? 0),
      },
    }
  },
})

const time = z.iso.datetime({ offset: true }).optional()

const statement = route<{ limit?: string | undefined; after?: string | undefined; from?: string | undefined; to?: string | undefined }>({
  tag,
  method: 'GET',
  path: '/admin/ledger/{id}/statement',
  summary: 'What was posted to a balance by hand, the newest first, and what was charged for usage in the same time.',
  needs: read,
  query: z.strictObject({
    limit: z
      .string()
      .regex(/^\d{1,4}$/)
      .optional(),
    after: z.string().max(300).optional(),
    from: time,
    to: time,
  }),
  async run(context, { query }) {
    const organisation = await organisationOf(context, context.ids.id ?? '')
    const account = accountOf(organisation.id, 'live')
    const limit = pageLimit(query.limit)
    const fromMs = query.from === undefined ? undefined : Date.parse(query.from)
    const toMs = query.to === undefined ? undefined : Date.parse(query.to)
    const { store, billing } = context.parts
    const rows = await store.log.postings({ account, fromMs, toMs, after: cursor(query.after), limit: limit + 1 })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const [used] = await store.usage.report({
      unit: 'hour',
      fromMs: fromMs ?? 0,
      toMs: toMs ?? Number.MAX_SAFE_INTEGER,
      by: [],
      where: { organisation: [organisation.id], mode: ['live'] },
      limit: 1,
    })
    return {
      body: {
        organisation_id: organisation.id,
        balance: dollarsOf((await billing.balance(account)) ?? 0),
        charged: dollarsOf(used?.charge ?? 0),
        data: page.map(({ key, kind, amount, createdMs, detail }) => ({
          key,
          kind,
          amount: dollarsOf(amount),
          at: timeText(createdMs),
          detail: JSON.parse(detail) as unknown,
        })),
        next: rows.length > limit && last !== undefined ? `${last.createdMs}~${last.key}` : null,
      },
    }
  },
})

function cursor(text: string | undefined): { createdMs: number; key: string } | undefined {
  if (text === undefined) return undefined
  const [, ms, key] = /^(\d{1,15})~(.+)$/s.exec(text) ?? []
  if (ms === undefined || key === undefined)
    throw new GatewayError('invalid_request', { field: 'after', message: 'The cursor is not one of ours.' })
  return { createdMs: Number(ms), key }
}

export const ledgerRoutes: readonly Route[] = [topUp, adjust, refund, balance, statement]
