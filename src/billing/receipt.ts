// A journal row as a person reads it: what was used, at which rate, and what it came to. Amounts are decimal dollars.

import { DIMENSIONS, pricedLines } from '../core/price.ts'
import { dollarsText } from '../lib/money.ts'
import type { JournalRow } from '../store/index.ts'
import type { JournalDetail } from './detail.ts'

export interface ReceiptLine {
  readonly dimension: string
  readonly quantity: number
  readonly rate: string | null
  /** How many of the quantity the rate is for. */
  readonly per: number
}

export interface Receipt {
  readonly charge: string
  readonly upstream_cost: string
  readonly shortfall: string
  readonly estimated: boolean
  readonly price_source: { readonly name: string; readonly date: string } | null
  readonly multiplier: string
  readonly lines: readonly ReceiptLine[]
}

const PER = new Map<string, number>(DIMENSIONS.map(({ name, per }) => [name, per]))

export function receiptOf(row: JournalRow): Receipt {
  const { usage, price, source, multiplier } = JSON.parse(row.detail) as Partial<JournalDetail>
  const lines = price === undefined || usage === undefined ? [] : pricedLines(price, usage)
  return {
    charge: dollarsText(-row.amount),
    upstream_cost: dollarsText(row.upstreamCost),
    shortfall: dollarsText(row.shortfall),
    estimated: usage?.estimated === true,
    price_source: source ?? null,
    multiplier: multiplier === undefined ? '1' : String(multiplier[0] / multiplier[1]),
    lines: lines.map(({ dimension, count, rate }) => ({
      dimension,
      quantity: count,
      rate: rate === undefined ? null : dollarsText(rate),
      per: PER.get(dimension) ?? 1,
    })),
  }
}
