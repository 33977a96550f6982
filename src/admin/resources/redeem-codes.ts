// Redeem codes: credit in an envelope. A code is shown once and stored as a hash; its posting carries its id, so that it
// is credited once whatever happens in between.

import { z } from 'zod'
import { accountOf, shownOf } from '../../access/index.ts'
import { GatewayError } from '../../core/errors.ts'
import { prefixedId, secretText } from '../../lib/ids.ts'
import { sha256Hex } from '../../lib/platform/runtime.ts'
import type { LedgerRepository, OperatorStore, RedeemCodeRow } from '../../store/index.ts'
import { redeemCode } from '../contract.ts'
import { commit } from '../edit.ts'
import { conflict, faulty } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import { type Context, type Route, route } from '../route.ts'
import { dollarsOf, editedJson, nanosIn, timeOrNull } from '../shown.ts'

type Create = z.infer<typeof redeemCode.create>

const resource: Resource<RedeemCodeRow> = {
  path: 'redeem-codes',
  one: 'redeem code',
  prefix: 'rdm',
  area: 'installation',
  table: (store) => store.redeemCodes,
  shown: redeemCode.shown,
  filters: { redeemed_by: 'redeemedBy' },
  whose: () => null,
  json: codeJson,
  async remove(row) {
    if (row.redeemedMs !== null) throw conflict('The code is redeemed already.')
    return {}
  },
}

function codeJson(row: RedeemCodeRow) {
  return {
    ...editedJson(row),
    hint: row.hint,
    amount: dollarsOf(row.amount),
    note: row.note,
    expires_at: timeOrNull(row.expiresMs),
    redeemed_at: timeOrNull(row.redeemedMs),
    redeemed_by: row.redeemedBy,
  }
}

const make = route<never, Create>({
  tag: 'redeem-codes',
  method: 'POST',
  path: '/admin/redeem-codes',
  summary: 'Makes codes, each shown this once.',
  needs: { area: 'money', act: 'write' },
  body: redeemCode.create,
  shown: z.object({ data: z.array(redeemCode.shown.extend({ code: z.string() })) }),
  status: 201,
  async run(context, { body }) {
    const { nowMs } = context
    const amount = nanosIn('amount', body.amount)
    if (amount <= 0) throw faulty('amount', 'must be more than zero')
    const made = Array.from({ length: body.count }, () => {
      const code = `rc-${secretText(32)}`
      const row: RedeemCodeRow = {
        id: prefixedId('rdm', nowMs),
        ...shownOf(code),
        amount,
        note: body.note ?? null,
        expiresMs: body.expires_at == null ? null : Date.parse(body.expires_at),
        redeemedMs: null,
        redeemedBy: null,
        createdMs: nowMs,
        updatedMs: nowMs,
        version: 1,
      }
      return { code, row }
    })
    const first = made[0]?.row.id ?? ''
    await commit(context, {
      action: 'redeem code.create',
      resource: 'redeem code',
      id: first,
      organisationId: null,
      after: { ids: made.map(({ row }) => row.id), amount: dollarsOf(amount), note: body.note ?? null },
      statements: made.map(({ row }) => context.parts.store.redeemCodes.insert(row)),
    })
    return { status: 201, body: { data: made.map(({ code, row }) => ({ ...codeJson(row), code })) } }
  },
})

interface Redemption {
  readonly store: OperatorStore
  readonly ledger: LedgerRepository
  readonly code: string
  readonly organisationId: string
  readonly nowMs: number
}

/** Credits a code to an organisation. Returns nano-dollars. @throws GatewayError when it is unknown, over or used. */
export async function redeem({ store, ledger, code, organisationId, nowMs }: Redemption): Promise<{ amount: number; row: RedeemCodeRow }> {
  const row = await store.redeemCodes.find({ hash: sha256Hex(code.trim()) })
  // One answer for all three, so that guessing teaches nothing.
  const unknown = new GatewayError('invalid_request', { message: 'The code is not valid, over, or used.', field: 'code' })
  if (row === undefined || row.redeemedMs !== null || (row.expiresMs !== null && row.expiresMs <= nowMs)) throw unknown
  // Marked first: of two who redeem at once, one marks it. The posting's own key makes a repeat of the second step harmless.
  await store
    .write([store.redeemCodes.update(row, { redeemedMs: nowMs, redeemedBy: organisationId, updatedMs: nowMs })])
    .catch((thrown: unknown) => {
      throw thrown instanceof GatewayError && thrown.code === 'conflict' ? unknown : thrown
    })
  await ledger.post({
    key: `redeem:${row.id}`,
    kind: 'top-up',
    account: accountOf(organisationId, 'live'),
    amount: row.amount,
    nowMs,
    detail: JSON.stringify({ redeem_code: row.id }),
  })
  return { amount: row.amount, row }
}

const RECENT_MS = 2 * 86_400_000

/** Credits what was marked as redeemed and not posted, when a process ended between the two. Safe to run at any time. */
export async function finishRedemptions({ store, ledger }: Pick<Context['parts'], 'store' | 'ledger'>, nowMs: number): Promise<void> {
  for (const row of await store.redeemCodes.list({ limit: 1000 })) {
    if (row.redeemedMs === null || row.redeemedBy === null || row.redeemedMs < nowMs - RECENT_MS) continue
    await ledger.post({
      key: `redeem:${row.id}`,
      kind: 'top-up',
      account: accountOf(row.redeemedBy, 'live'),
      amount: row.amount,
      nowMs,
      detail: JSON.stringify({ redeem_code: row.id }),
    })
  }
}

export const redeemCodeRoutes: readonly Route[] = [...resourceRoutes(resource), make]
