// One exchange's account: held before it runs, charged with what it used, settled once. Everything is computed at once
// and in memory; only `hold` and `settle` reach the ledger, and what they return waits for it where there is a wait.

import { costOf } from '../core/price.ts'
import { addUsage, type Usage } from '../core/usage.ts'
import type { Route, RoutePrice } from '../snapshot/index.ts'
import type { AccountMode } from '../store/index.ts'
import type { LedgerDesk } from './desk.ts'
import { costsText, journalDetail } from './detail.ts'
import type { Quote } from './quote.ts'
import { type Amounts, amountsOf, type Ending, isCharged } from './settlement.ts'

export interface BillParty {
  /** Names the exchange; the ledger's key. */
  readonly id: string
  readonly account: string
  readonly mode: AccountMode
}

export interface Settlement {
  /** What the customer pays, nano-dollars. */
  readonly chargeNanos: number
  /** What the upstreams took, all attempts together. */
  readonly costNanos: number
  /** What was used beyond the hold: our loss. */
  readonly shortfallNanos: number
  /** What was used; marked when it was estimated. */
  readonly usage: Usage | undefined
  /** Resolves when it is on the ledger; until then the last byte must not leave. Absent: nothing had to be written. */
  readonly durable?: Promise<void>
}

export interface Final extends Ending {
  /** Who answered; absent when nobody did. */
  readonly route?: Route
  readonly nowMs: number
}

const UNSEEN: LedgerDesk = Object.freeze({
  alarm: () => {},
  check: () => {},
  hold: async () => undefined,
  settle: async () => {},
  charge: async () => {},
  release: async () => {},
  sweep: async () => 0,
})

export class Bill {
  readonly quote: Quote
  readonly #party: BillParty
  readonly #desk: LedgerDesk
  readonly #costs: { readonly account: string; readonly nanos: number }[] = []
  readonly #rounds: { readonly route: Route; readonly usage: Usage }[] = []
  #searchNanos = 0
  #held: number | undefined
  #outputLimit: number | undefined
  #settlement: Settlement | undefined

  constructor(quote: Quote, party: BillParty, desk: LedgerDesk) {
    this.quote = quote
    this.#party = party
    this.#desk = desk
  }

  /** The output limit for each choice that the balance forces; absent when none had to be forced. It must go upstream. */
  get outputLimit(): number | undefined {
    return this.#outputLimit
  }

  /**
   * Debits the ceiling. Returns nothing to wait for on accounts that are only metered afterwards.
   * @throws GatewayError `insufficient_quota`, `storage_unavailable`
   */
  hold(): void | Promise<void> {
    if (this.#party.mode === 'prepaid' && !this.quote.free) return this.#hold()
    this.#desk.check()
  }

  async #hold(): Promise<void> {
    const { id, account } = this.#party
    const { quote } = this
    const ceiling = quote.ceiling()
    if (ceiling === 0) return
    const atLeast = quote.least()
    const amount = await this.#desk.hold({ id, account, amount: ceiling, atLeast })
    if (amount === undefined) throw quote.tooDear()
    this.#held = amount
    if (amount < ceiling) this.#outputLimit = quote.affordable(amount)
  }

  /** Our own cost of a try that did not become the answer: what it used, or what we think it did. The customer does not pay it. */
  attempted(route: Route, usage: Usage): void {
    const offer = this.quote.offerOf(route)
    if (offer !== undefined) this.#add(route.channel.id, costOf(offer.cost.price, usage).nanos)
  }

  /** A model call before the last one of an exchange that runs tools. Priced on its own: tiers go by the input of one call. */
  round(route: Route, usage: Usage): void {
    this.#rounds.push({ route, usage })
  }

  /** A search that we ran ourselves: the customer pays what it cost us, unless it served a try that was given up. */
  searched(backend: string, nanos: number, charged = true): void {
    this.#add(`search ${backend}`, nanos)
    if (charged) this.#searchNanos += nanos
  }

  #add(account: string, nanos: number): void {
    if (nanos > 0) this.#costs.push({ account, nanos })
  }

  /** The same account with no ledger behind it: settling it only tells what it would come to. */
  rehearsal(): Bill {
    const bill = new Bill(this.quote, this.#party, UNSEEN)
    bill.#held = this.#held
    return bill
  }

  /** Turns the hold into what the exchange came to. Repeating it returns the first settlement. */
  settle(final: Final): Settlement {
    this.#settlement ??= this.#settled(final)
    return this.#settlement
  }

  #settled(final: Final): Settlement {
    let wanted = isCharged(final) ? this.#searchNanos : 0
    let usage: Usage | undefined
    for (const { route, usage: used } of this.#rounds) {
      const amounts = this.#amounts(route, { ...final, end: isCharged(final) ? 'whole' : 'empty', usage: used }, between)
      wanted += amounts?.chargeNanos ?? 0
      usage = usage === undefined ? used : addUsage(usage, used)
    }
    const last = final.route === undefined ? undefined : this.#amounts(final.route, final)
    wanted += last?.chargeNanos ?? 0
    if (last?.usage !== undefined) usage = usage === undefined ? last.usage : addUsage(usage, last.usage)
    return this.#posted(final, wanted, usage)
  }

  /** What one model call comes to; its cost is noted. */
  #amounts(route: Route, ending: Ending, part: (offer: RoutePrice) => RoutePrice = whole): Amounts | undefined {
    const { quote } = this
    const offer = quote.offerOf(route)
    if (offer === undefined) return undefined
    const amounts = amountsOf(part(offer), ending, {
      extent: () => quote.extent(),
      ceiling: () => this.#held ?? quote.ceiling(),
      multiplier: quote.ask.multiplier,
    })
    this.#add(route.channel.id, amounts.costNanos)
    if (amounts.unpriced.length > 0) {
      const { id: request } = this.#party
      this.#desk.alarm('usage without a price is charged at the ceiling', { request, model: quote.ask.model, dimensions: amounts.unpriced })
    }
    return amounts
  }

  #posted(final: Final, wanted: number, usage: Usage | undefined): Settlement {
    const { id, account, mode } = this.#party
    const held = this.#held
    const chargeNanos = mode === 'unmetered' ? wanted : Math.min(wanted, held ?? 0)
    let costNanos = 0
    for (const { nanos } of this.#costs) costNanos += nanos
    const result = { chargeNanos, costNanos, shortfallNanos: wanted - chargeNanos, usage }
    if (wanted === 0 && costNanos === 0 && final.end !== 'whole') {
      return held === undefined ? result : { ...result, durable: this.#desk.release(id) }
    }
    const offer = final.route === undefined ? undefined : this.quote.offerOf(final.route)
    const row = {
      id,
      charge: held === undefined ? chargeNanos : wanted,
      upstreamCost: costNanos,
      nowMs: final.nowMs,
      detail: journalDetail(this.quote, final, { offer, usage }),
      ...(this.#costs.length > 0 && { costs: costsText(this.#costs) }),
    }
    return { ...result, durable: held === undefined ? this.#desk.charge({ ...row, account }) : this.#desk.settle(row) }
  }
}

const whole = (offer: RoutePrice): RoutePrice => offer

/** A price for the request is one for the exchange: the last of its model calls pays it. What each costs us stays. */
function between(offer: RoutePrice): RoutePrice {
  const { perRequest, ...price } = offer.charge.price
  return perRequest === undefined ? offer : { ...offer, charge: { ...offer.charge, price } }
}
