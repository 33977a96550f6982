// The tables an operator edits, each declared by its columns. What else one of them must answer stands in a file of its own.

import type { Engine } from '../engine.ts'
import type {
  AliasRow,
  BudgetRow,
  GroupRow,
  IssuedKeyRow,
  MemberRow,
  ModelLimitRow,
  OperatorChannelRow,
  OrganisationRow,
  PriceOverrideRow,
  ProjectRow,
  RedeemCodeRow,
  SearchBackendRow,
  UserRow,
} from '../operator-rows.ts'
import { type Table, table } from './table.ts'

export interface OperatorTables {
  readonly organisations: Table<OrganisationRow>
  readonly projects: Table<ProjectRow>
  readonly groups: Table<GroupRow>
  readonly users: Table<UserRow>
  readonly members: Table<MemberRow>
  readonly keys: Table<IssuedKeyRow>
  readonly budgets: Table<BudgetRow>
  readonly channels: Table<OperatorChannelRow>
  readonly aliases: Table<AliasRow>
  readonly modelLimits: Table<ModelLimitRow>
  readonly prices: Table<PriceOverrideRow>
  readonly searchBackends: Table<SearchBackendRow>
  readonly redeemCodes: Table<RedeemCodeRow>
}

const EDITED = { id: 'text', createdMs: 'integer', updatedMs: 'integer', version: 'integer' } as const
const LIMITS = { requestsPerMinute: 'integer', tokensPerMinute: 'integer', concurrency: 'integer' } as const
const UPSTREAM = {
  name: 'text',
  baseUrl: 'text',
  credential: 'text',
  credentialHint: 'text',
  settings: 'json',
  enabled: 'flag',
  priority: 'integer',
} as const
const OWNED = { name: 'text', groupId: 'text', metadata: 'json', disabledMs: 'integer' } as const

export function operatorTables(engine: Engine): OperatorTables {
  return {
    organisations: table<OrganisationRow>(engine, 'organisation', { ...EDITED, ...OWNED, billing: 'text' }),
    projects: table<ProjectRow>(engine, 'project', { ...EDITED, ...LIMITS, ...OWNED, organisationId: 'text' }),
    groups: table<GroupRow>(engine, 'group', {
      ...EDITED,
      ...LIMITS,
      name: 'text',
      multiplier: 'text',
      models: 'json',
      channels: 'json',
      cutStreams: 'text',
    }),
    users: table<UserRow>(engine, 'user', {
      ...EDITED,
      ...LIMITS,
      email: 'text',
      name: 'text',
      passwordHash: 'text',
      disabledMs: 'integer',
    }),
    members: table<MemberRow>(engine, 'member', { ...EDITED, userId: 'text', organisationId: 'text', role: 'text' }),
    keys: table<IssuedKeyRow>(engine, 'key', {
      ...EDITED,
      ...LIMITS,
      name: 'text',
      hash: 'text',
      hint: 'text',
      projectId: 'text',
      userId: 'text',
      groupId: 'text',
      role: 'text',
      mode: 'text',
      twinOf: 'text',
      models: 'json',
      channels: 'json',
      addresses: 'json',
      tags: 'json',
      expiresMs: 'integer',
      revokedMs: 'integer',
      previousHash: 'text',
      previousUntilMs: 'integer',
    }),
    budgets: table<BudgetRow>(engine, 'budget', {
      ...EDITED,
      scope: 'text',
      scopeId: 'text',
      customer: 'text',
      period: 'text',
      amount: 'integer',
    }),
    channels: table<OperatorChannelRow>(engine, 'channel', {
      ...EDITED,
      ...LIMITS,
      ...UPSTREAM,
      provider: 'text',
      models: 'json',
      weight: 'text',
      formats: 'json',
      webSearch: 'text',
      headers: 'json',
    }),
    aliases: table<AliasRow>(engine, 'model_alias', { ...EDITED, model: 'text', target: 'text', enabled: 'flag' }),
    modelLimits: table<ModelLimitRow>(engine, 'model_limit', { ...EDITED, ...LIMITS, model: 'text' }),
    prices: table<PriceOverrideRow>(engine, 'price_override', {
      ...EDITED,
      model: 'text',
      entry: 'json',
      note: 'text',
    }),
    searchBackends: table<SearchBackendRow>(engine, 'search_backend', {
      ...EDITED,
      ...UPSTREAM,
      backend: 'text',
      timeoutMs: 'integer',
      pricePerSearch: 'integer',
    }),
    redeemCodes: table<RedeemCodeRow>(engine, 'redeem_code', {
      ...EDITED,
      hash: 'text',
      hint: 'text',
      amount: 'integer',
      note: 'text',
      expiresMs: 'integer',
      redeemedMs: 'integer',
      redeemedBy: 'text',
    }),
  }
}
