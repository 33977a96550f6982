// The shape of the operator's YAML file, checked strictly: an unknown key is a typo, and a typo in a
// file that routes money is refused with its path.

import { z } from 'zod'

const modelEntry = z.union([z.string().min(1), z.strictObject({ model: z.string().min(1), upstream_model: z.string().min(1).optional() })])

const channel = z.strictObject({
  name: z.string().min(1),
  provider: z.string().min(1),
  base_url: z.url().optional(),
  credential: z.string().optional(),
  models: z.array(modelEntry).optional(),
  priority: z.int().default(0),
  weight: z.number().positive().default(1),
  formats: z.array(z.string()).min(1).optional(),
  settings: z.record(z.string(), z.string()).default({}),
  headers: z.record(z.string(), z.string()).default({}),
  enabled: z.boolean().default(true),
})

const dollars = z.number().nonnegative()
const price = z.looseObject({ model: z.string().min(1), free: z.boolean().optional(), input_per_million: dollars.optional() })

const searchBackend = z.looseObject({
  name: z.string().min(1),
  backend: z.string().min(1),
  base_url: z.url().optional(),
  credential: z.string().optional(),
})

export const fileSchema = z.strictObject({
  channels: z.array(channel).default([]),
  prices: z.array(price).default([]),
  search: z.array(searchBackend).default([]),
  web: z
    .strictObject({ allow_hosts: z.array(z.string()).default([]), obey_robots: z.boolean().default(true) })
    .default({ allow_hosts: [], obey_robots: true }),
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
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), prompts: z.boolean().default(false) })
    .prefault({}),
  local_servers: z.boolean().default(true),
})

export type ConfigFile = z.infer<typeof fileSchema>
export type ChannelEntry = ConfigFile['channels'][number]
