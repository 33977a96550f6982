// The shape of the operator's YAML file, checked strictly: an unknown key is a typo, and a typo in a
// file that routes money is refused with its path.

import { z } from 'zod'
import { priceEntry } from './price.ts'

const modelEntry = z.union([z.string().min(1), z.strictObject({ model: z.string().min(1), upstream_model: z.string().min(1).optional() })])

const bound = z.int().min(1).max(1_000_000_000)
/** Absent: not limited. */
const bounds = { requests_per_minute: bound.optional(), tokens_per_minute: bound.optional(), concurrency: bound.optional() }

const modelLimit = z.strictObject({
  /** As clients ask for it; with `*` at its end, all names that begin so, which count together. */
  model: z.string().regex(/^(?:[^*\s][^*]*\*?|\*)$/, 'must be a model, with at most one `*` at its end'),
  ...bounds,
})

const channel = z.strictObject({
  name: z.string().min(1),
  provider: z.string().min(1),
  base_url: z.url().optional(),
  credential: z.string().optional(),
  models: z.array(modelEntry).optional(),
  priority: z.int().default(0),
  weight: z.number().positive().default(1),
  formats: z.array(z.string()).min(1).optional(),
  web_search: z.enum(['auto', 'native', 'gateway', 'off']).optional(),
  limits: z.strictObject(bounds).optional(),
  settings: z.record(z.string(), z.string()).default({}),
  headers: z.record(z.string(), z.string()).default({}),
  enabled: z.boolean().default(true),
})

const dollars = z.number().nonnegative()

// YAML reads `1` and `true` as what they are; a setting is their text.
const setting = z.union([z.string(), z.number(), z.boolean()]).transform(String)

const searchBackend = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  backend: z.string().min(1),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  credential: z.string().optional(),
  settings: z.record(z.string(), setting).default({}),
  timeout_seconds: z.number().positive().max(120).optional(),
  /** Dollars for one search, in place of the backend's list price. */
  price_per_search: dollars.optional(),
  enabled: z.boolean().default(true),
})

// A host with or without a port, as the address guard compares them: no scheme, no path.
const allowedHost = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s/:@[\]*]+)(?::\d{1,5})?$/, 'must be a host or host:port, without scheme, path or wildcard')
  .transform((host) => host.toLowerCase())

const web = z.strictObject({
  allow_hosts: z.array(allowedHost).default([]),
  obey_robots: z.boolean().default(true),
  /** Address of a page about the operator's robot, or an e-mail address: stands in the user agent. */
  contact: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must be one address without spaces')
    .optional(),
  page_timeout_seconds: z.number().positive().max(120).default(10),
  page_cache_bytes: z
    .int()
    .min(0)
    .default(32 * 1024 * 1024),
})

export const fileSchema = z.strictObject({
  channels: z.array(channel).default([]),
  prices: z.array(priceEntry).default([]),
  model_limits: z
    .array(modelLimit)
    .refine((entries) => new Set(entries.map(({ model }) => model)).size === entries.length, 'names a model twice')
    .default([]),
  /** Whether a conversation stays on one of several equal channels, where its prompt is cached. */
  routing: z.strictObject({ sticky: z.enum(['auto', 'always', 'off']).default('auto') }).prefault({}),
  search: z.array(searchBackend).optional(),
  web: web.prefault({}),
  sandbox: z.enum(['auto', 'on', 'off']).default('auto'),
  limits: z
    .strictObject({
      body_bytes: z
        .int()
        .positive()
        .default(64 * 1024 * 1024),
      headers_timeout_seconds: z.number().positive().default(600),
      idle_timeout_seconds: z.number().positive().default(300),
      early_answer_seconds: z.number().positive().default(15),
      heartbeat_seconds: z.number().positive().default(10),
      drain_seconds: z.number().positive().default(30),
      /** Longest that an answer is read on for a client that has gone, where its group has it finished. */
      finish_seconds: z.number().positive().max(86_400).default(600),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), prompts: z.boolean().default(false) })
    .prefault({}),
  /** Days for which things are kept. The ledger and the audit are kept for ever. */
  retention: z
    .strictObject({
      request_days: z.number().positive().max(3660).default(30),
      hourly_usage_days: z.number().positive().max(3660).default(90),
      daily_usage_days: z.number().positive().max(36600).default(1830),
    })
    .prefault({}),
  local_servers: z.boolean().default(true),
})

export type ConfigFile = z.infer<typeof fileSchema>
export type ChannelEntry = ConfigFile['channels'][number]
export type SearchEntry = NonNullable<ConfigFile['search']>[number]
