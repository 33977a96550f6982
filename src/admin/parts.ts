// What the admin room works with. Parts that a start may lack are optional, and what needs them says so.

import type { Access, SignIn } from '../access/index.ts'
import type { Billing } from '../billing/index.ts'
import type { ChatFormat } from '../formats/index.ts'
import type { Log } from '../lib/log.ts'
import type { Vault } from '../lib/vault.ts'
import type { Cooldowns } from '../routing/index.ts'
import type { LedgerRepository, OperatorStore, RequestRepository } from '../store/index.ts'
import type { Publishing } from './publishing.ts'

/** What a client's address means. */
export interface ClientTarget {
  readonly format: ChatFormat
  /** In the format's own spelling. */
  readonly path: string
  /** The model that the address names, where the body need not. */
  readonly deployment?: string
}

export interface AdminParts {
  readonly store: OperatorStore
  readonly requests: RequestRepository
  readonly ledger: LedgerRepository
  readonly billing: Billing
  readonly access: Access
  readonly signIn: SignIn
  readonly vault: Vault
  readonly publishing: Publishing
  readonly cooldowns: Cooldowns
  readonly log: Log
  /** What stands at a client's address; `undefined`: nothing that takes a chat. */
  targetOf(path: string): ClientTarget | undefined
  nowMs(): number
}
