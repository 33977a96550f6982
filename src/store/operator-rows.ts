// The rows an operator edits, as values. `null` means "not set"; times are epoch milliseconds, money is
// nano-dollars. Every row counts its edits in `version`, which a writer names.

export type Role = 'owner' | 'admin' | 'developer' | 'viewer'

export interface Edited {
  readonly id: string
  readonly createdMs: number
  readonly updatedMs: number
  readonly version: number
}

/** Bounds of one scope; `null`: none. */
export interface LimitColumns {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly concurrency: number | null
}

export interface OrganisationRow extends Edited {
  readonly name: string
  readonly billing: 'prepaid' | 'unmetered'
  readonly groupId: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly disabledMs: number | null
}

export interface ProjectRow extends Edited, LimitColumns {
  readonly organisationId: string
  readonly name: string
  readonly groupId: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly disabledMs: number | null
}

/** What a stream costs that its client left: what was produced, nothing, or all of it (finished and kept). */
export type CutStreams = 'produced' | 'nothing' | 'finish'

export interface GroupRow extends Edited, LimitColumns {
  readonly name: string
  /** An exact decimal such as `1.75`. */
  readonly multiplier: string
  /** Names, `*` at the end matches any rest; `null`: all. */
  readonly models: readonly string[] | null
  /** Names of channels; `null`: all. */
  readonly channels: readonly string[] | null
  readonly cutStreams: CutStreams
}

export interface UserRow extends Edited, LimitColumns {
  /** In lower case. */
  readonly email: string
  readonly name: string
  readonly passwordHash: string | null
  readonly disabledMs: number | null
}

export interface MemberRow extends Edited {
  readonly userId: string
  readonly organisationId: string
  readonly role: Role
}

/** An API key with everything that hangs on it: never the key itself. */
export interface IssuedKeyRow extends Edited, LimitColumns {
  readonly name: string
  readonly hash: string
  readonly hint: string
  readonly projectId: string
  readonly userId: string | null
  readonly groupId: string | null
  /** What it may do under `/admin`; `null`: nothing. */
  readonly role: Role | null
  readonly mode: 'live' | 'test'
  readonly twinOf: string | null
  readonly models: readonly string[] | null
  readonly channels: readonly string[] | null
  /** Addresses and ranges in CIDR notation from which it may be used. */
  readonly addresses: readonly string[] | null
  readonly tags: Readonly<Record<string, string>>
  readonly expiresMs: number | null
  readonly revokedMs: number | null
  readonly previousHash: string | null
  readonly previousUntilMs: number | null
}

export type BudgetScope = 'organisation' | 'project' | 'user' | 'key' | 'customer'
export type BudgetPeriod = 'day' | 'week' | 'month' | 'total'

export interface BudgetRow extends Edited {
  readonly scope: BudgetScope
  /** For `customer`: the project whose end customers are meant. */
  readonly scopeId: string
  /** For `customer`: the one meant, or empty for each of them on its own. */
  readonly customer: string
  readonly period: BudgetPeriod
  readonly amount: number
}

export interface OperatorChannelRow extends Edited, LimitColumns {
  readonly name: string
  readonly provider: string
  readonly baseUrl: string | null
  /** Sealed. */
  readonly credential: string | null
  readonly credentialHint: string | null
  readonly models: readonly { readonly model: string; readonly upstreamModel: string }[] | null
  readonly priority: number
  /** An exact decimal above zero. */
  readonly weight: string
  readonly formats: readonly string[] | null
  /** Who searches the web for a declared tool; `null`: as a channel of the file that says nothing. */
  readonly webSearch: 'auto' | 'native' | 'gateway' | 'off' | null
  readonly settings: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly enabled: boolean
}

export interface AliasRow extends Edited {
  readonly model: string
  readonly target: string
  readonly enabled: boolean
}

export interface ModelLimitRow extends Edited, LimitColumns {
  readonly model: string
}

export interface PriceOverrideRow extends Edited {
  readonly model: string
  /** An entry of `prices` as the file has it, in dollars. */
  readonly entry: Readonly<Record<string, unknown>>
  readonly note: string | null
}

export interface SearchBackendRow extends Edited {
  readonly name: string
  readonly backend: string
  readonly baseUrl: string | null
  /** Sealed. */
  readonly credential: string | null
  readonly credentialHint: string | null
  readonly settings: Readonly<Record<string, string>>
  readonly timeoutMs: number | null
  readonly pricePerSearch: number | null
  readonly priority: number
  readonly enabled: boolean
}

export interface RedeemCodeRow extends Edited {
  readonly hash: string
  readonly hint: string
  readonly amount: number
  readonly note: string | null
  readonly expiresMs: number | null
  readonly redeemedMs: number | null
  /** The organisation it was credited to. */
  readonly redeemedBy: string | null
}
