// The small words that the contract of the admin API is made of: texts, times, money, limits, versions.

import { z } from 'zod'

export const PLAIN = /^[^\u0000-\u001f\u007f]*$/

/** Text that every database can keep. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text')
export const name = text(120)
  .regex(PLAIN, 'must not hold control characters')
  .refine((value) => value.trim() !== '', 'must not be blank')
export const idText = z.string().regex(/^[A-Za-z0-9_:.-]{1,100}$/, 'must be an id')
export const time = z.iso.datetime({ offset: true })
export const shownTime = z.iso.datetime()
export const optionalTime = shownTime.nullable()
export const dollars = z.union([
  z.string().regex(/^\d{1,7}(\.\d{1,9})?$/, 'must be dollars as a plain decimal number'),
  z.number().min(0).max(9_000_000),
])
export const shownDollars = z.string().describe('Decimal dollars without exponent.')
export const labels = z
  .record(text(64).min(1), text(500))
  .refine((value) => Object.keys(value).length <= 50, 'must not have more than 50 members')
export const count = z.int().min(1).max(1_000_000_000)
export const names = z.array(text(200).min(1)).max(1000)
export const httpUrl = z.url({ protocol: /^https?$/ }).max(2000)
export const version = z.int().positive().optional().describe('The version that was read: 409 when it is not the current one.')

export const role = z.enum(['owner', 'admin', 'developer', 'viewer'])
export type RoleName = z.infer<typeof role>

export const limits = {
  requests_per_minute: count.nullable().optional(),
  tokens_per_minute: count.nullable().optional(),
  concurrency: count.nullable().optional(),
}
export const shownLimits = {
  requests_per_minute: z.int().nullable(),
  tokens_per_minute: z.int().nullable(),
  concurrency: z.int().nullable(),
}
export const edited = { id: z.string(), version: z.int(), created_at: shownTime, updated_at: shownTime }

/** The editable members for a new thing, and the same, all optional, for a change. */
export function inputs<Shape extends z.ZodRawShape>(shape: Shape) {
  const create = z.strictObject(shape)
  return { create, edit: create.partial().extend({ version }) }
}
