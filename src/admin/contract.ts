// The words of the admin API: what each resource takes and shows. The console shares these types and nothing else. Names
// are in snake case, times RFC 3339, money decimal dollars as text. What an input may refer to is checked in `resources/`.

import { z } from 'zod'
import {
  dollars,
  edited,
  httpUrl,
  idText,
  inputs,
  labels,
  limits,
  name,
  names,
  optionalTime,
  role,
  shownDollars,
  shownLimits,
  text,
  time,
  version,
} from './words.ts'

export { idText, type RoleName, role } from './words.ts'

export const organisation = {
  ...inputs({
    name,
    billing: z.enum(['prepaid', 'unmetered']).optional(),
    group_id: idText.nullable().optional(),
    metadata: labels.optional(),
    disabled: z.boolean().optional(),
  }),
  shown: z.object({
    ...edited,
    name: z.string(),
    billing: z.enum(['prepaid', 'unmetered']),
    group_id: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    disabled: z.boolean(),
  }),
}

export const project = {
  create: z.strictObject({
    organisation_id: idText.optional().describe('Absent: the caller’s own organisation.'),
    name,
    group_id: idText.nullable().optional(),
    metadata: labels.optional(),
    disabled: z.boolean().optional(),
    ...limits,
  }),
  edit: z.strictObject({
    name: name.optional(),
    group_id: idText.nullable().optional(),
    metadata: labels.optional(),
    disabled: z.boolean().optional(),
    ...limits,
    version,
  }),
  shown: z.object({
    ...edited,
    ...shownLimits,
    organisation_id: z.string(),
    name: z.string(),
    group_id: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    disabled: z.boolean(),
  }),
}

const multiplier = z
  .union([z.string().regex(/^\d{1,4}(\.\d{1,6})?$/, 'must be a plain decimal number'), z.number().min(0).max(9999)])
  .describe('Every price times this, exactly. 1.75 as text or number.')

export const group = {
  ...inputs({
    name,
    multiplier: multiplier.optional(),
    models: names.nullable().optional().describe('Models it may use; `*` at the end matches any rest. null: all.'),
    channels: names.nullable().optional().describe('Channels it may use, by name. null: all.'),
    cut_streams: z.enum(['produced', 'nothing', 'finish']).optional().describe('What a stream costs that its client left.'),
    ...limits,
  }),
  shown: z.object({
    ...edited,
    ...shownLimits,
    name: z.string(),
    multiplier: z.string(),
    models: z.array(z.string()).nullable(),
    channels: z.array(z.string()).nullable(),
    cut_streams: z.enum(['produced', 'nothing', 'finish']),
  }),
}

export const email = z
  .string()
  .trim()
  .max(254)
  .regex(/^[^\s@\u0000-\u001f]+@[^\s@\u0000-\u001f]+$/, 'must be an e-mail address')
export const password = z.string().min(10, 'must have at least 10 characters').max(500)

export const user = {
  create: z.strictObject({
    email,
    name,
    password: password.optional().describe('Absent: cannot sign in until one is set.'),
    organisation_id: idText.optional().describe('Absent: the caller’s own organisation.'),
    role: role.default('developer'),
    ...limits,
  }),
  edit: z.strictObject({
    name: name.optional(),
    email: email.optional(),
    password: password.optional().describe('Ends all of the user’s sessions.'),
    disabled: z.boolean().optional(),
    ...limits,
    version,
  }),
  shown: z.object({
    ...edited,
    ...shownLimits,
    email: z.string(),
    name: z.string(),
    has_password: z.boolean(),
    disabled: z.boolean(),
    memberships: z.array(z.object({ id: z.string(), organisation_id: z.string(), role })),
  }),
}

export const member = {
  create: z.strictObject({ user_id: idText, organisation_id: idText.optional(), role }),
  edit: z.strictObject({ role: role.optional(), version }),
  shown: z.object({ ...edited, user_id: z.string(), organisation_id: z.string(), role }),
}

const keyShape = {
  name,
  user_id: idText.nullable().optional(),
  group_id: idText.nullable().optional().describe('Absent: the project’s, or else the organisation’s.'),
  role: role.nullable().optional().describe('What it may do under /admin; null: nothing.'),
  models: names.nullable().optional(),
  channels: names.nullable().optional(),
  addresses: z.array(text(64).min(1)).max(1000).nullable().optional().describe('Addresses and ranges in CIDR notation.'),
  tags: labels.optional(),
  expires_at: time.nullable().optional(),
  ...limits,
}

