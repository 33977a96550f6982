// The ledger's front: opens a bill for each exchange, and posts what operators do to balances.

import { GatewayError } from '../core/errors.ts'
import type { AccountMode, Awaitable, LedgerRepository } from '../store/index.ts'
import { Bill, type BillParty } from './bill.ts'
import { type Alarm, ledgerDesk } from './desk.ts'
import { type Ask, Quote } from './quote.ts'
import { type Receipt, receiptOf } from './receipt.ts'

/** Something an operator does to a balance. The same key again changes nothing. */
export interface Posting {
  readonly key: string
  readonly account: string
  /** Nano-dollars. */
  readonly amount: number
  readonly nowMs: number
  /** Who and why, as JSON members. */
  readonly note: Readonly<Record<string, unknown>>
}

export interface Billing {
  /** The ceiling and the prices, without holding anything. @throws GatewayError `no_price` */
  quote(ask: Ask): Quote
  /** A bill for one exchange. @throws GatewayError `no_price` */
  open(ask: Ask, party: BillParty): Bill
  openAccount(account: string, mode: AccountMode): Promise<void>
  /** `false` when the key was posted before. */
  topUp(posting: Posting): Promise<boolean>
  /** A correction in either direction. */
  adjust(posting: Posting): Promise<boolean>
  /** Gives a charge back, or a part of it. @throws GatewayError `not_found`, `invalid_request` when it exceeds the charge. */
  refund(posting: Posting & { readonly exchange: string }): Promise<boolean>
  balance(account: string): Awaitable<number | undefined>
  /** What one exchange came to; `undefined` when nothing was posted for it. */
  receipt(exchange: string): Awaitable<Receipt | undefined>
  /**
   * Gives back what dead processes held. @param alone nobody else uses this ledger, so that every hold is a dead one's.
   * Returns how many.
   */
  recover(nowMs: number, alone: boolean): Promise<number>
  /** To be called every half minute: renews our own holds, gives back those of the dead. */
  sweep(nowMs: number): Promise<number>
  /** What is wrong with the ledger: empty when every sum holds. */
  verify(): Awaitable<string[]>
}

export function createBilling(parts: { ledger: LedgerRepository; alarm: Alarm; nowMs(): number }): Billing {
  const { ledger, alarm } = parts
  const desk = ledgerDesk(ledger, parts.nowMs, alarm)

  const post = (kind: 'top-up' | 'adjust' | 'refund', { key, account, amount, nowMs, note }: Posting): Promise<boolean> => {
    if (!Number.isSafeInteger(amount)) throw new GatewayError('invalid_request', { field: 'amount', message: 'The amount is too large.' })
    return ledger.post({ key, kind, account, amount, nowMs, detail: JSON.stringify(note) })
  }

  return {
    quote: (ask) => new Quote(ask),
    open: (ask, party) => new Bill(new Quote(ask), party, desk),
    openAccount: (account, mode) => ledger.open(account, mode),
    topUp: (posting) => post('top-up', posting),
    adjust: (posting) => post('adjust', posting),
    async refund({ exchange, ...posting }) {
      const charged = await ledger.entry(exchange)
      if (charged === undefined || charged.kind !== 'settle')
        throw new GatewayError('not_found', { message: 'There is no charge for this exchange.' })
      if (charged.account !== posting.account || posting.amount <= 0 || posting.amount > -charged.amount) {
        throw new GatewayError('invalid_request', { field: 'amount', message: 'A refund cannot exceed the charge.' })
      }
      // One refund for each exchange: a second key could otherwise give the same money back twice.
      return post('refund', { ...posting, key: `refund:${exchange}`, note: { ...posting.note, exchange, key: posting.key } })
    },
    balance: (account) => ledger.balance(account),
    receipt: (exchange) => afterwards(ledger.entry(exchange), (row) => (row?.kind === 'settle' ? receiptOf(row) : undefined)),
    recover: (nowMs, alone) => ledger.expire(alone ? Number.MAX_SAFE_INTEGER : nowMs),
    sweep: (nowMs) => desk.sweep(nowMs),
    verify: () => ledger.verify(),
  }
}

const afterwards = <In, Out>(value: Awaitable<In>, map: (value: In) => Out): Awaitable<Out> =>
  value instanceof Promise ? value.then(map) : map(value)
