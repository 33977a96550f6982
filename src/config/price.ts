// One entry of `prices`: what an operator says a model costs. The same words stand in the store's price rows and in the
// admin API. An amount is a number or a decimal text of dollars; an unknown word is a typo, and a typo in a price is refused.

import { z } from 'zod'
import { priceOf, TOKEN_WORDS, UNIT_WORDS } from '../core/price-entry.ts'
import type { PriceRule } from '../core/price-rule.ts'

/** A price rule with what it is for. */
export interface OperatorPrice extends PriceRule {
  /** The model that clients ask for; with `provider` or `channel`, the upstream model. `*` at the end stands for any rest. */
  readonly model: string
  /** Set: what this provider costs us. Customers pay it too where nothing says what they pay. */
  readonly provider?: string
  /** Set: what this channel, by name, costs us. */
  readonly channel?: string
}

const dollars = z.union([z.number().nonnegative(), z.string().regex(/^\d+(\.\d{1,9})?$/, 'must be dollars as a plain decimal number')])
const amounts = <Word extends string>(words: Readonly<Record<Word, string>>) =>
  Object.fromEntries(Object.keys(words).map((word) => [word, dollars.optional()])) as Record<Word, z.ZodOptional<typeof dollars>>

const day = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date (2026-01-31) or a time (2026-01-31T12:00:00Z)')
  .transform((text) => Date.parse(text))

const tokens = z.strictObject(amounts(TOKEN_WORDS))
const units = z.strictObject(amounts(UNIT_WORDS))
const trait = z.union([z.string(), z.number(), z.boolean()]).transform(String)

const entry = z.strictObject({
  model: z.string().min(1).max(200),
  provider: z.string().min(1).optional(),
  channel: z.string().min(1).optional(),
  free: z.boolean().optional(),
  valid_from: day.optional(),
  valid_to: day.optional(),
  ...tokens.shape,
  ...units.shape,
  tiers: z.array(z.strictObject({ above_input_tokens: z.int().nonnegative(), ...tokens.shape })).optional(),
  variants: z.array(z.strictObject({ when: z.record(z.string(), trait), ...units.shape })).optional(),
})

/** Checks an entry and turns its dollars into whole nano-dollars. */
export const priceEntry = entry.transform((written, context): OperatorPrice => {
  const refuse = (message: string, path?: string): typeof z.NEVER => {
    context.addIssue({ code: 'custom', message, ...(path !== undefined && { path: [path] }) })
    return z.NEVER
  }
  const { model, provider, channel, valid_from: fromMs, valid_to: toMs, ...rates } = written
  const stated = Object.entries(rates).filter(([word, value]) => word !== 'free' && value !== undefined).length
  if (rates.free === true && stated > 0) return refuse('is either free or has a price', 'free')
  if (rates.free !== true && stated === 0) return refuse('states no price; say `free: true` if it costs nothing')
  if (fromMs !== undefined && toMs !== undefined && toMs <= fromMs) return refuse('must be later than valid_from', 'valid_to')
  try {
    return {
      model,
      price: priceOf(rates),
      ...(provider !== undefined && { provider }),
      ...(channel !== undefined && { channel }),
      ...(fromMs !== undefined && { fromMs }),
      ...(toMs !== undefined && { toMs }),
    }
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : 'is not a price')
  }
})

/** A price row of the store or the admin API. @returns the price, or the reason why it is none. */
export function parsePrice(value: unknown): OperatorPrice | { readonly problem: string } {
  const parsed = priceEntry.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return { problem: issue === undefined ? 'not a price' : `${issue.path.join('.') || 'price'}: ${issue.message}` }
}
