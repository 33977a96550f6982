// Money: what a request may cost, what is held for it, what it came to. Who may call at all is `access/`; how often, `limits/`.

export { Bill, type BillParty, type Final, type Settlement } from './bill.ts'
export { type Billing, createBilling, type Posting } from './billing.ts'
export type { Extent } from './ceiling.ts'
export { LEASE_MS } from './desk.ts'
export { estimatedUsage, type Produced, textTokens } from './estimate.ts'
export { type ExplainedPrice, type ExplainedQuote, explainQuote } from './explain.ts'
export { type Ask, LEAST_OUTPUT_TOKENS, Quote } from './quote.ts'
export type { Receipt, ReceiptLine } from './receipt.ts'
export type { CutPolicy, End, Ending } from './settlement.ts'