const shownKey = z.object({
  ...edited,
  ...shownLimits,
  name: z.string(),
  hint: z.string(),
  project_id: z.string(),
  organisation_id: z.string(),
  user_id: z.string().nullable(),
  group_id: z.string().nullable(),
  role: role.nullable(),
  mode: z.enum(['live', 'test']),
  twin_of: z.string().nullable(),
  models: z.array(z.string()).nullable(),
  channels: z.array(z.string()).nullable(),
  addresses: z.array(z.string()).nullable(),
  tags: z.record(z.string(), z.string()),
  expires_at: optionalTime,
  revoked_at: optionalTime,
  previous_until: optionalTime.describe('Until when the key before the last rotation is good.'),
})

export const key = {
  create: z.strictObject({
    ...keyShape,
    project_id: idText.optional().describe('Absent: the first project of the caller’s organisation.'),
    test_twin: z.boolean().default(false).describe('Makes a test-mode key beside it, for the sandbox only.'),
    mode: z.enum(['live', 'test']).default('live'),
  }),
  edit: z.strictObject({ ...keyShape, name: name.optional(), version }),
  shown: shownKey,
  created: shownKey.extend({
    key: z.string().describe('Shown this once.'),
    twin: shownKey.extend({ key: z.string() }).optional(),
  }),
  rotate: z.strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(30 * 86_400)
      .default(0)
      .describe('How long the old key stays good.'),
    version,
  }),
}

export const budget = {
  create: z.strictObject({
    scope: z.enum(['organisation', 'project', 'user', 'key', 'customer']),
    scope_id: idText.describe('For `customer`: the project whose end customers are meant.'),
    customer: text(200).optional().describe('For `customer`: the one meant; absent: each of them on its own.'),
    period: z.enum(['day', 'week', 'month', 'total']),
    amount: dollars,
  }),
  edit: z.strictObject({ amount: dollars.optional(), version }),
  shown: z.object({
    ...edited,
    scope: z.enum(['organisation', 'project', 'user', 'key', 'customer']),
    scope_id: z.string(),
    customer: z.string().nullable(),
    period: z.enum(['day', 'week', 'month', 'total']),
    amount: shownDollars,
    period_start: optionalTime,
    period_end: optionalTime,
  }),
}

const channelModel = z.union([text(200).min(1), z.strictObject({ model: text(200).min(1), upstream_model: text(200).min(1).optional() })])
const channelShape = {
  name: name.regex(/^[^/\s]+$/, 'must not hold spaces or slashes'),
  provider: text(60).min(1),
  base_url: httpUrl.nullable().optional(),
  credential: text(20_000).min(1).nullable().optional().describe('Sealed at once and never shown again.'),
  models: z.array(channelModel).max(5000).nullable().optional().describe('null: everything the provider lists.'),
  priority: z.int().min(-1000).max(1000).optional(),
  weight: z.number().positive().max(1_000_000).optional(),
  formats: z.array(text(60).min(1)).min(1).max(20).nullable().optional(),
  web_search: z.enum(['auto', 'native', 'gateway', 'off']).nullable().optional().describe('Who searches the web for a declared tool.'),
  settings: labels.optional(),
  headers: z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be a header name')
        .refine(
          (header) => !/^(authorization|proxy-authorization|cookie|x-api-key|api-key|x-goog-api-key)$/i.test(header),
          'belongs into `credential`',
        ),
      text(2000).regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII'),
    )
    .optional(),
  enabled: z.boolean().optional(),
  ...limits,
}

export const channel = {
  create: z.strictObject(channelShape),
  edit: z.strictObject({ ...channelShape, name: channelShape.name.optional(), provider: channelShape.provider.optional(), version }),
  shown: z.object({
    ...edited,
    ...shownLimits,
    name: z.string(),
    provider: z.string(),
    base_url: z.string().nullable(),
    has_credential: z.boolean(),
    credential_hint: z.string().nullable(),
    models: z.array(z.object({ model: z.string(), upstream_model: z.string() })).nullable(),
    priority: z.number(),
    weight: z.number(),
    formats: z.array(z.string()).nullable(),
    web_search: z.enum(['auto', 'native', 'gateway', 'off']).nullable(),
    settings: z.record(z.string(), z.string()),
    headers: z.record(z.string(), z.string()),
    enabled: z.boolean(),
    origin: z.enum(['database', 'file', 'env', 'local', 'sandbox']),
    read_only: z.boolean(),
  }),
}

export const alias = {
  ...inputs({
    model: text(200)
      .min(1)
      .regex(/^[^*]+$/, 'must not hold *'),
    target: text(200).min(1),
    enabled: z.boolean().optional(),
  }),
  shown: z.object({ ...edited, model: z.string(), target: z.string(), enabled: z.boolean() }),
}

export const modelLimit = {
  create: z.strictObject({ model: text(200).min(1), ...limits }),
  edit: z.strictObject({ ...limits, version }),
  shown: z.object({ ...edited, ...shownLimits, model: z.string() }),
}

const entry = z.record(z.string(), z.unknown()).describe('An entry of `prices` as the configuration file has it.')
export const price = {
  create: z.strictObject({ entry, note: text(500).nullable().optional() }),
  edit: z.strictObject({ entry: entry.optional(), note: text(500).nullable().optional(), version }),
  shown: z.object({ ...edited, model: z.string(), entry, note: z.string().nullable() }),
}

const searchShape = {
  name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  backend: text(60).min(1),
  base_url: httpUrl.nullable().optional(),
  credential: text(20_000).min(1).nullable().optional(),
  settings: labels.optional(),
  timeout_seconds: z.number().positive().max(120).nullable().optional(),
  price_per_search: dollars.nullable().optional(),
  priority: z.int().min(-1000).max(1000).optional(),
  enabled: z.boolean().optional(),
}
export const searchBackend = {
  create: z.strictObject(searchShape),
  edit: z.strictObject({ ...searchShape, name: searchShape.name.optional(), backend: searchShape.backend.optional(), version }),
  shown: z.object({
    ...edited,
    name: z.string(),
    backend: z.string(),
    base_url: z.string().nullable(),
    has_credential: z.boolean(),
    credential_hint: z.string().nullable(),
    settings: z.record(z.string(), z.string()),
    timeout_seconds: z.number().nullable(),
    price_per_search: z.string().nullable(),
    priority: z.number(),
    enabled: z.boolean(),
  }),
}

export const redeemCode = {
  create: z.strictObject({
    amount: dollars,
    count: z.int().min(1).max(100).default(1),
    note: text(500).nullable().optional(),
    expires_at: time.nullable().optional(),
  }),
  redeem: z.strictObject({ code: text(200).min(1) }),
  shown: z.object({
    ...edited,
    hint: z.string(),
    amount: shownDollars,
    note: z.string().nullable(),
    expires_at: optionalTime,
    redeemed_at: optionalTime,
    redeemed_by: z.string().nullable(),
  }),
}

const posting = {
  organisation_id: idText,
  idempotency_key: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without spaces'),
  note: text(500).optional(),
}
export const ledger = {
  topUp: z.strictObject({ ...posting, amount: dollars }),
  adjust: z.strictObject({
    ...posting,
    amount: z.union([
      z.string().regex(/^-?\d{1,7}(\.\d{1,9})?$/, 'must be dollars as a plain decimal number'),
      z.number().min(-9_000_000).max(9_000_000),
    ]),
  }),
  refund: z.strictObject({ ...posting, amount: dollars, request_id: idText.optional().describe('The exchange that is given back.') }),
  posted: z.object({ posted: z.boolean().describe('false: this idempotency key was posted before.'), balance: shownDollars }),
  balance: z.object({ organisation_id: z.string(), account: z.string(), billing: z.enum(['prepaid', 'unmetered']), balance: shownDollars }),
}

export const session = {
  signIn: z.strictObject({ email: text(254), password: z.string().max(1000) }),
  setup: z.strictObject({ token: text(200), email, name, password }),
  password: z.strictObject({ current: z.string().max(1000), new: password }),
  shown: z.object({
    kind: z.enum(['user', 'key']),
    id: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.object({ organisation_id: z.string(), role })),
    expires_at: optionalTime,
  }),
}

export const explain = {
  ask: z.strictObject({
    path: text(2000).min(1).describe('The address a client would call, e.g. /v1/chat/completions.'),
    body: z.record(z.string(), z.unknown()),
    key_id: idText,
    headers: z.record(z.string(), text(4000)).optional(),
    address: text(64).optional(),
  }),
}

export const errorShown = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().nullable(),
    fields: z.array(z.object({ field: z.string(), message: z.string() })),
    request_id: z.string(),
  }),
})

export type Shown<Resource extends { readonly shown: z.ZodType }> = z.infer<Resource['shown']>
